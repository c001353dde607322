/* malformed_input.c: backends that violate the contract, and peers and services that send invalid data. The
 * result is a clear code; the live call is not affected; nothing hangs or is reported twice. */
#include "intercept.h"

/* alice over the intercepting backends, bob over the loopback. */
struct scene {
  struct pair pair;
  struct intercept intercept;
  nertc_callkit_backends backends;
  nertc_callkit_timers timers;
};

static void scene_start(struct scene *scene)
{
  const nertc_callkit_timers timers = NERTC_CALLKIT_TIMERS_INIT;
  struct setup bob = {0}, alice = {0};
  memset(scene, 0, sizeof *scene);
  scene->timers = timers;
  /* Some of it runs out here; the calls afterwards have the same limits, on a busy machine too. */
  scene->timers.request_ms = 500;
  scene->timers.operation_ms = 500;
  scene->timers.login_ms = 500;
  scene->timers.rtc_leave_ms = 500;
  scene->timers.destroy_wait_ms = 50;
  CHECK_OK(nertc_callkit_hub_create(NERTC_CALLKIT_HUB_SERVER_RECORD, &scene->pair.hub));
  intercept_init(&scene->intercept, scene->pair.hub, &scene->backends);
  alice.backends = &scene->backends;
  alice.timers = &scene->timers;
  bob.hub = scene->pair.hub;
  scene->pair.alice = client_new("alice", &alice);
  scene->pair.bob = client_new("bob", &bob);
  client_login(scene->pair.bob);
}

static void scene_end(struct scene *scene)
{
  CHECK_OK(nertc_callkit_destroy(scene->pair.alice->kit));
  CHECK_OK(nertc_callkit_destroy(scene->pair.bob->kit));
  CHECK_INT(scene->intercept.closed, scene->intercept.opened);
  CHECK_INT(scene->intercept.released, 2);
  client_free(scene->pair.alice);
  client_free(scene->pair.bob);
  CHECK_OK(nertc_callkit_hub_release(scene->pair.hub));
}

static void start_call(struct scene *scene)
{
  nertc_callkit_call_options options = NERTC_CALLKIT_CALL_OPTIONS_INIT;
  options.user_id = "bob";
  CHECK_OK(nertc_callkit_call(scene->pair.alice->kit, &options, client_done, scene->pair.alice));
}

static void good_call(struct scene *scene)
{
  pair_connect(&scene->pair);
  CHECK_OK(nertc_callkit_hangup(scene->pair.alice->kit, NULL, NULL, client_done, scene->pair.alice));
  client_expect(scene->pair.alice, "done(hangup,0) on_call_end(15)");
  client_expect(scene->pair.bob, "on_call_end(16)");
}

static void refuses_open(void)
{
  struct scene scene;
  scene_start(&scene);
  scene.intercept.refuse_open = 77;
  CHECK_OK(nertc_callkit_login(scene.pair.alice->kit, "alice", NULL, client_done, scene.pair.alice));
  client_expect(scene.pair.alice, "done(login,77)");
  /* open is called at most once: a backend that refused it is never used. */
  scene.intercept.refuse_open = 0;
  CHECK_OK(nertc_callkit_login(scene.pair.alice->kit, "alice", NULL, client_done, scene.pair.alice));
  client_until(scene.pair.alice, scene.intercept.opened ? "done(login,0)" : "done(login,77)");
  scene_end(&scene);
}

static void refuses_open_of_media(void)
{
  struct scene scene;
  scene_start(&scene);
  scene.intercept.refuse_open_rtc = 78;
  CHECK_OK(nertc_callkit_login(scene.pair.alice->kit, "alice", NULL, client_done, scene.pair.alice));
  client_expect(scene.pair.alice, "done(login,78)");
  scene_end(&scene);
}

static void refuses_at_once(void)
{
  static const enum intercept_op ops[] = {INTERCEPT_CREATE, INTERCEPT_JOIN, INTERCEPT_INVITE};
  struct scene scene;
  size_t i;
  scene_start(&scene);
  scene.intercept.code = 79;
  scene.intercept.act[INTERCEPT_LOGIN] = INTERCEPT_REFUSE;
  CHECK_OK(nertc_callkit_login(scene.pair.alice->kit, "alice", NULL, client_done, scene.pair.alice));
  client_expect(scene.pair.alice, "done(login,79)");
  client_login(scene.pair.alice);
  for (i = 0; i < sizeof ops / sizeof ops[0]; i++) {
    scene.intercept.act[ops[i]] = INTERCEPT_REFUSE;
    start_call(&scene);
    client_expect(scene.pair.alice, "done(call,79) on_call_end(7)");
  }
  good_call(&scene);
  scene_end(&scene);
}

static void completes_twice_or_for_nobody(void)
{
  struct scene scene;
  int op;
  scene_start(&scene);
  scene.intercept.code = 80;
  for (op = 0; op < INTERCEPT_OPS; op++) {
    scene.intercept.act[op] = op % 2 ? INTERCEPT_TWICE : INTERCEPT_WRONG_REQ;
  }
  client_login(scene.pair.alice);
  good_call(&scene);
  for (op = 0; op < INTERCEPT_OPS; op++) {
    scene.intercept.act[op] = op % 2 ? INTERCEPT_WRONG_REQ : INTERCEPT_TWICE;
  }
  good_call(&scene);
  client_silent(scene.pair.alice);
  scene_end(&scene);
}

/* Scenario (failure): A backend never completes anything: each request completes at its time limit. */
static void never_completes(void)
{
  struct scene scene;
  scene_start(&scene);
  scene.intercept.act[INTERCEPT_LOGIN] = INTERCEPT_NEVER;
  CHECK_OK(nertc_callkit_login(scene.pair.alice->kit, "alice", NULL, client_done, scene.pair.alice));
  client_expect(scene.pair.alice, "done(login,408)");
  client_login(scene.pair.alice);
  scene.intercept.act[INTERCEPT_CREATE] = INTERCEPT_NEVER;
  start_call(&scene);
  client_expect(scene.pair.alice, "done(call,408) on_call_end(7)");
  scene.intercept.act[INTERCEPT_JOIN] = INTERCEPT_NEVER;
  start_call(&scene);
  client_expect(scene.pair.alice, "done(call,408) on_call_end(7)");
  good_call(&scene);
  scene_end(&scene);
}

/* The logout of an unwilling backend still ends, and so does destroy. */
static void never_completes_the_end(void)
{
  struct scene scene;
  int op;
  scene_start(&scene);
  client_login(scene.pair.alice);
  pair_connect(&scene.pair);
  for (op = 0; op < INTERCEPT_OPS; op++) {
    scene.intercept.act[op] = INTERCEPT_NEVER;
  }
  CHECK_OK(nertc_callkit_logout(scene.pair.alice->kit, client_done, scene.pair.alice));
  client_until(scene.pair.alice, "on_call_end(0)");
  client_until(scene.pair.bob, "on_call_end(16)");
  scene_end(&scene);
}

static void completes_late_and_after_close(void)
{
  struct scene scene;
  scene_start(&scene);
  client_login(scene.pair.alice);
  scene.intercept.act[INTERCEPT_CREATE] = INTERCEPT_LATE;
  start_call(&scene);
  client_expect(scene.pair.alice, "done(call,408) on_call_end(7)");
  WAIT_UNTIL(at_least_one, &scene.intercept.asked[INTERCEPT_CREATE]);
  intercept_complete_late(&scene.intercept);
  good_call(&scene);
  scene_end(&scene);
  /* The client is gone: a sink that is called now does nothing. */
  intercept_complete_late(&scene.intercept);
  intercept_event(&scene.intercept, NERTC_CALLKIT_SIGNAL_INVITE, 0, "c", "carol", "r", "{}");
  CHECK_INT(intercept_connection(&scene.intercept, NERTC_CALLKIT_CONNECTION_LOST), 0);
  CHECK_INT(intercept_rtc_event(&scene.intercept, NERTC_CALLKIT_RTC_DISCONNECTED, 0, 0), 0);
}

/* Scenario (order): A backend completes inside the operation's own call: like any other completion. */
static void completes_inside_its_own_operation(void)
{
  struct scene scene;
  scene_start(&scene);
  scene.intercept.act[INTERCEPT_LOGIN] = INTERCEPT_INSIDE;
  scene.intercept.code = 302;
  CHECK_OK(nertc_callkit_login(scene.pair.alice->kit, "alice", NULL, client_done, scene.pair.alice));
  client_expect(scene.pair.alice, "done(login,302)");
  client_login(scene.pair.alice);
  scene.intercept.act[INTERCEPT_CREATE] = INTERCEPT_INSIDE;
  start_call(&scene);
  client_expect(scene.pair.alice, "done(call,302) on_call_end(7)");
  scene.intercept.act[INTERCEPT_RTC_JOIN] = INTERCEPT_INSIDE;
  pair_ring(&scene.pair);
  CHECK_OK(nertc_callkit_accept(scene.pair.bob->kit, NULL, client_done, scene.pair.bob));
  client_expect(scene.pair.alice, "on_user_accept on_error(joining_the_media_room,302) on_call_end(5)");
  client_until(scene.pair.bob, "on_call_end(16)");
  good_call(&scene);
  scene_end(&scene);
}

static void a_malformed_service(void)
{
  static const enum intercept_act acts[] = {INTERCEPT_BAD_UTF8, INTERCEPT_HUGE, INTERCEPT_NULL_ROOM};
  static const char *const words[] = {"done(call,90008) on_call_end(7)", "done(call,90005) on_call_end(7)",
                                      "done(call,90008) on_call_end(7)"};
  struct scene scene;
  size_t i;
  scene_start(&scene);
  client_login(scene.pair.alice);
  for (i = 0; i < sizeof acts / sizeof acts[0]; i++) {
    scene.intercept.act[INTERCEPT_CREATE] = acts[i];
    start_call(&scene);
    client_expect(scene.pair.alice, words[i]);
    scene.intercept.act[INTERCEPT_JOIN] = acts[i];
    start_call(&scene);
    client_expect(scene.pair.alice, words[i]);
  }
  good_call(&scene);
  scene_end(&scene);
}

/* Invalid messages are dropped in every state; the live call is not affected. */
static void report_nonsense(struct intercept *intercept)
{
  static char megabyte[1024 * 1024];
  static const int32_t signals[] = {1, 2, 3, 4, 5, 6, 7, 8};
  size_t i;
  memset(megabyte, 'm', sizeof megabyte - 1);
  for (i = 0; i < sizeof signals / sizeof signals[0]; i++) {
    intercept_event(intercept, signals[i], 0, NULL, NULL, NULL, NULL);
    intercept_event(intercept, signals[i], 0, "", "", "", "");
    intercept_event(intercept, signals[i], 0, "\xff\xff", "carol", "r", "{}");
    intercept_event(intercept, signals[i], 0, "c", "\xc3(", "r", "{}");
    intercept_event(intercept, signals[i], 0, "c", megabyte, "r", "{}");
    intercept_event(intercept, signals[i], 0, megabyte, "carol", "r", "{}");
    intercept_event(intercept, signals[i], 77, "c", "carol", "r", "{}");
    intercept_event(intercept, signals[i], 2, NULL, NULL, NULL, megabyte);
  }
  intercept_event(intercept, 0, 0, "c", "carol", "r", "{}");
  intercept_event(intercept, 99, 0, "c", "carol", "r", "{}");
  intercept->core.events(intercept->core.ctx, 0, NULL, 3);
  intercept->core.channel_states(intercept->core.ctx, NULL, 3);
  intercept->core.connection(intercept->core.ctx, NULL);
  intercept_connection(intercept, 99);
  intercept->core_rtc.event(intercept->core_rtc.ctx, NULL);
  intercept_rtc_event(intercept, 99, 1, 0);
  intercept_rtc_event(intercept, NERTC_CALLKIT_RTC_PEER_LEAVE, 123456, 0);
  intercept->core_rtc.frame(intercept->core_rtc.ctx, NULL);
  intercept->core.log(intercept->core.ctx, 99, NULL);
  intercept->core.log(intercept->core.ctx, 1, "\xff");
}

static void nonsense_leaves_a_call_alone(void)
{
  struct scene scene;
  scene_start(&scene);
  client_login(scene.pair.alice);
  pair_connect(&scene.pair);
  report_nonsense(&scene.intercept);
  CHECK_OK(nertc_callkit_hangup(scene.pair.alice->kit, NULL, NULL, client_done, scene.pair.alice));
  client_expect(scene.pair.alice, "done(hangup,0) on_call_end(15)");
  client_expect(scene.pair.bob, "on_call_end(16)");
  scene_end(&scene);
}

/* Messages of carol, who is not the peer, about the live call are dropped. */
/* Scenario (wrong): A service delivers messages of an account that has no part in the call: nothing
 * changes. */
static void the_wrong_sender(void)
{
  static const int32_t signals[] = {1, 2, 4, 5, 6, 7, 8};
  struct scene scene;
  size_t i;
  scene_start(&scene);
  client_login(scene.pair.alice);
  pair_ring(&scene.pair);
  for (i = 0; i < sizeof signals / sizeof signals[0]; i++) {
    intercept_event(&scene.intercept, signals[i], 0, scene.pair.alice->channel_id, "carol",
        scene.pair.alice->request_id, "{}");
    intercept_event(&scene.intercept, signals[i], 1, scene.pair.alice->channel_id, "carol",
        scene.pair.alice->request_id, "{}");
    intercept_event(&scene.intercept, signals[i], 0, "another channel", "bob", scene.pair.alice->request_id, "{}");
  }
  CHECK_OK(nertc_callkit_accept(scene.pair.bob->kit, NULL, client_done, scene.pair.bob));
  client_expect(scene.pair.alice, "on_user_accept on_user_enter on_call_connected");
  client_expect(scene.pair.bob, "done(accept,0) on_user_enter on_call_connected");
  for (i = 0; i < sizeof signals / sizeof signals[0]; i++) {
    intercept_event(&scene.intercept, signals[i], 0, scene.pair.alice->channel_id, "carol",
        scene.pair.alice->request_id, "{}");
  }
  CHECK_OK(nertc_callkit_hangup(scene.pair.alice->kit, NULL, NULL, client_done, scene.pair.alice));
  client_expect(scene.pair.alice, "done(hangup,0) on_call_end(15)");
  client_expect(scene.pair.bob, "on_call_end(16)");
  scene_end(&scene);
}

/* Attachments of a peer: the call rings, and what cannot be read counts as absent. */
static void attachments_of_peers(void)
{
  static char deep[2100];
  static const char *const customs[] = {"", "not JSON", "[]", "null", "{", "{\"_attachment\":{\"a\":[1]}}",
    "{\"callType\":\"x\",\"version\":7,\"channelName\":[],\"_attachment\":5,\"callId\":{},\"reason\":\"x\"}",
    "{\"version\":\"a.b.c\",\"channelName\":\"\"}", "{\"version\":\"99999999999999.1.1\",\"channelName\":\"n\"}",
    "{\"_attachment\":\"a\\u0000b\",\"version\":\"1.8.1\",\"channelName\":\"n\"}"};
  struct scene scene;
  char request[16];
  size_t i;
  memset(deep, '[', 1000);
  memset(deep + 1000, ']', 1000);
  scene_start(&scene);
  client_login(scene.pair.alice);
  for (i = 0; i <= sizeof customs / sizeof customs[0]; i++) {
    const char *custom_info = i == sizeof customs / sizeof customs[0] ? deep : customs[i];
    snprintf(request, sizeof request, "r%u", (unsigned)i);
    intercept_event(&scene.intercept, NERTC_CALLKIT_SIGNAL_INVITE, 0, "foreign-channel", "carol", request,
        custom_info);
    client_expect(scene.pair.alice, "on_invited");
    if (i == 5) {
      CHECK_TEXT(scene.pair.alice->attachment, "{\"a\":[1]}");
    }
    intercept_event(&scene.intercept, NERTC_CALLKIT_SIGNAL_CANCEL, 0, "foreign-channel", "carol", request,
        custom_info);
    client_expect(scene.pair.alice, "on_user_cancel on_call_end(12)");
  }
  scene_end(&scene);
}

static void a_group_invite_does_not_ring(void)
{
  struct scene scene;
  scene_start(&scene);
  client_login(scene.pair.alice);
  intercept_event(&scene.intercept, NERTC_CALLKIT_SIGNAL_INVITE, 0, "g", "carol", "r",
      "{\"callType\":1,\"version\":\"1.8.1\"}");
  client_expect(scene.pair.alice, "on_missed_call(6)");
  CHECK_INT(nertc_callkit_get_state(scene.pair.alice->kit), NERTC_CALLKIT_STATE_IDLE);
  scene_end(&scene);
}

static void an_invite_from_oneself_does_not_ring(void)
{
  struct scene scene;
  scene_start(&scene);
  client_login(scene.pair.alice);
  intercept_event(&scene.intercept, NERTC_CALLKIT_SIGNAL_INVITE, 0, "g", "alice", "r", "{}");
  good_call(&scene);
  scene_end(&scene);
}

static void signaling_is_lost_and_comes_back(void)
{
  struct scene scene;
  scene_start(&scene);
  client_login(scene.pair.alice);
  pair_ring(&scene.pair);
  intercept_connection(&scene.intercept, NERTC_CALLKIT_CONNECTION_LOST);
  intercept_connection(&scene.intercept, NERTC_CALLKIT_CONNECTION_RESTORED);
  client_expect(scene.pair.alice, "on_reconnecting(1) on_reconnected(1)");
  CHECK_OK(nertc_callkit_accept(scene.pair.bob->kit, NULL, client_done, scene.pair.bob));
  client_expect(scene.pair.alice, "on_user_accept on_user_enter on_call_connected");
  client_expect(scene.pair.bob, "done(accept,0) on_user_enter on_call_connected");
  intercept_rtc_event(&scene.intercept, NERTC_CALLKIT_RTC_RECONNECTING, 0, 0);
  intercept_rtc_event(&scene.intercept, NERTC_CALLKIT_RTC_RECONNECTED, 0, 0);
  client_expect(scene.pair.alice, "on_reconnecting(2) on_reconnected(2)");
  intercept_rtc_event(&scene.intercept, NERTC_CALLKIT_RTC_DISCONNECTED, 0, 30001);
  client_expect(scene.pair.alice, "on_disconnect on_call_end(10)");
  /* For bob's side nothing broke: alice left. */
  client_expect(scene.pair.bob, "on_user_leave on_call_end(20)");
  scene_end(&scene);
}

/* Scenario (reconnect): The peer stays silent: the call ends as disconnected. */
static void the_peer_is_silent_for_good(void)
{
  struct scene scene;
  struct setup alice = {0};
  nertc_callkit_call_info info = NERTC_CALLKIT_CALL_INFO_INIT;
  scene_start(&scene);
  CHECK_OK(nertc_callkit_destroy(scene.pair.alice->kit));
  client_free(scene.pair.alice);
  intercept_init(&scene.intercept, scene.pair.hub, &scene.backends);
  /* PEER_SILENT reports that two seconds have passed already. */
  scene.timers.peer_reconnecting_ms = 2030;
  scene.timers.peer_lost_ms = 2600;
  alice.backends = &scene.backends;
  alice.timers = &scene.timers;
  scene.pair.alice = client_new("alice", &alice);
  client_login(scene.pair.alice);
  pair_connect(&scene.pair);
  CHECK_OK(nertc_callkit_get_call_info(scene.pair.alice->kit, &info));
  intercept_rtc_event(&scene.intercept, NERTC_CALLKIT_RTC_PEER_SILENT, info.peer_uid, 0);
  client_expect(scene.pair.alice, "on_reconnecting(2)");
  intercept_rtc_event(&scene.intercept, NERTC_CALLKIT_RTC_PEER_ACTIVE, info.peer_uid, 0);
  client_expect(scene.pair.alice, "on_reconnected(2)");
  intercept_rtc_event(&scene.intercept, NERTC_CALLKIT_RTC_PEER_SILENT, info.peer_uid, 0);
  client_expect(scene.pair.alice, "on_reconnecting(2) on_user_disconnect on_call_end(19)");
  scene_end(&scene);
}

static void a_vtable_without_a_mandatory_function(void)
{
  struct intercept intercept;
  nertc_callkit_backends backends;
  nertc_callkit_config config = NERTC_CALLKIT_CONFIG_INIT;
  nertc_callkit *kit = NULL;
  intercept_init(&intercept, NULL, &backends);
  config.backends = &backends;
  intercept.signaling.invite = NULL;
  CHECK_REFUSED(nertc_callkit_create(&config, &kit), INVALID_ARGUMENT);
  intercept.signaling.invite = intercept.signaling.cancel_invite;
  intercept.rtc.join = NULL;
  CHECK_REFUSED(nertc_callkit_create(&config, &kit), INVALID_ARGUMENT);
  intercept.rtc.struct_size = 0;
  CHECK_REFUSED(nertc_callkit_create(&config, &kit), INVALID_ARGUMENT);
  /* They stay ours. */
  CHECK_INT(intercept.released, 0);
  backends.signaling->release(backends.signaling_ctx);
  backends.rtc->release(backends.rtc_ctx);
}

int main(void)
{
  RUN(refuses_open);
  RUN(refuses_open_of_media);
  RUN(refuses_at_once);
  RUN(completes_twice_or_for_nobody);
  RUN(never_completes);
  RUN(never_completes_the_end);
  RUN(completes_late_and_after_close);
  RUN(completes_inside_its_own_operation);
  RUN(a_malformed_service);
  RUN(nonsense_leaves_a_call_alone);
  RUN(the_wrong_sender);
  RUN(attachments_of_peers);
  RUN(a_group_invite_does_not_ring);
  RUN(an_invite_from_oneself_does_not_ring);
  RUN(signaling_is_lost_and_comes_back);
  RUN(the_peer_is_silent_for_good);
  RUN(a_vtable_without_a_mandatory_function);
  return 0;
}
