/*
 * phone_media.h: the media of phone.c: its options and commands, and its sound. Microphone and speaker are the
 * library's matter; with --tone or --play a tone or a WAV file takes their place, and what is heard may be recorded
 * into another one. Both files may be pipes.
 */
#ifndef PHONE_MEDIA_H
#define PHONE_MEDIA_H

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <time.h>
#include <unistd.h>

#include <nertc_callkit.h>
#include <nertc_callkit/backend.h>
#include <nertc_callkit/webrtc.h>

#include "print_events.h"
#include "wav.h"

enum {
  TONE_RATE = 48000,
  TONE_AMPLITUDE = 10000,
  /* A microphone that is later than this has lost what it would have recorded meanwhile. */
  LATE_US = 100000,
  PIPE_BYTES = 65536,
  FRAME_BYTES = 48000 / 50 * 2 * 2 /* 20 ms of two channels */
};

#define MEDIA_OPTIONS \
  "  --media webrtc  sound crosses; without it only calls do\n" \
  "  --mic ID, --speaker ID  which devices, as `devices` lists them; without it the system's\n" \
  "  --no-processing  what the microphone hears is sent as it is, with echo and noise\n" \
  "  --tone HZ       no devices, I send a tone of 1 to 20000 Hz; --play FILE.wav: a file, once in each call\n" \
  "  --record FILE   what I hear, as WAV\n" \
  "  --ice-server URL[,USER,CREDENTIAL]  stun:HOST[:PORT], turn:HOST[:PORT][?transport=tcp] or turns:HOST[:PORT]\n" \
  "  --ice-ca FILE   who certifies turns: servers, as PEM; without it those whom the system trusts\n" \
  "  --relay-only    by TURN servers alone, so that the peer does not learn my address\n" \
  "  --loopback      addresses of this machine alone are used, too: both phones are on it\n"
#define MEDIA_COMMANDS "mute, unmute, stats, network (it changed),\n" \
  "  devices, use mic ID, use speaker ID (`default` follows the system's), levels,\n" \
  "  confirm CODE (both have this security code), confirm no"

/* What is sent: a tone or a file. */
struct microphone {
  double tone_hz;
  FILE *file;
  long begins; /* place of the first sample; -1: a pipe */
  struct wav_format format;
  unsigned char bytes[FRAME_BYTES]; /* of a frame that is not complete yet */
  size_t length;
  uint64_t read; /* bytes of the file */
  int is_open, has_ended, is_refused;
  uint64_t frames; /* sent since `began_us` */
  uint64_t began_us;
  double phase; /* of the tone */
};

/* What is recorded. Between the first frame and the last, the media thread alone uses it. */
struct recorder {
  int fd; /* -1: nothing */
  struct wav_format format;
  uint32_t bytes;
  int has_failed;
};

struct media {
  int is_webrtc;
  uint32_t flags, server_count;
  nertc_callkit_ice_server servers[8];
  const nertc_callkit_ice_server *all[8]; /* the servers */
  const char *play, *record, *ice_ca, *mic, *speaker;
  struct microphone microphone;
  struct recorder recorder;
};

static uint64_t now_us(void)
{
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

/* ---- microphone ---- */

/* Opens the file that is played in every call; waits for whoever writes to a pipe. 0: it was said why not. */
static int microphone_play(struct microphone *me, const char *path)
{
  const char *wrong;
  me->file = fopen(path, "rb");
  if (!me->file) {
    fprintf(stderr, "phone: --play %s: %s\n", path, strerror(errno));
    return 0;
  }
  wrong = wav_read_header(me->file, &me->format);
  if (wrong) {
    fprintf(stderr, "phone: --play %s: %s; 16-bit PCM of 8000 to 48000 Hz, mono or stereo, is played\n", path, wrong);
    return 0;
  }
  me->begins = ftell(me->file);
  /* A pipe that has nothing yet must not hold up the calls. */
  return fcntl(fileno(me->file), F_SETFL, O_NONBLOCK) == 0;
}

/* What a pipe holds is of before the call: drops it, but for the sample that is cut. Who fills the pipe may be faster
 * than this. */
static void microphone_drain(struct microphone *me)
{
  const size_t frame = 2 * me->format.channels;
  size_t dropped = 0, whole;
  do {
    me->length += fread(me->bytes + me->length, 1, sizeof me->bytes - me->length, me->file);
    whole = me->length / frame * frame;
    me->length -= whole;
    memmove(me->bytes, me->bytes + whole, me->length);
    dropped += whole;
  } while (whole > 0 && dropped < PIPE_BYTES);
  clearerr(me->file);
}

/* At the beginning of a call: from the first sample, where the file can be rewound. */
static void microphone_open(struct microphone *me)
{
  if (!me->file) {
    me->format.rate = TONE_RATE;
    me->format.channels = 1;
  } else if (me->begins >= 0 && fseek(me->file, me->begins, SEEK_SET) == 0) {
    me->length = 0;
    me->read = 0;
    me->has_ended = 0;
  } else {
    microphone_drain(me);
  }
  me->is_open = me->file || me->tone_hz > 0;
  me->is_refused = 0;
  me->frames = 0;
  me->began_us = now_us();
}

static void microphone_close(struct microphone *me)
{
  me->is_open = 0;
}

/* When the next 20 ms are due. */
static uint64_t microphone_due(const struct microphone *me)
{
  return me->began_us + me->frames * 1000000 / me->format.rate;
}

/* The next samples; how many, 0 = not yet. */
static uint32_t microphone_samples(struct microphone *me, int16_t *samples)
{
  const uint32_t step = me->format.rate / 50;
  size_t wanted = (size_t)step * me->format.channels * 2;
  uint32_t i;
  if (!me->file) {
    for (i = 0; i < step; i++) {
      samples[i] = (int16_t)(TONE_AMPLITUDE * sin(me->phase));
      me->phase = fmod(me->phase + 2 * 3.14159265358979 * me->tone_hz / TONE_RATE, 2 * 3.14159265358979);
    }
    return step;
  }
  if (wanted > me->format.bytes - me->read) {
    wanted = me->format.bytes - me->read;
  }
  errno = 0;
  /* A pipe may have had more than its header says: the rest of a sample is here already. */
  me->length += me->length < wanted ? fread(me->bytes + me->length, 1, wanted - me->length, me->file) : 0;
  if (me->length < wanted) {
    me->has_ended = errno != EAGAIN && errno != EINTR;
    clearerr(me->file);
    if (!me->has_ended) {
      return 0;
    }
  }
  me->read += me->length;
  me->has_ended |= me->read >= me->format.bytes;
  i = (uint32_t)(me->length / (2 * me->format.channels));
  wav_decode(samples, me->bytes, (size_t)i * me->format.channels);
  me->length = 0;
  return i;
}

/* Sends what is due, as a microphone would. How many ms later there is more; -1: never. */
static int microphone_send(struct microphone *me, nertc_callkit *kit)
{
  const uint64_t now = now_us();
  uint64_t due;
  if (!me->is_open || me->has_ended) {
    return -1;
  }
  due = microphone_due(me);
  if (now > due + LATE_US) {
    me->frames = 0;
    me->began_us = due = now;
  }
  for (; due <= now && !me->has_ended; due = microphone_due(me)) {
    int16_t samples[FRAME_BYTES / 2];
    nertc_callkit_frame frame = NERTC_CALLKIT_FRAME_INIT;
    nertc_callkit_status status;
    frame.samples = microphone_samples(me, samples);
    if (frame.samples == 0) {
      break;
    }
    me->frames += frame.samples;
    frame.media = NERTC_CALLKIT_MEDIA_AUDIO;
    frame.sample_rate = me->format.rate;
    frame.channels = me->format.channels;
    frame.planes[0] = samples;
    frame.strides[0] = frame.samples * frame.channels * 2;
    frame.time_us = due;
    status = nertc_callkit_push_frame(kit, &frame);
    if (status != NERTC_CALLKIT_STATUS_OK && !me->is_refused) {
      me->is_refused = 1;
      fprintf(stderr, "phone: sound was refused: %s\n", nertc_callkit_status_text(status));
    }
  }
  /* A pipe that is late is asked again soon. */
  return me->has_ended ? -1 : due > now ? (int)((due - now) / 1000) + 1 : 5;
}

/* ---- recorder ---- */

static int recorder_header(struct recorder *me, uint32_t bytes)
{
  unsigned char header[WAV_HEADER];
  me->format.bytes = bytes;
  wav_header(header, &me->format);
  return write(me->fd, header, sizeof header) == (ssize_t)sizeof header;
}

/* 0: it was said why not. */
static int recorder_open(struct recorder *me, const char *path)
{
  me->fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0666);
  if (me->fd < 0) {
    fprintf(stderr, "phone: --record %s: %s\n", path, strerror(errno));
  }
  return me->fd >= 0;
}

/* A frame of the peer: its format is that of the first one. What a pipe has no room for is lost, but whole frames are
 * (they are smaller than PIPE_BUF): the media thread never waits for whoever reads. */
static void recorder_write(struct recorder *me, const nertc_callkit_frame *frame)
{
  const size_t count = (size_t)frame->samples * frame->channels;
  unsigned char bytes[FRAME_BYTES];
  ssize_t written;
  if (me->fd < 0 || frame->media != NERTC_CALLKIT_MEDIA_AUDIO || 2 * count > sizeof bytes) {
    return;
  }
  if (me->format.rate == 0) {
    me->format.rate = frame->sample_rate;
    me->format.channels = frame->channels;
    me->has_failed = !recorder_header(me, WAV_OPEN_END) || fcntl(me->fd, F_SETFL, O_NONBLOCK) != 0;
  }
  if (me->format.rate != frame->sample_rate || me->format.channels != frame->channels || me->has_failed) {
    return;
  }
  wav_encode(bytes, (const int16_t *)frame->planes[0], count);
  written = write(me->fd, bytes, 2 * count);
  me->has_failed = written < 0 && errno != EAGAIN;
  me->bytes += written > 0 ? (uint32_t)written : 0;
}

/* After the last frame: writes how long it is, where that is possible. 0: something was not written. */
static int recorder_close(struct recorder *me)
{
  int ok = !me->has_failed;
  if (me->fd < 0) {
    return 1;
  }
  if (me->format.rate != 0 && lseek(me->fd, 0, SEEK_SET) == 0) {
    ok &= recorder_header(me, me->bytes);
  }
  ok &= close(me->fd) == 0;
  if (!ok) {
    fprintf(stderr, "phone: --record: not everything was written\n");
  }
  me->fd = -1;
  return ok;
}

/* ---- options ---- */

static void media_init(struct media *me)
{
  me->recorder.fd = -1;
}

/* `URL` or `URL,USER,CREDENTIAL`, which is cut. */
static int add_server(struct media *me, char *text)
{
  nertc_callkit_ice_server *server = &me->servers[me->server_count];
  char *username = strchr(text, ','), *credential = username ? strchr(username + 1, ',') : NULL;
  if (me->server_count == 8 || (username && !credential)) {
    return 0;
  }
  if (username) {
    *username++ = '\0';
    *credential++ = '\0';
  }
  server->struct_size = sizeof *server;
  server->url = text;
  server->username = username;
  server->credential = credential;
  me->all[me->server_count++] = server;
  return 1;
}

/* Takes an option about media, with its value. 0: it is none; -1: it makes no sense. */
static int media_option(struct media *me, char ***argument)
{
  const char *option = **argument;
  char *value = (*argument)[1], *end;
  int ok = 1;
  if (strcmp(option, "--relay-only") == 0) {
    me->flags |= NERTC_CALLKIT_WEBRTC_RELAY_ONLY;
    return 1;
  } else if (strcmp(option, "--loopback") == 0) {
    me->flags |= NERTC_CALLKIT_WEBRTC_LOOPBACK;
    return 1;
  } else if (strcmp(option, "--no-processing") == 0) {
    me->flags |= NERTC_CALLKIT_WEBRTC_NO_PROCESSING;
    return 1;
  } else if (strcmp(option, "--media") == 0) {
    me->is_webrtc = value && strcmp(value, "webrtc") == 0;
    ok = me->is_webrtc;
  } else if (strcmp(option, "--tone") == 0) {
    me->microphone.tone_hz = value ? strtod(value, &end) : 0;
    ok = me->microphone.tone_hz >= 1 && me->microphone.tone_hz <= 20000 && *end == '\0';
  } else if (strcmp(option, "--play") == 0) {
    me->play = value;
  } else if (strcmp(option, "--record") == 0) {
    me->record = value;
  } else if (strcmp(option, "--mic") == 0) {
    me->mic = value;
  } else if (strcmp(option, "--speaker") == 0) {
    me->speaker = value;
  } else if (strcmp(option, "--ice-ca") == 0) {
    me->ice_ca = value;
  } else if (strcmp(option, "--ice-server") == 0) {
    ok = value && add_server(me, value);
  } else {
    return 0;
  }
  ++*argument;
  return ok && value ? 1 : -1;
}

/* Opens the files. 0: it was said why not. */
static int media_open(struct media *me)
{
  const int has_files = me->microphone.tone_hz > 0 || me->play;
  const int has_options = me->record || me->mic || me->speaker || me->server_count || me->ice_ca || me->flags;
  if ((has_files || has_options) && !me->is_webrtc) {
    fprintf(stderr, "phone: sound and its servers need --media webrtc\n");
    return 0;
  }
  if (me->microphone.tone_hz > 0 && me->play) {
    fprintf(stderr, "phone: --tone or --play, not both\n");
    return 0;
  }
  if (has_files && (me->mic || me->speaker)) {
    fprintf(stderr, "phone: --tone and --play take the place of devices: leave out --mic and --speaker\n");
    return 0;
  }
  return (!me->play || microphone_play(&me->microphone, me->play)) &&
         (!me->record || recorder_open(&me->recorder, me->record));
}

/* Reads a file to its end, to be freed with *length bytes. NULL: errno says why not; EFBIG: it has more than `most`. */
static char *read_file(const char *path, size_t most, size_t *length)
{
  FILE *file = fopen(path, "rb");
  char *text = file ? malloc(most + 1) : NULL;
  int reason = errno;
  if (text) {
    *length = fread(text, 1, most + 1, file);
    reason = ferror(file) ? errno : *length > most ? EFBIG : 0;
  }
  if (file) {
    fclose(file);
  }
  if (reason != 0) {
    free(text);
    text = NULL;
    errno = reason;
  }
  return text;
}

/* Certificates, to be freed. NULL: it was said why not. */
static char *read_authorities(const char *path)
{
  enum { MOST = 1 << 20 }; /* of ca_pem; a system's bundle has a quarter of that */
  size_t length = 0;
  char *text = read_file(path, MOST, &length);
  if (!text && errno == EFBIG) {
    fprintf(stderr, "phone: %s: more than %d bytes of certificates: name a file with fewer of them\n", path, (int)MOST);
  } else if (!text) {
    fprintf(stderr, "phone: %s: %s\n", path, strerror(errno));
  } else if (memchr(text, '\0', length)) {
    fprintf(stderr, "phone: %s: this is no text: certificates as PEM are read\n", path);
    free(text);
    text = NULL;
  } else {
    text[length] = '\0';
  }
  return text;
}

static nertc_callkit_status media_backend(const struct media *me, nertc_callkit_backends *backends)
{
  nertc_callkit_webrtc_options options = NERTC_CALLKIT_WEBRTC_OPTIONS_INIT;
  char *authorities = NULL;
  nertc_callkit_status answer;
  if (!me->is_webrtc) {
    return nertc_callkit_null_rtc(backends);
  }
  if (me->ice_ca && !(authorities = read_authorities(me->ice_ca))) {
    return NERTC_CALLKIT_STATUS_INVALID_ARGUMENT;
  }
  options.ca_pem = authorities;
  options.flags = me->flags;
  if (me->microphone.tone_hz > 0 || me->play) {
    options.flags |= NERTC_CALLKIT_WEBRTC_APP_AUDIO;
  }
  options.microphone = me->mic;
  options.speaker = me->speaker;
  options.ice_servers = me->all;
  options.ice_server_count = me->server_count;
  answer = nertc_callkit_webrtc_media(&options, backends);
  free(authorities);
  return answer;
}

/* ---- commands ---- */

static const char *candidate_text(nertc_callkit_candidate kind)
{
  static const char *const texts[] = {"unknown", "host", "server-reflexive", "peer-reflexive", "relay"};
  return texts[kind >= 0 && kind < 5 ? (int)kind : 0];
}

static int print_stream(nertc_callkit *kit, int sending, void *user_data)
{
  nertc_callkit_stream_stats stats = NERTC_CALLKIT_STREAM_STATS_INIT;
  const int answer = nertc_callkit_get_stream_stats(kit, NERTC_CALLKIT_MEDIA_AUDIO, sending, &stats);
  if (answer == NERTC_CALLKIT_STATUS_OK) {
    print_line(user_data, sending ? "sound_sent" : "sound_received",
               "packets=%llu lost=%llu loss=%.1f%% jitter_ms=%.1f kbps=%.1f concealed=%llu/%llu buffer_ms=%u level=%u",
               (unsigned long long)stats.packets, (unsigned long long)stats.packets_lost, stats.loss_permille / 10.0,
               stats.jitter_us / 1000.0, stats.bitrate_bps / 1000.0, (unsigned long long)stats.concealed_samples,
               (unsigned long long)stats.samples, (unsigned)stats.jitter_buffer_ms, (unsigned)stats.level);
  }
  return answer;
}

/* Which way the sound takes, and how it arrives. */
static int print_stats(nertc_callkit *kit, void *user_data)
{
  static const char *const transports[] = {"none", "udp", "tcp", "tls"};
  nertc_callkit_call_stats stats = NERTC_CALLKIT_CALL_STATS_INIT;
  int answer = nertc_callkit_get_call_stats(kit, &stats);
  if (answer == NERTC_CALLKIT_STATUS_OK) {
    print_line(user_data, "stats", "call=%u local=%s remote=%s relay=%s rtt_ms=%.1f setup_ms=%u restarts=%u "
               "sent=%llu received=%llu security=%s dtls=%d", (unsigned)stats.call_no,
               candidate_text(stats.local_candidate), candidate_text(stats.remote_candidate),
               transports[stats.relay_transport & 3], stats.rtt_us / 1000.0, (unsigned)stats.setup_ms,
               (unsigned)stats.restarts, (unsigned long long)stats.bytes_sent,
               (unsigned long long)stats.bytes_received, security_text(stats.security), (int)stats.dtls_version);
    answer = print_stream(kit, 1, user_data);
  }
  return answer == NERTC_CALLKIT_STATUS_OK ? print_stream(kit, 0, user_data) : answer;
}

static void print_device(const nertc_callkit_device *device, void *user_data)
{
  print_line(user_data, "device", "%s id=%s%s%s name=%s",
             device->kind == NERTC_CALLKIT_DEVICE_MICROPHONE ? "mic" : "speaker", device->id,
             device->flags & NERTC_CALLKIT_DEVICE_DEFAULT ? " default" : "",
             device->flags & NERTC_CALLKIT_DEVICE_IN_USE ? " in-use" : "", device->name);
}

static int print_devices(nertc_callkit *kit, void *user_data)
{
  const int answer =
      nertc_callkit_webrtc_list_devices(kit, NERTC_CALLKIT_DEVICE_MICROPHONE, print_device, user_data);
  return answer != NERTC_CALLKIT_STATUS_OK
             ? answer
             : nertc_callkit_webrtc_list_devices(kit, NERTC_CALLKIT_DEVICE_SPEAKER, print_device, user_data);
}

/* Twenty places, each 3 dB: the loudest of the last 100 ms. */
static void level_bar(nertc_callkit *kit, int sending, char bar[21])
{
  nertc_callkit_stream_stats stats = NERTC_CALLKIT_STREAM_STATS_INIT;
  double decibels = -60;
  int i;
  if (nertc_callkit_get_stream_stats(kit, NERTC_CALLKIT_MEDIA_AUDIO, sending, &stats) == NERTC_CALLKIT_STATUS_OK &&
      stats.level > 32) {
    decibels = 20 * log10(stats.level / 32767.0);
  }
  for (i = 0; i < 20; i++) {
    bar[i] = -60 + 3 * i < decibels ? '#' : '.';
  }
  bar[20] = '\0';
}

static void print_levels(nertc_callkit *kit, void *user_data)
{
  char sent[21], received[21];
  level_bar(kit, 1, sent);
  level_bar(kit, 0, received);
  print_line(user_data, "levels", "sent=[%s] received=[%s]", sent, received);
}

/* `use mic ID`. 1: it is none of these. */
static int use_device(nertc_callkit *kit, const char *word, const char *id)
{
  const nertc_callkit_device_kind kind = strcmp(word, "mic") == 0       ? NERTC_CALLKIT_DEVICE_MICROPHONE
                                         : strcmp(word, "speaker") == 0 ? NERTC_CALLKIT_DEVICE_SPEAKER : 0;
  return kind == 0 ? 1 : nertc_callkit_webrtc_set_device(kit, kind, strcmp(id, "default") == 0 ? NULL : id);
}

/* Commands about media. 1: it is none of these. */
static int media_command(nertc_callkit *kit, const char *verb, const char *word, const char *second, void *user_data)
{
  if (strcmp(verb, "mute") == 0 || strcmp(verb, "unmute") == 0) {
    return nertc_callkit_mute_local(kit, NERTC_CALLKIT_MEDIA_AUDIO, verb[0] == 'm', print_done, user_data);
  } else if (strcmp(verb, "stats") == 0) {
    return print_stats(kit, user_data);
  } else if (strcmp(verb, "devices") == 0) {
    return print_devices(kit, user_data);
  } else if (strcmp(verb, "use") == 0 && second) {
    return use_device(kit, word, second);
  } else if (strcmp(verb, "levels") == 0) {
    print_levels(kit, user_data);
    return NERTC_CALLKIT_STATUS_OK;
  } else if (strcmp(verb, "network") == 0) {
    return nertc_callkit_network_changed(kit);
  } else if (strcmp(verb, "confirm") == 0 && word) {
    return nertc_callkit_confirm_security_code(kit, NULL, word, strcmp(word, "no") != 0);
  }
  return 1;
}

#endif
