/* tone.h: how clean a tone is that arrived. */
#ifndef TONE_H
#define TONE_H

#include <math.h>
#include <stdint.h>
#include <stdlib.h>

enum {
  TONE_WINDOWS = 40, /* of 50 ms: the stretch that counts has 2 s */
  TONE_LEAST = 2000 /* amplitude below which there is no tone */
};

struct tone_window {
  double tone, rest; /* energy */
};

/* Energy of the sine of this step (radians a sample) that fits best, by least squares, and of the rest. */
static inline struct tone_window tone_split(const int16_t *samples, size_t count, double step)
{
  struct tone_window window = {0, 0};
  double ss = 0, cc = 0, sc = 0, ys = 0, yc = 0, a, b, determinant;
  size_t i;
  for (i = 0; i < count; i++) {
    const double s = sin(step * (double)i), c = cos(step * (double)i);
    ss += s * s;
    cc += c * c;
    sc += s * c;
    ys += samples[i] * s;
    yc += samples[i] * c;
  }
  determinant = ss * cc - sc * sc;
  if (fabs(determinant) < 1e-9) {
    return window;
  }
  a = (ys * cc - yc * sc) / determinant;
  b = (yc * ss - ys * sc) / determinant;
  for (i = 0; i < count; i++) {
    const double tone = a * sin(step * (double)i) + b * cos(step * (double)i), rest = samples[i] - tone;
    window.tone += tone * tone;
    window.rest += rest * rest;
  }
  return window;
}

/* The same, of the pitch within 0.6 % that fits best: a jitter buffer that changes its speed is no noise. */
static inline struct tone_window tone_window(const int16_t *samples, size_t count, double step)
{
  struct tone_window best = tone_split(samples, count, step);
  int permille;
  for (permille = -6; permille <= 6; permille++) {
    const struct tone_window other = tone_split(samples, count, step * (1 + 0.001 * permille));
    if (other.rest < best.rest) {
      best = other;
    }
  }
  return best;
}

/* How many dB a tone is above everything else in the best 2 s of one channel's samples: a machine that is busy for a
 * moment spoils others. -100: no 2 s have the tone throughout. */
static inline double tone_snr_db(const int16_t *samples, size_t count, uint32_t rate, double hertz)
{
  const size_t length = rate / 20, windows = count / length;
  const double least = (double)TONE_LEAST * TONE_LEAST / 2 * (double)length;
  struct tone_window *all = (struct tone_window *)calloc(windows + 1, sizeof *all);
  double best = -100;
  size_t at, from;
  for (at = 0; all && at < windows; at++) {
    all[at] = tone_window(samples + at * length, length, 2 * 3.14159265358979 * hertz / rate);
  }
  for (from = 0; all && from + TONE_WINDOWS <= windows; from++) {
    double tone = 0, rest = 1e-9;
    for (at = from; at < from + TONE_WINDOWS && all[at].tone >= least; at++) {
      tone += all[at].tone;
      rest += all[at].rest;
    }
    if (at == from + TONE_WINDOWS && 10 * log10(tone / rest) > best) {
      best = 10 * log10(tone / rest);
    }
  }
  free(all);
  return best;
}

/* Whether 50 ms of these samples, of one channel, are the tone and little else. */
static inline int tone_is_present(const int16_t *samples, size_t count, uint32_t rate, double hertz)
{
  const size_t length = rate / 20;
  const double least = (double)TONE_LEAST * TONE_LEAST / 2 * (double)length;
  size_t at;
  for (at = 0; at + length <= count; at += length) {
    const struct tone_window window = tone_window(samples + at, length, 2 * 3.14159265358979 * hertz / rate);
    if (window.tone >= least && window.tone >= 100 * window.rest) {
      return 1;
    }
  }
  return 0;
}

#endif
