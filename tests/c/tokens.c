/* tokens.c: on_token_needed and set_token in every state, and aborted logins. */
#include "intercept.h"

struct scene {
  nertc_callkit_hub *hub;
  nertc_callkit_timers timers;
  struct setup setup;
  struct client *alice, *bob;
};

static struct scene scene_new(uint32_t hub_flags)
{
  const nertc_callkit_timers timers = NERTC_CALLKIT_TIMERS_INIT;
  struct scene scene;
  memset(&scene, 0, sizeof scene);
  scene.timers = timers;
  CHECK_OK(nertc_callkit_hub_create(hub_flags | NERTC_CALLKIT_HUB_SERVER_RECORD, &scene.hub));
  scene.setup.hub = scene.hub;
  return scene;
}

static struct client *join(struct scene *scene, const char *account, const char *device)
{
  struct setup setup = scene->setup;
  struct client *client;
  setup.device = device;
  setup.timers = &scene->timers;
  client = client_new(account, &setup);
  client_login(client);
  return client;
}

static void scene_end(struct scene *scene)
{
  if (scene->alice) {
    client_destroy(scene->alice, "");
    client_free(scene->alice);
  }
  if (scene->bob) {
    client_destroy(scene->bob, "");
    client_free(scene->bob);
  }
  CHECK_OK(nertc_callkit_hub_release(scene->hub));
}

static void expire(struct scene *scene, const char *account)
{
  fault(scene->hub, EXPIRE_TOKEN, NOW, account, 0);
}

static void connect_both(struct scene *scene)
{
  struct pair pair;
  pair.hub = scene->hub;
  pair.alice = scene->alice;
  pair.bob = scene->bob;
  pair_connect(&pair);
}

static void bad_tokens_are_refused_and_others_need_no_login(void)
{
  static char too_long[4098];
  struct scene scene = scene_new(0);
  struct setup setup = scene.setup;
  memset(too_long, 'x', 4097);
  scene.alice = client_new("alice", &setup);
  CHECK_REFUSED(nertc_callkit_set_token(NULL, "t"), INVALID_ARGUMENT);
  CHECK_REFUSED(nertc_callkit_set_token(scene.alice->kit, too_long), INVALID_ARGUMENT);
  CHECK_REFUSED(nertc_callkit_set_token(scene.alice->kit, "\xff"), INVALID_ARGUMENT);
  /* Logged out: taken, without effect. */
  CHECK_OK(nertc_callkit_set_token(scene.alice->kit, "t"));
  CHECK_OK(nertc_callkit_set_token(scene.alice->kit, NULL));
  CHECK_OK(nertc_callkit_set_token(scene.alice->kit, ""));
  client_login(scene.alice);
  /* Connected: kept, also twice; without one only the next connection would fail. */
  CHECK_OK(nertc_callkit_set_token(scene.alice->kit, "t2"));
  CHECK_OK(nertc_callkit_set_token(scene.alice->kit, "t3"));
  CHECK_OK(nertc_callkit_set_token(scene.alice->kit, NULL));
  CHECK_OK(nertc_callkit_hangup(scene.alice->kit, NULL, NULL, client_done, scene.alice));
  client_expect(scene.alice, "done(hangup,20005)");
  scene_end(&scene);
}

static void a_backend_without_set_token_cannot(void)
{
  struct scene scene = scene_new(0);
  struct setup setup = {0};
  nertc_callkit_backends backends;
  struct intercept intercept;
  intercept_init(&intercept, scene.hub, &backends);
  intercept.signaling.set_token = NULL;
  setup.backends = &backends;
  scene.alice = client_new("alice", &setup);
  CHECK_REFUSED(nertc_callkit_set_token(scene.alice->kit, "t"), UNSUPPORTED);
  scene_end(&scene);
}

static void an_expired_token_is_asked_for_and_the_session_goes_on(void)
{
  struct scene scene = scene_new(0);
  scene.alice = join(&scene, "alice", NULL);
  scene.bob = join(&scene, "bob", NULL);
  expire(&scene, "bob");
  client_expect(scene.bob, "on_reconnecting(1) on_token_needed(302)");
  CHECK_OK(nertc_callkit_set_token(scene.bob->kit, "fresh"));
  client_expect(scene.bob, "on_reconnected(1)");
  connect_both(&scene);
  CHECK_OK(nertc_callkit_hangup(scene.alice->kit, NULL, NULL, client_done, scene.alice));
  client_expect(scene.alice, "done(hangup,0) on_call_end(15)");
  client_expect(scene.bob, "on_call_end(16)");
  scene_end(&scene);
}

static void a_login_is_asked_for_a_token(void)
{
  struct scene scene = scene_new(0);
  struct setup setup = scene.setup;
  scene.alice = client_new("alice", &setup);
  fault(scene.hub, EXPIRE_TOKEN, LOGIN, "alice", 0);
  CHECK_OK(nertc_callkit_login(scene.alice->kit, "alice", "old", client_done, scene.alice));
  client_expect(scene.alice, "on_token_needed(302)");
  CHECK_OK(nertc_callkit_set_token(scene.alice->kit, "fresh"));
  client_expect(scene.alice, "done(login,0)");
  CHECK_OK(nertc_callkit_logout(scene.alice->kit, client_done, scene.alice));
  client_expect(scene.alice, "done(logout,0)");
  /* There is none: the login ends at once. */
  fault(scene.hub, EXPIRE_TOKEN, LOGIN, "alice", 0);
  CHECK_OK(nertc_callkit_login(scene.alice->kit, "alice", "old", client_done, scene.alice));
  client_expect(scene.alice, "on_token_needed(302)");
  CHECK_OK(nertc_callkit_set_token(scene.alice->kit, NULL));
  client_expect(scene.alice, "done(login,302)");
  client_login(scene.alice);
  scene_end(&scene);
}

static void without_an_answer_the_session_ends(void)
{
  struct scene scene = scene_new(0);
  scene.timers.token_ms = 60;
  scene.alice = join(&scene, "alice", NULL);
  expire(&scene, "alice");
  client_expect(scene.alice, "on_reconnecting(1) on_token_needed(302) on_kicked");
  CHECK_INT(nertc_callkit_get_state(scene.alice->kit), NERTC_CALLKIT_STATE_IDLE);
  CHECK_OK(nertc_callkit_hangup(scene.alice->kit, NULL, NULL, client_done, scene.alice));
  client_expect(scene.alice, "done(hangup,20001)");
  CHECK_OK(nertc_callkit_set_token(scene.alice->kit, "late"));
  client_login(scene.alice);
  scene_end(&scene);
}

static void a_call_that_has_media_outlives_its_token(void)
{
  struct scene scene = scene_new(0);
  scene.alice = join(&scene, "alice", NULL);
  scene.bob = join(&scene, "bob", NULL);
  connect_both(&scene);
  expire(&scene, "bob");
  client_expect(scene.bob, "on_reconnecting(1) on_token_needed(302)");
  CHECK_OK(nertc_callkit_set_token(scene.bob->kit, NULL));
  CHECK_OK(nertc_callkit_hangup(scene.alice->kit, NULL, NULL, client_done, scene.alice));
  client_expect(scene.alice, "done(hangup,0) on_call_end(15)");
  /* Its signaling is cut off: media reports that the peer left. */
  client_expect(scene.bob, "on_user_leave on_call_end(20) on_kicked");
  scene_end(&scene);
}

/* A fresh token at a login of the same account, while the connection is being restored. */
static void a_login_with_a_fresh_token_restores_the_connection(void)
{
  struct scene scene = scene_new(0);
  scene.alice = join(&scene, "alice", NULL);
  expire(&scene, "alice");
  client_expect(scene.alice, "on_reconnecting(1) on_token_needed(302)");
  CHECK_OK(nertc_callkit_login(scene.alice->kit, "alice", "fresh", client_done, scene.alice));
  client_expect(scene.alice, "done(login,0) on_reconnected(1)");
  scene_end(&scene);
}

/* A login that timed out, and that the service would have completed later: it kicks nobody, and does not
 * ring here. */
static void a_login_that_timed_out_never_comes(void)
{
  struct scene scene = scene_new(NERTC_CALLKIT_HUB_SINGLE_DEVICE);
  struct setup setup = {0};
  struct client *ghost;
  scene.alice = join(&scene, "alice", NULL);
  scene.bob = join(&scene, "bob", "old phone");
  scene.timers.login_ms = 40;
  setup.hub = scene.hub;
  setup.device = "new phone";
  setup.timers = &scene.timers;
  ghost = client_new("bob", &setup);
  fault(scene.hub, DELAY, LOGIN, "bob", .delay_ms = 300);
  CHECK_OK(nertc_callkit_login(ghost->kit, "bob", NULL, client_done, ghost));
  client_expect(ghost, "done(login,408)");
  /* Later than that login was due, by the same clock: something else that is delayed. */
  fault(scene.hub, DELAY, CREATE, "alice", .delay_ms = 400);
  connect_both(&scene);
  CHECK_OK(nertc_callkit_hangup(scene.alice->kit, NULL, NULL, client_done, scene.alice));
  client_expect(scene.alice, "done(hangup,0) on_call_end(15)");
  client_expect(scene.bob, "on_call_end(16)");
  client_silent(scene.bob);
  client_silent(ghost);
  CHECK_OK(nertc_callkit_hangup(ghost->kit, NULL, NULL, client_done, ghost));
  client_expect(ghost, "done(hangup,20001)");
  /* A later login is one. */
  client_login(ghost);
  client_expect(scene.bob, "on_kicked");
  client_destroy(ghost, "");
  client_free(ghost);
  scene_end(&scene);
}

/* The same with a backend from before abort_login: the core logs out. */
static void a_login_that_timed_out_is_logged_out_of_an_older_backend(void)
{
  struct scene scene = scene_new(0);
  struct setup setup = {0};
  nertc_callkit_backends backends;
  struct intercept intercept;
  intercept_init(&intercept, scene.hub, &backends);
  intercept.signaling.struct_size = offsetof(nertc_callkit_signaling, invite_state);
  scene.timers.login_ms = 40;
  setup.backends = &backends;
  setup.timers = &scene.timers;
  scene.alice = client_new("alice", &setup);
  intercept.act[INTERCEPT_LOGIN] = INTERCEPT_NEVER;
  CHECK_OK(nertc_callkit_login(scene.alice->kit, "alice", NULL, client_done, scene.alice));
  client_expect(scene.alice, "done(login,408)");
  client_login(scene.alice);
  CHECK_INT(intercept.asked[INTERCEPT_LOGOUT], 1);
  CHECK_INT(intercept.aborted, 0);
  scene_end(&scene);
}

int main(void)
{
  RUN(bad_tokens_are_refused_and_others_need_no_login);
  RUN(a_backend_without_set_token_cannot);
  RUN(an_expired_token_is_asked_for_and_the_session_goes_on);
  RUN(a_login_is_asked_for_a_token);
  RUN(without_an_answer_the_session_ends);
  RUN(a_call_that_has_media_outlives_its_token);
  RUN(a_login_with_a_fresh_token_restores_the_connection);
  RUN(a_login_that_timed_out_never_comes);
  RUN(a_login_that_timed_out_is_logged_out_of_an_older_backend);
  return 0;
}
