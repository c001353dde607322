/* webrtc_options.c: options of the WebRTC backend are checked before it is created, and the log has the reason. */
#include "check.h"

static char last_line[1024];

static void on_log(int32_t level, const char *text, void *user_data)
{
  (void)user_data;
  if (level <= NERTC_CALLKIT_LOG_WARN) {
    snprintf(last_line, sizeof last_line, "%s", text);
  }
}

static int32_t sign(const void *transcript, uint32_t size, void *signature, uint32_t *signature_size, void *user_data)
{
  (void)transcript, (void)size, (void)signature, (void)signature_size, (void)user_data;
  return 1;
}

static int32_t verify(const char *account, const void *transcript, uint32_t size, const void *signature,
    uint32_t signature_size, void *user_data)
{
  (void)account, (void)transcript, (void)size, (void)signature, (void)signature_size, (void)user_data;
  return 1;
}

static nertc_callkit_webrtc_options good_options(void)
{
  nertc_callkit_webrtc_options options = NERTC_CALLKIT_WEBRTC_OPTIONS_INIT;
  options.flags = NERTC_CALLKIT_WEBRTC_APP_AUDIO;
  return options;
}

/* Creates the backend and releases it. */
static int32_t offer(const nertc_callkit_webrtc_options *options)
{
  nertc_callkit_backends backends = NERTC_CALLKIT_BACKENDS_INIT;
  const int32_t status = nertc_callkit_webrtc_media(options, &backends);
  if (status == NERTC_CALLKIT_STATUS_OK) {
    CHECK(backends.rtc && backends.rtc_ctx && !backends.signaling && !backends.signaling_ctx);
    CHECK_TEXT(backends.rtc->name, "webrtc");
    backends.rtc->release(backends.rtc_ctx);
  } else {
    CHECK(!backends.rtc && !backends.rtc_ctx);
  }
  return status;
}

static void refused_at(int line, const nertc_callkit_webrtc_options *options, int32_t status, const char *words)
{
  last_line[0] = '\0';
  check_int_at(__FILE__, line, words, offer(options), status);
  if (!strstr(last_line, words)) {
    fail_at(__FILE__, line, "the log says \"%s\" and nothing of \"%s\"", last_line, words);
  }
  if (strstr(last_line, "the-secret")) {
    fail_at(__FILE__, line, "the log has the credential");
  }
}
#define REFUSED(options, words) refused_at(__LINE__, options, NERTC_CALLKIT_STATUS_INVALID_ARGUMENT, words)

/* A library may be built without TLS. */
static int has_tls(void)
{
  nertc_callkit_webrtc_options options = good_options();
  options.ca_pem = "nonsense";
  return offer(&options) != NERTC_CALLKIT_STATUS_UNSUPPORTED;
}

static void good_options_are_taken(void)
{
  /* Those over TLS are last. */
  static const char *const urls[8] = {
    "stun:localhost", "STUN:stun.example:19302", "stun:[::1]:3478", "turn:127.0.0.1", "turn:turn.example?transport=udp",
    "turn:turn.example:80?transport=tcp", "turns:turn.example", "turns:[2001:db8::1]:443?transport=tcp",
  };
  nertc_callkit_ice_server servers[8];
  const nertc_callkit_ice_server *list[8];
  nertc_callkit_webrtc_options options = good_options();
  int i;
  CHECK_OK(offer(&options));
  for (i = 0; i < 8; i++) {
    servers[i] = (nertc_callkit_ice_server)NERTC_CALLKIT_ICE_SERVER_INIT;
    servers[i].url = urls[i];
    servers[i].username = "user";
    servers[i].credential = "the-secret";
    list[i] = &servers[i];
  }
  options.flags |= NERTC_CALLKIT_WEBRTC_RELAY_ONLY | NERTC_CALLKIT_WEBRTC_LOOPBACK | NERTC_CALLKIT_WEBRTC_NO_IPV6 |
                   NERTC_CALLKIT_WEBRTC_REQUIRE_CODE;
  options.ice_servers = list;
  options.ice_server_count = has_tls() ? 8 : 6;
  options.audio_bitrate_bps = 128000;
  options.jitter_min_ms = options.jitter_max_ms = 20;
  options.port_min = 1024;
  options.port_max = 65535;
  options.sign = sign;
  options.verify = verify;
  CHECK_OK(offer(&options));
  options.ice_server_count = 0; /* the list is not read */
  options.ice_servers = NULL;
  CHECK_OK(offer(&options));
}

static void missing_options_are_refused(void)
{
  nertc_callkit_backends backends = NERTC_CALLKIT_BACKENDS_INIT;
  nertc_callkit_webrtc_options options = good_options();
  CHECK_REFUSED(nertc_callkit_webrtc_media(NULL, &backends), INVALID_ARGUMENT);
  CHECK_REFUSED(nertc_callkit_webrtc_media(&options, NULL), INVALID_ARGUMENT);
  options.struct_size = 8;
  REFUSED(&options, "options: a struct_size of 8");
  options = good_options();
  options.sign = sign;
  REFUSED(&options, "options.sign and verify: give both or none");
  options = good_options();
  options.verify = verify;
  REFUSED(&options, "options.sign and verify: give both or none");
}

static void numbers_out_of_range_are_refused(void)
{
  static const struct {
    size_t field;
    uint32_t value;
    const char *words;
  } bad[] = {
#define FIELD(name) offsetof(nertc_callkit_webrtc_options, name)
    {FIELD(flags), NERTC_CALLKIT_WEBRTC_APP_AUDIO | 16, "options.flags: MANUAL_AUDIO and NO_PROCESSING are"},
    {FIELD(flags), NERTC_CALLKIT_WEBRTC_APP_AUDIO | 32, "options.flags: MANUAL_AUDIO and NO_PROCESSING are"},
    {FIELD(flags), NERTC_CALLKIT_WEBRTC_APP_AUDIO | 64, "options.flags: flags 0x40 have no effect in this version"},
    {FIELD(flags), ~0u, "options.flags: flags 0xffffff40 have no effect in this version"},
    {FIELD(ice_server_count), 9, "options.ice_server_count: 9 is not in 0 to 8"},
    {FIELD(ice_server_count), 1, "options.ice_servers: is NULL, and ice_server_count is not 0"},
    {FIELD(audio_bitrate_bps), 5999, "options.audio_bitrate_bps: 5999 is not in 6000 to 128000"},
    {FIELD(audio_bitrate_bps), UINT32_MAX, "options.audio_bitrate_bps: 4294967295 is not in 6000 to 128000"},
    {FIELD(jitter_min_ms), 19, "options.jitter_min_ms: 19 is not in 20 to 200"},
    {FIELD(jitter_min_ms), 201, "options.jitter_min_ms: 201 is not in 20 to 200"},
    {FIELD(jitter_max_ms), 19, "options.jitter_max_ms: 19 is not in 20 to 200"},
    {FIELD(jitter_max_ms), 201, "options.jitter_max_ms: 201 is not in 20 to 200"},
    {FIELD(port_min), 1023, "options.port_min: 1023 is not in 1024 to 65535"},
    {FIELD(port_min), 65536, "options.port_min: 65536 is not in 1024 to 65535"},
    {FIELD(port_min), 4000, "options.port_max: 0 is not in 4000 to 65535"},
    {FIELD(port_max), 4000, "options.port_min: 0 is not in 1024 to 65535"},
#undef FIELD
  };
  nertc_callkit_webrtc_options options;
  size_t i;
  for (i = 0; i < sizeof bad / sizeof bad[0]; i++) {
    options = good_options();
    memcpy((char *)&options + bad[i].field, &bad[i].value, sizeof bad[i].value);
    REFUSED(&options, bad[i].words);
  }
  options = good_options();
  options.jitter_min_ms = 100;
  options.jitter_max_ms = 99;
  REFUSED(&options, "options.jitter_max_ms: 99 is not in 100 to 200");
  options = good_options();
  options.port_min = 5000;
  options.port_max = 4999;
  REFUSED(&options, "options.port_max: 4999 is not in 5000 to 65535");
}

static void what_is_no_ice_server_is_refused(void)
{
  static const char *const bad[] = {
    "localhost", "stun", "http://h", "stun:", "stun:h:0", "stun:h:65536", "stun:h:+1", "stun:h?transport=udp",
    "turn:h?transport=sctp", "turns:h?transport=udp", "turn:2001:db8::1", "turn:[2001:db8::1", "turn:[h]", "stun:a b",
    "stun:h/path", "turn:me:the-secret@h",
  };
  static char long_text[600];
  nertc_callkit_ice_server good = NERTC_CALLKIT_ICE_SERVER_INIT, server;
  const nertc_callkit_ice_server *list[2] = {&good, &server};
  nertc_callkit_webrtc_options options = good_options();
  size_t i;
  memset(long_text, 'a', sizeof long_text - 1);
  good.url = "turn:h";
  good.username = "user";
  good.credential = "the-secret";
  options.ice_servers = list;
  options.ice_server_count = 2;
  for (i = 0; i < sizeof bad / sizeof bad[0]; i++) {
    server = good;
    server.url = bad[i];
    REFUSED(&options, "options.ice_servers[1]: ");
  }
  server = good;
  server.url = NULL;
  REFUSED(&options, "options.ice_servers[1].url: missing");
  server.url = "stun:\xC3(";
  REFUSED(&options, "options.ice_servers[1].url: not UTF-8");
  server.url = long_text;
  REFUSED(&options, "options.ice_servers[1].url: more than 512 bytes");
  server = good;
  server.username = long_text;
  REFUSED(&options, "options.ice_servers[1].username: more than 512 bytes");
  server = good;
  server.credential = long_text;
  REFUSED(&options, "options.ice_servers[1].credential: more than 512 bytes");
  server = good;
  server.credential = NULL;
  REFUSED(&options, "options.ice_servers[1]: ");
  server = good;
  server.flags = 1;
  REFUSED(&options, "options.ice_servers[1].flags: flags 0x1 are not known here");
  server = good;
  server.struct_size = 8;
  REFUSED(&options, "options.ice_servers[1]: a struct_size of 8");
  list[1] = NULL;
  REFUSED(&options, "options.ice_servers[1]: missing");
}

static void servers_over_tls_need_it(void)
{
  nertc_callkit_ice_server server = NERTC_CALLKIT_ICE_SERVER_INIT;
  const nertc_callkit_ice_server *list[1];
  nertc_callkit_webrtc_options options = good_options();
  server.url = "turns:h";
  server.username = "user";
  server.credential = "the-secret";
  list[0] = &server;
  options.ice_servers = list;
  options.ice_server_count = 1;
  if (has_tls()) {
    CHECK_OK(offer(&options));
  } else {
    refused_at(__LINE__, &options, NERTC_CALLKIT_STATUS_UNSUPPORTED, "built without the feature `tls`");
  }
}

/* A library may be built without devices, too. */
static void devices_are_chosen_by_their_ids(void)
{
  static char long_id[300];
  nertc_callkit_webrtc_options options = good_options();
  options.flags = 0;
  if (offer(&options) == NERTC_CALLKIT_STATUS_UNSUPPORTED) {
    refused_at(__LINE__, &options, NERTC_CALLKIT_STATUS_UNSUPPORTED, "options.flags: set APP_AUDIO");
    return;
  }
  options.flags = NERTC_CALLKIT_WEBRTC_MANUAL_AUDIO | NERTC_CALLKIT_WEBRTC_NO_PROCESSING;
  options.microphone = options.speaker = "some device";
  CHECK_OK(offer(&options));
  options.speaker = ""; /* as NULL */
  CHECK_OK(offer(&options));
  memset(long_id, 'a', 257);
  options.speaker = long_id;
  REFUSED(&options, "options.speaker: more than 256 bytes");
  options = good_options();
  options.microphone = "a";
  REFUSED(&options, "options.microphone: APP_AUDIO opens no device");
}

static void certificates_are_checked(void)
{
  nertc_callkit_webrtc_options options = good_options();
  char *huge = malloc((1 << 20) + 2);
  options.ca_pem = "nonsense";
  refused_at(__LINE__, &options,
             has_tls() ? NERTC_CALLKIT_STATUS_INVALID_ARGUMENT : NERTC_CALLKIT_STATUS_UNSUPPORTED, "options.ca_pem: ");
  memset(huge, 'a', (1 << 20) + 1);
  huge[(1 << 20) + 1] = '\0';
  options.ca_pem = huge;
  REFUSED(&options, "options.ca_pem: more than 1048576 bytes");
  free(huge);
}

/* A library without the feature says so, whatever the options are. */
static int is_built_in(void)
{
  nertc_callkit_webrtc_options options = good_options();
  nertc_callkit_backends backends = NERTC_CALLKIT_BACKENDS_INIT;
  const int32_t status = nertc_callkit_webrtc_media(&options, &backends);
  if (status == NERTC_CALLKIT_STATUS_UNSUPPORTED) {
    CHECK(strstr(last_line, "built without the feature `webrtc`"));
    return 0;
  }
  CHECK_OK(status);
  backends.rtc->release(backends.rtc_ctx);
  return 1;
}

int main(void)
{
  CHECK_OK(nertc_callkit_set_log_callback(NERTC_CALLKIT_LOG_INFO, 0, on_log, NULL));
  if (is_built_in()) {
    RUN(good_options_are_taken);
    RUN(missing_options_are_refused);
    RUN(numbers_out_of_range_are_refused);
    RUN(what_is_no_ice_server_is_refused);
    RUN(servers_over_tls_need_it);
    RUN(devices_are_chosen_by_their_ids);
    RUN(certificates_are_checked);
  }
  return 0;
}
