/* WAV files of examples-c, and what tells whether a tone arrived: no library is involved. */
#include "check.h"

#include <unistd.h>

#include "../../examples-c/wav.h"
#include "tone.h"

static char path[64];

/* Writes a header that `change` has broken, and so many bytes behind it. What wav_read answers. */
static const char *read_changed(size_t place, uint32_t value, int bytes, size_t length)
{
  const struct wav_format format = {48000, 1, 4};
  unsigned char file[WAV_HEADER + 4] = {0};
  struct sound sound = {0, 0, NULL, 0, 0};
  const char *wrong;
  FILE *out = fopen(path, "wb");
  wav_header(file, &format);
  if (bytes > 0) {
    wav_put(file + place, value, bytes);
  }
  fwrite(file, 1, length, out);
  fclose(out);
  wrong = wav_read(path, &sound);
  sound_free(&sound);
  return wrong;
}

static void bad_files_are_refused_with_the_reason(void)
{
  static const struct {
    size_t place;
    uint32_t value;
    int bytes;
    size_t length;
    const char *expected;
  } rows[] = {
      {0, 0, 1, 48, "it is not a WAV file"},
      {8, 0, 1, 48, "it is not a WAV file"},
      {0, 0, 0, 0, "it is not a WAV file"},
      {0, 0, 0, 11, "it is not a WAV file"},
      {0, 0, 0, 30, "its format is cut off"},
      {16, 15, 4, 48, "its format is cut off"},
      {16, 0xffffffff, 4, 48, "its format is cut off"},
      {20, 3, 2, 48, "its samples are not 16-bit PCM"},
      {34, 8, 2, 48, "its samples are not 16-bit PCM"},
      {22, 0, 2, 48, "it has neither one channel nor two"},
      {22, 3, 2, 48, "it has neither one channel nor two"},
      {24, 7999, 4, 48, "its sample rate is not 8000 to 48000 Hz"},
      {24, 48001, 4, 48, "its sample rate is not 8000 to 48000 Hz"},
      {32, 4, 2, 48, "its frames have another size than their samples"},
      {36, 0, 1, 48, "it has no samples"},
      {40, 0, 4, 48, "it has no samples"},
      {0, 0, 0, WAV_HEADER, "it has no samples"},
      {0, 0, 0, WAV_HEADER + 1, "it has no samples"},
      {0, 0, 0, 40, "it has no samples"},
      {12, 'x', 1, 48, "its samples come before their format"},
  };
  size_t i;
  CHECK(read_changed(0, 0, 0, 48) == NULL);
  CHECK(read_changed(24, 8000, 4, 48) == NULL);
  for (i = 0; i < sizeof rows / sizeof *rows; i++) {
    const char *wrong = read_changed(rows[i].place, rows[i].value, rows[i].bytes, rows[i].length);
    CHECK_TEXT(wrong ? wrong : "it was read", rows[i].expected);
  }
}

/* A chunk of odd length is padded; an open end goes on to the end of the file. */
static void other_chunks_and_an_open_end_are_read(void)
{
  const struct wav_format format = {16000, 2, WAV_OPEN_END};
  unsigned char header[WAV_HEADER];
  struct sound sound = {0, 0, NULL, 0, 0};
  FILE *out = fopen(path, "wb");
  wav_header(header, &format);
  fwrite(header, 1, 36, out);
  fwrite("LIST\3\0\0\0abc", 1, 12, out);
  fwrite(header + 36, 1, 8, out);
  fwrite("\1\0\377\377\0\200\5", 1, 7, out);
  fclose(out);
  CHECK(wav_read(path, &sound) == NULL);
  CHECK(sound.rate == 16000 && sound.channels == 2 && sound.count == 2);
  CHECK(sound.samples[0] == 1 && sound.samples[1] == -1);
  sound_free(&sound);
}

static void what_is_written_is_read(void)
{
  int16_t samples[] = {0, 1, -1, 32767, -32768, 256};
  struct sound written = {44100, 2, NULL, 6, 6}, read = {0, 0, NULL, 0, 0};
  written.samples = samples;
  CHECK(wav_write(path, &written));
  CHECK(wav_read(path, &read) == NULL);
  CHECK(sound_equal(&written, &read));
  sound_free(&read);
  CHECK(wav_read("/nonexistent/file.wav", &read) != NULL);
}

/* Three seconds of a tone with noise of so many parts of a thousand of its amplitude. */
static double snr_of(double hertz, double wanted, int permille, size_t silence)
{
  enum { COUNT = 3 * 48000 };
  static int16_t samples[COUNT];
  uint32_t random = 1;
  size_t i;
  for (i = 0; i < COUNT; i++) {
    const double tone = 10000 * sin(2 * 3.14159265358979 * hertz * (double)i / 48000);
    random = random * 1664525 + 1013904223;
    samples[i] = (int16_t)(i % silence == 0 ? 0 : tone + 10.0 * permille * ((random >> 16) / 32768.0 - 1));
  }
  return tone_snr_db(samples, COUNT, 48000, wanted);
}

static void a_tone_is_as_clean_as_it_is(void)
{
  const double clean = snr_of(440, 440, 0, 1000000), faster = snr_of(442, 440, 0, 1000000);
  const double noisy = snr_of(440, 440, 200, 1000000), other = snr_of(660, 440, 0, 1000000);
  CHECK(clean > 60);
  CHECK(faster > 20);
  /* Even noise of a fifth of the amplitude: 10 log10(3 / (2 * 0.04)) = 15.7. */
  CHECK(noisy > 15 && noisy < 17);
  CHECK(other == -100);
  /* A sample in 40 is lost. */
  CHECK(snr_of(440, 440, 0, 40) < 20);
}

int main(void)
{
  snprintf(path, sizeof path, "wav-%u.wav", (unsigned)getpid());
  RUN(bad_files_are_refused_with_the_reason);
  RUN(other_chunks_and_an_open_end_are_read);
  RUN(what_is_written_is_read);
  RUN(a_tone_is_as_clean_as_it_is);
  unlink(path);
  return 0;
}
