/* functions.h: every exported function as a row of a table, callable with a handle alone. */
#ifndef FUNCTIONS_H
#define FUNCTIONS_H

#include "check.h"

enum { REQUESTS = 4096 };

/* A request that was offered: accepted or refused, and how often its completion came. */
struct request {
  int accepted, done;
  int32_t code;
  nertc_callkit_call_no call_no;
};

/* Totals over many threads. All zero: nothing yet. */
struct tally {
  struct request requests[REQUESTS];
  int count;
};

/* How a function takes part in the matrix. */
enum kind {
  KIT,     /* takes a client first */
  WAITS,   /* as KIT, and must not be called inside a callback */
  NO_KIT   /* takes none */
};

struct function {
  const char *name; /* without nertc_callkit_ */
  enum kind kind;
  /* Its status or number. Whatever it creates is released. */
  int32_t (*run)(nertc_callkit *kit, struct tally *tally);
};

extern const struct function functions[];
extern const int function_count;

/* The table and symbols.txt name the same functions with the same answers inside a callback. */
void check_functions_are_complete(void);
/* Each accepted request was completed once, each refused one never. No request may be under way. */
void check_tally_at(const char *file, int line, const struct tally *tally);
#define check_tally(tally) check_tally_at(__FILE__, __LINE__, tally)
/* A place for a request, the completion of it, and what was answered at once. */
struct request *tally_expect(struct tally *tally);
void tally_done(nertc_callkit *kit, const nertc_callkit_result *result, void *request);
int32_t tally_offered(struct request *request, int32_t answer);

/* A short piece of sound. */
void sound(nertc_callkit_frame *frame);

#endif
