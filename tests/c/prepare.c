/* prepare.c: media backends that make ready before the join, and that report how far media reaches the peer alone. */
#include "media_backend.h"

#include <stddef.h>

static struct media alice_media, bob_media;
static char alice_prepared_id[72], bob_prepared_id[72];

static void media_prepare(void *ctx, const nertc_callkit_rtc_prepare *args)
{
  struct media *media = ctx;
  char line[160];
  CHECK_INT(args->struct_size, sizeof *args);
  CHECK(args->call_no && args->reserved == 0);
  snprintf(line, sizeof line, "prepare(%s,%d,%s)", media_role(args->flags), (int)args->call_type, args->peer);
  media_add(media, line);
  media->prepared = args->call_no;
  snprintf(media == &alice_media ? alice_prepared_id : bob_prepared_id, sizeof alice_prepared_id, "%s", args->call_id);
}

static void media_discard(void *ctx, nertc_callkit_call_no call_no)
{
  struct media *media = ctx;
  CHECK_INT(call_no, media->prepared);
  media->prepared = 0;
  media_add(media, "discard");
}

static void make(void)
{
  struct media *sides[2] = {&alice_media, &bob_media};
  int at;
  for (at = 0; at < 2; at++) {
    media_make(sides[at]);
    sides[at]->vtable.prepare = media_prepare;
    sides[at]->vtable.discard = media_discard;
  }
}

static struct pair media_pair(void)
{
  struct pair pair;
  CHECK_OK(nertc_callkit_hub_create(NERTC_CALLKIT_HUB_SERVER_RECORD, &pair.hub));
  pair.alice = media_client(pair.hub, "alice", &alice_media);
  pair.bob = media_client(pair.hub, "bob", &bob_media);
  return pair;
}

static struct pair made_pair(void)
{
  make();
  return media_pair();
}

static void asked(struct media *media, const char *expected)
{
  CHECK_TEXT(media->asked, expected);
  media->asked[0] = 0;
}

/* Scenario (media): Both media backends prepare while it rings, and the join says whose call it is. */
static void both_sides_prepare_what_they_join(void)
{
  struct pair pair = made_pair();
  int call;
  for (call = 0; call < 3; call++) {
    pair_ring(&pair);
    asked(&alice_media, "prepare(inviter,1,bob)");
    asked(&bob_media, "prepare(callee,1,alice)");
    CHECK(alice_prepared_id[0] && strcmp(alice_prepared_id, bob_prepared_id) == 0);
    CHECK_OK(nertc_callkit_accept(pair.bob->kit, NULL, client_done, pair.bob));
    client_until(pair.alice, "on_call_connected");
    client_until(pair.bob, "on_call_connected");
    asked(&alice_media, "join(inviter,alice,handset)");
    asked(&bob_media, "join(callee,bob,handset)");
    CHECK_TEXT(alice_media.call_id, alice_prepared_id);
    CHECK_TEXT(bob_media.call_id, bob_prepared_id);
    media_hang_up(&pair);
    asked(&alice_media, "leave");
    asked(&bob_media, "leave");
  }
  pair_end(&pair);
  asked(&alice_media, "close");
}

/* Scenario (media): What was prepared for a call that comes to nothing is discarded, once, on both sides. */
static void a_call_that_comes_to_nothing_is_discarded(void)
{
  struct pair pair = made_pair();
  pair_ring(&pair);
  CHECK_OK(nertc_callkit_cancel(pair.alice->kit, NULL, NULL, client_done, pair.alice));
  client_until(pair.alice, "on_call_end(11)");
  client_until(pair.bob, "on_call_end(12)");
  asked(&alice_media, "prepare(inviter,1,bob) discard");
  asked(&bob_media, "prepare(callee,1,alice) discard");
  pair_ring(&pair);
  CHECK_OK(nertc_callkit_reject(pair.bob->kit, NULL, NULL, client_done, pair.bob));
  client_until(pair.alice, "on_call_end(14)");
  client_until(pair.bob, "on_call_end(13)");
  asked(&alice_media, "prepare(inviter,1,bob) discard");
  asked(&bob_media, "prepare(callee,1,alice) discard");
  pair_ring(&pair);
  CHECK_OK(nertc_callkit_logout(pair.alice->kit, client_done, pair.alice));
  client_until(pair.alice, "done(logout,0)");
  client_until(pair.bob, "on_call_end(12)");
  asked(&alice_media, "prepare(inviter,1,bob) discard");
  asked(&bob_media, "prepare(callee,1,alice) discard");
  /* Discarded before it is closed. */
  client_login(pair.alice);
  pair_ring(&pair);
  client_destroy(pair.bob, "on_call_end(0)");
  asked(&bob_media, "prepare(callee,1,alice) discard close");
  client_until(pair.alice, "on_call_end(14)");
  asked(&alice_media, "prepare(inviter,1,bob) discard");
  client_destroy(pair.alice, "");
  client_free(pair.alice);
  client_free(pair.bob);
  CHECK_OK(nertc_callkit_hub_release(pair.hub));
}

/* A vtable of before: the two functions lie behind its end and are not called. */
static void a_shorter_vtable_prepares_nothing(void)
{
  struct pair pair;
  make();
  alice_media.vtable.struct_size = offsetof(nertc_callkit_rtc, prepare);
  bob_media.vtable.prepare = NULL;
  pair = media_pair();
  media_connect(&pair);
  media_hang_up(&pair);
  asked(&alice_media, "join(inviter,alice,handset) leave");
  asked(&bob_media, "join(callee,bob,handset) leave");
  pair_end(&pair);
}

static void who_prepares_must_discard(void)
{
  nertc_callkit_config config = NERTC_CALLKIT_CONFIG_INIT;
  nertc_callkit_backends backends = NERTC_CALLKIT_BACKENDS_INIT;
  nertc_callkit *kit = NULL;
  make();
  backends.rtc = &alice_media.vtable;
  backends.rtc_ctx = &alice_media;
  config.backends = &backends;
  alice_media.vtable.discard = NULL;
  CHECK_REFUSED(nertc_callkit_create(&config, &kit), INVALID_ARGUMENT);
  /* The vtable ends between the two. */
  alice_media.vtable.discard = media_discard;
  alice_media.vtable.struct_size = offsetof(nertc_callkit_rtc, discard);
  CHECK_REFUSED(nertc_callkit_create(&config, &kit), INVALID_ARGUMENT);
  CHECK(!kit);
}

/* ---- security ------------------------------------------------------------------------------------------ */

static void secured(struct media *media, int32_t security, const char *code)
{
  nertc_callkit_rtc_event event = NERTC_CALLKIT_RTC_EVENT_INIT;
  event.type = NERTC_CALLKIT_RTC_SECURED;
  event.code = security;
  event.text = code;
  event.local_fingerprint = "sha-256 AB";
  event.remote_fingerprint = "sha-256 CD";
  CHECK_INT(media->sink->event(media->sink->ctx, &event), 0);
}

/* Scenario (media): The app learns how far media provably reaches the peer, at each change. */
static void each_change_of_security_reaches_the_app(void)
{
  struct pair pair = made_pair();
  nertc_callkit_rtc_event event = NERTC_CALLKIT_RTC_EVENT_INIT;
  /* Outside of the room it is of no call. */
  secured(&alice_media, NERTC_CALLKIT_SECURITY_MISMATCH, "ab12");
  media_connect(&pair);
  secured(&alice_media, NERTC_CALLKIT_SECURITY_UNVERIFIED, "ab12");
  client_expect(pair.alice, "on_media_secured(2)");
  CHECK_TEXT(pair.alice->extra, "ab12");
  CHECK_TEXT(pair.alice->user, "bob");
  CHECK_TEXT(pair.alice->message, "sha-256 AB");
  CHECK_TEXT(pair.alice->attachment, "sha-256 CD");
  secured(&alice_media, NERTC_CALLKIT_SECURITY_UNVERIFIED, "ab12");
  secured(&alice_media, NERTC_CALLKIT_SECURITY_VERIFIED, "ab12");
  client_expect(pair.alice, "on_media_secured(3)");
  /* As a backend of before has it, which knows no fingerprints. */
  event.type = NERTC_CALLKIT_RTC_SECURED;
  event.code = NERTC_CALLKIT_SECURITY_NO_CODE;
  event.local_fingerprint = "not there";
  event.struct_size = offsetof(nertc_callkit_rtc_event, local_fingerprint);
  CHECK_INT(alice_media.sink->event(alice_media.sink->ctx, &event), 0);
  client_expect(pair.alice, "on_media_secured(1)");
  CHECK(!pair.alice->extra[0] && !pair.alice->message[0] && !pair.alice->attachment[0]);
  media_hang_up(&pair);
  /* Late, it is of no call either. */
  secured(&alice_media, NERTC_CALLKIT_SECURITY_MISMATCH, "ab12");
  media_connect(&pair);
  media_hang_up(&pair);
  pair_end(&pair);
}

static void security_that_makes_no_sense_is_dropped(void)
{
  static char longest[66], fingerprint[258];
  struct pair pair = made_pair();
  nertc_callkit_rtc_event event = NERTC_CALLKIT_RTC_EVENT_INIT;
  media_connect(&pair);
  secured(&alice_media, -1, "ab12");
  secured(&alice_media, 5, "ab12");
  secured(&alice_media, NERTC_CALLKIT_SECURITY_VERIFIED, "\xff");
  memset(longest, 'x', sizeof longest - 1);
  secured(&alice_media, NERTC_CALLKIT_SECURITY_VERIFIED, longest);
  memset(fingerprint, 'x', sizeof fingerprint - 1);
  event.type = NERTC_CALLKIT_RTC_SECURED;
  event.code = NERTC_CALLKIT_SECURITY_VERIFIED;
  event.remote_fingerprint = fingerprint;
  CHECK_INT(alice_media.sink->event(alice_media.sink->ctx, &event), 0);
  secured(&alice_media, NERTC_CALLKIT_SECURITY_UNVERIFIED, longest + 1);
  client_expect(pair.alice, "on_media_secured(2)");
  CHECK_TEXT(pair.alice->extra, longest + 1);
  media_hang_up(&pair);
  pair_end(&pair);
}

/* Scenario (media): Something on the way was replaced: the call ends on both sides. */
static void a_mismatch_ends_the_call(void)
{
  struct pair pair = made_pair();
  nertc_callkit_rtc_event event = NERTC_CALLKIT_RTC_EVENT_INIT;
  media_connect(&pair);
  secured(&bob_media, NERTC_CALLKIT_SECURITY_MISMATCH, NULL);
  client_expect(pair.bob, "on_media_secured(4) on_disconnect on_call_end(102)");
  client_until(pair.alice, "on_call_end(20)");
  media_connect(&pair);
  /* A code is required, and the peer gives none. */
  event.type = NERTC_CALLKIT_RTC_DISCONNECTED;
  event.code = NERTC_CALLKIT_CODE_MEDIA_NOT_SECURE;
  CHECK_INT(alice_media.sink->event(alice_media.sink->ctx, &event), 0);
  client_until(pair.alice, "on_disconnect");
  client_until(pair.alice, "on_call_end(102)");
  client_until(pair.bob, "on_call_end(20)");
  pair_end(&pair);
}

int main(void)
{
  RUN(both_sides_prepare_what_they_join);
  RUN(a_call_that_comes_to_nothing_is_discarded);
  RUN(a_shorter_vtable_prepares_nothing);
  RUN(who_prepares_must_discard);
  RUN(each_change_of_security_reaches_the_app);
  RUN(security_that_makes_no_sense_is_dropped);
  RUN(a_mismatch_ends_the_call);
  return 0;
}
