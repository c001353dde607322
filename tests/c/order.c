/* order.c: runs the rows of the event-order table with every kind of delivery, and over WebRTC. */
#include "order.h"

struct setup mode;
nertc_callkit_timers timers = NERTC_CALLKIT_TIMERS_INIT;

struct pair order_pair(void)
{
  mode.timers = &timers;
  return pair_new(NERTC_CALLKIT_HUB_SERVER_RECORD, &mode);
}

struct client *order_third(struct pair *pair, const char *account, const char *device)
{
  struct setup setup = mode;
  struct client *client;
  setup.hub = pair->hub;
  setup.device = device;
  client = client_new(account, &setup);
  client_login(client);
  return client;
}

void order_end_third(struct client *client)
{
  client_destroy(client, "");
  client_free(client);
}

static void all(const char *name)
{
  printf("-- %s\n", name);
  answer_rows();
  end_rows();
  device_rows();
}

int main(void)
{
  all("shared worker");
  mode.worker = NERTC_CALLKIT_WORKER_OWN;
  all("own worker");
  mode.worker = NERTC_CALLKIT_WORKER_SHARED;
  mode.delivery = NERTC_CALLKIT_DELIVERY_APP;
  all("app");
  if (webrtc_is_built_in()) {
    mode.delivery = NERTC_CALLKIT_DELIVERY_WORKER;
    mode.webrtc = 1;
    all("over WebRTC");
  }
  return 0;
}
