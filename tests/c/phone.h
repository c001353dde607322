/* phone.h: what check.c and phone.c share. */
#ifndef PHONE_H
#define PHONE_H

#include "check.h"

/* Guards every phone and everything that WAIT_UNTIL looks at. */
extern pthread_mutex_t check_lock;
extern pthread_cond_t check_changed;
extern struct phone *check_phones;

/* 0: not within the deadline. */
int check_wait(int (*is_true)(void *), void *argument);

#endif
