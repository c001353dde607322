/* client.h: what check.c and client.c share. */
#ifndef CLIENT_H
#define CLIENT_H

#include "check.h"

/* Guards every client and everything that WAIT_UNTIL looks at. */
extern pthread_mutex_t check_lock;
extern pthread_cond_t check_changed;
extern struct client *check_clients;

/* 0: not within the deadline. */
int check_wait(int (*is_true)(void *), void *argument);

#endif
