/* error_codes.c: every function in every state completes with the code of docs/ERRORS.md, and changes nothing if
* refused. */
#include "check.h"

enum state { IDLE, CREATING, CALLING, CALLED, ACCEPTING, ENTERING, IN_CALL, STATES };
enum op { CALL, HANGUP, LEAVE, CANCEL, ACCEPT, REJECT, SWITCH, OPS };

static const char *const op_names[OPS] = {"call", "hangup", "leave", "cancel", "accept", "reject",
                                           "switch_call_type"};

static const int codes[OPS][STATES] = {
  /*            idle   creating calling called accepting entering in call; entering = accepted, media not up */
  /* call   */ {0,     20002,   20002,  20003, 20003,    20004,   20004},
  /* hangup */ {20005, 0,       0,      0,     0,        0,       0},
  /* leave  */ {20009, 20010,   20010,  20011, 20011,    0,       0},
  /* cancel */ {20013, 0,       0,      20015, 20015,    20016,   20016},
  /* accept */ {20017, 20018,   20018,  0,     0,        20020,   20020},
  /* reject */ {20021, 20022,   20022,  0,     0,        20024,   20024},
  /* switch */ {20025, 20026,   20026,  20027, 20027,    0,       0},
};

static const int states[STATES] = {0, 1, 1, 2, 2, 3, 3};

static void request(struct phone *phone, enum op op)
{
  nertc_callkit_call_options options = NERTC_CALLKIT_CALL_OPTIONS_INIT;
  options.user_id = "carol";
  switch (op) {
  case CALL:
    CHECK_OK(nertc_callkit_call(phone->kit, &options, phone_done, phone));
    break;
  case HANGUP:
    CHECK_OK(nertc_callkit_hangup(phone->kit, NULL, NULL, phone_done, phone));
    break;
  case LEAVE:
    CHECK_OK(nertc_callkit_leave(phone->kit, NULL, NULL, phone_done, phone));
    break;
  case CANCEL:
    CHECK_OK(nertc_callkit_cancel(phone->kit, NULL, NULL, phone_done, phone));
    break;
  case ACCEPT:
    CHECK_OK(nertc_callkit_accept(phone->kit, NULL, phone_done, phone));
    break;
  case REJECT:
    CHECK_OK(nertc_callkit_reject(phone->kit, NULL, NULL, phone_done, phone));
    break;
  case SWITCH:
  case OPS:
    CHECK_OK(nertc_callkit_switch_call_type(phone->kit, NERTC_CALLKIT_CALL_TYPE_VIDEO,
                                            NERTC_CALLKIT_CALL_TYPE_ACTION_REQUEST, phone_done, phone));
  }
}

static void expect_code(struct phone *phone, enum op op, int code)
{
  char word[WORD];
  snprintf(word, sizeof word, "done(%s,%d)", op_names[op], code);
  phone_until(phone, word);
}

/* Brings a pair into a state; returns the phone that is in it. */
static struct phone *enter(struct pair *pair, enum state state)
{
  nertc_callkit_call_options options = NERTC_CALLKIT_CALL_OPTIONS_INIT;
  options.user_id = "bob";
  switch (state) {
  case IDLE:
  case STATES:
    return pair->alice;
  case CREATING:
    fault(pair->hub, NO_ANSWER, CREATE, "alice", 0);
    CHECK_OK(nertc_callkit_call(pair->alice->kit, &options, phone_done, pair->alice));
    return pair->alice;
  case CALLING:
    pair_ring(pair);
    return pair->alice;
  case CALLED:
    pair_ring(pair);
    return pair->bob;
  case ACCEPTING:
    fault(pair->hub, NO_ANSWER, ACCEPT, "bob", 0);
    pair_ring(pair);
    CHECK_OK(nertc_callkit_accept(pair->bob->kit, NULL, NULL, NULL));
    return pair->bob;
  case ENTERING:
    fault(pair->hub, NO_ANSWER, RTC_JOIN, "alice", 0);
    pair_ring(pair);
    CHECK_OK(nertc_callkit_accept(pair->bob->kit, NULL, NULL, NULL));
    phone_until(pair->alice, "on_user_accept");
    return pair->alice;
  case IN_CALL:
    pair_connect(pair);
    return pair->alice;
  }
  return NULL;
}

static void drop_pair(struct pair *pair)
{
  CHECK_OK(nertc_callkit_destroy(pair->alice->kit));
  CHECK_OK(nertc_callkit_destroy(pair->bob->kit));
  phone_free(pair->alice);
  phone_free(pair->bob);
  CHECK_OK(nertc_callkit_hub_release(pair->hub));
}

static void check_cell(enum op op, enum state state)
{
  nertc_callkit_timers timers = NERTC_CALLKIT_TIMERS_INIT;
  const struct setup setup = {.timers = &timers};
  struct pair pair;
  struct phone *phone;
  timers.destroy_wait_ms = 1;
  if (op == ACCEPT && state == ACCEPTING) {
    timers.request_ms = 500; /* a second accept shares the completion of the first, which is never answered */
  }
  pair = pair_new(0, &setup);
  phone = enter(&pair, state);
  request(phone, op);
  if (op == ACCEPT && state == ACCEPTING) {
    expect_code(phone, op, NERTC_CALLKIT_CODE_TIMEOUT);
  } else {
    expect_code(phone, op, codes[op][state]);
    if (codes[op][state] && state != ACCEPTING) { /* which ends by itself */
      CHECK_INT(nertc_callkit_get_state(phone->kit), states[state]);
    }
  }
  drop_pair(&pair);
}

static void every_function_in_every_state(void)
{
  int op, state;
  for (op = 0; op < OPS; op++) {
    for (state = 0; state < STATES; state++) {
      check_cell((enum op)op, (enum state)state);
    }
  }
}

/* Requests of a phone that is not logged in; the rest works. */
static void refused_everywhere(struct phone *phone, int code)
{
  int op;
  for (op = 0; op < OPS; op++) {
    request(phone, (enum op)op);
    expect_code(phone, (enum op)op, code);
  }
  CHECK_INT(nertc_callkit_get_state(phone->kit), NERTC_CALLKIT_STATE_IDLE);
  CHECK_OK(nertc_callkit_set_call_timeout(phone->kit, 1000));
  CHECK_OK(nertc_callkit_network_changed(phone->kit));
}

static void before_login_while_logging_in_and_after_logout(void)
{
  nertc_callkit_hub *hub = NULL;
  struct setup setup = {0};
  struct phone *phone;
  CHECK_OK(nertc_callkit_hub_create(0, &hub));
  setup.hub = hub;
  phone = phone_new("alice", &setup);
  refused_everywhere(phone, NERTC_CALLKIT_CODE_NOT_LOGGED_IN);
  CHECK_OK(nertc_callkit_logout(phone->kit, phone_done, phone));
  phone_expect(phone, "done(logout,20001)");
  CHECK_OK(nertc_callkit_enable_local(phone->kit, NERTC_CALLKIT_MEDIA_AUDIO, 1, phone_done, phone));
  phone_expect(phone, "done(enable_local,20001)");
  fault(hub, NO_ANSWER, LOGIN, "alice", 0);
  CHECK_OK(nertc_callkit_login(phone->kit, "alice", NULL, phone_done, phone));
  refused_everywhere(phone, NERTC_CALLKIT_CODE_NOT_LOGGED_IN);
  CHECK_OK(nertc_callkit_logout(phone->kit, phone_done, phone));
  phone_expect(phone, "done(login,90004) done(logout,0)");
  phone_login(phone);
  CHECK_OK(nertc_callkit_logout(phone->kit, phone_done, phone));
  phone_expect(phone, "done(logout,0)");
  refused_everywhere(phone, NERTC_CALLKIT_CODE_NOT_LOGGED_IN);
  phone_destroy(phone, "");
  phone_free(phone);
  CHECK_OK(nertc_callkit_hub_release(hub));
}

static void login_again(void)
{
  struct phone *phone = phone_new("alice", NULL);
  phone_login(phone);
  CHECK_OK(nertc_callkit_login(phone->kit, "alice", "other token", phone_done, phone));
  phone_expect(phone, "done(login,0)");
  CHECK_OK(nertc_callkit_login(phone->kit, "bob", "token", phone_done, phone));
  phone_expect(phone, "done(login,90002)");
  /* A login during a logout waits for its end. */
  CHECK_OK(nertc_callkit_logout(phone->kit, phone_done, phone));
  CHECK_OK(nertc_callkit_login(phone->kit, "bob", "token", phone_done, phone));
  phone_expect(phone, "done(logout,0) done(login,0)");
  phone_destroy(phone, "");
  phone_free(phone);
}

static void a_failed_login(void)
{
  nertc_callkit_timers timers = NERTC_CALLKIT_TIMERS_INIT;
  nertc_callkit_hub *hub = NULL;
  struct setup setup = {0};
  struct phone *phone, *impatient;
  CHECK_OK(nertc_callkit_hub_create(0, &hub));
  setup.hub = hub;
  phone = phone_new("alice", &setup);
  fault(hub, REFUSE, LOGIN, "alice", .code = NERTC_CALLKIT_CODE_BAD_TOKEN);
  CHECK_OK(nertc_callkit_login(phone->kit, "alice", NULL, phone_done, phone));
  phone_expect(phone, "done(login,302)");
  fault(hub, REFUSE, LOGIN, "alice", .code = NERTC_CALLKIT_CODE_BAD_TOKEN);
  CHECK_OK(nertc_callkit_login(phone->kit, "alice", NULL, NULL, NULL));
  phone_expect(phone, "on_error(login,302)");
  phone_login(phone);
  timers.login_ms = 40;
  setup.timers = &timers;
  impatient = phone_new("bob", &setup);
  fault(hub, NO_ANSWER, LOGIN, "bob", 0);
  CHECK_OK(nertc_callkit_login(impatient->kit, "bob", NULL, phone_done, impatient));
  phone_expect(impatient, "done(login,408)");
  phone_destroy(phone, "");
  phone_destroy(impatient, "");
  phone_free(phone);
  phone_free(impatient);
  CHECK_OK(nertc_callkit_hub_release(hub));
}

/* With `done` a failure is reported there only; without it as one on_error. */
static void done_or_on_error_never_both(void)
{
  struct pair pair = pair_new(0, NULL);
  CHECK_OK(nertc_callkit_hangup(pair.alice->kit, NULL, NULL, NULL, NULL));
  phone_expect(pair.alice, "on_error(hangup,20005)");
  request(pair.alice, HANGUP);
  phone_expect(pair.alice, "done(hangup,20005)");
  pair_end(&pair);
}

int main(void)
{
  RUN(every_function_in_every_state);
  RUN(before_login_while_logging_in_and_after_logout);
  RUN(login_again);
  RUN(a_failed_login);
  RUN(done_or_on_error_never_both);
  return 0;
}
