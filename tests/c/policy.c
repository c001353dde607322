/* policy.c: whose invites ring, how the others are answered, and invalid policies. */
#include "check.h"
#include "intercept.h"

/* bob, who sets the policy, with alice and carol, who call. */
struct scene {
  nertc_callkit_hub *hub;
  struct client *alice, *bob, *carol;
};

static struct client *join(nertc_callkit_hub *hub, const char *account, const char *device)
{
  struct setup setup = {0};
  struct client *client;
  setup.hub = hub;
  setup.device = device;
  setup.news = strcmp(account, "bob") != 0;
  client = client_new(account, &setup);
  client_login(client);
  return client;
}

static struct scene scene_new(void)
{
  struct scene scene;
  CHECK_OK(nertc_callkit_hub_create(NERTC_CALLKIT_HUB_SERVER_RECORD, &scene.hub));
  scene.alice = join(scene.hub, "alice", NULL);
  scene.bob = join(scene.hub, "bob", "phone");
  scene.carol = join(scene.hub, "carol", NULL);
  return scene;
}

static void leave(struct client *client)
{
  client_destroy(client, "");
  client_free(client);
}

static void scene_end(struct scene *scene)
{
  leave(scene->alice);
  leave(scene->bob);
  leave(scene->carol);
  CHECK_OK(nertc_callkit_hub_release(scene->hub));
}

static nertc_callkit_status set_policy(struct client *client, int32_t rule, int32_t answer, uint32_t flags,
                                       const char *account)
{
  nertc_callkit_call_policy policy = NERTC_CALLKIT_CALL_POLICY_INIT;
  policy.rule = rule;
  policy.answer = answer;
  policy.flags = flags;
  policy.accounts = account ? &account : NULL;
  policy.account_count = account != NULL;
  return nertc_callkit_set_call_policy(client->kit, &policy);
}

static nertc_callkit_status do_not_disturb(struct client *client)
{
  return set_policy(client, NERTC_CALLKIT_POLICY_NOBODY, NERTC_CALLKIT_POLICY_SILENT, 0, NULL);
}

/* `from` calls bob, and nothing rings there; the caller learns no more than of a client that is off. */
static void calls_in_vain(struct scene *scene, struct client *from, const char *bob_gets)
{
  CHECK_OK(nertc_callkit_set_call_timeout(from->kit, 300));
  client_call(from, "bob");
  client_expect(from, "on_calling_timeout on_message_sent(4) on_call_end(2)");
  client_expect(scene->bob, bob_gets);
}

static void calls_and_cancels(struct scene *scene, struct client *from)
{
  CHECK_OK(nertc_callkit_set_call_timeout(from->kit, 30000));
  client_call(from, "bob");
  client_expect(from, "on_user_ringing");
  client_expect(scene->bob, "on_invited");
  CHECK_OK(nertc_callkit_cancel(from->kit, NULL, NULL, client_done, from));
  client_expect(from, "done(cancel,0) on_message_sent(2) on_call_end(11)");
  client_expect(scene->bob, "on_user_cancel on_call_end(12)");
}

/* Scenario (policy): Do not disturb: nobody rings, callers learn nothing, and the app gets missed calls. */
static void nobody_rings_a_client_that_is_not_to_be_disturbed(void)
{
  struct scene scene = scene_new();
  CHECK_OK(do_not_disturb(scene.bob));
  calls_in_vain(&scene, scene.carol, "on_missed_call(7)");
  CHECK_TEXT(scene.bob->user, "carol");
  CHECK_TEXT(scene.bob->missed_request, scene.carol->request_id);
  CHECK_OK(set_policy(scene.bob, NERTC_CALLKIT_POLICY_NOBODY, 0, NERTC_CALLKIT_POLICY_NO_MISSED, NULL));
  calls_in_vain(&scene, scene.alice, "");
  CHECK_OK(nertc_callkit_set_call_policy(scene.bob->kit, NULL));
  calls_and_cancels(&scene, scene.carol);
  scene_end(&scene);
}

static void a_list_lets_some_in_or_keeps_some_out(void)
{
  struct scene scene = scene_new();
  CHECK_OK(set_policy(scene.bob, NERTC_CALLKIT_POLICY_ONLY_LISTED, 0, 0, "alice"));
  calls_and_cancels(&scene, scene.alice);
  calls_in_vain(&scene, scene.carol, "on_missed_call(7)");
  CHECK_OK(set_policy(scene.bob, NERTC_CALLKIT_POLICY_ALL_BUT_LISTED, 0, 0, "alice"));
  calls_and_cancels(&scene, scene.carol);
  calls_in_vain(&scene, scene.alice, "on_missed_call(7)");
  /* An empty list. */
  CHECK_OK(set_policy(scene.bob, NERTC_CALLKIT_POLICY_ALL_BUT_LISTED, 0, 0, NULL));
  calls_and_cancels(&scene, scene.alice);
  scene_end(&scene);
}

/* Scenario (policy): A device answers busy by its policy: the account's other devices keep ringing and can accept. */
static void busy_of_one_device_leaves_the_others_ringing(void)
{
  struct scene scene = scene_new();
  struct client *tablet = join(scene.hub, "bob", "tablet");
  CHECK_OK(set_policy(scene.bob, NERTC_CALLKIT_POLICY_NOBODY, NERTC_CALLKIT_POLICY_BUSY, 0, NULL));
  client_call(scene.alice, "bob");
  client_expect(scene.alice, "on_user_ringing");
  client_expect(tablet, "on_invited");
  client_expect(scene.bob, "on_missed_call(7)");
  /* Longer than the two seconds after which it would count, by the clock of the hub. */
  fault(scene.hub, DELAY, CREATE, "carol", .delay_ms = 2200);
  client_call(scene.carol, "nobody");
  CHECK_OK(nertc_callkit_cancel(scene.carol->kit, NULL, NULL, client_done, scene.carol));
  client_expect(scene.carol, "done(cancel,0) on_message_sent(2) on_call_end(11)");
  client_silent(scene.alice);
  CHECK_OK(nertc_callkit_accept(tablet->kit, NULL, client_done, tablet));
  client_expect(tablet, "done(accept,0) on_user_enter on_call_connected");
  client_expect(scene.alice, "on_user_accept on_user_enter on_call_connected");
  CHECK_OK(nertc_callkit_hangup(scene.alice->kit, NULL, NULL, client_done, scene.alice));
  client_expect(scene.alice, "done(hangup,0) on_call_end(15)");
  client_expect(tablet, "on_call_end(16)");
  leave(tablet);
  scene_end(&scene);
}

static void busy_of_the_only_device_is_the_accounts(void)
{
  struct scene scene = scene_new();
  CHECK_OK(set_policy(scene.bob, NERTC_CALLKIT_POLICY_NOBODY, NERTC_CALLKIT_POLICY_BUSY, 0, NULL));
  client_call(scene.alice, "bob");
  client_expect(scene.alice, "on_user_busy on_message_sent(5) on_call_end(3)");
  client_expect(scene.bob, "on_missed_call(7)");
  scene_end(&scene);
}

/* Scenario (policy): A policy never ends a ringing or connected call. */
static void a_call_that_rings_or_runs_stays(void)
{
  struct scene scene = scene_new();
  client_call(scene.alice, "bob");
  client_expect(scene.alice, "on_user_ringing");
  client_expect(scene.bob, "on_invited");
  CHECK_OK(do_not_disturb(scene.bob));
  CHECK_OK(nertc_callkit_accept(scene.bob->kit, NULL, client_done, scene.bob));
  client_expect(scene.bob, "done(accept,0) on_user_enter on_call_connected");
  client_expect(scene.alice, "on_user_accept on_user_enter on_call_connected");
  CHECK_OK(set_policy(scene.bob, NERTC_CALLKIT_POLICY_ALL_BUT_LISTED, NERTC_CALLKIT_POLICY_BUSY, 0, "alice"));
  CHECK_INT(nertc_callkit_get_state(scene.bob->kit), NERTC_CALLKIT_STATE_IN_CALL);
  CHECK_OK(nertc_callkit_hangup(scene.alice->kit, NULL, NULL, client_done, scene.alice));
  client_expect(scene.alice, "done(hangup,0) on_call_end(15)");
  client_expect(scene.bob, "on_call_end(16)");
  scene_end(&scene);
}

/* Both call each other: the account one calls is admitted. */
static void whom_we_call_may_call_us(void)
{
  nertc_callkit_call_options to_alice = NERTC_CALLKIT_CALL_OPTIONS_INIT, to_bob = NERTC_CALLKIT_CALL_OPTIONS_INIT;
  struct scene scene = scene_new();
  to_alice.user_id = "alice";
  to_bob.user_id = "bob";
  CHECK_OK(do_not_disturb(scene.bob));
  fault(scene.hub, DELAY, EVENT_INVITE, "alice", .delay_ms = 100);
  fault(scene.hub, DELAY, EVENT_INVITE, "bob", .delay_ms = 100);
  CHECK_OK(nertc_callkit_call(scene.bob->kit, &to_alice, client_done, scene.bob));
  CHECK_OK(nertc_callkit_call(scene.alice->kit, &to_bob, client_done, scene.alice));
  client_until(scene.alice, "on_call_connected");
  client_until(scene.bob, "on_call_connected");
  CHECK_OK(nertc_callkit_hangup(scene.alice->kit, NULL, NULL, client_done, scene.alice));
  client_until(scene.alice, "on_call_end(15)");
  client_until(scene.bob, "on_call_end(16)");
  scene_end(&scene);
}

/* A policy is the client's: it outlives a session, and another account has it, too. */
static void a_policy_is_kept_until_it_is_replaced(void)
{
  struct scene scene = scene_new();
  CHECK_OK(do_not_disturb(scene.bob));
  CHECK_OK(nertc_callkit_logout(scene.bob->kit, client_done, scene.bob));
  client_expect(scene.bob, "done(logout,0)");
  client_login(scene.bob);
  calls_in_vain(&scene, scene.carol, "on_missed_call(7)");
  /* Set while logged out. */
  CHECK_OK(nertc_callkit_logout(scene.bob->kit, client_done, scene.bob));
  client_expect(scene.bob, "done(logout,0)");
  CHECK_OK(nertc_callkit_set_call_policy(scene.bob->kit, NULL));
  client_login(scene.bob);
  calls_and_cancels(&scene, scene.alice);
  scene_end(&scene);
}

static nertc_callkit_status with_list(struct client *client, const char *const *accounts, uint32_t count)
{
  nertc_callkit_call_policy policy = NERTC_CALLKIT_CALL_POLICY_INIT;
  policy.rule = NERTC_CALLKIT_POLICY_ONLY_LISTED;
  policy.accounts = accounts;
  policy.account_count = count;
  return nertc_callkit_set_call_policy(client->kit, &policy);
}

static void what_is_no_policy_is_refused_and_the_one_before_stays(void)
{
  static const char *many[4097];
  static char names[4097][8], too_long[66];
  nertc_callkit_call_policy policy = NERTC_CALLKIT_CALL_POLICY_INIT;
  struct scene scene = scene_new();
  struct client *bob = scene.bob;
  int i;
  for (i = 0; i < 4097; i++) {
    snprintf(names[i], sizeof names[i], "n%d", i);
    many[i] = names[i];
  }
  memset(too_long, 'x', 65);
  CHECK_OK(do_not_disturb(bob));
  CHECK_REFUSED(nertc_callkit_set_call_policy(NULL, NULL), INVALID_ARGUMENT);
  CHECK_REFUSED(set_policy(bob, 4, 0, 0, NULL), INVALID_ARGUMENT);
  CHECK_REFUSED(set_policy(bob, -1, 0, 0, NULL), INVALID_ARGUMENT);
  CHECK_REFUSED(set_policy(bob, 0, 2, 0, NULL), INVALID_ARGUMENT);
  CHECK_REFUSED(set_policy(bob, 0, 0, 2, NULL), INVALID_ARGUMENT);
  CHECK_REFUSED(set_policy(bob, 1, 0, 0, ""), INVALID_ARGUMENT);
  CHECK_REFUSED(set_policy(bob, 1, 0, 0, "\xff"), INVALID_ARGUMENT);
  CHECK_REFUSED(set_policy(bob, 1, 0, 0, too_long), INVALID_ARGUMENT);
  CHECK_REFUSED(with_list(bob, NULL, 1), INVALID_ARGUMENT);
  CHECK_REFUSED(with_list(bob, many, 4097), INVALID_ARGUMENT);
  CHECK_REFUSED(with_list(bob, NULL, UINT32_MAX), INVALID_ARGUMENT);
  many[17] = NULL;
  CHECK_REFUSED(with_list(bob, many, 4096), INVALID_ARGUMENT);
  policy.reserved = 1;
  CHECK_REFUSED(nertc_callkit_set_call_policy(bob->kit, &policy), INVALID_ARGUMENT);
  policy.reserved = 0;
  policy.struct_size = 8;
  CHECK_REFUSED(nertc_callkit_set_call_policy(bob->kit, &policy), INVALID_ARGUMENT);
  calls_in_vain(&scene, scene.carol, "on_missed_call(7)");
  /* As many as there may be, some of them twice; and the own account, which never calls itself. */
  many[17] = "alice";
  many[18] = "alice";
  many[19] = "bob";
  CHECK_OK(with_list(bob, many, 4096));
  calls_and_cancels(&scene, scene.alice);
  scene_end(&scene);
}

static int32_t handed_rule = -1;
static char handed_account[65];

static void on_call_policy(void *ctx, const nertc_callkit_call_policy *policy)
{
  (void)ctx;
  handed_rule = policy->rule;
  snprintf(handed_account, sizeof handed_account, "%s", policy->account_count ? policy->accounts[0] : "");
}

static void a_backend_learns_whose_invites_ring(void)
{
  struct setup setup = {0};
  struct client *bob;
  nertc_callkit_hub *hub;
  nertc_callkit_backends backends;
  struct intercept intercept;
  CHECK_OK(nertc_callkit_hub_create(0, &hub));
  intercept_init(&intercept, hub, &backends);
  intercept.signaling.call_policy = on_call_policy;
  setup.backends = &backends;
  bob = client_new("bob", &setup);
  CHECK_OK(set_policy(bob, NERTC_CALLKIT_POLICY_ALL_BUT_LISTED, NERTC_CALLKIT_POLICY_SILENT, 0, "carol"));
  client_login(bob); /* it is handed over with the login, which comes first */
  CHECK_INT(handed_rule, NERTC_CALLKIT_POLICY_ALL_BUT_LISTED);
  CHECK_TEXT(handed_account, "carol");
  CHECK_OK(nertc_callkit_set_call_policy(bob->kit, NULL));
  leave(bob); /* waits for the worker */
  CHECK_INT(handed_rule, NERTC_CALLKIT_POLICY_EVERYBODY);
  CHECK_OK(nertc_callkit_hub_release(hub));
}

int main(void)
{
  RUN(nobody_rings_a_client_that_is_not_to_be_disturbed);
  RUN(a_list_lets_some_in_or_keeps_some_out);
  RUN(busy_of_one_device_leaves_the_others_ringing);
  RUN(busy_of_the_only_device_is_the_accounts);
  RUN(a_call_that_rings_or_runs_stays);
  RUN(whom_we_call_may_call_us);
  RUN(a_policy_is_kept_until_it_is_replaced);
  RUN(what_is_no_policy_is_refused_and_the_one_before_stays);
  RUN(a_backend_learns_whose_invites_ring);
  return 0;
}
