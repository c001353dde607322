/* call_references.c: which call a request means: by reference, by NULL, and when that call has ended. */
#include "check.h"

#include <sched.h>

static void hang_up(struct pair *pair)
{
  CHECK_OK(nertc_callkit_hangup(pair->alice->kit, NULL, NULL, client_done, pair->alice));
  client_expect(pair->alice, "done(hangup,0) on_call_end(15)");
  client_expect(pair->bob, "on_call_end(16)");
}

static struct pair new_pair(void)
{
  return pair_new(NERTC_CALLKIT_HUB_SERVER_RECORD, NULL);
}

static void ids_of_another_call(void)
{
  struct pair pair = new_pair();
  nertc_callkit_call_ref ref = NERTC_CALLKIT_CALL_REF_INIT;
  nertc_callkit_end_options options = NERTC_CALLKIT_END_OPTIONS_INIT;
  const nertc_callkit_call_ref *options_call = NULL;
  pair_connect(&pair);
  ref.call_no = pair.bob->call_no + 7;
  CHECK_OK(nertc_callkit_hangup(pair.bob->kit, &ref, NULL, client_done, pair.bob));
  client_expect(pair.bob, "done(hangup,90001)");
  ref.call_no = 0;
  ref.channel_id = "another channel";
  CHECK_OK(nertc_callkit_leave(pair.bob->kit, &ref, NULL, client_done, pair.bob));
  client_expect(pair.bob, "done(leave,90001)");
  ref.channel_id = NULL;
  ref.account = "carol";
  CHECK_OK(nertc_callkit_hangup(pair.bob->kit, &ref, NULL, client_done, pair.bob));
  client_expect(pair.bob, "done(hangup,90001)");
  hang_up(&pair);
  pair_ring(&pair);
  ref.account = NULL;
  ref.request_id = "another request";
  CHECK_OK(nertc_callkit_accept(pair.bob->kit, &ref, client_done, pair.bob));
  client_expect(pair.bob, "done(accept,90001)");
  CHECK_OK(nertc_callkit_reject(pair.bob->kit, &ref, NULL, client_done, pair.bob));
  client_expect(pair.bob, "done(reject,90001)");
  options_call = &ref;
  CHECK_OK(nertc_callkit_cancel(pair.alice->kit, options_call, &options, client_done, pair.alice));
  client_expect(pair.alice, "done(cancel,90001)");
  /* The running call is untouched, and each right field alone names it. */
  ref.request_id = pair.bob->request_id;
  CHECK_OK(nertc_callkit_accept(pair.bob->kit, &ref, client_done, pair.bob));
  client_expect(pair.bob, "done(accept,0) on_user_enter on_call_connected");
  client_expect(pair.alice, "on_user_accept on_user_enter on_call_connected");
  hang_up(&pair);
  pair_end(&pair);
}

/* A tap meant for one caller never answers another. */
/* Scenario (wrong): The user taps "accept" after the call has ended: nothing else is accepted. */
static void accept_of_a_call_that_ended_before_the_tap(void)
{
  struct pair pair = new_pair();
  nertc_callkit_call_ref first = NERTC_CALLKIT_CALL_REF_INIT;
  pair_ring(&pair);
  first.call_no = pair.bob->call_no;
  CHECK_OK(nertc_callkit_cancel(pair.alice->kit, NULL, NULL, client_done, pair.alice));
  client_expect(pair.alice, "done(cancel,0) on_message_sent(2) on_call_end(11)");
  client_expect(pair.bob, "on_user_cancel on_call_end(12)");
  pair_ring(&pair);
  CHECK_OK(nertc_callkit_accept(pair.bob->kit, &first, client_done, pair.bob));
  client_expect(pair.bob, "done(accept,90001)");
  CHECK_INT(nertc_callkit_get_state(pair.bob->kit), NERTC_CALLKIT_STATE_CALLED);
  /* Ending a call that has ended meanwhile is fine. */
  CHECK_OK(nertc_callkit_reject(pair.bob->kit, &first, NULL, client_done, pair.bob));
  client_expect(pair.bob, "done(reject,0)");
  CHECK_INT(nertc_callkit_get_state(pair.bob->kit), NERTC_CALLKIT_STATE_CALLED);
  CHECK_OK(nertc_callkit_reject(pair.bob->kit, NULL, NULL, client_done, pair.bob));
  client_expect(pair.bob, "done(reject,0) on_call_end(13)");
  client_expect(pair.alice, "on_user_reject on_message_sent(3) on_call_end(14)");
  pair_end(&pair);
}

/* APP delivery: the app still shows a call that has ended, and the next one rings already. */
static void null_means_the_call_that_was_shown(void)
{
  struct setup app = {.delivery = NERTC_CALLKIT_DELIVERY_APP};
  struct setup worker = {0};
  nertc_callkit_call_info info = NERTC_CALLKIT_CALL_INFO_INIT;
  struct pair pair;
  nertc_callkit_call_no shown;
  CHECK_OK(nertc_callkit_hub_create(NERTC_CALLKIT_HUB_SERVER_RECORD, &pair.hub));
  app.hub = worker.hub = pair.hub;
  pair.alice = client_new("alice", &worker);
  pair.bob = client_new("bob", &app);
  client_login(pair.alice);
  client_login(pair.bob);
  pair_ring(&pair);
  shown = pair.bob->call_no;
  pair.bob->held = 1;
  CHECK_OK(nertc_callkit_cancel(pair.alice->kit, NULL, NULL, client_done, pair.alice));
  client_expect(pair.alice, "done(cancel,0) on_message_sent(2) on_call_end(11)");
  client_call(pair.alice, "bob");
  do {
    /* bob's engine knows; his app does not, since nothing is dispatched. */
    sched_yield();
    CHECK_OK(nertc_callkit_get_call_info(pair.bob->kit, &info));
  } while (info.state != NERTC_CALLKIT_STATE_CALLED || info.call_no == shown);
  CHECK_OK(nertc_callkit_accept(pair.bob->kit, NULL, client_done, pair.bob));
  pair.bob->held = 0;
  client_expect(pair.bob, "on_user_cancel on_call_end(12) on_invited done(accept,90001)");
  CHECK_OK(nertc_callkit_reject(pair.bob->kit, NULL, NULL, client_done, pair.bob));
  client_expect(pair.bob, "done(reject,0) on_call_end(13)");
  client_expect(pair.alice, "on_user_reject on_message_sent(3) on_call_end(14)");
  pair_end(&pair);
}

static void call_info_has_the_same_ids(void)
{
  struct pair pair = new_pair();
  nertc_callkit_call_info alice = NERTC_CALLKIT_CALL_INFO_INIT, bob = NERTC_CALLKIT_CALL_INFO_INIT;
  pair_connect(&pair);
  CHECK_OK(nertc_callkit_get_call_info(pair.alice->kit, &alice));
  CHECK_OK(nertc_callkit_get_call_info(pair.bob->kit, &bob));
  CHECK_TEXT(alice.account, "alice");
  CHECK_TEXT(alice.peer, "bob");
  CHECK_TEXT(bob.peer, "alice");
  CHECK_TEXT(alice.channel_id, bob.channel_id);
  CHECK_TEXT(alice.request_id, bob.request_id);
  CHECK_TEXT(alice.call_id, bob.call_id);
  CHECK_TEXT(alice.rtc_channel, bob.rtc_channel);
  CHECK_TEXT(alice.channel_id, pair.alice->channel_id);
  CHECK_INT(alice.own_uid, bob.peer_uid);
  CHECK_INT(alice.peer_uid, bob.own_uid);
  CHECK_INT(alice.own_uid, pair.alice->uid);
  CHECK_INT(alice.flags, NERTC_CALLKIT_CALL_INFO_CONNECTED | NERTC_CALLKIT_CALL_INFO_INVITER);
  CHECK_INT(bob.flags, NERTC_CALLKIT_CALL_INFO_CONNECTED);
  CHECK_INT(alice.state, NERTC_CALLKIT_STATE_IN_CALL);
  hang_up(&pair);
  CHECK_OK(nertc_callkit_get_call_info(pair.alice->kit, &alice));
  CHECK_INT(alice.state, NERTC_CALLKIT_STATE_IDLE);
  CHECK_INT(alice.call_no, 0);
  CHECK_TEXT(alice.peer, "");
  pair_end(&pair);
}

int main(void)
{
  RUN(ids_of_another_call);
  RUN(accept_of_a_call_that_ended_before_the_tap);
  RUN(null_means_the_call_that_was_shown);
  RUN(call_info_has_the_same_ids);
  return 0;
}
