/*
 * two_devices.c: bob is logged in with a phone and a tablet. Both ring, the phone answers, and the tablet
 * is notified that it can stop: on_other_client_accept.
 */
#include "print_events.h"

struct device {
  const char *name;
  nertc_callkit *kit;
  const char *account;
  int logged_in, invited, connected, ended;
  int32_t reason;
  nertc_callkit_call_no call_no;
};

static struct device alice = {"alice", NULL, "alice", 0, 0, 0, 0, 0, 0};
static struct device phone = {"bob/phone", NULL, "bob", 0, 0, 0, 0, 0, 0};
static struct device tablet = {"bob/tablet", NULL, "bob", 0, 0, 0, 0, 0, 0};

static void on_login(nertc_callkit *kit, const nertc_callkit_result *result, void *me)
{
  print_done(kit, result, me);
  ((struct device *)me)->logged_in = result->code == NERTC_CALLKIT_CODE_OK;
}

static void on_invited(nertc_callkit *kit, const nertc_callkit_invited_event *event, void *user_data)
{
  struct device *me = user_data;
  print_invited(kit, event, me);
  me->invited = 1;
  me->call_no = event->call_no; /* all that an app must keep of a call */
}

static void on_call_connected(nertc_callkit *kit, const nertc_callkit_call_event *event, void *me)
{
  print_on_call_connected(kit, event, me);
  ((struct device *)me)->connected = 1;
}

static void on_call_end(nertc_callkit *kit, const nertc_callkit_end_event *event, void *user_data)
{
  struct device *me = user_data;
  print_call_end(kit, event, me);
  me->ended = 1;
  me->reason = event->reason;
}

static int start(struct device *device)
{
  nertc_callkit_listener listener = NERTC_CALLKIT_LISTENER_INIT;
  nertc_callkit_config config = NERTC_CALLKIT_CONFIG_INIT;
  print_every_event(&listener);
  listener.on_invited = on_invited;
  listener.on_call_connected = on_call_connected;
  listener.on_call_end = on_call_end;
  config.listener = &listener;
  config.user_data = device;
  config.device_id = device->name; /* tells the devices of one account apart */
  config.delivery = NERTC_CALLKIT_DELIVERY_APP;
  return nertc_callkit_create(&config, &device->kit) == NERTC_CALLKIT_STATUS_OK &&
         nertc_callkit_login(device->kit, device->account, NULL, on_login, device) == NERTC_CALLKIT_STATUS_OK;
}

/* Runs all callbacks until `done`; at most about ten seconds. */
static int run(const int *done)
{
  int i;
  for (i = 0; !*done && i < 1000; i++) {
    nertc_callkit_dispatch(alice.kit, 3);
    nertc_callkit_dispatch(phone.kit, 3);
    nertc_callkit_dispatch(tablet.kit, 3);
  }
  return *done;
}

int main(void)
{
  nertc_callkit_call_options options = NERTC_CALLKIT_CALL_OPTIONS_INIT;
  nertc_callkit_call_ref ref = NERTC_CALLKIT_CALL_REF_INIT;
  int ok;

  options.user_id = "bob";
  ok = start(&phone) && start(&tablet) && start(&alice) && run(&phone.logged_in) && run(&tablet.logged_in) &&
       run(&alice.logged_in) &&
       nertc_callkit_call(alice.kit, &options, print_done, &alice) == NERTC_CALLKIT_STATUS_OK &&
       run(&phone.invited) && run(&tablet.invited);
  /* Both ring. Bob taps on the phone; his tap names the call that the screen showed. */
  ref.call_no = phone.call_no;
  ok = ok && nertc_callkit_accept(phone.kit, &ref, print_done, &phone) == NERTC_CALLKIT_STATUS_OK &&
       run(&phone.connected) && run(&alice.connected) && run(&tablet.ended) &&
       tablet.reason == NERTC_CALLKIT_END_OTHER_ACCEPTED;
  ok = ok && nertc_callkit_hangup(alice.kit, NULL, NULL, print_done, &alice) == NERTC_CALLKIT_STATUS_OK &&
       run(&alice.ended) && run(&phone.ended);
  nertc_callkit_destroy(alice.kit);
  nertc_callkit_destroy(phone.kit);
  nertc_callkit_destroy(tablet.kit);
  return ok ? 0 : 1;
}
