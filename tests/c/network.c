/* network.c: duplicate, late or reordered messages and results change nothing that the apps see; lost
 * ones end as docs/EVENTS.md documents. */
#include "check.h"
#include "client.h"

static nertc_callkit_timers timers = NERTC_CALLKIT_TIMERS_INIT;

static struct pair new_pair(void)
{
  struct setup setup = {.timers = &timers};
  return pair_new(NERTC_CALLKIT_HUB_SERVER_RECORD, &setup);
}

static void hang_up(struct pair *pair)
{
  CHECK_OK(nertc_callkit_hangup(pair->alice->kit, NULL, NULL, client_done, pair->alice));
  client_expect(pair->alice, "done(hangup,0) on_call_end(15)");
  client_expect(pair->bob, "on_call_end(16)");
}

/* The four ways of a call, again and again. */
static void play(struct pair *pair)
{
  pair_connect(pair);
  hang_up(pair);
  pair_ring(pair);
  CHECK_OK(nertc_callkit_reject(pair->bob->kit, NULL, NULL, client_done, pair->bob));
  client_expect(pair->bob, "done(reject,0) on_call_end(13)");
  client_expect(pair->alice, "on_user_reject on_message_sent(3) on_call_end(14)");
  pair_ring(pair);
  CHECK_OK(nertc_callkit_cancel(pair->alice->kit, NULL, NULL, client_done, pair->alice));
  client_expect(pair->alice, "done(cancel,0) on_message_sent(2) on_call_end(11)");
  client_expect(pair->bob, "on_user_cancel on_call_end(12)");
  pair_connect(pair);
  CHECK_OK(nertc_callkit_leave(pair->bob->kit, NULL, NULL, client_done, pair->bob));
  client_expect(pair->bob, "done(leave,0) on_call_end(0)");
  client_expect(pair->alice, "on_user_leave on_call_end(20)");
}

/* Where a fault can strike: operations, then messages. */
static const int32_t places[] = {
  NERTC_CALLKIT_FAULT_ON_CREATE, NERTC_CALLKIT_FAULT_ON_JOIN, NERTC_CALLKIT_FAULT_ON_INVITE,
  NERTC_CALLKIT_FAULT_ON_CANCEL, NERTC_CALLKIT_FAULT_ON_ACCEPT, NERTC_CALLKIT_FAULT_ON_REJECT,
  NERTC_CALLKIT_FAULT_ON_LEAVE, NERTC_CALLKIT_FAULT_ON_CLOSE, NERTC_CALLKIT_FAULT_ON_RECORD,
  NERTC_CALLKIT_FAULT_ON_RTC_JOIN, NERTC_CALLKIT_FAULT_ON_RTC_LEAVE, NERTC_CALLKIT_FAULT_ON_EVENT_CLOSE,
  NERTC_CALLKIT_FAULT_ON_EVENT_JOIN, NERTC_CALLKIT_FAULT_ON_EVENT_INVITE, NERTC_CALLKIT_FAULT_ON_EVENT_CANCEL,
  NERTC_CALLKIT_FAULT_ON_EVENT_REJECT, NERTC_CALLKIT_FAULT_ON_EVENT_ACCEPT, NERTC_CALLKIT_FAULT_ON_EVENT_LEAVE,
  NERTC_CALLKIT_FAULT_ON_EVENT_CONTROL, NERTC_CALLKIT_FAULT_ON_EVENT_RTC};

static void with_fault_everywhere(int32_t action, uint32_t delay_ms)
{
  size_t i;
  for (i = 0; i < sizeof places / sizeof places[0]; i++) {
    struct pair pair = new_pair();
    fault_at(__FILE__, __LINE__, pair.hub, action, places[i], NULL,
             (nertc_callkit_fault){.struct_size = sizeof(nertc_callkit_fault), .hit_count = UINT32_MAX,
                                   .delay_ms = delay_ms});
    play(&pair);
    pair_end(&pair);
  }
}

/* Scenario (order): Every message arrives twice, through a whole call: the app sees each event once. */
static void everything_comes_twice(void)
{
  with_fault_everywhere(NERTC_CALLKIT_FAULT_DUPLICATE, 0);
}

/* Scenario (order): Every message arrives late, through a whole call: nothing is lost or duplicated. */
static void everything_comes_late(void)
{
  with_fault_everywhere(NERTC_CALLKIT_FAULT_DELAY, 8);
}

/* Everything at once. */
static void a_bad_day(void)
{
  struct pair pair = new_pair();
  size_t i;
  for (i = 0; i < sizeof places / sizeof places[0]; i++) {
    fault_at(__FILE__, __LINE__, pair.hub, i % 2 ? NERTC_CALLKIT_FAULT_DUPLICATE : NERTC_CALLKIT_FAULT_DELAY,
             places[i], NULL,
             (nertc_callkit_fault){.struct_size = sizeof(nertc_callkit_fault), .hit_count = UINT32_MAX,
                                   .delay_ms = i % 2 ? 0 : 5});
  }
  play(&pair);
  play(&pair);
  pair_end(&pair);
}

/* The CLOSE of a hang-up is lost: bob's media reports it, a little later. */
/* Scenario (failure): The close after a hang-up is lost: the peer is still notified, by the media room. */
static void a_lost_close(void)
{
  struct pair pair;
  timers.peer_leave_ms = 30;
  pair = new_pair();
  pair_connect(&pair);
  fault(pair.hub, DROP, EVENT_CLOSE, "bob", 0);
  CHECK_OK(nertc_callkit_hangup(pair.alice->kit, NULL, NULL, client_done, pair.alice));
  client_expect(pair.alice, "done(hangup,0) on_call_end(15)");
  client_expect(pair.bob, "on_user_leave on_call_end(20)");
  pair_end(&pair);
  timers.peer_leave_ms = 0;
}

/* The CANCEL is lost, and the close of the channel, which implies the same. */
/* Scenario (failure): A cancel is lost: a device that accepts then learns that the call has ended. */
static void a_lost_cancel(void)
{
  struct pair pair = new_pair();
  fault(pair.hub, DROP, EVENT_CANCEL, "bob", 0);
  fault(pair.hub, DROP, EVENT_CLOSE, "bob", 0);
  pair_ring(&pair);
  CHECK_OK(nertc_callkit_cancel(pair.alice->kit, NULL, NULL, client_done, pair.alice));
  client_expect(pair.alice, "done(cancel,0) on_message_sent(2) on_call_end(11)");
  /* bob rings on for a call that is gone; his accept finds out. */
  CHECK_OK(nertc_callkit_accept(pair.bob->kit, NULL, client_done, pair.bob));
  client_until(pair.bob, "on_call_end(12)");
  pair_end(&pair);
}

/* The REJECT is lost: alice's own ring timer ends it. */
/* Scenario (failure): A rejection is lost: at the ring limit the service reports that the call was rejected. */
static void a_lost_reject(void)
{
  struct pair pair;
  timers.ring_ms = 600; /* until bob has rejected, on a busy machine too */
  pair = new_pair();
  fault(pair.hub, DROP, EVENT_REJECT, "alice", 0);
  pair_ring(&pair);
  CHECK_OK(nertc_callkit_reject(pair.bob->kit, NULL, NULL, client_done, pair.bob));
  client_expect(pair.bob, "done(reject,0) on_call_end(13)");
  client_until(pair.alice, "on_call_end(14)");
  pair_end(&pair);
  timers.ring_ms = 0;
}

/* The close of the channel is refused or never completes: the call ends at once all the same. */
/* Scenario (failure): The service refuses to end a call: it ends here all the same, with an error. */
static void an_end_that_the_service_refuses(void)
{
  struct pair pair;
  /* The next call has the same limits, on a busy machine too. */
  timers.rtc_leave_ms = 500;
  timers.peer_leave_ms = 30;
  timers.teardown_ms = 1000;
  pair = new_pair();
  pair_connect(&pair);
  fault(pair.hub, REFUSE, CLOSE, "alice", .code = 500);
  fault(pair.hub, NO_ANSWER, RTC_LEAVE, "alice", 0);
  CHECK_OK(nertc_callkit_hangup(pair.alice->kit, NULL, NULL, client_done, pair.alice));
  client_expect(pair.alice, "done(hangup,0) on_call_end(15)");
  client_until(pair.bob, "on_call_end(20)");
  client_until(pair.alice, "on_error(closing_the_channel_of_an_ended_call,500)");
  /* The next join waits for the last leave, which is never answered. */
  play(&pair);
  pair_end(&pair);
}

int main(void)
{
  RUN(everything_comes_twice);
  RUN(everything_comes_late);
  RUN(a_bad_day);
  RUN(a_lost_close);
  RUN(a_lost_cancel);
  RUN(a_lost_reject);
  RUN(an_end_that_the_service_refuses);
  return 0;
}
