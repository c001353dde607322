/* order_answer.c: rows up to the answer: accepted, rejected, cancelled, failed, unanswered, busy, crossed. */
#include "order.h"

static const nertc_callkit_timers defaults = NERTC_CALLKIT_TIMERS_INIT;

static void accepted(void)
{
  struct pair pair = order_pair();
  pair_connect(&pair);
  CHECK_INT(nertc_callkit_get_state(pair.alice->kit), NERTC_CALLKIT_STATE_IN_CALL);
  CHECK_OK(nertc_callkit_hangup(pair.alice->kit, NULL, NULL, client_done, pair.alice));
  client_expect(pair.alice, "done(hangup,0) on_call_end(15)");
  client_expect(pair.bob, "on_call_end(16)");
  pair_end(&pair);
}

/* Scenario (ordinary): The app accepts from inside on_invited: the call is connected. */
static void accepted_inside_on_invited(void)
{
  struct pair pair;
  mode.on_callback = accept_at_once;
  pair = order_pair();
  mode.on_callback = NULL;
  client_call(pair.alice, "bob");
  client_expect(pair.alice, "on_user_accept on_user_enter on_call_connected");
  client_expect(pair.bob, "on_invited done(accept,0) on_user_enter on_call_connected");
  CHECK_OK(nertc_callkit_hangup(pair.bob->kit, NULL, NULL, client_done, pair.bob));
  client_expect(pair.bob, "done(hangup,0) on_call_end(15)");
  client_expect(pair.alice, "on_call_end(16)");
  pair_end(&pair);
}

static void rejected(void)
{
  struct pair pair = order_pair();
  pair_ring(&pair);
  CHECK_OK(nertc_callkit_reject(pair.bob->kit, NULL, NULL, client_done, pair.bob));
  client_expect(pair.bob, "done(reject,0) on_call_end(13)");
  client_expect(pair.alice, "on_user_reject on_message_sent(3) on_call_end(14)");
  pair_end(&pair);
}

static void cancelled(void)
{
  struct pair pair = order_pair();
  nertc_callkit_end_options options = NERTC_CALLKIT_END_OPTIONS_INIT;
  const nertc_callkit_call_ref *options_call = NULL;
  pair_ring(&pair);
  options.text = "wrong number";
  CHECK_OK(nertc_callkit_cancel(pair.alice->kit, options_call, &options, client_done, pair.alice));
  client_expect(pair.alice, "done(cancel,0) on_message_sent(2) on_call_end(11)");
  client_expect(pair.bob, "on_user_cancel on_call_end(12)");
  CHECK_TEXT(pair.bob->extra, "wrong number");
  pair_end(&pair);
}

static void cancelled_without_record(void)
{
  struct pair pair = order_pair();
  nertc_callkit_end_options options = NERTC_CALLKIT_END_OPTIONS_INIT;
  const nertc_callkit_call_ref *options_call = NULL;
  options.flags = NERTC_CALLKIT_CALL_FLAG_NO_RECORD;
  pair_ring(&pair);
  CHECK_OK(nertc_callkit_cancel(pair.alice->kit, options_call, &options, client_done, pair.alice));
  client_expect(pair.alice, "done(cancel,0) on_call_end(11)");
  client_expect(pair.bob, "on_user_cancel on_call_end(12)");
  pair_end(&pair);
}

static void hangup_while_calling_and_ringing(void)
{
  struct pair pair = order_pair();
  pair_ring(&pair);
  CHECK_OK(nertc_callkit_hangup(pair.alice->kit, NULL, NULL, client_done, pair.alice));
  client_expect(pair.alice, "done(hangup,0) on_message_sent(2) on_call_end(11)");
  client_expect(pair.bob, "on_user_cancel on_call_end(12)");
  pair_ring(&pair);
  CHECK_OK(nertc_callkit_hangup(pair.bob->kit, NULL, NULL, client_done, pair.bob));
  client_expect(pair.bob, "done(hangup,0) on_call_end(13)");
  client_expect(pair.alice, "on_user_reject on_message_sent(3) on_call_end(14)");
  pair_end(&pair);
}

static void start_call(struct pair *pair)
{
  nertc_callkit_call_options options = NERTC_CALLKIT_CALL_OPTIONS_INIT;
  options.user_id = "bob";
  CHECK_OK(nertc_callkit_call(pair->alice->kit, &options, client_done, pair->alice));
}

static void cancelled_before_an_invite_left(void)
{
  struct pair pair = order_pair();
  fault(pair.hub, NO_ANSWER, CREATE, "alice", 0);
  start_call(&pair);
  CHECK_OK(nertc_callkit_cancel(pair.alice->kit, NULL, NULL, client_done, pair.alice));
  client_expect(pair.alice, "done(call,90004) done(cancel,0) on_call_end(11)");
  pair_end(&pair);
}

static void cancelled_before_the_invite_was_answered(void)
{
  struct pair pair = order_pair();
  fault(pair.hub, NO_ANSWER, INVITE, "alice", 0);
  /* That it rings would be an answer, too. */
  fault(pair.hub, DROP, EVENT_RINGING, "alice", 0);
  start_call(&pair);
  client_expect(pair.bob, "on_invited");
  CHECK_OK(nertc_callkit_cancel(pair.alice->kit, NULL, NULL, client_done, pair.alice));
  client_expect(pair.alice, "done(call,90004) done(cancel,0) on_message_sent(2) on_call_end(11)");
  client_expect(pair.bob, "on_user_cancel on_call_end(12)");
  pair_end(&pair);
}

static void call_fails(void)
{
  struct pair pair = order_pair();
  fault(pair.hub, REFUSE, CREATE, "alice", .code = 500);
  start_call(&pair);
  client_expect(pair.alice, "done(call,500) on_call_end(7)");
  fault(pair.hub, REFUSE, JOIN, "alice", .code = 10419);
  start_call(&pair);
  client_expect(pair.alice, "done(call,10419) on_call_end(7)");
  fault(pair.hub, REFUSE, INVITE, "alice", .code = 10404);
  start_call(&pair);
  client_expect(pair.alice, "done(call,10404) on_call_end(7)");
  pair_end(&pair);
}

static void nobody_answers_at_the_callers_limit(void)
{
  struct pair pair;
  timers.ring_ms = 400;
  pair = order_pair();
  pair_ring(&pair);
  client_expect(pair.alice, "on_calling_timeout on_message_sent(4) on_call_end(2)");
  client_expect(pair.bob, "on_user_busy on_call_end(2)");
  pair_end(&pair);
  timers = defaults;
}

static void nobody_answers_at_the_callees_limit(void)
{
  struct pair pair;
  timers.ring_grace_ms = 1;
  pair = order_pair();
  CHECK_OK(nertc_callkit_set_call_timeout(pair.bob->kit, 40));
  pair_ring(&pair);
  client_expect(pair.bob, "on_user_busy on_call_end(2)");
  client_expect(pair.alice, "on_calling_timeout on_message_sent(4) on_call_end(2)");
  pair_end(&pair);
  timers = defaults;
}

/* Scenario (timeout): The callee is offline: the call times out. */
static void offline_callee_rings_out(void)
{
  struct pair pair;
  timers.ring_ms = 400;
  pair = order_pair();
  client_call(pair.alice, "nobody");
  client_expect(pair.alice, "on_calling_timeout on_message_sent(4) on_call_end(2)");
  pair_end(&pair);
  timers = defaults;
}

static void busy(void)
{
  struct pair pair = order_pair();
  struct client *carol = order_third(&pair, "carol", NULL);
  pair_connect(&pair);
  client_call(carol, "bob");
  client_expect(carol, "on_user_busy on_message_sent(5) on_call_end(3)");
  client_expect(pair.bob, "on_missed_call(3)");
  CHECK_INT(nertc_callkit_get_state(pair.bob->kit), NERTC_CALLKIT_STATE_IN_CALL);
  client_call(carol, "alice");
  client_expect(carol, "on_user_busy on_message_sent(5) on_call_end(3)");
  client_expect(pair.alice, "on_missed_call(3)");
  order_end_third(carol);
  CHECK_OK(nertc_callkit_hangup(pair.alice->kit, NULL, NULL, client_done, pair.alice));
  client_expect(pair.alice, "done(hangup,0) on_call_end(15)");
  client_expect(pair.bob, "on_call_end(16)");
  pair_end(&pair);
}

/* Scenario (busy): A client that rings, and one that is calling, are busy to a third party. */
static void a_ringing_and_a_calling_client_are_busy(void)
{
  struct pair pair = order_pair();
  struct client *carol = order_third(&pair, "carol", NULL);
  pair_ring(&pair);
  client_call(carol, "bob");
  client_expect(carol, "on_user_busy on_message_sent(5) on_call_end(3)");
  client_expect(pair.bob, "on_missed_call(3)");
  client_call(carol, "alice");
  client_expect(carol, "on_user_busy on_message_sent(5) on_call_end(3)");
  client_expect(pair.alice, "on_missed_call(3)");
  order_end_third(carol);
  CHECK_OK(nertc_callkit_reject(pair.bob->kit, NULL, NULL, client_done, pair.bob));
  client_expect(pair.bob, "done(reject,0) on_call_end(13)");
  client_expect(pair.alice, "on_user_reject on_message_sent(3) on_call_end(14)");
  pair_end(&pair);
}

static void the_users_cancel_crosses_accept(void)
{
  struct pair pair = order_pair();
  fault(pair.hub, DROP, EVENT_ACCEPT, "alice", 0);
  pair_ring(&pair);
  CHECK_OK(nertc_callkit_accept(pair.bob->kit, NULL, client_done, pair.bob));
  client_expect(pair.bob, "done(accept,0)");
  CHECK_OK(nertc_callkit_cancel(pair.alice->kit, NULL, NULL, client_done, pair.alice));
  client_expect(pair.alice, "done(cancel,0) on_message_sent(2) on_call_end(11)");
  client_expect(pair.bob, "on_call_end(16)");
  pair_end(&pair);
}

static void the_ring_timers_cancel_crosses_accept(void)
{
  struct pair pair;
  timers.ring_ms = 400;
  pair = order_pair();
  fault(pair.hub, DELAY, EVENT_ACCEPT, "alice", .delay_ms = 800);
  pair_ring(&pair);
  CHECK_OK(nertc_callkit_accept(pair.bob->kit, NULL, client_done, pair.bob));
  client_expect(pair.alice, "on_user_accept on_user_enter on_call_connected");
  client_expect(pair.bob, "done(accept,0) on_user_enter on_call_connected");
  CHECK_OK(nertc_callkit_hangup(pair.alice->kit, NULL, NULL, client_done, pair.alice));
  client_expect(pair.alice, "done(hangup,0) on_call_end(15)");
  client_expect(pair.bob, "on_call_end(16)");
  pair_end(&pair);
  timers = defaults;
}

static void accept_refused(int32_t code, const char *words)
{
  struct pair pair = order_pair();
  fault(pair.hub, REFUSE, ACCEPT, "bob", .code = code);
  pair_ring(&pair);
  CHECK_OK(nertc_callkit_accept(pair.bob->kit, NULL, client_done, pair.bob));
  client_expect(pair.bob, words);
  /* alice keeps ringing, or learns that bob's accept failed; her end is not this row. */
  client_destroy(pair.bob, "");
  CHECK_OK(nertc_callkit_destroy(pair.alice->kit));
  client_free(pair.alice);
  client_free(pair.bob);
  CHECK_OK(nertc_callkit_hub_release(pair.hub));
}

static void accept_too_late(void)
{
  accept_refused(10410, "done(accept,10410) on_other_client_accept on_call_end(18)");
  accept_refused(10409, "done(accept,10409) on_other_client_reject on_call_end(17)");
  accept_refused(10408, "done(accept,10408) on_user_cancel on_call_end(12)");
  accept_refused(10404, "done(accept,10404) on_user_cancel on_call_end(12)");
  accept_refused(500, "done(accept,500) on_call_end(21)");
}

static void accept_is_never_answered(void)
{
  struct pair pair;
  timers.request_ms = 600;
  pair = order_pair();
  fault(pair.hub, NO_ANSWER, ACCEPT, "bob", 0);
  pair_ring(&pair);
  CHECK_OK(nertc_callkit_accept(pair.bob->kit, NULL, client_done, pair.bob));
  client_expect(pair.bob, "done(accept,408) on_call_end(21)");
  client_until(pair.alice, "on_user_accept");
  CHECK_OK(nertc_callkit_destroy(pair.alice->kit));
  client_destroy(pair.bob, "");
  client_free(pair.alice);
  client_free(pair.bob);
  CHECK_OK(nertc_callkit_hub_release(pair.hub));
  timers = defaults;
}

void answer_rows(void)
{
  RUN(accepted);
  RUN(accepted_inside_on_invited);
  RUN(rejected);
  RUN(cancelled);
  RUN(cancelled_without_record);
  RUN(hangup_while_calling_and_ringing);
  RUN(cancelled_before_an_invite_left);
  RUN(cancelled_before_the_invite_was_answered);
  RUN(call_fails);
  RUN(nobody_answers_at_the_callers_limit);
  RUN(nobody_answers_at_the_callees_limit);
  RUN(offline_callee_rings_out);
  RUN(busy);
  RUN(a_ringing_and_a_calling_client_are_busy);
  RUN(the_users_cancel_crosses_accept);
  RUN(the_ring_timers_cancel_crosses_accept);
  RUN(accept_too_late);
  RUN(accept_is_never_answered);
}
