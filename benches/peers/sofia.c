/* sofia.c: calls with sofia-sip's nua, for comparison: INVITE, 200, ACK, and a BYE afterwards, over UDP on the
 * loopback interface, without a proxy, without media.
 *
 *   sofia callee PORT    prints "ready", answers every INVITE with 200
 *   sofia caller PORT    prints "ready"; for each line "COUNT" on its input makes that many calls, one after the
 *                        other, and prints the median of INVITE sent to 200 received, in nanoseconds
 *
 * Both end with their input, and after four minutes at the latest, as every measure does. nua runs its stack on its
 * own thread, as it does by default. */
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

typedef struct peer peer;
#define NUA_MAGIC_T peer
#define SU_ROOT_MAGIC_T peer
#include <sofia-sip/nua.h>
#include <sofia-sip/sip_status.h>
#include <sofia-sip/su_log.h>

enum { CALLS = 10000 };

/* As long as the pauses between the other side's calls: all threads fall asleep. */
static const struct timespec PAUSE = { 0, 300000 };

static const char SDP[] = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
                          "m=audio 5004 RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\n";

struct peer {
  su_root_t *root;
  nua_t *nua;
  const char *to;
  uint64_t began;
  uint64_t took;
  int is_down;
};

static uint64_t now(void)
{
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

static void on_event(nua_event_t event, int status, char const *phrase, nua_t *nua, peer *me, nua_handle_t *call,
                     nua_hmagic_t *magic, sip_t const *sip, tagi_t tags[])
{
  (void)nua, (void)magic, (void)sip, (void)tags;
  switch (event) {
  case nua_i_invite:
    nua_respond(call, SIP_200_OK, SIPTAG_CONTENT_TYPE_STR("application/sdp"), SIPTAG_PAYLOAD_STR(SDP), TAG_END());
    break;
  case nua_i_bye:
    nua_handle_destroy(call);
    break;
  case nua_r_invite:
    if (status == 200) {
      me->took = now() - me->began;
      nua_bye(call, TAG_END());
    } else if (status > 200) {
      fprintf(stderr, "sofia: INVITE: %d %s\n", status, phrase);
      exit(1);
    }
    break;
  case nua_r_bye:
    nua_handle_destroy(call);
    su_root_break(me->root);
    break;
  case nua_r_shutdown:
    if (status >= 200) {
      me->is_down = 1;
      su_root_break(me->root);
    }
    break;
  default:
    break;
  }
}

static uint64_t one_call(peer *me)
{
  nua_handle_t *call = nua_handle(me->nua, NULL, SIPTAG_TO_STR(me->to), NUTAG_URL(me->to), TAG_END());
  me->began = now();
  nua_invite(call, SIPTAG_CONTENT_TYPE_STR("application/sdp"), SIPTAG_PAYLOAD_STR(SDP), TAG_END());
  su_root_run(me->root);
  nanosleep(&PAUSE, NULL);
  return me->took;
}

static int compare(const void *a, const void *b)
{
  const uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;
  return (left > right) - (left < right);
}

static void make_calls(peer *me)
{
  static uint64_t took[CALLS];
  char line[32];
  while (fgets(line, sizeof line, stdin)) {
    const int count = atoi(line);
    int i;
    if (count < 1 || count > CALLS) {
      exit(2);
    }
    for (i = 0; i < count; i++) {
      took[i] = one_call(me);
    }
    qsort(took, (size_t)count, sizeof took[0], compare);
    printf("%llu\n", (unsigned long long)took[count / 2]);
    fflush(stdout);
  }
}

static int on_input(peer *me, su_wait_t *wait, su_wakeup_arg_t *arg)
{
  char byte;
  (void)wait, (void)arg;
  if (read(0, &byte, 1) == 0) {
    su_root_break(me->root);
  }
  return 0;
}

static void answer_calls(peer *me)
{
  su_wait_t wait[1] = { SU_WAIT_INIT };
  su_wait_create(wait, 0, SU_WAIT_IN);
  su_root_register(me->root, wait, on_input, NULL, 0);
  su_root_run(me->root);
}

int main(int argc, char **argv)
{
  peer me = { 0 };
  char own[64], to[64];
  const int is_caller = argc == 3 && strcmp(argv[1], "caller") == 0;
  if (argc != 3) {
    return 2;
  }
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  alarm(240);
  snprintf(to, sizeof to, "sip:callee@127.0.0.1:%s", argv[2]);
  snprintf(own, sizeof own, "sip:127.0.0.1:%s", is_caller ? "*" : argv[2]);
  me.to = to;
  su_init();
  su_log_set_level(NULL, 0);
  me.root = su_root_create(&me);
  me.nua = nua_create(me.root, on_event, &me, NUTAG_URL(own), NUTAG_MEDIA_ENABLE(0), NUTAG_AUTOALERT(0), TAG_END());
  if (!me.nua) {
    fprintf(stderr, "sofia: cannot listen on %s\n", own);
    return 1;
  }
  puts("ready");
  fflush(stdout);
  if (is_caller) {
    make_calls(&me);
  } else {
    answer_calls(&me);
  }
  nua_shutdown(me.nua);
  while (!me.is_down) {
    su_root_run(me.root);
  }
  nua_destroy(me.nua);
  su_root_destroy(me.root);
  su_deinit();
  return 0;
}
