/* hello.c: a whole call. Both sides live in this process and in this thread. */
#include <nertc_callkit.h>
#include <stdio.h>

static int ended;
static void on_ready(nertc_callkit *kit, const nertc_callkit_result *result, void *peer)
{
  nertc_callkit_call_options options = {.struct_size = sizeof options, .user_id = peer};
  if (result->code == NERTC_CALLKIT_CODE_OK) nertc_callkit_call(kit, &options, NULL, NULL);
}
static void on_invited(nertc_callkit *kit, const nertc_callkit_invited_event *event, void *me)
{
  printf("%s: %s is calling\n", (char *)me, event->invitor);
  nertc_callkit_accept(kit, event->call, NULL, NULL);
}
static void on_connected(nertc_callkit *kit, const nertc_callkit_call_event *event, void *me)
{
  printf("%s: connected to %s\n", (char *)me, event->user_id);
  nertc_callkit_hangup(kit, NULL, NULL, NULL, NULL);
}
static void on_end(nertc_callkit *kit, const nertc_callkit_end_event *event, void *me)
{
  printf("%s: over, reason %d\n", (char *)me, (int)event->reason);
  ended += kit != NULL;
}
int main(void)
{
  char *names[2] = {"bob", "alice"};
  nertc_callkit *kits[2] = {NULL, NULL};
  nertc_callkit_listener listener = {.struct_size = sizeof listener, .on_invited = on_invited,
                                     .on_call_connected = on_connected, .on_call_end = on_end};
  for (int i = 0; i < 2; i++) {
    nertc_callkit_config config = {.struct_size = sizeof config, .listener = &listener, .user_data = names[i],
                                   .delivery = NERTC_CALLKIT_DELIVERY_APP}; /* callbacks run inside dispatch */
    if (nertc_callkit_create(&config, &kits[i]) == NERTC_CALLKIT_STATUS_OK)
      nertc_callkit_login(kits[i], names[i], "token", i ? on_ready : NULL, names[0]);
  }
  for (int i = 0; ended < 2 && i < 1000; i++)
    nertc_callkit_dispatch(kits[i % 2], 10);
  nertc_callkit_destroy(kits[0]);
  nertc_callkit_destroy(kits[1]);
  return ended == 2 ? 0 : 1;
}
