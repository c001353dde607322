/* order.h: the table of docs/EVENTS.md, a row a test. Each runs with every kind of delivery. */
#ifndef ORDER_H
#define ORDER_H

#include "check.h"

/* The kind of delivery that runs now; rows start from a copy of it. */
extern struct setup mode;
/* Timers for rows that wait for one. */
extern nertc_callkit_timers timers;

/* A pair in the current mode; the hub writes the record of a completed call by itself. */
struct pair order_pair(void);
/* Another client on the hub of a pair, logged in. */
struct client *order_third(struct pair *pair, const char *account, const char *device);
void order_end_third(struct client *client);

void answer_rows(void);
void end_rows(void);
void device_rows(void);

#endif
