/*
 * print_events.h: a listener that prints every event as `<account> <event name> <fields>`, one line
 * each. The examples share it, so that each of them shows only its own subject.
 *
 * The user_data of the client must point to a struct whose first member is the account's name.
 */
#ifndef PRINT_EVENTS_H
#define PRINT_EVENTS_H

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <nertc_callkit.h>
#include <nertc_callkit/loopback.h>

/* Set it to be notified, too, after each line. */
static void (*print_also)(void *user_data, const char *event);

/* Prints what others may have written so that it can be nothing but text: control characters, and those that turn
 * the direction of writing, as \xHH for each byte; no more than `limit` bytes. */
static void print_escaped(const char *text, size_t limit)
{
  const unsigned char *at = (const unsigned char *)text;
  size_t printed = 0;
  while (*at && printed + 12 < limit) {
    const int is_c1 = at[0] == 0xc2 && at[1] >= 0x80 && at[1] < 0xa0;
    const int is_arabic_mark = at[0] == 0xd8 && at[1] == 0x9c;
    const int is_direction = at[0] == 0xe2 && ((at[1] == 0x80 && (at[2] == 0x8e || at[2] == 0x8f ||
                             (at[2] >= 0xa8 && at[2] <= 0xae))) || (at[1] == 0x81 && at[2] >= 0xa0 && at[2] <= 0xaf));
    int bytes = is_direction ? 3 : is_c1 || is_arabic_mark ? 2 : *at < 0x20 || *at == 0x7f ? 1 : 0;
    if (bytes == 0) {
      putchar(*at++);
      printed++;
    }
    for (; bytes > 0; bytes--) {
      printf("\\x%02x", *at++);
      printed += 4;
    }
  }
  if (*at) {
    printf("...");
  }
}

/* One line, shorter than 1 KiB. */
static void print_line(void *user_data, const char *event, const char *fields, ...)
{
  char text[1024];
  va_list list;
  va_start(list, fields);
  vsnprintf(text, sizeof text, fields, list);
  va_end(list);
  print_escaped(*(const char **)user_data, 100);
  printf(" %s ", event);
  print_escaped(text, 800);
  printf("\n");
  fflush(stdout);
  if (print_also) {
    print_also(user_data, event);
  }
}

/* A completion. Hand it to any function as `done`, with the client's user_data. */
static void print_done(nertc_callkit *kit, const nertc_callkit_result *result, void *user_data)
{
  char event[64];
  (void)kit;
  snprintf(event, sizeof event, "done(%s)", nertc_callkit_operation_text(result->operation));
  if (result->code == NERTC_CALLKIT_CODE_OK) {
    print_line(user_data, event, "code=0 call=%u", (unsigned)result->call_no);
  } else {
    print_line(user_data, event, "code=%d call=%u message=\"%s\"", (int)result->code,
               (unsigned)result->call_no, result->message);
  }
}

static void print_invited(nertc_callkit *kit, const nertc_callkit_invited_event *event, void *user_data)
{
  (void)kit;
  print_line(user_data, "on_invited", "call=%u invitor=%s type=%d attachment=\"%s\"",
             (unsigned)event->call_no, event->invitor, (int)event->call_type, event->attachment);
}

static void print_call_end(nertc_callkit *kit, const nertc_callkit_end_event *event, void *user_data)
{
  (void)kit;
  print_line(user_data, "on_call_end", "call=%u user=%s reason=%d ring_ms=%u talk_ms=%u extra=\"%s\" (%s)",
             (unsigned)event->call_no, event->user_id, (int)event->reason, (unsigned)event->ring_ms,
             (unsigned)event->talk_ms, event->extra, nertc_callkit_end_reason_text(event->reason));
}

static void print_message_sent(nertc_callkit *kit, const nertc_callkit_record_event *event, void *user_data)
{
  (void)kit;
  print_line(user_data, "on_message_sent", "call=%u sender=%s to=%s status=%d",
             (unsigned)event->call_no, event->user_id, event->peer, (int)event->record_status);
}

static void print_error(nertc_callkit *kit, const nertc_callkit_error_event *event, void *user_data)
{
  (void)kit;
  print_line(user_data, "on_error", "call=%u operation=%u code=%d message=\"%s\"",
             (unsigned)event->call_no, (unsigned)event->operation, (int)event->code, event->message);
}

static void print_missed(nertc_callkit *kit, const nertc_callkit_missed_event *event, void *user_data)
{
  (void)kit;
  print_line(user_data, "on_missed_call", "user=%s why=%d count=%u", event->user_id, (int)event->reason,
             (unsigned)event->count);
}

static void print_record_received(nertc_callkit *kit, const nertc_callkit_record_event *event, void *user_data)
{
  (void)kit;
  print_line(user_data, "on_record_received", "sender=%s to=%s status=%d", event->user_id, event->peer,
             (int)event->record_status);
}

static void print_data(nertc_callkit *kit, const nertc_callkit_data_event *event, void *user_data)
{
  (void)kit;
  print_line(user_data, "on_data", "call=%u user=%s bytes=%u json=%s", (unsigned)event->call_no, event->user_id,
             (unsigned)strlen(event->json), event->json);
}

static const char *security_text(nertc_callkit_security security)
{
  static const char *const texts[] = {"none", "no-code", "unverified", "verified", "mismatch"};
  return texts[security >= 0 && security < 5 ? (int)security : 0];
}

static void print_media_secured(nertc_callkit *kit, const nertc_callkit_security_event *event, void *user_data)
{
  (void)kit;
  print_line(user_data, "on_media_secured", "call=%u user=%s security=%s code=%s", (unsigned)event->call_no,
             event->user_id, security_text(event->security), event->code);
}

/* The other events come in four shapes. */
#define PRINT_USER(event) \
  static void print_##event(nertc_callkit *kit, const nertc_callkit_user_event *e, void *user_data) \
  { \
    (void)kit; \
    print_line(user_data, #event, "call=%u user=%s", (unsigned)e->call_no, e->user_id); \
  }
#define PRINT_MEDIA(event) \
  static void print_##event(nertc_callkit *kit, const nertc_callkit_media_event *e, void *user_data) \
  { \
    (void)kit; \
    print_line(user_data, #event, "call=%u user=%s on=%d", (unsigned)e->call_no, e->user_id, (int)e->on); \
  }
#define PRINT_CALL(event) \
  static void print_##event(nertc_callkit *kit, const nertc_callkit_call_event *e, void *user_data) \
  { \
    (void)kit; \
    print_line(user_data, #event, "call=%u user=%s type=%d device=\"%s\"", (unsigned)e->call_no, \
               e->user_id, (int)e->call_type, e->device_id); \
  }
#define PRINT_CONNECTION(event) \
  static void print_##event(nertc_callkit *kit, const nertc_callkit_connection_event *e, void *user_data) \
  { \
    (void)kit; \
    print_line(user_data, #event, "call=%u user=%s transport=%d code=%d", (unsigned)e->call_no, e->user_id, \
               (int)e->transport, (int)e->code); \
  }

PRINT_USER(on_user_busy)
PRINT_USER(on_user_cancel)
PRINT_USER(on_user_accept)
PRINT_USER(on_user_enter)
PRINT_USER(on_user_reject)
PRINT_USER(on_user_leave)
PRINT_USER(on_user_ringing)
PRINT_USER(on_user_disconnect)
PRINT_MEDIA(on_audio_available)
PRINT_MEDIA(on_camera_available)
PRINT_MEDIA(on_audio_muted)
PRINT_MEDIA(on_video_muted)
PRINT_CALL(on_calling_timeout)
PRINT_CALL(on_call_type_change)
PRINT_CALL(on_call_type_request)
PRINT_CALL(on_other_client_accept)
PRINT_CALL(on_other_client_reject)
PRINT_CALL(on_call_connected)
PRINT_CONNECTION(on_disconnect)
PRINT_CONNECTION(on_kicked)
PRINT_CONNECTION(on_reconnecting)
PRINT_CONNECTION(on_reconnected)
PRINT_CONNECTION(on_network_quality)
PRINT_CONNECTION(on_token_needed)

/* Prints every event. Set your own functions afterwards, and print from there as needed. */
static void print_every_event(nertc_callkit_listener *listener)
{
  listener->on_invited = print_invited;
  listener->on_user_busy = print_on_user_busy;
  listener->on_user_cancel = print_on_user_cancel;
  listener->on_user_accept = print_on_user_accept;
  listener->on_user_enter = print_on_user_enter;
  listener->on_user_reject = print_on_user_reject;
  listener->on_user_leave = print_on_user_leave;
  listener->on_user_disconnect = print_on_user_disconnect;
  listener->on_disconnect = print_on_disconnect;
  listener->on_audio_available = print_on_audio_available;
  listener->on_camera_available = print_on_camera_available;
  listener->on_call_end = print_call_end;
  listener->on_calling_timeout = print_on_calling_timeout;
  listener->on_call_type_change = print_on_call_type_change;
  listener->on_other_client_accept = print_on_other_client_accept;
  listener->on_other_client_reject = print_on_other_client_reject;
  listener->on_video_muted = print_on_video_muted;
  listener->on_audio_muted = print_on_audio_muted;
  listener->on_message_sent = print_message_sent;
  listener->on_error = print_error;
  listener->on_call_connected = print_on_call_connected;
  listener->on_kicked = print_on_kicked;
  listener->on_reconnecting = print_on_reconnecting;
  listener->on_reconnected = print_on_reconnected;
  listener->on_network_quality = print_on_network_quality;
  listener->on_call_type_request = print_on_call_type_request;
  listener->on_missed_call = print_missed;
  listener->on_user_ringing = print_on_user_ringing;
  listener->on_token_needed = print_on_token_needed;
  listener->on_record_received = print_record_received;
  listener->on_data = print_data;
  listener->on_media_secured = print_media_secured;
}

#endif
