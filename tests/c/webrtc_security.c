/* webrtc_security.c: the security code of a WebRTC call, the app's keys, and the functions inside callbacks. */
#include "webrtc_client.h"

static struct webrtc_client alice, bob;
static nertc_callkit_hub *hub;

static void begin_with(const nertc_callkit_webrtc_options *options)
{
  webrtc_begin(&alice, &bob, &hub, options, FRAMES);
}

static void begin(void)
{
  begin_with(NULL);
}

static void finish(void)
{
  webrtc_finish(&alice, &bob, hub);
}

static int32_t confirm(struct webrtc_client *client, nertc_callkit_call_no call_no, int32_t agree)
{
  nertc_callkit_call_ref call = NERTC_CALLKIT_CALL_REF_INIT;
  call.call_no = call_no;
  return nertc_callkit_confirm_security_code(client->kit, &call, client->code, agree);
}

static int32_t security(struct webrtc_client *client)
{
  nertc_callkit_call_stats stats = NERTC_CALLKIT_CALL_STATS_INIT;
  CHECK_OK(nertc_callkit_get_call_stats(client->kit, &stats));
  return stats.security;
}

/* The same four characters, each side's fingerprint as the other sees it. */
static void check_code(void)
{
  size_t i;
  webrtc_expect_security(&alice, UNVERIFIED);
  webrtc_expect_security(&bob, UNVERIFIED);
  CHECK_INT(strlen(alice.code), 4);
  for (i = 0; i < 4; i++) {
    CHECK(strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", alice.code[i]));
  }
  CHECK_TEXT(bob.code, alice.code);
  CHECK(strncmp(alice.local_fingerprint, "sha-256 ", 8) == 0 && strlen(alice.local_fingerprint) == 8 + 32 * 3 - 1);
  CHECK_TEXT(bob.remote_fingerprint, alice.local_fingerprint);
  CHECK_TEXT(alice.remote_fingerprint, bob.local_fingerprint);
  CHECK(strcmp(alice.local_fingerprint, bob.local_fingerprint) != 0);
  CHECK_TEXT(alice.secured_user, "bob");
  CHECK_TEXT(bob.secured_user, "alice");
}

/* Each report is a change, none comes after the end, and the last of the call is what its statistics say. */
static void check_reports(struct webrtc_client *client)
{
  int i;
  CHECK_INT(client->secured_after_end, 0);
  for (i = 1; i < client->secured; i++) {
    CHECK(client->securities[i] > client->securities[i - 1]);
  }
}

static void codes_are_equal_and_confirmed(void)
{
  begin();
  CHECK_REFUSED(confirm(&alice, 0, 1), INVALID_ARGUMENT); /* no call */
  webrtc_connect(&alice, &bob);
  check_code();
  CHECK_INT(security(&alice), NERTC_CALLKIT_SECURITY_UNVERIFIED);
  CHECK_REFUSED(confirm(&alice, alice.call_no, 2), INVALID_ARGUMENT);
  CHECK_REFUSED(confirm(&alice, alice.call_no, -1), INVALID_ARGUMENT);
  CHECK_REFUSED(confirm(&alice, alice.call_no + 1, 1), INVALID_ARGUMENT);
  CHECK_OK(confirm(&alice, alice.call_no, 1));
  webrtc_expect_security(&alice, VERIFIED);
  CHECK_TEXT(alice.code, bob.code);
  CHECK_INT(security(&bob), NERTC_CALLKIT_SECURITY_UNVERIFIED);
  CHECK_REFUSED(nertc_callkit_confirm_security_code(bob.kit, NULL, NULL, 1), INVALID_ARGUMENT);
  CHECK_REFUSED(nertc_callkit_confirm_security_code(bob.kit, NULL, "", 1), INVALID_ARGUMENT);
  CHECK_REFUSED(nertc_callkit_confirm_security_code(bob.kit, NULL, "ILOU", 1), INVALID_ARGUMENT); /* not its code */
  CHECK_INT(security(&bob), NERTC_CALLKIT_SECURITY_UNVERIFIED);
  CHECK_OK(nertc_callkit_confirm_security_code(bob.kit, NULL, bob.code, 1)); /* the call that bob was told of */
  webrtc_expect_security(&bob, VERIFIED);
  CHECK_INT(security(&bob), NERTC_CALLKIT_SECURITY_VERIFIED);
  webrtc_hang_up(&alice, &bob);
  check_reports(&alice);
  check_reports(&bob);
  CHECK_REFUSED(confirm(&alice, alice.call_no, 1), INVALID_ARGUMENT); /* over */
  finish();
}

/* The next call has other keys and an own code; a tap for the last one does not touch it. */
static void a_late_tap_does_not_confirm_the_next_call(void)
{
  nertc_callkit_call_no first;
  char fingerprint[128];
  begin();
  webrtc_connect(&alice, &bob);
  check_code();
  first = alice.call_no;
  snprintf(fingerprint, sizeof fingerprint, "%s", alice.local_fingerprint);
  webrtc_hang_up(&alice, &bob);
  webrtc_connect(&alice, &bob);
  check_code();
  CHECK(alice.call_no != first && strcmp(alice.local_fingerprint, fingerprint) != 0);
  CHECK_REFUSED(confirm(&alice, first, 1), INVALID_ARGUMENT);
  CHECK_REFUSED(confirm(&alice, first, 0), INVALID_ARGUMENT);
  webrtc_send(&alice);
  webrtc_expect_tone(&bob, 4);
  CHECK_INT(security(&alice), NERTC_CALLKIT_SECURITY_UNVERIFIED);
  webrtc_hang_up(&alice, &bob);
  finish();
}

static void codes_that_differ_end_the_call(void)
{
  begin();
  webrtc_connect(&alice, &bob);
  check_code();
  CHECK_OK(confirm(&alice, alice.call_no, 0));
  webrtc_expect_security(&alice, MISMATCH);
  webrtc_expect_end(&alice, MEDIA_NOT_SECURE);
  WAIT_LONG(at_least_one, &bob.ended);
  CHECK(bob.end_reason != NERTC_CALLKIT_END_HUNG_UP);
  check_reports(&alice);
  check_reports(&bob);
  webrtc_connect(&alice, &bob); /* and the next one is not affected */
  check_code();
  webrtc_hang_up(&alice, &bob);
  finish();
}

/* ---- a peer without code ---------------------------------------------------------------------------------- */

/* Bob's backend, whose texts lose what the code is made of. */
static nertc_callkit_rtc codeless;
static const nertc_callkit_rtc *real;
static nertc_callkit_rtc_sink core, filtered;

static int32_t send_without_code(void *ctx, nertc_callkit_req join, const char *json)
{
  char text[4096], *nonce;
  snprintf(text, sizeof text, "%s", json);
  nonce = strstr(text, "\"n\":");
  if (nonce) {
    nonce[1] = 'x'; /* a key that nobody knows */
  }
  return core.send(ctx, join, text);
}

static int32_t open_filtered(void *ctx, const nertc_callkit_rtc_sink *sink)
{
  core = filtered = *sink;
  filtered.send = send_without_code;
  return real->open(ctx, &filtered);
}

static void begin_without_code(const nertc_callkit_webrtc_options *options)
{
  const nertc_callkit_webrtc_options defaults = webrtc_options();
  nertc_callkit_backends backends = NERTC_CALLKIT_BACKENDS_INIT;
  memset(&alice, 0, sizeof alice);
  memset(&bob, 0, sizeof bob);
  CHECK_OK(nertc_callkit_hub_create(0, &hub));
  CHECK_OK(nertc_callkit_loopback_signaling(hub, &backends));
  CHECK_OK(nertc_callkit_webrtc_media(&defaults, &backends));
  real = backends.rtc;
  codeless = *real;
  codeless.open = open_filtered;
  backends.rtc = &codeless;
  webrtc_create(&alice, "alice", hub, options, FRAMES);
  webrtc_create_with(&bob, "bob", &backends, FRAMES);
  webrtc_login(&alice);
  webrtc_login(&bob);
}

static void a_peer_without_code_is_accepted(void)
{
  begin_without_code(NULL);
  webrtc_connect(&alice, &bob);
  webrtc_expect_security(&alice, NO_CODE);
  CHECK_TEXT(alice.code, "");
  CHECK_REFUSED(confirm(&alice, alice.call_no, 1), INVALID_ARGUMENT);
  CHECK_INT(alice.ended, 0);
  webrtc_hang_up(&alice, &bob);
  finish();
}

static void a_required_code_ends_the_call_without(void)
{
  nertc_callkit_webrtc_options options = webrtc_options();
  options.flags |= NERTC_CALLKIT_WEBRTC_REQUIRE_CODE;
  begin_without_code(&options);
  webrtc_call(&alice, &bob);
  webrtc_expect_end(&alice, MEDIA_NOT_SECURE);
  WAIT_LONG(at_least_one, &bob.ended);
  finish();
  begin_with(&options); /* both have one */
  webrtc_connect(&alice, &bob);
  check_code();
  webrtc_hang_up(&alice, &bob);
  finish();
}

/* ---- the app's keys --------------------------------------------------------------------------------------- */

/* Both apps know this key: enough to see what is signed, by whom, and whether it arrives. */
static int signed_count, verified_count, wrong_key;
static int32_t sign_answer;
static uint32_t signature_bytes;
static char verified_accounts[256];

static unsigned char keyed(const void *transcript, uint32_t size, uint32_t at)
{
  const unsigned char *bytes = transcript;
  unsigned sum = 0x5a + at;
  uint32_t i;
  for (i = 0; i < size; i++) {
    sum = sum * 31 + bytes[i];
  }
  return (unsigned char)(sum >> 3);
}

static int32_t sign(const void *transcript, uint32_t size, void *signature, uint32_t *signature_size, void *user_data)
{
  uint32_t i;
  CHECK(user_data == &signed_count && size > 64 && *signature_size == 512);
  for (i = 0; i < signature_bytes && i < 512; i++) {
    ((unsigned char *)signature)[i] = keyed(transcript, size, i);
  }
  *signature_size = signature_bytes;
  change(&signed_count, 1);
  return sign_answer;
}

static int32_t verify(const char *account, const void *transcript, uint32_t size, const void *signature,
    uint32_t signature_size, void *user_data)
{
  uint32_t i;
  CHECK(user_data == &signed_count && signature_size == signature_bytes);
  pthread_mutex_lock(&check_lock);
  strcat(strcat(verified_accounts, account), " ");
  pthread_mutex_unlock(&check_lock);
  for (i = 0; i < signature_size; i++) {
    CHECK_INT(((const unsigned char *)signature)[i], keyed(transcript, size, i));
  }
  /* Inside a callback: destroy would wait for it. */
  CHECK_REFUSED(nertc_callkit_destroy(alice.kit), REENTRANT);
  CHECK(nertc_callkit_get_state(alice.kit) >= 0);
  change(&verified_count, 1);
  return wrong_key;
}

static nertc_callkit_webrtc_options options_with_keys(void)
{
  nertc_callkit_webrtc_options options = webrtc_options();
  options.sign = sign;
  options.verify = verify;
  options.user_data = &signed_count;
  signed_count = verified_count = wrong_key = sign_answer = 0;
  signature_bytes = 512;
  verified_accounts[0] = '\0';
  return options;
}

static void keys_of_the_apps_verify(void)
{
  const nertc_callkit_webrtc_options options = options_with_keys();
  begin_with(&options);
  webrtc_connect(&alice, &bob);
  webrtc_expect_security(&alice, VERIFIED);
  webrtc_expect_security(&bob, VERIFIED);
  CHECK_INT(signed_count, 2);
  CHECK_INT(verified_count, 2);
  CHECK(strstr(verified_accounts, "alice ") && strstr(verified_accounts, "bob "));
  webrtc_hang_up(&alice, &bob);
  check_reports(&alice);
  finish();
}

static void a_wrong_signature_ends_the_call(void)
{
  const nertc_callkit_webrtc_options options = options_with_keys();
  wrong_key = 1;
  begin_with(&options);
  webrtc_call(&alice, &bob);
  WAIT_LONG(at_least_one, &alice.ended);
  WAIT_LONG(at_least_one, &bob.ended);
  CHECK(alice.end_reason == NERTC_CALLKIT_END_MEDIA_NOT_SECURE || bob.end_reason == NERTC_CALLKIT_END_MEDIA_NOT_SECURE);
  finish();
}

/* An app that cannot sign, or answers nonsense, leaves the users their code. */
static void without_a_signature_the_code_remains(void)
{
  static const struct {
    int32_t answer;
    uint32_t size;
  } bad[] = {{1, 64}, {0, 0}, {0, 513}, {0, UINT32_MAX}};
  size_t i;
  for (i = 0; i < sizeof bad / sizeof bad[0]; i++) {
    const nertc_callkit_webrtc_options options = options_with_keys();
    sign_answer = bad[i].answer;
    signature_bytes = bad[i].size;
    begin_with(&options);
    webrtc_connect(&alice, &bob);
    WAIT_LONG(at_least_one, &signed_count);
    check_code();
    CHECK_INT(verified_count, 0);
    webrtc_hang_up(&alice, &bob);
    finish();
  }
}

/* ---- inside callbacks ------------------------------------------------------------------------------------- */

static int struck, pulls;

static void call_everything(struct webrtc_client *client, const char *event)
{
  nertc_callkit_call_stats call = NERTC_CALLKIT_CALL_STATS_INIT;
  nertc_callkit_stream_stats stream = NERTC_CALLKIT_STREAM_STATS_INIT;
  const nertc_callkit_webrtc_options options = webrtc_options();
  nertc_callkit_backends backends = NERTC_CALLKIT_BACKENDS_INIT;
  int16_t out[480];
  nertc_callkit_frame frame;
  int32_t status;
  memset(out, 0, sizeof out);
  frame = webrtc_frame(out, 480, 48000, 1);
  CHECK_OK(nertc_callkit_webrtc_set_ice_servers(client->kit, NULL, 0));
  CHECK_OK(nertc_callkit_get_call_stats(client->kit, &call));
  CHECK_OK(nertc_callkit_get_stream_stats(client->kit, NERTC_CALLKIT_MEDIA_AUDIO, 0, &stream));
  status = nertc_callkit_push_frame(client->kit, &frame);
  CHECK(status == NERTC_CALLKIT_STATUS_OK || status == NERTC_CALLKIT_STATUS_QUEUE_FULL);
  status = nertc_callkit_confirm_security_code(client->kit, NULL, client->code, 1);
  CHECK(status == NERTC_CALLKIT_STATUS_OK || status == NERTC_CALLKIT_STATUS_INVALID_ARGUMENT);
  if (pulls) {
    CHECK(nertc_callkit_webrtc_pull_audio(client->kit, out, 480, 48000, 1) >= 0);
  }
  CHECK_REFUSED(nertc_callkit_destroy(client->kit), REENTRANT);
  CHECK_OK(nertc_callkit_webrtc_media(&options, &backends));
  backends.rtc->release(backends.rtc_ctx);
  pthread_mutex_lock(&check_lock);
  struck |= strcmp(event, "on_frame") == 0 ? 1 : 0;
  struck |= strcmp(event, "on_media_secured") == 0 ? 2 : 0;
  struck |= strcmp(event, "on_call_connected") == 0 ? 4 : 0;
  struck |= strcmp(event, "on_call_end") == 0 ? 8 : 0;
  pthread_cond_broadcast(&check_changed);
  pthread_mutex_unlock(&check_lock);
}

static int has_struck(void *all)
{
  return (struck & *(int *)all) == *(int *)all;
}

/* Once with sound that is pulled, and once with on_frame, from which a pull would take it. */
static void every_function_works_inside_callbacks(void)
{
  int all = 14;
  begin();
  alice.hook = call_everything;
  for (pulls = 1; pulls >= 0; pulls--) {
    struck = 0;
    webrtc_connect(&alice, &bob);
    webrtc_expect_security(&alice, VERIFIED); /* confirmed in there */
    if (!pulls) {
      all = 15;
      webrtc_send(&bob);
      webrtc_expect_tone(&alice, 4);
      webrtc_stop(&bob);
    }
    webrtc_hang_up(&alice, &bob);
    WAIT_LONG(has_struck, &all);
  }
  finish();
}

int main(void)
{
  if (webrtc_is_built_in()) {
    RUN(codes_are_equal_and_confirmed);
    RUN(a_late_tap_does_not_confirm_the_next_call);
    RUN(codes_that_differ_end_the_call);
    RUN(a_peer_without_code_is_accepted);
    RUN(a_required_code_ends_the_call_without);
    RUN(keys_of_the_apps_verify);
    RUN(a_wrong_signature_ends_the_call);
    RUN(without_a_signature_the_code_remains);
    RUN(every_function_works_inside_callbacks);
  }
  return 0;
}
