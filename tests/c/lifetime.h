/* lifetime.h: what the files of the lifetime test share. */
#ifndef LIFETIME_H
#define LIFETIME_H

#include "functions.h"
#include "client.h"

/* The delivery that is tested now. */
extern int32_t delivery;

void end_tests(void);

#endif
