/*
 * intercept.h: backends between a client and the loopback. A test may inspect every operation, complete
 * it itself, change or repeat its completion, and call the sinks: a hostile backend by design.
 */
#ifndef INTERCEPT_H
#define INTERCEPT_H

#include "check.h"

enum intercept_op {
  INTERCEPT_LOGIN, INTERCEPT_LOGOUT, INTERCEPT_CREATE, INTERCEPT_JOIN, INTERCEPT_INVITE, INTERCEPT_CANCEL,
      INTERCEPT_ACCEPT, INTERCEPT_REJECT, INTERCEPT_LEAVE,
  INTERCEPT_CLOSE, INTERCEPT_CONTROL, INTERCEPT_RECORD, INTERCEPT_RTC_JOIN, INTERCEPT_RTC_LEAVE, INTERCEPT_OPS
};

/* What happens to the next operation of a kind. */
enum intercept_act {
  INTERCEPT_PASS,
  INTERCEPT_REFUSE,    /* answers `code` at once */
  INTERCEPT_NEVER,     /* accepted, handed on, never completed */
  INTERCEPT_TWICE,     /* completed twice, the second time with `code` */
  INTERCEPT_INSIDE,    /* completed with `code` from inside the operation, not handed on */
  INTERCEPT_LATE,      /* handed on; completed when the test calls intercept_complete_late */
  INTERCEPT_WRONG_REQ, /* an operation that nobody asked for is completed first */
  INTERCEPT_BAD_UTF8,  /* the message, and the room's channel id, are not UTF-8 */
  INTERCEPT_HUGE,      /* the same, a megabyte long */
  INTERCEPT_NULL_ROOM  /* success without what create and join must bring */
};

struct intercept {
  nertc_callkit_backends inner; /* the loopback's */
  nertc_callkit_signaling signaling;
  nertc_callkit_rtc rtc;
  nertc_callkit_signaling_sink own_signaling; /* handed to the loopback */
  nertc_callkit_rtc_sink own_rtc;
  nertc_callkit_signaling_sink core; /* the client's, copied: also used after it was closed */
  nertc_callkit_rtc_sink core_rtc;
  enum intercept_act act[INTERCEPT_OPS];
  int32_t code;
  nertc_callkit_req newest[INTERCEPT_OPS];
  int32_t refuse_open, refuse_open_rtc;
  int asked[INTERCEPT_OPS];
  int opened, closed, released; /* both backends together */
  int states[4], aborted; /* invite_state, by state; abort_login */
  nertc_callkit_req late;
  enum intercept_op late_op;
  char last_custom[8192];
};

/* Wraps backends of the hub, and stores the wrapped ones in `out`. */
void intercept_init(struct intercept *intercept, nertc_callkit_hub *hub, nertc_callkit_backends *out);
/* Completes the operation that INTERCEPT_LATE held back. */
void intercept_complete_late(struct intercept *intercept);

/* Sends a message to the client as if it came from the service. */
void intercept_event(struct intercept *intercept, int32_t signal, int32_t source, const char *channel,
    const char *from,
               const char *request, const char *custom_info);
int32_t intercept_connection(struct intercept *intercept, int32_t what);
int32_t intercept_rtc_event(struct intercept *intercept, int32_t what, uint64_t uid, int32_t code);

#endif
