/*
 * tone FILE.wav HERTZ: says how many dB a tone is above everything else in the best 2 s of a recording, which may
 * still grow. Ends with 0 if that is 20 dB or more.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../examples-c/wav.h"
#include "tone.h"

int main(int argc, char **argv)
{
  struct sound sound;
  const char *wrong;
  double db;
  memset(&sound, 0, sizeof sound);
  if (argc != 3) {
    fprintf(stderr, "usage: tone FILE.wav HERTZ\n");
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
