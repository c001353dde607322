/* log.c: the log reports what happens, and personal data only on request; a token never. */
#include "log.h"
#include "client.h"

enum { LINES = 4000 };

static char lines[LINES][1100];
static int count;

/* The contents of a line: printable text, within the documented length. */
static void check_printable(const char *text)
{
  const unsigned char *at = (const unsigned char *)text;
  CHECK(strlen(text) < 1024);
  for (; *at; at++) {
    const int is_c1 = at[0] == 0xc2 && at[1] < 0xa0;
    const int is_bidi = at[0] == 0xe2 && ((at[1] == 0x80 && (at[2] == 0x8e || at[2] == 0x8f || at[2] >= 0xa8) &&
                                           at[2] <= 0xae) || (at[1] == 0x81 && at[2] >= 0xa6 && at[2] <= 0xa9));
    if (*at < 0x20 || *at == 0x7f || is_c1 || is_bidi) {
      FAIL("a line that somebody else wrote: %s", text);
    }
  }
}

void on_log(int32_t level, const char *text, void *unused)
{
  (void)unused;
  pthread_mutex_lock(&check_lock);
  CHECK(level >= NERTC_CALLKIT_LOG_ERROR && level <= NERTC_CALLKIT_LOG_DEBUG && text);
  check_printable(text);
  if (count < LINES) {
    snprintf(lines[count++], sizeof lines[0], "%d %s", (int)level, text);
  }
  pthread_mutex_unlock(&check_lock);
}

void forget_lines(void)
{
  pthread_mutex_lock(&check_lock);
  count = 0;
  pthread_mutex_unlock(&check_lock);
}

int lines_with(const char *word)
{
  int i, found = 0;
  pthread_mutex_lock(&check_lock);
  for (i = 0; i < count; i++) {
    found += strstr(lines[i], word) != NULL;
  }
  pthread_mutex_unlock(&check_lock);
  return found;
}

static int is_logged(const char *word)
{
  return lines_with(word) > 0;
}

/* A session with a call that is cancelled, and messages that arrive twice. */
static void live(int32_t level, uint32_t flags)
{
  nertc_callkit_call_options options = NERTC_CALLKIT_CALL_OPTIONS_INIT;
  nertc_callkit_hub *hub = NULL;
  struct setup setup = {0};
  struct client *zaphod, *trillian;
  count = 0;
  CHECK_OK(nertc_callkit_set_log_callback(level, flags, on_log, NULL));
  CHECK_OK(nertc_callkit_hub_create(0, &hub));
  setup.hub = hub;
  zaphod = client_new("zaphod", &setup);
  trillian = client_new("trillian", &setup);
  CHECK_OK(nertc_callkit_login(zaphod->kit, "zaphod", "sesame", client_done, zaphod));
  CHECK_OK(nertc_callkit_login(trillian->kit, "trillian", "sesame", client_done, trillian));
  client_expect(zaphod, "done(login,0)");
  client_expect(trillian, "done(login,0)");
  fault(hub, DUPLICATE, EVENT_INVITE, "trillian", 0);
  fault(hub, DUPLICATE, EVENT_CANCEL, "trillian", 0);
  options.user_id = "trillian";
  options.attachment = "{\"dish\":\"petunias\"}";
  CHECK_OK(nertc_callkit_call(zaphod->kit, &options, client_done, zaphod));
  client_expect(zaphod, "done(call,0)");
  client_expect(trillian, "on_invited");
  CHECK_OK(nertc_callkit_cancel(zaphod->kit, NULL, NULL, client_done, zaphod));
  client_expect(zaphod, "done(cancel,0) on_message_sent(2) on_call_end(11)");
  client_expect(trillian, "on_user_cancel on_call_end(12)");
  client_destroy(zaphod, "");
  client_destroy(trillian, "");
  client_free(zaphod);
  client_free(trillian);
  CHECK_OK(nertc_callkit_hub_release(hub));
  CHECK_OK(nertc_callkit_set_log_callback(NERTC_CALLKIT_LOG_OFF, 0, NULL, NULL));
}

static void personal_words_are_redacted(void)
{
  live(NERTC_CALLKIT_LOG_DEBUG, 0);
  CHECK(is_logged("***") && is_logged("ignored: "));
  CHECK(!is_logged("zaphod") && !is_logged("trillian") && !is_logged("petunias") && !is_logged("sesame"));
}

static void personal_words_are_logged_when_asked_for_but_no_token(void)
{
  live(NERTC_CALLKIT_LOG_DEBUG, NERTC_CALLKIT_LOG_PERSONAL);
  CHECK(is_logged("zaphod") && !is_logged("***"));
  CHECK(!is_logged("sesame"));
}

static void less_important_lines_are_left_out(void)
{
  live(NERTC_CALLKIT_LOG_INFO, 0);
  CHECK(count > 0 && !is_logged("ignored: "));
  CHECK(is_logged("login of"));
  live(NERTC_CALLKIT_LOG_WARN, 0); /* a slow machine may be warned of */
  CHECK(!is_logged("login of") && !is_logged("ignored: "));
  live(NERTC_CALLKIT_LOG_OFF, 0);
  CHECK_INT(count, 0);
}

int main(void)
{
  RUN(personal_words_are_redacted);
  RUN(personal_words_are_logged_when_asked_for_but_no_token);
  RUN(less_important_lines_are_left_out);
  run_log_lines();
  return 0;
}
