/*
 * faults.c: exercise your app's error paths without a broken network.
 *
 * A hub of one's own takes a script of faults: an operation is refused, a message is lost or
 * delayed, a device crashes. Each section adds its line, makes a call, and prints the app's events.
 */
#include <string.h>

#include "print_events.h"
#include <nertc_callkit/backend.h>
#include <nertc_callkit/loopback.h>

struct person {
  const char *name;
  nertc_callkit *kit;
  int logged_in, connected, ended;
  int32_t reason;
};

static struct person alice = {"alice", NULL, 0, 0, 0, 0}, bob = {"bob", NULL, 0, 0, 0, 0};

static void on_login(nertc_callkit *kit, const nertc_callkit_result *result, void *me)
{
  (void)kit;
  ((struct person *)me)->logged_in = result->code == NERTC_CALLKIT_CODE_OK;
}

static void on_invited(nertc_callkit *kit, const nertc_callkit_invited_event *event, void *me)
{
  print_invited(kit, event, me);
  nertc_callkit_accept(kit, event->call, print_done, me);
}

static void on_call_connected(nertc_callkit *kit, const nertc_callkit_call_event *event, void *me)
{
  print_on_call_connected(kit, event, me);
  ((struct person *)me)->connected = 1;
}

static void on_call_end(nertc_callkit *kit, const nertc_callkit_end_event *event, void *user_data)
{
  struct person *me = user_data;
  print_call_end(kit, event, me);
  me->ended = 1;
  me->reason = event->reason;
}

static int start(nertc_callkit_hub *hub, struct person *person)
{
  nertc_callkit_listener listener = NERTC_CALLKIT_LISTENER_INIT;
  nertc_callkit_timers timers = NERTC_CALLKIT_TIMERS_INIT;
  nertc_callkit_backends backends = NERTC_CALLKIT_BACKENDS_INIT;
  nertc_callkit_config config = NERTC_CALLKIT_CONFIG_INIT;
  const char *name = person->name;

  memset(person, 0, sizeof *person);
  person->name = name;
  print_every_event(&listener);
  listener.on_invited = on_invited;
  listener.on_call_connected = on_call_connected;
  listener.on_call_end = on_call_end;
  /* Every timer can be set, so that a time-out need not take half a minute. */
  timers.ring_ms = 60;
  timers.request_ms = 60;
  config.listener = &listener;
  config.timers = &timers;
  config.user_data = person;
  config.delivery = NERTC_CALLKIT_DELIVERY_APP;
  config.backends = &backends;
  if (nertc_callkit_loopback_signaling(hub, &backends) != NERTC_CALLKIT_STATUS_OK) {
    return 0;
  }
  if (nertc_callkit_loopback_rtc(hub, &backends) != NERTC_CALLKIT_STATUS_OK ||
      nertc_callkit_create(&config, &person->kit) != NERTC_CALLKIT_STATUS_OK) {
    /* No client has taken the backends over. */
    backends.signaling->release(backends.signaling_ctx);
    if (backends.rtc) {
      backends.rtc->release(backends.rtc_ctx);
    }
    return 0;
  }
  return nertc_callkit_login(person->kit, person->name, NULL, on_login, person) == NERTC_CALLKIT_STATUS_OK;
}

/* Runs the callbacks of both until `done`; at most about ten seconds. */
static int run(const int *done)
{
  int i;
  for (i = 0; !*done && i < 1000; i++) {
    nertc_callkit_dispatch(alice.kit, 5);
    nertc_callkit_dispatch(bob.kit, 5);
  }
  return *done;
}

/* One call under one fault. `now` faults strike as soon as the call is up. */
static int chapter(const char *title, nertc_callkit_fault fault, int32_t reason)
{
  nertc_callkit_call_options options = NERTC_CALLKIT_CALL_OPTIONS_INIT;
  nertc_callkit_hub *hub = NULL;
  const int now = fault.on == NERTC_CALLKIT_FAULT_ON_NOW;
  int ok;

  printf("\n-- %s\n", title);
  options.user_id = "bob";
  ok = nertc_callkit_hub_create(0, &hub) == NERTC_CALLKIT_STATUS_OK && start(hub, &bob) &&
       start(hub, &alice) && run(&bob.logged_in) && run(&alice.logged_in);
  ok = ok && (now || nertc_callkit_hub_add_fault(hub, &fault) == NERTC_CALLKIT_STATUS_OK);
  ok = ok && nertc_callkit_call(alice.kit, &options, print_done, &alice) == NERTC_CALLKIT_STATUS_OK;
  if (ok && now) {
    ok = run(&alice.connected) && run(&bob.connected) &&
         nertc_callkit_hub_add_fault(hub, &fault) == NERTC_CALLKIT_STATUS_OK;
  }
  ok = ok && run(&alice.ended) && alice.reason == reason;
  nertc_callkit_destroy(alice.kit);
  nertc_callkit_destroy(bob.kit);
  nertc_callkit_hub_release(hub);
  if (!ok) {
    fprintf(stderr, "faults: not as expected: reason %d instead of %d\n", (int)alice.reason, (int)reason);
  }
  return ok;
}

int main(void)
{
  const nertc_callkit_fault none = NERTC_CALLKIT_FAULT_INIT;
  nertc_callkit_fault refuse = none, drop = none, delay = none, die = none;
  int ok = 1;

  refuse.action = NERTC_CALLKIT_FAULT_REFUSE;
  refuse.on = NERTC_CALLKIT_FAULT_ON_CREATE;
  refuse.code = 500;
  ok &= chapter("the server refuses the call", refuse, NERTC_CALLKIT_END_CALL_FAILED);

  drop.action = NERTC_CALLKIT_FAULT_DROP;
  drop.on = NERTC_CALLKIT_FAULT_ON_EVENT_INVITE;
  drop.account = "bob";
  ok &= chapter("the invite gets lost: bob's phone never rings", drop, NERTC_CALLKIT_END_TIMEOUT);

  delay.action = NERTC_CALLKIT_FAULT_DELAY;
  delay.on = NERTC_CALLKIT_FAULT_ON_ACCEPT;
  delay.delay_ms = 200;
  delay.account = "bob";
  ok &= chapter("the answer to bob's accept comes too late", delay, NERTC_CALLKIT_END_PEER_HUNG_UP);

  die.action = NERTC_CALLKIT_FAULT_CRASH;
  die.on = NERTC_CALLKIT_FAULT_ON_NOW;
  die.account = "bob";
  ok &= chapter("bob's device dies in the call", die, NERTC_CALLKIT_END_PEER_DISCONNECTED);

  return ok ? 0 : 1;
}
