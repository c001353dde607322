/* cold_start.c: a push woke the client, and its user answered before login: NERTC_CALLKIT_CALL_REF_WAIT. */
#include "check.h"

/* bob's client is suspended while alice calls; the push's contents are in `push`. */
struct scene {
  nertc_callkit_hub *hub;
  nertc_callkit_timers timers;
  struct client *alice, *bob;
  char push[NERTC_CALLKIT_PUSH_SIZE];
  nertc_callkit_push_call call;
  nertc_callkit_call_ref ref;
};

static struct client *new_client(struct scene *scene, const char *account, const char *device)
{
  struct setup setup = {0};
  setup.hub = scene->hub;
  setup.device = device;
  setup.timers = &scene->timers;
  return client_new(account, &setup);
}

/* The sender of the push got call and ids from alice. */
static void read_push(struct scene *scene)
{
  const nertc_callkit_call_ref none = NERTC_CALLKIT_CALL_REF_INIT;
  nertc_callkit_push_call sent = NERTC_CALLKIT_PUSH_CALL_INIT, decoded = NERTC_CALLKIT_PUSH_CALL_INIT;
  uint32_t size = sizeof scene->push;
  sent.call_type = NERTC_CALLKIT_CALL_TYPE_AUDIO;
  sent.ring_left_ms = 30000;
  strcpy(sent.to_account, "bob");
  strcpy(sent.from_account, "alice");
  strcpy(sent.channel_id, scene->alice->channel_id);
  strcpy(sent.request_id, scene->alice->request_id);
  CHECK_OK(nertc_callkit_push_encode(&sent, scene->push, &size));
  CHECK_OK(nertc_callkit_push_decode(scene->push, &decoded));
  scene->call = decoded;
  scene->ref = none;
  scene->ref.flags = NERTC_CALLKIT_CALL_REF_WAIT;
  scene->ref.account = scene->call.from_account;
  scene->ref.channel_id = scene->call.channel_id;
  scene->ref.request_id = scene->call.request_id;
}

static void scene_start(struct scene *scene, int calls)
{
  const nertc_callkit_timers timers = NERTC_CALLKIT_TIMERS_INIT;
  memset(scene, 0, sizeof *scene);
  scene->timers = timers;
  CHECK_OK(nertc_callkit_hub_create(NERTC_CALLKIT_HUB_SERVER_RECORD, &scene->hub));
  scene->alice = new_client(scene, "alice", NULL);
  scene->bob = new_client(scene, "bob", "phone");
  client_login(scene->alice);
  client_login(scene->bob);
  /* The process of bob's client ends, without a logout; another one begins. */
  client_destroy(scene->bob, "");
  client_free(scene->bob);
  scene->bob = new_client(scene, "bob", "phone");
  if (calls) {
    client_call(scene->alice, "bob");
    read_push(scene);
  }
}

static void scene_end(struct scene *scene)
{
  client_destroy(scene->alice, "");
  client_destroy(scene->bob, "");
  client_free(scene->alice);
  client_free(scene->bob);
  CHECK_OK(nertc_callkit_hub_release(scene->hub));
}

static void start_login(struct client *client)
{
  CHECK_OK(nertc_callkit_login(client->kit, "bob", "token", client_done, client));
}

static void accept(struct scene *scene)
{
  CHECK_OK(nertc_callkit_accept(scene->bob->kit, &scene->ref, client_done, scene->bob));
}

static void hang_up(struct scene *scene)
{
  CHECK_OK(nertc_callkit_hangup(scene->alice->kit, NULL, NULL, client_done, scene->alice));
  client_expect(scene->alice, "done(hangup,0) on_call_end(15)");
  client_expect(scene->bob, "on_call_end(16)");
}

/* Scenario (early): A push started the app and its user accepts before login: the call is connected without
* ringing. */
static void accept_before_login(void)
{
  struct scene scene;
  scene_start(&scene, 1);
  accept(&scene);
  start_login(scene.bob);
  client_expect(scene.bob, "done(login,0) on_invited done(accept,0) on_user_enter on_call_connected");
  CHECK_INT(scene.bob->flags, NERTC_CALLKIT_INVITED_OFFLINE | NERTC_CALLKIT_INVITED_ANSWERED);
  client_expect(scene.alice, "on_user_accept on_user_enter on_call_connected");
  hang_up(&scene);
  scene_end(&scene);
}

static void accept_while_logging_in(void)
{
  struct scene scene;
  scene_start(&scene, 1);
  fault(scene.hub, DELAY, LOGIN, "bob", .delay_ms = 50);
  start_login(scene.bob);
  accept(&scene);
  client_expect(scene.bob, "done(login,0) on_invited done(accept,0) on_user_enter on_call_connected");
  client_expect(scene.alice, "on_user_accept on_user_enter on_call_connected");
  hang_up(&scene);
  scene_end(&scene);
}

/* Scenario (early): A push started the app and its user declines before login: the caller is notified at once. */
static void reject_before_login(void)
{
  nertc_callkit_end_options options = NERTC_CALLKIT_END_OPTIONS_INIT;
  const nertc_callkit_call_ref *options_call = NULL;
  struct scene scene;
  scene_start(&scene, 1);
  options_call = &scene.ref;
  options.reason = NERTC_CALLKIT_END_BUSY;
  options.text = "driving";
  CHECK_OK(nertc_callkit_reject(scene.bob->kit, options_call, &options, client_done, scene.bob));
  start_login(scene.bob);
  client_expect(scene.bob, "done(login,0) on_invited done(reject,0) on_call_end(13)");
  CHECK(scene.bob->flags & NERTC_CALLKIT_INVITED_ANSWERED);
  client_expect(scene.alice, "on_user_busy on_message_sent(5) on_call_end(3)");
  CHECK_TEXT(scene.alice->extra, "driving");
  scene_end(&scene);
}

static void plain_reject_before_login(void)
{
  struct scene scene;
  scene_start(&scene, 1);
  CHECK_OK(nertc_callkit_reject(scene.bob->kit, &scene.ref, NULL, client_done, scene.bob));
  start_login(scene.bob);
  client_expect(scene.bob, "done(login,0) on_invited done(reject,0) on_call_end(13)");
  client_expect(scene.alice, "on_user_reject on_message_sent(3) on_call_end(14)");
  scene_end(&scene);
}

/* A call that rings already is just accepted. */
static void a_call_that_is_here_is_accepted_at_once(void)
{
  struct scene scene;
  scene_start(&scene, 0);
  client_login(scene.bob);
  client_call(scene.alice, "bob");
  read_push(&scene);
  client_expect(scene.bob, "on_invited");
  accept(&scene);
  client_expect(scene.bob, "done(accept,0) on_user_enter on_call_connected");
  client_expect(scene.alice, "on_user_accept on_user_enter on_call_connected");
  hang_up(&scene);
  scene_end(&scene);
}

static void the_caller_cancelled_before_the_login(void)
{
  struct scene scene;
  scene_start(&scene, 1);
  CHECK_OK(nertc_callkit_cancel(scene.alice->kit, NULL, NULL, client_done, scene.alice));
  client_expect(scene.alice, "done(cancel,0) on_message_sent(2) on_call_end(11)");
  accept(&scene);
  start_login(scene.bob);
  client_expect(scene.bob, "done(login,0) on_missed_call(1) done(accept,10408)");
  scene_end(&scene);
}

/* An old or forged push: nothing rings, only the answer completes. */
static void a_call_that_never_comes(void)
{
  struct scene scene;
  scene_start(&scene, 1);
  strcpy(scene.call.request_id, "nobody's");
  CHECK_OK(nertc_callkit_cancel(scene.alice->kit, NULL, NULL, client_done, scene.alice));
  client_expect(scene.alice, "done(cancel,0) on_message_sent(2) on_call_end(11)");
  client_destroy(scene.bob, "");
  client_free(scene.bob);
  scene.timers.request_ms = 80;
  scene.bob = new_client(&scene, "bob", "tablet");
  accept(&scene);
  start_login(scene.bob);
  client_expect(scene.bob, "done(login,0) done(accept,10408)");
  scene_end(&scene);
}

static void a_second_answer_replaces_the_first(void)
{
  struct scene scene;
  scene_start(&scene, 1);
  accept(&scene);
  CHECK_OK(nertc_callkit_reject(scene.bob->kit, &scene.ref, NULL, client_done, scene.bob));
  client_expect(scene.bob, "done(accept,90004)");
  start_login(scene.bob);
  client_expect(scene.bob, "done(login,0) on_invited done(reject,0) on_call_end(13)");
  client_expect(scene.alice, "on_user_reject on_message_sent(3) on_call_end(14)");
  scene_end(&scene);
}

/* The push was for an account that is not the one that logs in. */
static void an_answer_for_another_account_ends_alone(void)
{
  struct scene scene;
  scene_start(&scene, 1);
  scene.timers.request_ms = 80;
  client_destroy(scene.bob, "");
  client_free(scene.bob);
  scene.bob = new_client(&scene, "carol", "phone");
  accept(&scene);
  CHECK_OK(nertc_callkit_login(scene.bob->kit, "carol", "token", client_done, scene.bob));
  client_expect(scene.bob, "done(login,0) done(accept,10408)");
  CHECK_OK(nertc_callkit_cancel(scene.alice->kit, NULL, NULL, client_done, scene.alice));
  client_expect(scene.alice, "done(cancel,0) on_message_sent(2) on_call_end(11)");
  scene_end(&scene);
}

static void another_device_answered_first(void)
{
  struct scene scene;
  struct client *tablet;
  scene_start(&scene, 0);
  tablet = new_client(&scene, "bob", "tablet");
  client_login(tablet);
  client_call(scene.alice, "bob");
  read_push(&scene);
  client_expect(tablet, "on_invited");
  CHECK_OK(nertc_callkit_accept(tablet->kit, NULL, client_done, tablet));
  client_expect(tablet, "done(accept,0) on_user_enter on_call_connected");
  client_expect(scene.alice, "on_user_accept on_user_enter on_call_connected");
  accept(&scene);
  start_login(scene.bob);
  client_expect(scene.bob, "done(login,0) on_missed_call(4) done(accept,10410)");
  CHECK_OK(nertc_callkit_hangup(scene.alice->kit, NULL, NULL, client_done, scene.alice));
  client_expect(scene.alice, "done(hangup,0) on_call_end(15)");
  client_expect(tablet, "on_call_end(16)");
  client_destroy(tablet, "");
  client_free(tablet);
  scene_end(&scene);
}

/* After the ring limit of the caller nothing is there to be accepted. */
static void after_the_ring_limit(void)
{
  struct scene scene;
  scene_start(&scene, 0);
  CHECK_OK(nertc_callkit_set_call_timeout(scene.alice->kit, 30));
  client_call(scene.alice, "bob");
  read_push(&scene);
  client_expect(scene.alice, "on_calling_timeout on_message_sent(4) on_call_end(2)");
  accept(&scene);
  start_login(scene.bob);
  client_expect(scene.bob, "done(login,0) on_missed_call(1) done(accept,10408)");
  scene_end(&scene);
}

static void a_waiting_answer_ends_with_the_component(void)
{
  struct scene scene;
  scene_start(&scene, 1);
  accept(&scene);
  client_destroy(scene.bob, "done(accept,90003)");
  client_free(scene.bob);
  scene.bob = new_client(&scene, "bob", "phone");
  CHECK_OK(nertc_callkit_cancel(scene.alice->kit, NULL, NULL, client_done, scene.alice));
  client_expect(scene.alice, "done(cancel,0) on_message_sent(2) on_call_end(11)");
  scene_end(&scene);
}

/* A reference without an invite cannot wait, and other functions do not support waiting. */
static void references_that_cannot_wait(void)
{
  nertc_callkit_end_options cancel = NERTC_CALLKIT_END_OPTIONS_INIT;
  const nertc_callkit_call_ref *cancel_call = NULL;
  nertc_callkit_end_options reject = NERTC_CALLKIT_END_OPTIONS_INIT;
  const nertc_callkit_call_ref *reject_call = NULL;
  nertc_callkit_call_ref ref;
  struct scene scene;
  struct client *bob;
  scene_start(&scene, 1);
  bob = scene.bob;
  ref = scene.ref, ref.account = NULL;
  CHECK_REFUSED(nertc_callkit_accept(bob->kit, &ref, client_done, bob), INVALID_ARGUMENT);
  ref = scene.ref, ref.channel_id = "";
  CHECK_REFUSED(nertc_callkit_accept(bob->kit, &ref, client_done, bob), INVALID_ARGUMENT);
  ref = scene.ref, ref.request_id = NULL;
  CHECK_REFUSED(nertc_callkit_reject(bob->kit, &ref, NULL, client_done, bob), INVALID_ARGUMENT);
  ref = scene.ref, ref.call_no = 1;
  CHECK_REFUSED(nertc_callkit_reject(bob->kit, &ref, NULL, client_done, bob), INVALID_ARGUMENT);
  reject_call = &ref;
  CHECK_REFUSED(nertc_callkit_reject(bob->kit, reject_call, &reject, client_done, bob), INVALID_ARGUMENT);
  ref = scene.ref, ref.flags = 2;
  CHECK_REFUSED(nertc_callkit_accept(bob->kit, &ref, client_done, bob), INVALID_ARGUMENT);
  ref = scene.ref;
  cancel_call = &ref;
  CHECK_REFUSED(nertc_callkit_cancel(bob->kit, cancel_call, &cancel, client_done, bob), INVALID_ARGUMENT);
  CHECK_REFUSED(nertc_callkit_hangup(bob->kit, &ref, NULL, client_done, bob), INVALID_ARGUMENT);
  CHECK_REFUSED(nertc_callkit_leave(bob->kit, &ref, NULL, client_done, bob), INVALID_ARGUMENT);
  /* Without the flag nothing waits. */
  ref.flags = 0;
  CHECK_OK(nertc_callkit_accept(bob->kit, &ref, client_done, bob));
  client_expect(bob, "done(accept,20001)");
  CHECK_OK(nertc_callkit_cancel(scene.alice->kit, NULL, NULL, client_done, scene.alice));
  client_expect(scene.alice, "done(cancel,0) on_message_sent(2) on_call_end(11)");
  scene_end(&scene);
}

int main(void)
{
  RUN(accept_before_login);
  RUN(accept_while_logging_in);
  RUN(reject_before_login);
  RUN(plain_reject_before_login);
  RUN(a_call_that_is_here_is_accepted_at_once);
  RUN(the_caller_cancelled_before_the_login);
  RUN(a_call_that_never_comes);
  RUN(a_second_answer_replaces_the_first);
  RUN(an_answer_for_another_account_ends_alone);
  RUN(another_device_answered_first);
  RUN(after_the_ring_limit);
  RUN(a_waiting_answer_ends_with_the_component);
  RUN(references_that_cannot_wait);
  return 0;
}
