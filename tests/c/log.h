/* log.h: what log.c and log_lines.c share. */
#ifndef LOG_H
#define LOG_H

#include "check.h"

/* A log function: notes each line as "level text", and checks that it can be printed. */
void on_log(int32_t level, const char *text, void *unused);
void forget_lines(void);
/* Number of lines with `text`. */
int lines_with(const char *word);

/* The tests of log_lines.c. */
void run_log_lines(void);

#endif
