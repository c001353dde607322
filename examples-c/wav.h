/* wav.h: WAV files of 16-bit PCM, for demo.c and phone.c. Nothing in here is about calls. */
#ifndef WAV_H
#define WAV_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What a WAV file begins with, as it is written here: its bytes before the first sample. */
enum { WAV_HEADER = 44 };
/* The size of samples whose number is not known yet; readers go on to the end of the file. */
#define WAV_OPEN_END 0xffffffff

struct wav_format {
  uint32_t rate; /* samples per second and channel: 8000 to 48000 */
  uint32_t channels; /* 1 or 2 */
  uint32_t bytes; /* of samples that the file is said to have */
};

/* Sound: interleaved samples. */
struct sound {
  uint32_t rate;
  uint32_t channels;
  int16_t *samples;
  size_t count; /* of all channels together */
  size_t capacity;
};

static inline int sound_append(struct sound *sound, const int16_t *samples, size_t count)
{
  if (sound->count + count > sound->capacity) {
    const size_t capacity = 2 * (sound->count + count);
    int16_t *grown = (int16_t *)realloc(sound->samples, capacity * sizeof *grown);
    if (!grown) {
      return 0;
    }
    sound->samples = grown;
    sound->capacity = capacity;
  }
  memcpy(sound->samples + sound->count, samples, count * sizeof *samples);
  sound->count += count;
  return 1;
}

static inline int sound_equal(const struct sound *a, const struct sound *b)
{
  return a->rate == b->rate && a->channels == b->channels && a->count == b->count &&
         (a->count == 0 || memcmp(a->samples, b->samples, a->count * sizeof *a->samples) == 0);
}

static inline void sound_free(struct sound *sound)
{
  free(sound->samples);
  memset(sound, 0, sizeof *sound);
}

/* Numbers in a WAV file have their low byte first, whatever the machine. */
static inline void wav_put(unsigned char *at, uint32_t value, int bytes)
{
  for (; bytes > 0; bytes--, value >>= 8) {
    *at++ = (unsigned char)(value & 255);
  }
}

static inline uint32_t wav_get(const unsigned char *at, int bytes)
{
  uint32_t value = 0;
  while (bytes > 0) {
    value = value << 8 | at[--bytes];
  }
  return value;
}

/* The header of a file with `format.bytes` bytes of samples, or WAV_OPEN_END. */
static inline void wav_header(unsigned char out[WAV_HEADER], const struct wav_format *format)
{
  const uint32_t frame = 2 * format->channels, bytes = format->bytes;
  memcpy(out, "RIFF....WAVEfmt ", 16);
  wav_put(out + 4, bytes > WAV_OPEN_END - 36 ? WAV_OPEN_END : bytes + 36, 4);
  wav_put(out + 16, 16, 4);
  wav_put(out + 20, 1, 2); /* PCM */
  wav_put(out + 22, format->channels, 2);
  wav_put(out + 24, format->rate, 4);
  wav_put(out + 28, frame * format->rate, 4);
  wav_put(out + 32, frame, 2);
  wav_put(out + 34, 16, 2);
  memcpy(out + 36, "data", 4);
  wav_put(out + 40, bytes, 4);
}

/* Reads what a chunk has beyond what was wanted of it: there is no seeking in a pipe. */
static inline int wav_skip(FILE *file, uint32_t bytes)
{
  for (; bytes > 0; bytes--) {
    if (fgetc(file) == EOF) {
      return 0;
    }
  }
  return 1;
}

/* Reads the chunk `fmt `, `bytes` long. NULL, or what is wrong with it. */
static inline const char *wav_read_format(FILE *file, uint32_t bytes, struct wav_format *format)
{
  unsigned char read[16];
  if (bytes < sizeof read || fread(read, 1, sizeof read, file) != sizeof read ||
      !wav_skip(file, bytes - (uint32_t)sizeof read + bytes % 2)) {
    return "its format is cut off";
  }
  if (wav_get(read, 2) != 1 || wav_get(read + 14, 2) != 16) {
    return "its samples are not 16-bit PCM";
  }
  format->channels = wav_get(read + 2, 2);
  format->rate = wav_get(read + 4, 4);
  if (format->channels < 1 || format->channels > 2) {
    return "it has neither one channel nor two";
  }
  if (format->rate < 8000 || format->rate > 48000) {
    return "its sample rate is not 8000 to 48000 Hz";
  }
  return wav_get(read + 12, 2) == 2 * format->channels ? NULL : "its frames have another size than their samples";
}

/* Reads up to the first sample. NULL, or what is wrong with the file: the end of a sentence. */
static inline const char *wav_read_header(FILE *file, struct wav_format *format)
{
  unsigned char head[12];
  memset(format, 0, sizeof *format);
  if (fread(head, 1, 12, file) != 12 || memcmp(head, "RIFF", 4) != 0 || memcmp(head + 8, "WAVE", 4) != 0) {
    return "it is not a WAV file";
  }
  while (fread(head, 1, 8, file) == 8) {
    const uint32_t bytes = wav_get(head + 4, 4);
    if (memcmp(head, "fmt ", 4) == 0) {
      const char *wrong = wav_read_format(file, bytes, format);
      if (wrong) {
        return wrong;
      }
    } else if (memcmp(head, "data", 4) == 0) {
      format->bytes = bytes;
      return format->channels ? NULL : "its samples come before their format";
    } else if (!wav_skip(file, bytes) || (bytes % 2 && !wav_skip(file, 1))) {
      break;
    }
  }
  return "it has no samples";
}

/* Samples out of the bytes of a file, in place or not. */
static inline void wav_decode(int16_t *samples, const unsigned char *bytes, size_t count)
{
  size_t i;
  for (i = 0; i < count; i++) {
    samples[i] = (int16_t)wav_get(bytes + 2 * i, 2);
  }
}

static inline void wav_encode(unsigned char *bytes, const int16_t *samples, size_t count)
{
  size_t i;
  for (i = 0; i < count; i++) {
    wav_put(bytes + 2 * i, (uint16_t)samples[i], 2);
  }
}

/* A whole file; 1 = written. */
static inline int wav_write(const char *path, const struct sound *sound)
{
  unsigned char bytes[WAV_HEADER];
  struct wav_format format;
  size_t i;
  int ok;
  FILE *file = fopen(path, "wb");
  if (!file) {
    return 0;
  }
  format.rate = sound->rate;
  format.channels = sound->channels;
  format.bytes = (uint32_t)(2 * sound->count);
  wav_header(bytes, &format);
  fwrite(bytes, 1, WAV_HEADER, file);
  for (i = 0; i < sound->count; i++) {
    wav_encode(bytes, sound->samples + i, 1);
    fwrite(bytes, 1, 2, file);
  }
  ok = !ferror(file);
  return (fclose(file) == 0) && ok;
}

/* A whole file, or as much of it as there is. NULL, or what is wrong with it. */
static inline const char *wav_read(const char *path, struct sound *sound)
{
  struct wav_format format;
  const char *wrong;
  unsigned char bytes[2];
  FILE *file = fopen(path, "rb");
  if (!file) {
    return "it cannot be opened";
  }
  wrong = wav_read_header(file, &format);
  sound->rate = format.rate;
  sound->channels = format.channels;
  for (; !wrong && format.bytes >= 2 && fread(bytes, 1, 2, file) == 2; format.bytes -= 2) {
    int16_t sample;
    wav_decode(&sample, bytes, 1);
    wrong = sound_append(sound, &sample, 1) ? NULL : "there is no memory for it";
  }
  fclose(file);
  sound->count -= sound->channels == 2 ? sound->count % 2 : 0;
  return !wrong && sound->count == 0 ? "it has no samples" : wrong;
}

#endif
