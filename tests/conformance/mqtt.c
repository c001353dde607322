/* mqtt.c: the conformance check, run against the MQTT backend and a broker: the one whose address is the first
 * argument. It must admit the accounts check-a and check-b, with the token "secret" if it requires one. */
#include <stdio.h>

#include "check_backend.h"
#include <nertc_callkit/loopback.h>
#include <nertc_callkit/mqtt.h>

static int make(void *context, nertc_callkit_backends *out)
{
  nertc_callkit_mqtt_options options = NERTC_CALLKIT_MQTT_OPTIONS_INIT;
  options.endpoints = context;
  options.endpoint_count = 1;
  return nertc_callkit_mqtt_signaling(&options, out) == NERTC_CALLKIT_STATUS_OK &&
         nertc_callkit_null_rtc(out) == NERTC_CALLKIT_STATUS_OK;
}

static void on_log(int32_t level, const char *text, void *user_data)
{
  (void)user_data;
  printf("log %d: %s\n", (int)level, text);
}

int main(int count, char **arguments)
{
  struct check_backend_maker maker = {make, NULL, "secret", "secret", 0};
  int broken;
  if (count != 2) {
    printf("mqtt: needs the address of a broker, like mqtt://localhost:1883\n");
    return 2;
  }
  if (nertc_callkit_set_log_callback(NERTC_CALLKIT_LOG_INFO, 0, on_log, NULL) != NERTC_CALLKIT_STATUS_OK) {
    return 1;
  }
  maker.context = &arguments[1];
  broken = check_backend(&maker);
  printf("mqtt: %d broken promises\n", broken);
  return broken ? 1 : 0;
}
