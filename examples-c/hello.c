/* hello.c: a whole call in one screen. Both sides live in this process and in this thread. */
#include <nertc_callkit.h>
#include <stdio.h>

static int ended;

static void on_ready(nertc_callkit *kit, const nertc_callkit_result *result, void *callee)
{
  nertc_callkit_call_options options = NERTC_CALLKIT_CALL_OPTIONS_INIT;
  options.user_id = callee;
  if (result->code == NERTC_CALLKIT_CODE_OK)
    nertc_callkit_call(kit, &options, NULL, NULL);
}

static void on_invited(nertc_callkit *kit, const nertc_callkit_invited_event *event, void *me)
{
  printf("%s: %s is calling\n", (char *)me, event->invitor);
  nertc_callkit_accept(kit, event->call, NULL, NULL);
}

static void on_connected(nertc_callkit *kit, const nertc_callkit_call_event *event, void *me)
{
  printf("%s: talking to %s\n", (char *)me, event->user_id);
  nertc_callkit_hangup(kit, NULL, NULL, NULL, NULL);
}

static void on_end(nertc_callkit *kit, const nertc_callkit_end_event *event, void *me)
{
  printf("%s: over, reason %d\n", (char *)me, (int)event->reason);
  ended += kit != NULL;
}

static nertc_callkit *sign_in(char *account, nertc_callkit_completion_cb done, char *peer)
{
  nertc_callkit *kit = NULL;
  nertc_callkit_listener listener = NERTC_CALLKIT_LISTENER_INIT;
  nertc_callkit_config config = NERTC_CALLKIT_CONFIG_INIT;
  listener.on_invited = on_invited;
  listener.on_call_connected = on_connected;
  listener.on_call_end = on_end;
  config.listener = &listener;
  config.user_data = account;
  config.delivery = NERTC_CALLKIT_DELIVERY_APP; /* callbacks run inside dispatch */
  if (nertc_callkit_create(&config, &kit) == NERTC_CALLKIT_STATUS_OK)
    nertc_callkit_login(kit, account, "token", done, peer);
  return kit;
}

int main(void)
{
  nertc_callkit *bob = sign_in("bob", NULL, NULL), *alice = sign_in("alice", on_ready, "bob");
  for (int i = 0; ended < 2 && i < 1000; i++) {
    nertc_callkit_dispatch(alice, 10);
    nertc_callkit_dispatch(bob, 10);
  }
  nertc_callkit_destroy(alice);
  nertc_callkit_destroy(bob);
  return ended == 2 ? 0 : 1;
}
