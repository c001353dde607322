/*
 * tone FILE.wav HERTZ: says how many dB a tone is above everything else in the best 2 s of a recording, which may
 * still grow. Ends with 0 if that is 20 dB or more.
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

int main(int argc, char **argv)
{
  struct sound sound;
  const char *wrong;
  double db;
  memset(&sound, 0, sizeof sound);
  if (argc == 4) {
    return make(argv[1], strtod(argv[2], NULL), strtol(argv[3], NULL, 10)) ? 0 : 2;
  }
  if (argc != 3) {
    fprintf(stderr, "usage: tone FILE.wav HERTZ [SECONDS]\n");
    return 2;
  }
  wrong = wav_read(argv[1], &sound);
  if (!wrong && sound.channels != 1) {
    wrong = "it has more than one channel";
  }
  if (wrong) {
    fprintf(stderr, "tone: %s: %s\n", argv[1], wrong);
    return 2;
  }
  db = tone_snr_db(sound.samples, sound.count, sound.rate, strtod(argv[2], NULL));
  printf("%.1f dB in %.1f s\n", db, (double)sound.count / sound.rate);
  sound_free(&sound);
  return db >= 20 ? 0 : 1;
}
