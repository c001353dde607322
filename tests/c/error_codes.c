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

static void request(struct client *client, enum op op)
{
  nertc_callkit_call_options options = NERTC_CALLKIT_CALL_OPTIONS_INIT;
  options.user_id = "carol";
  switch (op) {
  case CALL:
    CHECK_OK(nertc_callkit_call(client->kit, &options, client_done, client));
    break;
  case HANGUP:
    CHECK_OK(nertc_callkit_hangup(client->kit, NULL, NULL, client_done, client));
    break;
  case LEAVE:
    CHECK_OK(nertc_callkit_leave(client->kit, NULL, NULL, client_done, client));
    break;
  case CANCEL:
    CHECK_OK(nertc_callkit_cancel(client->kit, NULL, NULL, client_done, client));
    break;
  case ACCEPT:
    CHECK_OK(nertc_callkit_accept(client->kit, NULL, client_done, client));
    break;
  case REJECT:
    CHECK_OK(nertc_callkit_reject(client->kit, NULL, NULL, client_done, client));
    break;
  case SWITCH:
  case OPS:
    CHECK_OK(nertc_callkit_switch_call_type(client->kit, NERTC_CALLKIT_CALL_TYPE_VIDEO,
                                            NERTC_CALLKIT_CALL_TYPE_ACTION_REQUEST, client_done, client));
  }
}

static void expect_code(struct client *client, enum op op, int code)
{
  char word[WORD];
  snprintf(word, sizeof word, "done(%s,%d)", op_names[op], code);
  client_until(client, word);
}

/* Brings a pair into a state; returns the client that is in it. */
static struct client *enter(struct pair *pair, enum state state)
{
  nertc_callkit_call_options options = NERTC_CALLKIT_CALL_OPTIONS_INIT;
  options.user_id = "bob";
  switch (state) {
  case IDLE:
  case STATES:
    return pair->alice;
  case CREATING:
    fault(pair->hub, NO_ANSWER, CREATE, "alice", 0);
    CHECK_OK(nertc_callkit_call(pair->alice->kit, &options, client_done, pair->alice));
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
    client_until(pair->alice, "on_user_accept");
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
  client_free(pair->alice);
  client_free(pair->bob);
  CHECK_OK(nertc_callkit_hub_release(pair->hub));
}

static void check_cell(enum op op, enum state state)
{
  nertc_callkit_timers timers = NERTC_CALLKIT_TIMERS_INIT;
  const struct setup setup = {.timers = &timers};
  struct pair pair;
  struct client *client;
  timers.destroy_wait_ms = 1;
  if (op == ACCEPT && state == ACCEPTING) {
    timers.request_ms = 500; /* a second accept shares the completion of the first, which is never answered */
  }
  pair = pair_new(0, &setup);
  client = enter(&pair, state);
  request(client, op);
  if (op == ACCEPT && state == ACCEPTING) {
    expect_code(client, op, NERTC_CALLKIT_CODE_TIMEOUT);
  } else {
    expect_code(client, op, codes[op][state]);
    if (codes[op][state] && state != ACCEPTING) { /* which ends by itself */
      CHECK_INT(nertc_callkit_get_state(client->kit), states[state]);
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

/* Requests of a client that is not logged in; the rest works. */
static void refused_everywhere(struct client *client, int code)
{
  int op;
  for (op = 0; op < OPS; op++) {
    request(client, (enum op)op);
    expect_code(client, (enum op)op, code);
  }
  CHECK_INT(nertc_callkit_get_state(client->kit), NERTC_CALLKIT_STATE_IDLE);
  CHECK_OK(nertc_callkit_set_call_timeout(client->kit, 1000));
  CHECK_OK(nertc_callkit_network_changed(client->kit));
}

static void before_login_while_logging_in_and_after_logout(void)
{
  nertc_callkit_hub *hub = NULL;
  struct setup setup = {0};
  struct client *client;
  CHECK_OK(nertc_callkit_hub_create(0, &hub));
  setup.hub = hub;
  client = client_new("alice", &setup);
  refused_everywhere(client, NERTC_CALLKIT_CODE_NOT_LOGGED_IN);
  CHECK_OK(nertc_callkit_logout(client->kit, client_done, client));
  client_expect(client, "done(logout,20001)");
  CHECK_OK(nertc_callkit_enable_local(client->kit, NERTC_CALLKIT_MEDIA_AUDIO, 1, client_done, client));
  client_expect(client, "done(enable_local,20001)");
  fault(hub, NO_ANSWER, LOGIN, "alice", 0);
  CHECK_OK(nertc_callkit_login(client->kit, "alice", NULL, client_done, client));
  refused_everywhere(client, NERTC_CALLKIT_CODE_NOT_LOGGED_IN);
  CHECK_OK(nertc_callkit_logout(client->kit, client_done, client));
  client_expect(client, "done(login,90004) done(logout,0)");
  client_login(client);
  CHECK_OK(nertc_callkit_logout(client->kit, client_done, client));
  client_expect(client, "done(logout,0)");
  refused_everywhere(client, NERTC_CALLKIT_CODE_NOT_LOGGED_IN);
  client_destroy(client, "");
  client_free(client);
  CHECK_OK(nertc_callkit_hub_release(hub));
}

static void login_again(void)
{
  struct client *client = client_new("alice", NULL);
  client_login(client);
  CHECK_OK(nertc_callkit_login(client->kit, "alice", "other token", client_done, client));
  client_expect(client, "done(login,0)");
  CHECK_OK(nertc_callkit_login(client->kit, "bob", "token", client_done, client));
  client_expect(client, "done(login,90002)");
  /* A login during a logout waits for its end. */
  CHECK_OK(nertc_callkit_logout(client->kit, client_done, client));
  CHECK_OK(nertc_callkit_login(client->kit, "bob", "token", client_done, client));
  client_expect(client, "done(logout,0) done(login,0)");
  client_destroy(client, "");
  client_free(client);
}

static void a_failed_login(void)
{
  nertc_callkit_timers timers = NERTC_CALLKIT_TIMERS_INIT;
  nertc_callkit_hub *hub = NULL;
  struct setup setup = {0};
  struct client *client, *impatient;
  CHECK_OK(nertc_callkit_hub_create(0, &hub));
  setup.hub = hub;
  client = client_new("alice", &setup);
  fault(hub, REFUSE, LOGIN, "alice", .code = NERTC_CALLKIT_CODE_BAD_TOKEN);
  CHECK_OK(nertc_callkit_login(client->kit, "alice", NULL, client_done, client));
  client_expect(client, "done(login,302)");
  fault(hub, REFUSE, LOGIN, "alice", .code = NERTC_CALLKIT_CODE_BAD_TOKEN);
  CHECK_OK(nertc_callkit_login(client->kit, "alice", NULL, NULL, NULL));
  client_expect(client, "on_error(login,302)");
  client_login(client);
  timers.login_ms = 40;
  setup.timers = &timers;
  impatient = client_new("bob", &setup);
  fault(hub, NO_ANSWER, LOGIN, "bob", 0);
  CHECK_OK(nertc_callkit_login(impatient->kit, "bob", NULL, client_done, impatient));
  client_expect(impatient, "done(login,408)");
  client_destroy(client, "");
  client_destroy(impatient, "");
  client_free(client);
  client_free(impatient);
  CHECK_OK(nertc_callkit_hub_release(hub));
}

/* With `done` a failure is reported there only; without it as one on_error. */
static void done_or_on_error_never_both(void)
{
  struct pair pair = pair_new(0, NULL);
  CHECK_OK(nertc_callkit_hangup(pair.alice->kit, NULL, NULL, NULL, NULL));
  client_expect(pair.alice, "on_error(hangup,20005)");
  request(pair.alice, HANGUP);
  client_expect(pair.alice, "done(hangup,20005)");
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
