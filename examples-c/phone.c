/*
 * phone.c: a telephone for the command line. Two of them, on two machines, call each other through an MQTT
 * broker; with --media webrtc sound crosses, too, from microphone to speaker, without it only calls do. Commands are
 * typed, or piped in.
 *
 *   phone --broker mqtts://HOST --account alice --token SECRET --media webrtc
 *
 * One thread, one poll: it waits for the keyboard, for the library and for the next frame of sound at once, and
 * never inside either.
 */
#define _POSIX_C_SOURCE 200809L

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "phone_media.h"
#include "print_events.h"
#include <nertc_callkit/mqtt.h>

static const char usage[] =
  "usage: phone --broker URL --account A --token T [OPTION...]\n"
  "  --broker URL    mqtts://HOST[:PORT] or mqtt://HOST[:PORT]; given again: tried in turn\n"
  "  --account A     who I am; --token T proves it to the broker\n"
  "  --device D      which of my devices this is; --single: I have only one at a time\n"
  "  --ca FILE       trust these authorities (PEM), not the system's\n"
  "  --plaintext     mqtt:// to other machines, too: anybody on the way can read tokens and calls\n"
  "  --data DIR      keeps the secret client id there: calls wait for me while I am away\n"
  "  --auto-answer   accept every call; --ring MS: how long a call rings (30000)\n"
  "  --presence      the broker tells who was lost; --peer-lost MS: gone after this silence (60000)\n"
  MEDIA_OPTIONS
  "commands: login, logout, call USER [audio|video], accept, reject [TEXT], busy [TEXT], cancel, hangup, leave,\n"
  "  status, switch audio|video, send JSON (without blanks), token T, dnd on|off (nobody rings),\n"
  "  block USER, unblock USER, " MEDIA_COMMANDS ", quit;\n"
  "  wait EVENT [SECONDS]: the next commands when it has come, within 60 s or so many.\n"
  "  What is typed during a login is carried out after it.\n";

enum { WAIT_S = 60, BLOCKED = 64 };

struct phone {
  const char *name; /* account, or account/device: begins each line */
  const char *brokers[8], *account, *token, *device, *ca, *data;
  uint32_t broker_count, flags, ring_ms, peer_lost_ms;
  int auto_answer;
  struct media media;
  nertc_callkit *kit;
  char typed[4096]; /* and not carried out yet */
  size_t length;
  char awaited[64];
  long long wait_until; /* in ms of the clock that only goes forward */
  int end_of_input, quit, logging_in;
  /* Blocked accounts. */
  int do_not_disturb;
  char blocked[BLOCKED][65];
  uint32_t blocked_count;
};

/* ---- events ---- */

static void on_invited(nertc_callkit *kit, const nertc_callkit_invited_event *event, void *me)
{
  print_invited(kit, event, me);
  if (((struct phone *)me)->auto_answer) {
    nertc_callkit_accept(kit, event->call, print_done, me);
  }
}

static void on_call_connected(nertc_callkit *kit, const nertc_callkit_call_event *event, void *me)
{
  microphone_open(&((struct phone *)me)->media.microphone);
  print_on_call_connected(kit, event, me);
}

static void on_call_end(nertc_callkit *kit, const nertc_callkit_end_event *event, void *me)
{
  microphone_close(&((struct phone *)me)->media.microphone);
  print_call_end(kit, event, me);
}

static void on_media_secured(nertc_callkit *kit, const nertc_callkit_security_event *event, void *me)
{
  print_media_secured(kit, event, me);
  if (event->security == NERTC_CALLKIT_SECURITY_UNVERIFIED) {
    fprintf(stderr, "phone: read the code %s to each other: `confirm %s` if both have it, else `confirm no`\n",
            event->code, event->code);
  }
}

/* A frame of the peer, on the media thread. */
static void on_frame(nertc_callkit *kit, const char *user_id, const nertc_callkit_frame *frame, void *me)
{
  (void)kit, (void)user_id;
  recorder_write(&((struct phone *)me)->media.recorder, frame);
}

/* After each line: is it what `wait` waits for? */
static void heard(void *me, const char *event)
{
  struct phone *phone = me;
  if (strcmp(phone->awaited, event) == 0) {
    phone->awaited[0] = '\0';
  }
}

/* How many ms poll may wait: until `wait` has waited for long enough, or for ever. */
static int patience(const struct phone *me)
{
  struct timespec now;
  long long left;
  if (!me->awaited[0]) {
    return -1;
  }
  clock_gettime(CLOCK_MONOTONIC, &now);
  left = me->wait_until - now.tv_sec * 1000LL - now.tv_nsec / 1000000;
  return left > 0 ? (int)left : 0;
}

static void start_to_wait(struct phone *me, const char *event, const char *seconds)
{
  const long limit = seconds ? strtol(seconds, NULL, 10) : WAIT_S;
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  snprintf(me->awaited, sizeof me->awaited, "%s", event);
  me->wait_until = (now.tv_sec + (limit > 0 && limit <= 1000000 ? limit : WAIT_S)) * 1000LL + now.tv_nsec / 1000000;
}

/* ---- what is typed ---- */

static void on_login(nertc_callkit *kit, const nertc_callkit_result *result, void *user_data)
{
  ((struct phone *)user_data)->logging_in = 0;
  print_done(kit, result, user_data);
}

static int login(struct phone *me)
{
  const int answer = nertc_callkit_login(me->kit, me->account, me->token, on_login, me);
  me->logging_in = answer == NERTC_CALLKIT_STATUS_OK;
  return answer;
}

static int reject(struct phone *me, int32_t reason, const char *text)
{
  nertc_callkit_end_options options = NERTC_CALLKIT_END_OPTIONS_INIT;
  const nertc_callkit_call_ref *options_call = NULL;
  options.reason = reason;
  options.text = text;
  return nertc_callkit_reject(me->kit, options_call, &options, print_done, me);
}

/* Nobody may ring, or everybody except the blocked accounts. */
static int set_policy(struct phone *me)
{
  nertc_callkit_call_policy policy = NERTC_CALLKIT_CALL_POLICY_INIT;
  const char *accounts[BLOCKED];
  uint32_t i;
  for (i = 0; i < me->blocked_count; i++) {
    accounts[i] = me->blocked[i];
  }
  policy.rule = me->do_not_disturb ? NERTC_CALLKIT_POLICY_NOBODY : NERTC_CALLKIT_POLICY_ALL_BUT_LISTED;
  policy.accounts = accounts;
  policy.account_count = me->blocked_count;
  return nertc_callkit_set_call_policy(me->kit, &policy);
}

/* Adds to the list, or takes from it. */
static int block(struct phone *me, const char *user, int on)
{
  uint32_t i;
  for (i = 0; i < me->blocked_count && strcmp(me->blocked[i], user) != 0; i++) {
  }
  if (on && i == me->blocked_count && i < BLOCKED && strlen(user) < sizeof me->blocked[0]) {
    strcpy(me->blocked[me->blocked_count++], user);
  } else if (!on && i < me->blocked_count) {
    memmove(me->blocked[i], me->blocked[--me->blocked_count], sizeof me->blocked[0]);
  }
  return set_policy(me);
}

static int call(struct phone *me, const char *user, int32_t call_type)
{
  nertc_callkit_call_options options = NERTC_CALLKIT_CALL_OPTIONS_INIT;
  options.user_id = user;
  options.call_type = call_type;
  return nertc_callkit_call(me->kit, &options, print_done, me);
}

static int status(struct phone *me)
{
  nertc_callkit_call_info info = NERTC_CALLKIT_CALL_INFO_INIT;
  const int answer = nertc_callkit_get_call_info(me->kit, &info);
  if (answer == NERTC_CALLKIT_STATUS_OK) {
    print_line(me, "status", "state=%s account=%s call=%u peer=%s type=%d", nertc_callkit_state_text(info.state),
               info.account, (unsigned)info.call_no, info.peer, (int)info.call_type);
  }
  return answer;
}

static int32_t type_of(const char *word)
{
  return strcmp(word, "video") == 0 ? NERTC_CALLKIT_CALL_TYPE_VIDEO
       : strcmp(word, "audio") == 0 ? NERTC_CALLKIT_CALL_TYPE_AUDIO : 0;
}

/* Verbs about the call policy and the token. 1: it is none of these. */
static int carry_out_setting(struct phone *me, const char *verb, const char *word)
{
  if (strcmp(verb, "dnd") == 0 && word && (strcmp(word, "on") == 0 || strcmp(word, "off") == 0)) {
    me->do_not_disturb = strcmp(word, "on") == 0;
    return set_policy(me);
  } else if (strcmp(verb, "block") == 0 && word) {
    return block(me, word, 1);
  } else if (strcmp(verb, "unblock") == 0 && word) {
    return block(me, word, 0);
  } else if (strcmp(verb, "token") == 0) {
    return nertc_callkit_set_token(me->kit, word);
  }
  return 1;
}

/* Executes one line: a verb and up to two words. accept, reject and the like mean the call that was printed
 * last; an app with a screen names the call that it shows (two_devices.c). */
static void carry_out(struct phone *me, char *line)
{
  nertc_callkit *kit = me->kit;
  const char *verb = strtok(line, " \t\r"), *first = strtok(NULL, " \t\r"), *second = strtok(NULL, " \t\r");
  int answer = NERTC_CALLKIT_STATUS_OK;
  if (!verb || verb[0] == '#') {
    return;
  }
  if (strcmp(verb, "call") == 0 && first && (!second || type_of(second))) {
    answer = call(me, first, second ? type_of(second) : 0);
  } else if (strcmp(verb, "switch") == 0 && first && type_of(first)) {
    answer =
        nertc_callkit_switch_call_type(kit, type_of(first), NERTC_CALLKIT_CALL_TYPE_ACTION_REQUEST, print_done, me);
  } else if (strcmp(verb, "wait") == 0 && first) {
    start_to_wait(me, first, second);
  } else if (strcmp(verb, "login") == 0) {
    answer = login(me);
  } else if (strcmp(verb, "logout") == 0) {
    answer = nertc_callkit_logout(kit, print_done, me);
  } else if (strcmp(verb, "accept") == 0) {
    answer = nertc_callkit_accept(kit, NULL, print_done, me);
  } else if (strcmp(verb, "reject") == 0) {
    answer = reject(me, 0, first);
  } else if (strcmp(verb, "busy") == 0) {
    answer = reject(me, NERTC_CALLKIT_END_BUSY, first);
  } else if (strcmp(verb, "cancel") == 0) {
    answer = nertc_callkit_cancel(kit, NULL, NULL, print_done, me);
  } else if (strcmp(verb, "hangup") == 0) {
    answer = nertc_callkit_hangup(kit, NULL, NULL, print_done, me);
  } else if (strcmp(verb, "leave") == 0) {
    answer = nertc_callkit_leave(kit, NULL, NULL, print_done, me);
  } else if (strcmp(verb, "send") == 0 && first) {
    answer = nertc_callkit_send_data(kit, NULL, first, print_done, me);
  } else if (strcmp(verb, "status") == 0) {
    answer = status(me);
  } else if (strcmp(verb, "quit") == 0) {
    me->quit = 1;
  } else if ((answer = carry_out_setting(me, verb, first)) > 0 &&
             (answer = media_command(kit, verb, first, second, me)) > 0) {
    fprintf(stderr, "phone: what is '%s'?\n%s", verb, strstr(usage, "commands:"));
    return;
  }
  if (answer != NERTC_CALLKIT_STATUS_OK) {
    fprintf(stderr, "phone: %s: %s\n", verb, nertc_callkit_status_text(answer));
  }
}

/* Executes the complete lines that were typed, until one is wait, login or quit: what needs a login waits for the
 * pending one, which ends by itself. */
static void carry_out_all(struct phone *me)
{
  char *end;
  while (!me->quit && !me->awaited[0] && !me->logging_in && (end = memchr(me->typed, '\n', me->length)) != NULL) {
    char line[sizeof me->typed];
    const size_t used = (size_t)(end - me->typed) + 1;
    memcpy(line, me->typed, used);
    line[used - 1] = '\0';
    me->length -= used;
    memmove(me->typed, end + 1, me->length);
    carry_out(me, line);
  }
  if (me->end_of_input && !me->awaited[0] && !me->logging_in) {
    me->quit = 1;
  }
}

static int read_more(struct phone *me)
{
  const ssize_t got = read(STDIN_FILENO, me->typed + me->length, sizeof me->typed - 1 - me->length);
  if (got < 0 && errno != EINTR) {
    perror("phone: standard input");
    return 0;
  }
  me->length += got > 0 ? (size_t)got : 0;
  if (got == 0) {
    me->end_of_input = 1;
    me->typed[me->length++] = '\n'; /* the last line may lack its end */
  }
  return 1;
}

/* ---- waiting ---- */

static int loop(struct phone *me)
{
  intptr_t library;
  if (nertc_callkit_get_event_handle(me->kit, &library) != NERTC_CALLKIT_STATUS_OK) {
    fprintf(stderr, "phone: no event descriptor: too many open files?\n");
    return 0;
  }
  while (!me->quit) {
    struct pollfd fds[2] = {{-1, POLLIN, 0}, {-1, POLLIN, 0}};
    const int wait = patience(me), sound = microphone_send(&me->media.microphone, me->kit);
    fds[0].fd = (int)library;
    /* Input stays with the system while there is no room for it or commands are held back. */
    fds[1].fd = me->end_of_input || me->length == sizeof me->typed - 1 ? -1 : STDIN_FILENO;
    if (poll(fds, 2, sound < 0 || (wait >= 0 && wait < sound) ? wait : sound) < 0 && errno != EINTR) {
      perror("phone: poll");
      return 0;
    }
    if (patience(me) == 0 && !fds[0].revents) {
      fprintf(stderr, "phone: waited in vain for %s\n", me->awaited);
      return 0;
    }
    if (fds[0].revents && nertc_callkit_dispatch(me->kit, 0) < 0) {
      return 0;
    }
    if (fds[1].revents && !read_more(me)) {
      return 0;
    }
    if (me->length == sizeof me->typed - 1 && !memchr(me->typed, '\n', me->length)) {
      fprintf(stderr, "phone: this line is too long\n");
      me->length = 0;
    }
    carry_out_all(me);
  }
  return 1;
}

/* ---- making it ---- */

/* Takes the command line apart; 0: it makes no sense. */
static int parse(struct phone *me, char **argument)
{
  for (; *argument; argument++) {
    const char *const option = *argument, **text = NULL;
    uint32_t *number = NULL;
    const int is_media = media_option(&me->media, &argument);
    if (is_media < 0) {
      return 0;
    } else if (is_media) {
      continue;
    } else if (strcmp(option, "--auto-answer") == 0) {
      me->auto_answer = 1;
    } else if (strcmp(option, "--single") == 0) {
      me->flags |= NERTC_CALLKIT_MQTT_SINGLE_DEVICE;
    } else if (strcmp(option, "--plaintext") == 0) {
      me->flags |= NERTC_CALLKIT_MQTT_ALLOW_PLAINTEXT;
    } else if (strcmp(option, "--presence") == 0) {
      me->flags |= NERTC_CALLKIT_MQTT_PRESENCE;
    } else if (strcmp(option, "--broker") == 0 && me->broker_count < 8) {
      text = &me->brokers[me->broker_count++];
    } else {
      number = strcmp(option, "--ring") == 0 ? &me->ring_ms
             : strcmp(option, "--peer-lost") == 0 ? &me->peer_lost_ms : NULL;
      text = strcmp(option, "--account") == 0 ? &me->account
           : strcmp(option, "--token") == 0 ? &me->token
           : strcmp(option, "--device") == 0 ? &me->device
           : strcmp(option, "--ca") == 0 ? &me->ca
           : strcmp(option, "--data") == 0 ? &me->data : NULL;
      if (!text && !number) {
        return 0;
      }
    }
    if ((text || number) && !*++argument) {
      return 0;
    } else if (text) {
      *text = *argument;
    } else if (number && (*number = (uint32_t)strtoul(*argument, NULL, 10)) == 0) {
      return 0;
    }
  }
  return me->broker_count && me->account && me->token;
}

/* The library logs what is wrong with an argument that it refuses. */
static void on_log(int32_t level, const char *text, void *user_data)
{
  (void)level, (void)user_data;
  fprintf(stderr, "phone: %s\n", text);
}

/* No client has taken them over. */
static void release_backends(const nertc_callkit_backends *backends)
{
  backends->signaling->release(backends->signaling_ctx);
  if (backends->rtc) {
    backends->rtc->release(backends->rtc_ctx);
  }
}

/* Signaling over the brokers; media as it was chosen. */
static int choose_backends(struct phone *me, nertc_callkit_backends *backends)
{
  char *authorities = NULL;
  nertc_callkit_mqtt_options options = NERTC_CALLKIT_MQTT_OPTIONS_INIT;
  int answer;
  if (me->ca && !(authorities = read_authorities(me->ca))) {
    return 0;
  }
  options.ca_pem = authorities;
  if (me->data) {
    mkdir(me->data, 0700);
  }
  options.flags = me->flags;
  options.endpoints = me->brokers;
  options.endpoint_count = me->broker_count;
  options.peer_lost_ms = me->peer_lost_ms;
  answer = nertc_callkit_mqtt_signaling(&options, backends);
  free(authorities);
  if (answer == NERTC_CALLKIT_STATUS_OK) {
    answer = media_backend(&me->media, backends);
    if (answer != NERTC_CALLKIT_STATUS_OK) {
      release_backends(backends);
    }
  }
  if (answer != NERTC_CALLKIT_STATUS_OK) {
    fprintf(stderr, "phone: %s\n", nertc_callkit_status_text(answer));
  }
  return answer == NERTC_CALLKIT_STATUS_OK;
}

static int start(struct phone *me)
{
  nertc_callkit_listener listener = NERTC_CALLKIT_LISTENER_INIT;
  nertc_callkit_config config = NERTC_CALLKIT_CONFIG_INIT;
  nertc_callkit_backends backends = NERTC_CALLKIT_BACKENDS_INIT;
  nertc_callkit_timers timers = NERTC_CALLKIT_TIMERS_INIT;
  int answer;
  nertc_callkit_set_log_callback(NERTC_CALLKIT_LOG_WARN, 0, on_log, NULL);
  if (!choose_backends(me, &backends)) {
    return 0;
  }
  print_every_event(&listener);
  print_also = heard;
  listener.on_invited = on_invited;
  listener.on_call_connected = on_call_connected;
  listener.on_call_end = on_call_end;
  listener.on_media_secured = on_media_secured;
  timers.ring_ms = me->ring_ms;
  config.listener = &listener;
  config.on_frame = on_frame;
  config.user_data = me;
  config.backends = &backends;
  config.timers = &timers;
  config.device_id = me->device;
  config.data_dir = me->data;
  config.delivery = NERTC_CALLKIT_DELIVERY_APP;
  answer = nertc_callkit_create(&config, &me->kit);
  if (answer == NERTC_CALLKIT_STATUS_OK) {
    answer = login(me);
  } else {
    release_backends(&backends);
  }
  if (answer != NERTC_CALLKIT_STATUS_OK) {
    fprintf(stderr, "phone: %s\n", nertc_callkit_status_text(answer));
  }
  return answer == NERTC_CALLKIT_STATUS_OK;
}

int main(int argc, char **argv)
{
  static struct phone me;
  char name[256];
  int ok;
  (void)argc;
  media_init(&me.media);
  signal(SIGPIPE, SIG_IGN); /* who reads the recording may end first */
  if (!parse(&me, argv + 1)) {
    fputs(usage, stderr);
    return 2;
  }
  snprintf(name, sizeof name, "%s%s%s", me.account, me.device ? "/" : "", me.device ? me.device : "");
  me.name = name;
  ok = media_open(&me.media) && start(&me) && loop(&me);
  /* A call that is still active ends here, so that the peer is notified. */
  nertc_callkit_destroy(me.kit);
  ok &= recorder_close(&me.media.recorder);
  return ok ? 0 : 1;
}
