/* push_payload.c: the payload of a push notification about a call, and its validation. */
#include "check.h"

static nertc_callkit_push_call some_call(void)
{
  nertc_callkit_push_call call = NERTC_CALLKIT_PUSH_CALL_INIT;
  call.call_type = NERTC_CALLKIT_CALL_TYPE_VIDEO;
  call.sent_ms = 1800000000000u;
  call.ring_left_ms = 30000;
  strcpy(call.to_account, "bob");
  strcpy(call.from_account, "al\xC3\xAF" "ce \"quoted\"\n");
  strcpy(call.from_device, "phone");
  strcpy(call.channel_id, "channel");
  strcpy(call.request_id, "request");
  return call;
}

/* A place that a refused decode must leave as it is. */
static nertc_callkit_push_call untouched(void)
{
  nertc_callkit_push_call call;
  memset(&call, 0x5a, sizeof call);
  call.struct_size = sizeof call;
  return call;
}

static void check_refused(const char *text, int32_t status)
{
  const nertc_callkit_push_call before = untouched();
  nertc_callkit_push_call out = before;
  CHECK_INT(nertc_callkit_push_decode(text, &out), status);
  CHECK(memcmp(&out, &before, sizeof out) == 0);
}

static void what_was_encoded_is_decoded(void)
{
  const nertc_callkit_push_call call = some_call();
  nertc_callkit_push_call out = NERTC_CALLKIT_PUSH_CALL_INIT;
  char text[NERTC_CALLKIT_PUSH_SIZE], exact[NERTC_CALLKIT_PUSH_SIZE];
  uint32_t size = sizeof text, i;
  CHECK_OK(nertc_callkit_push_encode(&call, text, &size));
  CHECK_INT(size, strlen(text) + 1);
  for (i = 0; text[i]; i++) {
    /* It fits into JSON, a URL and a shell as it is. */
    CHECK(strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_:", text[i]));
  }
  CHECK_OK(nertc_callkit_push_decode(text, &out));
  CHECK(memcmp(&out, &call, sizeof out) == 0);
  /* A buffer of just that size will do. */
  CHECK_OK(nertc_callkit_push_encode(&call, exact, &size));
  CHECK_TEXT(exact, text);
}

static void a_buffer_that_is_too_small_gets_the_size_needed(void)
{
  const nertc_callkit_push_call call = some_call();
  char text[NERTC_CALLKIT_PUSH_SIZE], small[NERTC_CALLKIT_PUSH_SIZE];
  uint32_t needed = sizeof text, size;
  size_t i;
  CHECK_OK(nertc_callkit_push_encode(&call, text, &needed));
  memset(small, 0x5a, sizeof small);
  size = needed - 1;
  CHECK_REFUSED(nertc_callkit_push_encode(&call, small, &size), INVALID_ARGUMENT);
  CHECK_INT(size, needed);
  size = 0;
  CHECK_REFUSED(nertc_callkit_push_encode(&call, NULL, &size), INVALID_ARGUMENT);
  CHECK_INT(size, needed);
  for (i = 0; i < sizeof small; i++) {
    CHECK_INT(small[i], 0x5a);
  }
}

static void the_longest_call_fits(void)
{
  nertc_callkit_push_call call = some_call();
  char *const texts[] = {call.to_account, call.from_account, call.from_device, call.channel_id, call.request_id};
  nertc_callkit_push_call out = NERTC_CALLKIT_PUSH_CALL_INIT;
  char text[NERTC_CALLKIT_PUSH_SIZE];
  uint32_t size = sizeof text;
  size_t i;
  for (i = 0; i < 5; i++) {
    memset(texts[i], 'x', 64);
  }
  CHECK_OK(nertc_callkit_push_encode(&call, text, &size));
  CHECK_OK(nertc_callkit_push_decode(text, &out));
  CHECK(memcmp(&out, &call, sizeof out) == 0);
}

static void check_not_encoded(nertc_callkit_push_call call, int32_t status)
{
  char text[NERTC_CALLKIT_PUSH_SIZE];
  uint32_t size = sizeof text;
  CHECK_INT(nertc_callkit_push_encode(&call, text, &size), status);
  CHECK_INT(size, sizeof text);
}

static void a_call_that_cannot_be_is_not_encoded(void)
{
  const nertc_callkit_push_call good = some_call();
  nertc_callkit_push_call call;
  char text[NERTC_CALLKIT_PUSH_SIZE];
  uint32_t size = sizeof text;
  CHECK_REFUSED(nertc_callkit_push_encode(NULL, text, &size), INVALID_ARGUMENT);
  CHECK_REFUSED(nertc_callkit_push_encode(&good, text, NULL), INVALID_ARGUMENT);
  call = good, call.struct_size = 0;
  check_not_encoded(call, NERTC_CALLKIT_STATUS_INVALID_ARGUMENT);
  call = good, call.flags = 1;
  check_not_encoded(call, NERTC_CALLKIT_STATUS_INVALID_ARGUMENT);
  call = good, call.reserved[1] = 1;
  check_not_encoded(call, NERTC_CALLKIT_STATUS_INVALID_ARGUMENT);
  call = good, call.call_type = 3;
  check_not_encoded(call, NERTC_CALLKIT_STATUS_INVALID_ARGUMENT);
  call = good, call.ring_left_ms = 120001;
  check_not_encoded(call, NERTC_CALLKIT_STATUS_INVALID_ARGUMENT);
  call = good, call.to_account[0] = 0;
  check_not_encoded(call, NERTC_CALLKIT_STATUS_INVALID_ARGUMENT);
  call = good, call.request_id[0] = (char)0xff;
  check_not_encoded(call, NERTC_CALLKIT_STATUS_INVALID_ARGUMENT);
  call = good, memset(call.channel_id, 'x', sizeof call.channel_id);
  check_not_encoded(call, NERTC_CALLKIT_STATUS_INVALID_ARGUMENT);
}

static void what_is_cut_foreign_or_huge_is_refused(void)
{
  static const char *const foreign[] = {
    "", "nck1", "nck1:", "nck:", "nck0:AA", "nck01:AA", "nck1:====", "nck1:AgAA\n", "NCK1:AgAA", " nck1:AgAA",
    "{\"aps\":{\"alert\":\"hello\"}}", "\xff\xfe", "nck1:AgAA+/==", "nck4294967297:AA"};
  const nertc_callkit_push_call call = some_call();
  char text[NERTC_CALLKIT_PUSH_SIZE];
  char *huge = malloc((1 << 20) + 1);
  uint32_t size = sizeof text, i;
  CHECK(huge);
  CHECK_REFUSED(nertc_callkit_push_decode("nck1:", NULL), INVALID_ARGUMENT);
  check_refused(NULL, NERTC_CALLKIT_STATUS_INVALID_ARGUMENT);
  for (i = 0; i < sizeof foreign / sizeof foreign[0]; i++) {
    check_refused(foreign[i], NERTC_CALLKIT_STATUS_INVALID_ARGUMENT);
  }
  CHECK_OK(nertc_callkit_push_encode(&call, text, &size));
  for (i = size - 1; i-- > 0;) {
    text[i] = 0;
    check_refused(text, NERTC_CALLKIT_STATUS_INVALID_ARGUMENT);
  }
  memset(huge, 'A', 1 << 20);
  huge[1 << 20] = 0;
  check_refused(huge, NERTC_CALLKIT_STATUS_INVALID_ARGUMENT);
  memcpy(huge, "nck1:", 5);
  check_refused(huge, NERTC_CALLKIT_STATUS_INVALID_ARGUMENT);
  /* Nothing beyond 4096 bytes is read, not even a NUL. */
  huge = realloc(huge, 4096);
  CHECK(huge);
  check_refused(huge, NERTC_CALLKIT_STATUS_INVALID_ARGUMENT);
  free(huge);
}

static void a_later_version_is_recognized(void)
{
  nertc_callkit_push_call small = untouched();
  char text[NERTC_CALLKIT_PUSH_SIZE];
  uint32_t size = sizeof text;
  const nertc_callkit_push_call call = some_call();
  check_refused("nck2:AgAA", NERTC_CALLKIT_STATUS_UNSUPPORTED);
  check_refused("nck999999999:{\"whatever\":\"it is\"}", NERTC_CALLKIT_STATUS_UNSUPPORTED);
  CHECK_OK(nertc_callkit_push_encode(&call, text, &size));
  text[3] = '2';
  check_refused(text, NERTC_CALLKIT_STATUS_UNSUPPORTED);
  text[3] = '1';
  small.struct_size = 8;
  CHECK_REFUSED(nertc_callkit_push_decode(text, &small), INVALID_ARGUMENT);
  CHECK_INT(small.call_type, 0x5a5a5a5a);
}

int main(void)
{
  RUN(what_was_encoded_is_decoded);
  RUN(a_buffer_that_is_too_small_gets_the_size_needed);
  RUN(the_longest_call_fits);
  RUN(a_call_that_cannot_be_is_not_encoded);
  RUN(what_is_cut_foreign_or_huge_is_refused);
  RUN(a_later_version_is_recognized);
  return 0;
}
