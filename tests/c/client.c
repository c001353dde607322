/* client.c: the recorder of check.h. */
#include "client.h"

#include <stdarg.h>

/* ---- noting ------------------------------------------------------------------------------------------- */

static void copy(char *to, size_t size, const char *text)
{
  if (!text) {
    FAIL("a text of an event is NULL");
  }
  snprintf(to, size, "%s", text);
}

/* Enters a callback: it is ours, the only one, and not too late. */
static struct client *enter(nertc_callkit *kit, void *user_data, uint32_t struct_size)
{
  struct client *client = user_data;
  pthread_mutex_lock(&check_lock);
  if (struct_size < 8) {
    FAIL("an event of struct_size %u", struct_size);
  }
  if (client->kit && kit != client->kit) {
    FAIL("a callback of %s with a foreign handle", client->account);
  }
  if (client->destroyed) {
    FAIL("a callback of %s after destroy", client->account);
  }
  if (client->inside++ != 0) {
    FAIL("two callbacks of %s at once", client->account);
  }
  return client;
}

/* Notes an event of `call_no` and leaves the lock; the hook runs without it. */
static void leave(struct client *client, nertc_callkit_call_no call_no, const void *event, const char *format,
                  ...)
{
  char word[WORD], *blank;
  va_list list;
  va_start(list, format);
  vsnprintf(word, sizeof word, format, list);
  va_end(list);
  for (blank = word; (blank = strchr(blank, ' ')) != NULL;) {
    *blank = '_'; /* blanks separate words */
  }
  if (call_no > 0) {
    client->call_no = call_no;
    if (call_no == client->ended && strncmp(word, "done(", 5) != 0 && strncmp(word, "on_error", 8) != 0) {
      FAIL("%s of %s after the end of its call", word, client->account);
    }
  }
  if (strncmp(word, "on_call_end", 11) == 0) {
    client->ended = call_no;
  }
  if (client->count == WORDS) {
    FAIL("too many words");
  }
  memcpy(client->words[client->count++], word, WORD);
  pthread_cond_broadcast(&check_changed);
  pthread_mutex_unlock(&check_lock);
  if (client->setup.on_callback) {
    client->setup.on_callback(client, word, event);
  }
  pthread_mutex_lock(&check_lock);
  client->inside--;
  pthread_cond_broadcast(&check_changed);
  pthread_mutex_unlock(&check_lock);
}

void client_note(struct client *client, const char *word, const void *event)
{
  pthread_mutex_lock(&check_lock);
  client->inside++;
  leave(client, 0, event, "%s", word);
}

void client_done(nertc_callkit *kit, const nertc_callkit_result *result, void *user_data)
{
  struct client *client = enter(kit, user_data, result->struct_size);
  client->code = result->code;
  copy(client->message, sizeof client->message, result->message);
  if (result->channel_id[0]) {
    copy(client->channel_id, sizeof client->channel_id, result->channel_id);
    copy(client->request_id, sizeof client->request_id, result->request_id);
    copy(client->call_id, sizeof client->call_id, result->call_id);
    client->uid = result->uid;
  }
  leave(client, result->call_no, result, "done(%s,%d)", nertc_callkit_operation_text(result->operation),
        (int)result->code);
}

static void on_invited(nertc_callkit *kit, const nertc_callkit_invited_event *event, void *user_data)
{
  struct client *client = enter(kit, user_data, event->struct_size);
  copy(client->channel_id, sizeof client->channel_id, event->channel_id);
  copy(client->request_id, sizeof client->request_id, event->request_id);
  copy(client->call_id, sizeof client->call_id, event->call_id);
  copy(client->user, sizeof client->user, event->invitor);
  copy(client->attachment, sizeof client->attachment, event->attachment);
  client->call_type = event->call_type;
  client->flags = event->flags;
  CHECK(event->call && event->call->call_no == event->call_no && event->group_id && event->user_ids);
  CHECK_TEXT(event->call->channel_id, event->channel_id);
  leave(client, event->call_no, event, "on_invited");
}

static void on_call_end(nertc_callkit *kit, const nertc_callkit_end_event *event, void *user_data)
{
  struct client *client = enter(kit, user_data, event->struct_size);
  copy(client->user, sizeof client->user, event->user_id);
  copy(client->extra, sizeof client->extra, event->extra);
  leave(client, event->call_no, event, "on_call_end(%d)", (int)event->reason);
}

static void on_message_sent(nertc_callkit *kit, const nertc_callkit_record_event *event, void *user_data)
{
  struct client *client = enter(kit, user_data, event->struct_size);
  CHECK_TEXT(event->user_id, client->account);
  CHECK(event->peer && event->msg_id);
  leave(client, event->call_no, event, "on_message_sent(%d)", (int)event->record_status);
}

static void on_error(nertc_callkit *kit, const nertc_callkit_error_event *event, void *user_data)
{
  struct client *client = enter(kit, user_data, event->struct_size);
  copy(client->message, sizeof client->message, event->message);
  leave(client, event->call_no, event, "on_error(%s,%d)", nertc_callkit_operation_text(event->operation),
        (int)event->code);
}

static void on_missed_call(nertc_callkit *kit, const nertc_callkit_missed_event *event, void *user_data)
{
  struct client *client = enter(kit, user_data, event->struct_size);
  copy(client->user, sizeof client->user, event->user_id);
  copy(client->missed_channel, sizeof client->missed_channel, event->channel_id);
  copy(client->missed_request, sizeof client->missed_request, event->request_id);
  client->missed_count = event->count;
  leave(client, 0, event, "on_missed_call(%d)", (int)event->reason);
}

static void on_user_ringing(nertc_callkit *kit, const nertc_callkit_user_event *event, void *user_data)
{
  struct client *client = user_data;
  if (client->setup.news) {
    enter(kit, user_data, event->struct_size);
    copy(client->user, sizeof client->user, event->user_id);
    leave(client, event->call_no, event, "on_user_ringing");
  }
}

static void on_record_received(nertc_callkit *kit, const nertc_callkit_record_event *event, void *user_data)
{
  struct client *client = user_data;
  if (client->setup.news) {
    enter(kit, user_data, event->struct_size);
    CHECK_INT(event->call_no, 0);
    copy(client->user, sizeof client->user, event->user_id);
    leave(client, 0, event, "on_record_received(%d)", (int)event->record_status);
  }
}

static void on_data(nertc_callkit *kit, const nertc_callkit_data_event *event, void *user_data)
{
  struct client *client = enter(kit, user_data, event->struct_size);
  copy(client->user, sizeof client->user, event->user_id);
  copy(client->extra, sizeof client->extra, event->json);
  leave(client, event->call_no, event, "on_data(%.30s)", event->json);
}

static void on_media_secured(nertc_callkit *kit, const nertc_callkit_security_event *event, void *user_data)
{
  struct client *client = user_data;
  if (client->setup.webrtc) {
    return;
  }
  enter(kit, user_data, event->struct_size);
  copy(client->user, sizeof client->user, event->user_id);
  copy(client->extra, sizeof client->extra, event->code);
  copy(client->message, sizeof client->message, event->local_fingerprint);
  copy(client->attachment, sizeof client->attachment, event->remote_fingerprint);
  leave(client, event->call_no, event, "on_media_secured(%d)", (int)event->security);
}

#define USER(name) \
  static void name(nertc_callkit *kit, const nertc_callkit_user_event *event, void *user_data) \
  { \
    struct client *client = enter(kit, user_data, event->struct_size); \
    copy(client->user, sizeof client->user, event->user_id); \
    leave(client, event->call_no, event, #name); \
  }
#define CALL(name, format, argument) \
  static void name(nertc_callkit *kit, const nertc_callkit_call_event *event, void *user_data) \
  { \
    struct client *client = enter(kit, user_data, event->struct_size); \
    copy(client->user, sizeof client->user, event->user_id); \
    client->call_type = event->call_type; \
    leave(client, event->call_no, event, #name format, argument); \
  }
#define CONNECTION(name, format, argument) \
  static void name(nertc_callkit *kit, const nertc_callkit_connection_event *event, void *user_data) \
  { \
    struct client *client = enter(kit, user_data, event->struct_size); \
    leave(client, event->call_no, event, #name format, argument); \
  }
#define MEDIA(name) \
  static void name(nertc_callkit *kit, const nertc_callkit_media_event *event, void *user_data) \
  { \
    struct client *client = user_data; \
    if (client->setup.media) { \
      enter(kit, user_data, event->struct_size); \
      client->peer_uid = event->uid; \
      leave(client, event->call_no, event, #name "(%d)", (int)event->on); \
    } \
  }

USER(on_user_busy)
USER(on_user_cancel)
USER(on_user_accept)
USER(on_user_enter)
USER(on_user_reject)
USER(on_user_leave)
USER(on_user_disconnect)
CALL(on_calling_timeout, "%s", "")
CALL(on_call_type_change, "(%d)", (int)event->call_type)
CALL(on_call_type_request, "(%d)", (int)event->state)
CALL(on_other_client_accept, "%s", "")
CALL(on_other_client_reject, "%s", "")
CALL(on_call_connected, "%s", "")
CONNECTION(on_disconnect, "%s", "")
CONNECTION(on_kicked, "%s", "")
CONNECTION(on_reconnecting, "(%d)", (int)event->transport)
CONNECTION(on_reconnected, "(%d)", (int)event->transport)
CONNECTION(on_token_needed, "(%d)", (int)event->code)
MEDIA(on_audio_available)
MEDIA(on_camera_available)
MEDIA(on_audio_muted)
MEDIA(on_video_muted)

static void on_network_quality(nertc_callkit *kit, const nertc_callkit_connection_event *event,
                               void *user_data)
{
  if (((struct client *)user_data)->setup.media) {
    leave(enter(kit, user_data, event->struct_size), event->call_no, event, "on_network_quality(%d)",
          (int)event->quality);
  }
}

void client_listener(nertc_callkit_listener *listener)
{
  const nertc_callkit_listener all = {sizeof all, 0, on_invited, on_user_busy, on_user_cancel, on_user_accept,
    on_user_enter, on_user_reject, on_user_leave, on_user_disconnect, on_disconnect, on_audio_available,
    on_camera_available, on_call_end, on_calling_timeout, on_call_type_change, on_other_client_accept,
    on_other_client_reject, on_video_muted, on_audio_muted, on_message_sent, on_error, on_call_connected,
    on_kicked, on_reconnecting, on_reconnected, on_network_quality, on_call_type_request, on_missed_call,
    on_user_ringing, on_token_needed, on_record_received, on_data, on_media_secured};
  *listener = all;
}

/* ---- lifecycle ----------------------------------------------------------------------------------------- */

/* These timers, or the defaults, for a machine that is `check_patience` times slower. */
static nertc_callkit_timers patient(const nertc_callkit_timers *given)
{
  nertc_callkit_timers timers = given ? *given : (nertc_callkit_timers)NERTC_CALLKIT_TIMERS_INIT;
  uint32_t *field;
  timers.login_ms = timers.login_ms ? timers.login_ms : 10000;
  timers.request_ms = timers.request_ms ? timers.request_ms : 8000;
  timers.operation_ms = timers.operation_ms ? timers.operation_ms : 5000;
  timers.destroy_wait_ms = timers.destroy_wait_ms ? timers.destroy_wait_ms : 500;
  for (field = &timers.struct_size + 1; field < &timers.struct_size + sizeof timers / sizeof *field; field++) {
    *field *= check_patience();
  }
  return timers;
}

nertc_callkit_webrtc_options webrtc_options(void)
{
  nertc_callkit_webrtc_options options = NERTC_CALLKIT_WEBRTC_OPTIONS_INIT;
  options.flags = NERTC_CALLKIT_WEBRTC_APP_AUDIO | NERTC_CALLKIT_WEBRTC_LOOPBACK;
  return options;
}

int webrtc_is_built_in(void)
{
  const nertc_callkit_webrtc_options options = webrtc_options();
  nertc_callkit_backends backends = NERTC_CALLKIT_BACKENDS_INIT;
  const int32_t status = nertc_callkit_webrtc_media(&options, &backends);
  if (status == NERTC_CALLKIT_STATUS_UNSUPPORTED) {
    printf("this library was built without WebRTC\n");
    return 0;
  }
  CHECK_OK(status);
  backends.rtc->release(backends.rtc_ctx);
  return 1;
}

/* The backend for media that a setup names. */
static int32_t media_of(const struct setup *setup, nertc_callkit_backends *backends)
{
  nertc_callkit_webrtc_options options = webrtc_options();
  nertc_callkit_ice_server nobody = NERTC_CALLKIT_ICE_SERVER_INIT;
  const nertc_callkit_ice_server *servers[1];
  nobody.url = "turn:127.0.0.1:9";
  nobody.username = nobody.credential = "anybody";
  servers[0] = &nobody;
  if (setup->null_rtc) {
    return nertc_callkit_null_rtc(backends);
  }
  if (!setup->webrtc) {
    return nertc_callkit_loopback_rtc(setup->hub, backends);
  }
  if (setup->no_relay) {
    options.flags |= NERTC_CALLKIT_WEBRTC_RELAY_ONLY;
    options.ice_servers = servers;
    options.ice_server_count = 1;
  }
  return nertc_callkit_webrtc_media(&options, backends);
}

struct client *client_new_at(const char *file, int line, const char *account, const struct setup *setup)
{
  struct client *client = calloc(1, sizeof *client);
  nertc_callkit_listener listener = NERTC_CALLKIT_LISTENER_INIT;
  nertc_callkit_backends backends = NERTC_CALLKIT_BACKENDS_INIT;
  nertc_callkit_config config = NERTC_CALLKIT_CONFIG_INIT;
  nertc_callkit_timers timers;
  nertc_callkit_status status;

  if (setup) {
    client->setup = *setup;
  }
  snprintf(client->account, sizeof client->account, "%s", account);
  client_listener(&listener);
  if (client->setup.no_data) {
    listener.on_data = NULL;
  }
  config.listener = &listener;
  config.delivery = client->setup.delivery;
  config.worker = client->setup.worker;
  config.user_data = client;
  config.device_id = client->setup.device;
  timers = patient(client->setup.timers);
  config.timers = check_patience() > 1 ? &timers : client->setup.timers;
  config.confirm_audio_to_video = client->setup.confirm_to_video;
  config.confirm_video_to_audio = client->setup.confirm_to_audio;
  config.on_frame = client->setup.on_frame;
  config.on_wakeup = client->setup.on_wakeup;
  config.backends = client->setup.backends;
  if (!client->setup.backends && (client->setup.hub || client->setup.null_rtc)) {
    config.backends = &backends;
    check_int_at(file, line, "loopback_signaling", nertc_callkit_loopback_signaling(client->setup.hub,
                                                                                    &backends), 0);
    check_int_at(file, line, "media backend", media_of(&client->setup, &backends), 0);
  }
  status = nertc_callkit_create(&config, &client->kit);
  check_int_at(file, line, "create", status, NERTC_CALLKIT_STATUS_OK);
  pthread_mutex_lock(&check_lock);
  client->next = check_clients;
  check_clients = client;
  pthread_mutex_unlock(&check_lock);
  return client;
}

void client_login_at(const char *file, int line, struct client *client)
{
  check_int_at(file, line, "login", nertc_callkit_login(client->kit, client->account, "token", client_done,
                                                        client), 0);
  client_expect_at(file, line, client, "done(login,0)");
}

void client_call_at(const char *file, int line, struct client *client, const char *to, uint32_t flags)
{
  nertc_callkit_call_options options = NERTC_CALLKIT_CALL_OPTIONS_INIT;
  options.user_id = to;
  options.flags = flags;
  check_int_at(file, line, "call", nertc_callkit_call(client->kit, &options, client_done, client), 0);
  client_expect_at(file, line, client, "done(call,0)");
}

void client_destroy_at(const char *file, int line, struct client *client, const char *words)
{
  check_int_at(file, line, "destroy", nertc_callkit_destroy(client->kit), NERTC_CALLKIT_STATUS_OK);
  pthread_mutex_lock(&check_lock);
  client->destroyed = 1;
  pthread_mutex_unlock(&check_lock);
  client_expect_at(file, line, client, words);
  client_silent_at(file, line, client);
}

void client_free(struct client *client)
{
  struct client **place;
  pthread_mutex_lock(&check_lock);
  for (place = &check_clients; *place != client; place = &(*place)->next) {
  }
  *place = client->next;
  pthread_mutex_unlock(&check_lock);
  free(client);
}

void accept_at_once(struct client *client, const char *word, const void *event)
{
  if (strcmp(word, "on_invited") == 0) {
    const nertc_callkit_invited_event *invited = event;
    CHECK_OK(nertc_callkit_accept(client->kit, invited->call, client_done, client));
  }
}

/* ---- expecting ---------------------------------------------------------------------------------------- */

struct expectation {
  struct client *client;
  const char *words;
};

/* How many of `labels` have been recorded: 1 all, 0 not yet, -1 a different one. */
static int compare(const struct expectation *it, unsigned *read)
{
  const char *at = it->words;
  *read = it->client->read;
  for (at += strspn(at, " "); *at; at += strspn(at, " ")) {
    const size_t length = strcspn(at, " ");
    if (*read == it->client->count) {
      return 0;
    }
    if (strlen(it->client->words[*read]) != length || strncmp(it->client->words[*read], at, length) != 0) {
      return -1;
    }
    ++*read;
    at += length;
  }
  return 1;
}

static int is_decided(void *argument)
{
  unsigned read;
  return compare(argument, &read) != 0;
}

static void fail_with_words(const char *file, int line, struct client *client, const char *expected)
{
  char came[2048] = "";
  unsigned i;
  for (i = client->read; i < client->count && strlen(came) < sizeof came - WORD - 2; i++) {
    strcat(came, " ");
    strcat(came, client->words[i]);
  }
  fail_at(file, line, "%s\n  expected: %s\n  came:    %s", client->account, expected, came);
}

void client_expect_at(const char *file, int line, struct client *client, const char *words)
{
  struct expectation it;
  unsigned read;
  it.client = client;
  it.words = words;
  check_wait(is_decided, &it);
  pthread_mutex_lock(&check_lock);
  if (compare(&it, &read) != 1) {
    fail_with_words(file, line, client, words);
  }
  client->read = read;
  pthread_mutex_unlock(&check_lock);
}

static unsigned find(const struct expectation *it)
{
  unsigned i = it->client->read;
  while (i < it->client->count && strcmp(it->client->words[i], it->words) != 0) {
    i++;
  }
  return i;
}

static int is_found(void *argument)
{
  const struct expectation *it = argument;
  return find(it) < it->client->count;
}

void client_until_at(const char *file, int line, struct client *client, const char *word)
{
  struct expectation it;
  it.client = client;
  it.words = word;
  if (!check_wait(is_found, &it)) {
    fail_with_words(file, line, client, word);
  }
  pthread_mutex_lock(&check_lock);
  client->read = find(&it) + 1;
  pthread_mutex_unlock(&check_lock);
}

void client_silent_at(const char *file, int line, struct client *client)
{
  pthread_mutex_lock(&check_lock);
  if (client->read < client->count) {
    fail_with_words(file, line, client, "(nothing more)");
  }
  pthread_mutex_unlock(&check_lock);
}
