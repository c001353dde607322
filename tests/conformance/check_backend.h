/*
 * check_backend.h: does a pair of backends keep the contract of nertc_callkit.h?
 *
 * For authors of backends: copy check_backend.[ch] and check_device.[ch], write a maker, call check_backend in a
 * test. It drives the vtables directly, with sinks that record, and needs no client. Accounts "check-a" and
 * "check-b" must be able to log in, the latter with two devices.
 */
#ifndef CHECK_BACKEND_H
#define CHECK_BACKEND_H

#include <nertc_callkit/backend.h>

struct check_backend_maker {
  /* Creates the backends of one more device in `out`; 1 = created. All devices of one maker can
   * reach each other. check_backend releases them. */
  int (*make)(void *context, nertc_callkit_backends *out);
  void *context;
  /* Tokens of the two accounts; NULL = empty. */
  const char *token_a, *token_b;
  /* How long to wait for an answer; 0 = 10000. */
  unsigned patience_ms;
};

/* Prints what is wrong, and answers how many promises are broken. */
int check_backend(const struct check_backend_maker *maker);

#endif
