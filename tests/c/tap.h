/*
 * tap.h: backends that sit between a component and the loopback. A test may look at every operation, answer
 * it itself, change or repeat its completion, and speak through the sinks: a hostile plug by design.
 */
#ifndef TAP_H
#define TAP_H

#include "check.h"

enum tap_op {
  TAP_LOGIN, TAP_LOGOUT, TAP_CREATE, TAP_JOIN, TAP_INVITE, TAP_CANCEL, TAP_ACCEPT, TAP_REJECT, TAP_LEAVE,
  TAP_CLOSE, TAP_CONTROL, TAP_RECORD, TAP_RTC_JOIN, TAP_RTC_LEAVE, TAP_OPS
};

/* What becomes of the next operation of a kind. */
enum tap_act {
  TAP_PASS,
  TAP_REFUSE,    /* answers `code` at once */
  TAP_NEVER,     /* accepted, handed on, never completed */
  TAP_TWICE,     /* completed twice, the second time with `code` */
  TAP_INSIDE,    /* completed with `code` from inside the operation, not handed on */
  TAP_LATE,      /* handed on; completed when the test calls tap_complete_late */
  TAP_WRONG_REQ, /* an operation that nobody asked for is completed first */
  TAP_BAD_UTF8,  /* the message, and the room's channel id, are not UTF-8 */
  TAP_HUGE,      /* the same, a megabyte long */
  TAP_NULL_ROOM  /* success without what create and join must bring */
};

struct tap {
  nertc_callkit_backends inner; /* the loopback's */
  nertc_callkit_signaling signaling;
  nertc_callkit_rtc rtc;
  nertc_callkit_signaling_sink own_signaling; /* handed to the loopback */
  nertc_callkit_rtc_sink own_rtc;
  nertc_callkit_signaling_sink core; /* the component's, copied: also to speak through when it is closed */
  nertc_callkit_rtc_sink core_rtc;
  enum tap_act act[TAP_OPS];
  int32_t code;
  nertc_callkit_req newest[TAP_OPS];
  int32_t refuse_open, refuse_open_rtc;
  int asked[TAP_OPS];
  int opened, closed, released; /* both backends together */
  int states[4], aborted; /* invite_state, by state; abort_login */
  nertc_callkit_req late;
  enum tap_op late_op;
  char last_custom[8192];
};

/* Wraps backends of the hub, and puts the wrapped ones into `out`. */
void tap_init(struct tap *tap, nertc_callkit_hub *hub, nertc_callkit_backends *out);
/* Completes the operation that TAP_LATE held back. */
void tap_complete_late(struct tap *tap);

/* Sends a message to the component as if it came from the service. */
void tap_event(struct tap *tap, int32_t signal, int32_t source, const char *channel, const char *from,
               const char *request, const char *custom_info);
int32_t tap_connection(struct tap *tap, int32_t what);
int32_t tap_rtc_event(struct tap *tap, int32_t what, uint64_t uid, int32_t code);

#endif
