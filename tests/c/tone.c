/*
 * tone FILE.wav HERTZ [since SECONDS]: says how many dB a tone is above everything else in the best 2 s of a
 * recording, which may still grow; `since`: of what comes after so many seconds. Ends with 0 if that is 20 dB or more.
 * tone FILE.wav HERTZ every SECONDS: says how many whole seconds the recording has after so many, and which of them
 * lack the tone. Ends with 0 if none does.
 * tone FILE.wav: says how many seconds it has.
 * tone FILE.wav HERTZ SECONDS: writes one, of 16 kHz and two channels.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../examples-c/wav.h"
#include "tone.h"

static int make(const char *path, double hertz, long seconds)
{
  enum { RATE = 16000 };
  struct sound sound;
  long i;
  int ok = 1;
  memset(&sound, 0, sizeof sound);
  sound.rate = RATE;
  sound.channels = 2;
  for (i = 0; ok && i < seconds * RATE; i++) {
    int16_t samples[2];
    samples[0] = samples[1] = (int16_t)(10000 * sin(2 * 3.14159265358979 * hertz * (double)i / RATE));
    ok = sound_append(&sound, samples, 2);
  }
  ok = ok && wav_write(path, &sound);
  sound_free(&sound);
  return ok;
}

/* Prints the whole seconds that lack the tone, and how many there are; 1 = none lacks it. */
static int has_tone_every_second(const int16_t *samples, size_t count, uint32_t rate, double hertz)
{
  const size_t seconds = count / rate;
  size_t second;
  int ok = 1;
  for (second = 0; second < seconds; second++) {
    if (!tone_is_present(samples + second * rate, rate, rate, hertz)) {
      printf("no tone in second %lu\n", (unsigned long)second);
      ok = 0;
    }
  }
  printf("%lu s\n", (unsigned long)seconds);
  return ok;
}

/* How the recording sounds after the first `skipped` samples; the program's answer. */
static int listen(const struct sound *sound, double hertz, size_t skipped, int every_second)
{
  const int16_t *samples = sound->samples + skipped;
  const size_t count = sound->count - skipped;
  double db;
  if (every_second) {
    return has_tone_every_second(samples, count, sound->rate, hertz) ? 0 : 1;
  }
  db = tone_snr_db(samples, count, sound->rate, hertz);
  printf("%.1f dB in %.1f s\n", db, (double)count / sound->rate);
  return db >= 20 ? 0 : 1;
}

static int usage(void)
{
  fprintf(stderr, "usage: tone FILE.wav [HERTZ [since SECONDS | every SECONDS | SECONDS]]\n");
  return 2;
}

int main(int argc, char **argv)
{
  struct sound sound;
  const char *wrong;
  size_t skipped = 0;
  int every_second = 0, answer = 0;
  memset(&sound, 0, sizeof sound);
  if (argc == 4) {
    return make(argv[1], strtod(argv[2], NULL), strtol(argv[3], NULL, 10)) ? 0 : 2;
  }
  if (argc == 5) {
    every_second = strcmp(argv[3], "every") == 0;
    if (!every_second && strcmp(argv[3], "since") != 0) {
      return usage();
    }
  } else if (argc != 2 && argc != 3) {
    return usage();
  }
  wrong = wav_read(argv[1], &sound);
  if (!wrong && sound.channels != 1) {
    wrong = "it has more than one channel";
  }
  if (wrong) {
    fprintf(stderr, "tone: %s: %s\n", argv[1], wrong);
    return 2;
  }
  if (argc == 5) {
    const double after = strtod(argv[4], NULL) * sound.rate;
    skipped = after < 0 ? 0 : after > (double)sound.count ? sound.count : (size_t)after;
  }
  if (argc == 2) {
    printf("%.3f\n", (double)sound.count / sound.rate);
  } else {
    answer = listen(&sound, strtod(argv[2], NULL), skipped, every_second);
  }
  sound_free(&sound);
  return answer;
}
