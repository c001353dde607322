/*
 * calls.c: a thousand complete calls, ended in every way, leak neither memory nor descriptors nor
 * threads. Leak checkers do not report what the library still reaches at the end, so the heap is
 * measured as well.
 */
#include "check.h"

#include <malloc.h>

#include "client.h"

enum { CALLS = 1000, WARM_UP = 100 };

size_t __sanitizer_get_current_allocated_bytes(void) __attribute__((weak));

/* Always the same under valgrind, which has a leak check of its own. */
static size_t heap_in_use(void)
{
  if (__sanitizer_get_current_allocated_bytes) {
    return __sanitizer_get_current_allocated_bytes();
  }
  return mallinfo2().uordblks + mallinfo2().hblkhd;
}

/* Less than 8 bytes a call: tables that find their size, not a leak. */
static void check_heap(const char *since, size_t before)
{
  const size_t now = heap_in_use();
  printf("   heap %s %zu bytes, %d calls later %zu\n", since, before, CALLS, now);
  CHECK(now < before + 8 * CALLS);
}

static void forget_words(struct client *client)
{
  client_silent(client);
  pthread_mutex_lock(&check_lock);
  client->count = client->read = 0;
  pthread_mutex_unlock(&check_lock);
}

static void hung_up(struct pair *pair)
{
  pair_connect(pair);
  CHECK_OK(nertc_callkit_hangup(pair->alice->kit, NULL, NULL, client_done, pair->alice));
  client_expect(pair->alice, "done(hangup,0) on_call_end(15)");
  client_expect(pair->bob, "on_call_end(16)");
}

static void cancelled(struct pair *pair)
{
  pair_ring(pair);
  CHECK_OK(nertc_callkit_cancel(pair->alice->kit, NULL, NULL, client_done, pair->alice));
  client_until(pair->alice, "on_call_end(11)");
  client_expect(pair->bob, "on_user_cancel on_call_end(12)");
}

static void rejected(struct pair *pair)
{
  pair_ring(pair);
  CHECK_OK(nertc_callkit_reject(pair->bob->kit, NULL, NULL, client_done, pair->bob));
  client_expect(pair->bob, "done(reject,0) on_call_end(13)");
  client_until(pair->alice, "on_call_end(14)");
}

static void left(struct pair *pair)
{
  pair_connect(pair);
  CHECK_OK(nertc_callkit_switch_call_type(pair->bob->kit, NERTC_CALLKIT_CALL_TYPE_VIDEO,
                                          NERTC_CALLKIT_CALL_TYPE_ACTION_REQUEST, client_done, pair->bob));
  client_until(pair->alice, "on_call_type_change(2)");
  client_until(pair->bob, "done(switch_call_type,0)");
  CHECK_OK(nertc_callkit_leave(pair->bob->kit, NULL, NULL, client_done, pair->bob));
  client_until(pair->bob, "on_call_end(0)");
  client_until(pair->alice, "on_user_leave");
  client_until(pair->alice, "on_call_end(20)");
}

static void call_often(struct pair *pair, int calls)
{
  static void (*const endings[])(struct pair *) = {hung_up, cancelled, rejected, left};
  int i;
  for (i = 0; i < calls; i++) {
    endings[i % 4](pair);
    forget_words(pair->alice);
    forget_words(pair->bob);
  }
}

static void play(int32_t delivery, int calls)
{
  struct setup both = {0};
  struct pair pair;
  both.delivery = delivery;
  pair = pair_new(NERTC_CALLKIT_HUB_SERVER_RECORD, &both);
  call_often(&pair, WARM_UP);
  if (calls > 0) {
    const size_t before = heap_in_use();
    call_often(&pair, calls);
    check_heap("after the first calls", before);
  }
  pair_end(&pair);
}

static void a_thousand_calls(void)
{
  int32_t delivery;
  for (delivery = NERTC_CALLKIT_DELIVERY_WORKER; delivery <= NERTC_CALLKIT_DELIVERY_APP; delivery++) {
    size_t before;
    int fds;
    play(delivery, 0);
    while (check_threads() > 1) {
    }
    before = heap_in_use();
    fds = check_entries("/proc/self/fd");
    play(delivery, CALLS);
    while (check_threads() > 1) {
    }
    check_heap("before the first client", before);
    CHECK_INT(check_entries("/proc/self/fd"), fds);
  }
}

int main(void)
{
  setvbuf(stdout, NULL, _IONBF, 0); /* its buffer would be on the heap */
  RUN(a_thousand_calls);
  return 0;
}
