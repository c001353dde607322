/* mqtt.c: options of the MQTT backend are checked before it is created, and the log has the reason.
 * No broker is needed here. */
#include "check.h"

static char last_line[1024];

static void on_log(int32_t level, const char *text, void *user_data)
{
  (void)user_data;
  if (level <= NERTC_CALLKIT_LOG_WARN) {
    snprintf(last_line, sizeof last_line, "%s", text);
  }
}

static int32_t load(const char *account, const char *device, char *buffer, uint32_t size, void *user_data)
{
  (void)account;
  (void)device;
  (void)buffer;
  (void)size;
  (void)user_data;
  return 1;
}

static nertc_callkit_mqtt_options options_for(const char *const *endpoints, uint32_t count)
{
  nertc_callkit_mqtt_options options = NERTC_CALLKIT_MQTT_OPTIONS_INIT;
  options.endpoints = endpoints;
  options.endpoint_count = count;
  return options;
}

/* Creates the backend and releases it. */
static int32_t offer(const nertc_callkit_mqtt_options *options)
{
  nertc_callkit_backends backends = NERTC_CALLKIT_BACKENDS_INIT;
  const int32_t status = nertc_callkit_mqtt_signaling(options, &backends);
  if (status == NERTC_CALLKIT_STATUS_OK) {
    CHECK(backends.signaling && backends.signaling_ctx && !backends.rtc && !backends.rtc_ctx);
    CHECK_INT(backends.signaling->caps,
              NERTC_CALLKIT_SIGNALING_CAP_OFFLINE | NERTC_CALLKIT_SIGNALING_CAP_OTHER_DEVICE);
    CHECK_TEXT(backends.signaling->name, "mqtt");
    backends.signaling->release(backends.signaling_ctx);
  } else {
    CHECK(!backends.signaling && !backends.signaling_ctx);
  }
  return status;
}

static int32_t offer_endpoint(const char *endpoint, uint32_t flags)
{
  nertc_callkit_mqtt_options options = options_for(&endpoint, 1);
  options.flags = flags;
  return offer(&options);
}

/* Refused, with this text in the log. */
static void refused_at(int line, const nertc_callkit_mqtt_options *options, const char *words)
{
  last_line[0] = '\0';
  check_int_at(__FILE__, line, words, offer(options), NERTC_CALLKIT_STATUS_INVALID_ARGUMENT);
  if (!strstr(last_line, words)) {
    fail_at(__FILE__, line, "the log has \"%s\", not \"%s\"", last_line, words);
  }
}
#define REFUSED(options, words) refused_at(__LINE__, options, words)

static void what_is_good(void)
{
  static const char *const eight[8] = {
    "mqtt://localhost", "mqtt://localhost:1884", "mqtt://127.0.0.1", "mqtt://127.0.0.2:1/",
    "mqtt://[::1]", "mqtt://[::1]:9", "mqtt://LOCALHOST", "mqtt://localhost:65535",
  };
  nertc_callkit_mqtt_options options = options_for(eight, 8);
  CHECK_OK(offer(&options));
  options.flags = NERTC_CALLKIT_MQTT_SINGLE_DEVICE | NERTC_CALLKIT_MQTT_BUSY_IS_LOCAL | NERTC_CALLKIT_MQTT_PRESENCE |
                  NERTC_CALLKIT_MQTT_MEDIA_DECIDES;
  options.topic_prefix = "app/calls_1";
  options.keep_alive_s = 65535;
  CHECK_OK(offer(&options));
  CHECK_OK(offer_endpoint("mqtt://broker.example", NERTC_CALLKIT_MQTT_ALLOW_PLAINTEXT));
}

static void what_is_missing(void)
{
  static const char *const good = "mqtt://localhost", *const none = NULL;
  nertc_callkit_backends backends = NERTC_CALLKIT_BACKENDS_INIT;
  nertc_callkit_mqtt_options options = options_for(&good, 1);
  CHECK_REFUSED(nertc_callkit_mqtt_signaling(NULL, &backends), INVALID_ARGUMENT);
  CHECK_REFUSED(nertc_callkit_mqtt_signaling(&options, NULL), INVALID_ARGUMENT);
  options.struct_size = 8;
  CHECK_REFUSED(offer(&options), INVALID_ARGUMENT);
  options = options_for(NULL, 0);
  REFUSED(&options, "endpoints");
  options = options_for(NULL, 1);
  REFUSED(&options, "endpoints");
  options = options_for(&good, 0);
  REFUSED(&options, "endpoints");
  options = options_for(&good, 9);
  REFUSED(&options, "endpoint_count: 9 is not in 0 to 8");
  options = options_for(&none, 1);
  REFUSED(&options, "endpoints");
}

static void what_is_wrong(void)
{
  static const char *const bad[] = {
    "localhost", "http://localhost", "mqtt://", "mqtt://:1883", "mqtt://localhost:0", "mqtt://localhost:65536",
    "mqtt://::1", "mqtt://[::1", "mqtt://localhost/path", "mqtt://white space",
  };
  static const char *const good = "mqtt://localhost", *const secret = "mqtt://me:secret@localhost",
                           *const utf8 = "mqtt://a\xC3(";
  nertc_callkit_mqtt_options options;
  unsigned i;
  for (i = 0; i < sizeof bad / sizeof bad[0]; i++) {
    options = options_for(&bad[i], 1);
    REFUSED(&options, "endpoint 1: ");
  }
  options = options_for(&secret, 1);
  REFUSED(&options, "no user name");
  CHECK(!strstr(last_line, "secret"));
  options = options_for(&utf8, 1);
  REFUSED(&options, "endpoints");
  options = options_for(&good, 1);
  options.flags = 32;
  REFUSED(&options, "flag");
  options = options_for(&good, 1);
  options.keep_alive_s = 65536;
  REFUSED(&options, "65535");
  options = options_for(&good, 1);
  options.flags = NERTC_CALLKIT_MQTT_MEDIA_DECIDES;
  options.peer_lost_ms = 1;
  REFUSED(&options, "MEDIA_DECIDES");
  options = options_for(&good, 1);
  options.topic_prefix = "a+";
  REFUSED(&options, "topic_prefix");
  options.topic_prefix = "a234567890123456789012345678901234567890";
  REFUSED(&options, "topic_prefix");
  options = options_for(&good, 1);
  options.ca_pem = "nonsense";
  REFUSED(&options, "mqtts://");
  options = options_for(&good, 1);
  options.load_client_id = load;
  REFUSED(&options, "save_client_id");
}

static void what_is_dangerous(void)
{
  static const char *const elsewhere = "mqtt://broker.example", *const number = "mqtt://10.0.0.1:1883";
  nertc_callkit_mqtt_options options = options_for(&elsewhere, 1);
  REFUSED(&options, "NERTC_CALLKIT_MQTT_ALLOW_PLAINTEXT");
  options = options_for(&number, 1);
  REFUSED(&options, "NERTC_CALLKIT_MQTT_ALLOW_PLAINTEXT");
}

/* A library may be built without TLS. */
static void what_tls_needs(void)
{
  static const char *const endpoint = "mqtts://broker.example";
  nertc_callkit_mqtt_options options = options_for(&endpoint, 1);
  if (offer(&options) == NERTC_CALLKIT_STATUS_UNSUPPORTED) {
    CHECK(strstr(last_line, "feature `tls`"));
    return;
  }
  CHECK_OK(offer(&options));
  options.ca_pem = "-----BEGIN CERTIFICATE-----\nnonsense\n-----END CERTIFICATE-----\n";
  REFUSED(&options, "ca_pem");
  options.ca_pem = "";
  CHECK_OK(offer(&options));
  options.client_cert_pem = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n";
  REFUSED(&options, "both or none");
  options.client_key_pem = "secret nonsense";
  REFUSED(&options, "client_cert_pem, client_key_pem: ");
  CHECK(!strstr(last_line, "secret"));
  options.client_cert_pem = "nonsense";
  REFUSED(&options, "client_cert_pem: ");
}

static void what_a_newer_header_asks(void)
{
  static const char *const good = "mqtt://localhost";
  union {
    nertc_callkit_mqtt_options it;
    unsigned char bytes[400];
  } newer;
  memset(&newer, 0, sizeof newer);
  newer.it = options_for(&good, 1);
  newer.it.struct_size = sizeof newer;
  CHECK_OK(offer(&newer.it));
  newer.bytes[399] = 1;
  CHECK_REFUSED(offer(&newer.it), UNSUPPORTED);
}

int main(void)
{
  CHECK_OK(nertc_callkit_set_log_callback(NERTC_CALLKIT_LOG_INFO, 0, on_log, NULL));
  if (offer_endpoint("mqtt://localhost", 0) == NERTC_CALLKIT_STATUS_UNSUPPORTED) {
    printf("this library was built without MQTT\n");
    return 0;
  }
  RUN(what_is_good);
  RUN(what_is_missing);
  RUN(what_is_wrong);
  RUN(what_is_dangerous);
  RUN(what_tls_needs);
  RUN(what_a_newer_header_asks);
  return 0;
}
