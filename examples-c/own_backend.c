/*
 * own_backend.c: a whole call over your own signaling and media.
 *
 * The backends are in own_signaling.c and own_rtc.c, over a small service in own_service.c. This is how an
 * app uses them: create a pair for each client and pass it to create in config.backends.
 * tests/conformance/check_backend.c checks whether backends fulfil the contract; these do.
 */
#include "own_backends.h"
#include "print_events.h"

struct person {
  const char *name;
  nertc_callkit *kit;
  struct person *peer;
  int logged_in, ended;
};

static void on_login(nertc_callkit *kit, const nertc_callkit_result *result, void *me)
{
  print_done(kit, result, me);
  ((struct person *)me)->logged_in = result->code == NERTC_CALLKIT_CODE_OK;
}

static void on_invited(nertc_callkit *kit, const nertc_callkit_invited_event *event, void *me)
{
  print_invited(kit, event, me);
  nertc_callkit_accept(kit, event->call, print_done, me);
}

/* Hang up once both microphones are on. */
static void on_audio_available(nertc_callkit *kit, const nertc_callkit_media_event *event, void *me)
{
  print_on_audio_available(kit, event, me);
  nertc_callkit_hangup(kit, NULL, NULL, print_done, me);
}

static void on_call_end(nertc_callkit *kit, const nertc_callkit_end_event *event, void *me)
{
  print_call_end(kit, event, me);
  ((struct person *)me)->ended = 1;
}

static int start(own_service *service, struct person *person)
{
  nertc_callkit_listener listener = NERTC_CALLKIT_LISTENER_INIT;
  nertc_callkit_backends backends = NERTC_CALLKIT_BACKENDS_INIT;
  nertc_callkit_config config = NERTC_CALLKIT_CONFIG_INIT;

  print_every_event(&listener);
  listener.on_invited = on_invited;
  listener.on_audio_available = person->peer ? on_audio_available : print_on_audio_available;
  listener.on_call_end = on_call_end;
  config.listener = &listener;
  config.user_data = person;
  config.delivery = NERTC_CALLKIT_DELIVERY_APP;

  if (!own_backends_make(service, &backends)) {
    return 0;
  }
  config.backends = &backends;
  if (nertc_callkit_create(&config, &person->kit) != NERTC_CALLKIT_STATUS_OK) {
    /* Only now are the backends still ours. */
    backends.signaling->release(backends.signaling_ctx);
    backends.rtc->release(backends.rtc_ctx);
    return 0;
  }
  return nertc_callkit_login(person->kit, person->name, NULL, on_login, person) == NERTC_CALLKIT_STATUS_OK;
}

/* Runs the callbacks of both until `done`; at most about ten seconds. */
static int run(struct person *a, struct person *b, const int *done)
{
  int i;
  for (i = 0; !*done && i < 1000; i++) {
    nertc_callkit_dispatch(a->kit, 5);
    nertc_callkit_dispatch(b->kit, 5);
  }
  return *done;
}

int main(void)
{
  own_service *service = own_service_start();
  struct person bob = {"bob", NULL, NULL, 0, 0};
  struct person alice = {"alice", NULL, &bob, 0, 0};
  nertc_callkit_call_options options = NERTC_CALLKIT_CALL_OPTIONS_INIT;
  int ok;

  options.user_id = "bob";
  ok = service && start(service, &bob) && start(service, &alice) && run(&alice, &bob, &bob.logged_in) &&
       run(&alice, &bob, &alice.logged_in) &&
       nertc_callkit_call(alice.kit, &options, print_done, &alice) == NERTC_CALLKIT_STATUS_OK &&
       run(&alice, &bob, &alice.ended) && run(&alice, &bob, &bob.ended);
  nertc_callkit_destroy(alice.kit);
  nertc_callkit_destroy(bob.kit);
  own_service_stop(service);
  return ok ? 0 : 1;
}
