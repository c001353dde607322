/* wav.h: 16-bit PCM WAV files, for demo.c. Nothing in here is about calls. */
#ifndef WAV_H
#define WAV_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Sound: interleaved samples. */
struct sound {
  uint32_t rate;
  uint32_t channels;
  int16_t *samples;
  size_t count; /* of all channels together */
  size_t capacity;
};

static int sound_append(struct sound *sound, const int16_t *samples, size_t count)
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

static int sound_equal(const struct sound *a, const struct sound *b)
{
  return a->rate == b->rate && a->channels == b->channels && a->count == b->count &&
         (a->count == 0 || memcmp(a->samples, b->samples, a->count * sizeof *a->samples) == 0);
}

static void sound_free(struct sound *sound)
{
  free(sound->samples);
  memset(sound, 0, sizeof *sound);
}

/* Numbers in a WAV file have their low byte first. */
static void wav_put(FILE *file, uint32_t value, int bytes)
{
  for (; bytes > 0; bytes--, value >>= 8) {
    fputc((int)(value & 255), file);
  }
}

static uint32_t wav_get(FILE *file, int bytes)
{
  uint32_t value = 0;
  int place;
  for (place = 0; place < bytes; place++) {
    value |= (uint32_t)(fgetc(file) & 255) << (8 * place);
  }
  return value;
}

/* 1 = written. */
static int wav_write(const char *path, const struct sound *sound)
{
  const uint32_t bytes = (uint32_t)(2 * sound->count);
  size_t i;
  int ok;
  FILE *file = fopen(path, "wb");
  if (!file) {
    return 0;
  }
  fwrite("RIFF", 1, 4, file);
  wav_put(file, 36 + bytes, 4);
  fwrite("WAVEfmt ", 1, 8, file);
  wav_put(file, 16, 4);
  wav_put(file, 1, 2); /* PCM */
  wav_put(file, sound->channels, 2);
  wav_put(file, sound->rate, 4);
  wav_put(file, 2 * sound->channels * sound->rate, 4);
  wav_put(file, 2 * sound->channels, 2);
  wav_put(file, 16, 2);
  fwrite("data", 1, 4, file);
  wav_put(file, bytes, 4);
  for (i = 0; i < sound->count; i++) {
    wav_put(file, (uint16_t)sound->samples[i], 2);
  }
  ok = !ferror(file);
  return (fclose(file) == 0) && ok;
}

/* 1 = read. Only 16-bit PCM. */
static int wav_read(const char *path, struct sound *sound)
{
  char tag[4];
  int ok = 0;
  FILE *file = fopen(path, "rb");
  if (!file) {
    return 0;
  }
  if (fread(tag, 1, 4, file) == 4 && memcmp(tag, "RIFF", 4) == 0 && wav_get(file, 4) > 0 &&
      fread(tag, 1, 4, file) == 4 && memcmp(tag, "WAVE", 4) == 0) {
    while (!ok && fread(tag, 1, 4, file) == 4) {
      uint32_t bytes = wav_get(file, 4);
      const long next = ftell(file) + (long)(bytes + bytes % 2);
      if (memcmp(tag, "fmt ", 4) == 0) {
        const uint32_t format = wav_get(file, 2);
        sound->channels = wav_get(file, 2);
        sound->rate = wav_get(file, 4);
        wav_get(file, 4);
        wav_get(file, 2);
        if (format != 1 || wav_get(file, 2) != 16) {
          break;
        }
      } else if (memcmp(tag, "data", 4) == 0 && sound->channels > 0 && sound->rate > 0) {
        ok = 1;
        for (; ok && bytes >= 2 && !feof(file); bytes -= 2) {
          const int16_t sample = (int16_t)wav_get(file, 2);
          ok = feof(file) || sound_append(sound, &sample, 1);
        }
        sound->count -= sound->count % sound->channels;
      }
      if (!ok && fseek(file, next, SEEK_SET) != 0) {
        break;
      }
    }
  }
  fclose(file);
  return ok;
}

#endif
