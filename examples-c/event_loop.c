/*
 * event_loop.c: the client in your own event loop.
 *
 * With APP delivery no callback ever runs on another thread: the event handle is readable while callbacks are
 * queued, and dispatch runs them here. The same works with epoll, GLib, Qt or libuv. For loops that cannot watch
 * a descriptor, config.on_wakeup reports, on any thread, that dispatch has something to do.
 */
#define _POSIX_C_SOURCE 200809L

#include <poll.h>
#include <unistd.h>

#include "print_events.h"

struct person {
  const char *name;
  nertc_callkit *kit;
  intptr_t fd;
  int logged_in, connected, ended;
};

static void on_login(nertc_callkit *kit, const nertc_callkit_result *result, void *me)
{
  print_done(kit, result, me);
  ((struct person *)me)->logged_in = result->code == NERTC_CALLKIT_CODE_OK;
}

static void on_invited(nertc_callkit *kit, const nertc_callkit_invited_event *event, void *me)
{
  print_invited(kit, event, me);
  nertc_callkit_accept(kit, event->call, print_done, me);
}

static void on_call_connected(nertc_callkit *kit, const nertc_callkit_call_event *event, void *me)
{
  print_on_call_connected(kit, event, me);
  ((struct person *)me)->connected = 1;
}

static void on_call_end(nertc_callkit *kit, const nertc_callkit_end_event *event, void *me)
{
  print_call_end(kit, event, me);
  ((struct person *)me)->ended = 1;
}

static int start(struct person *person)
{
  nertc_callkit_listener listener = NERTC_CALLKIT_LISTENER_INIT;
  nertc_callkit_config config = NERTC_CALLKIT_CONFIG_INIT;

  print_every_event(&listener);
  listener.on_invited = on_invited;
  listener.on_call_connected = on_call_connected;
  listener.on_call_end = on_call_end;
  config.listener = &listener;
  config.user_data = person;
  config.delivery = NERTC_CALLKIT_DELIVERY_APP;
  return nertc_callkit_create(&config, &person->kit) == NERTC_CALLKIT_STATUS_OK &&
         nertc_callkit_get_event_handle(person->kit, &person->fd) == NERTC_CALLKIT_STATUS_OK &&
         nertc_callkit_login(person->kit, person->name, NULL, on_login, person) == NERTC_CALLKIT_STATUS_OK;
}

/* Actions of the app's user; in a real app they come from the window system. */
enum button { CALL = 'c', HANG_UP = 'h' };

static void press(int pipe_end, enum button button)
{
  const char byte = (char)button;
  if (write(pipe_end, &byte, 1) != 1) {
    perror("write");
  }
}

static void on_button(struct person *me, int pipe_end)
{
  nertc_callkit_call_options options = NERTC_CALLKIT_CALL_OPTIONS_INIT;
  char byte = 0;
  options.user_id = "bob";
  if (read(pipe_end, &byte, 1) == 1 && byte == CALL) {
    nertc_callkit_call(me->kit, &options, print_done, me);
  } else if (byte == HANG_UP) {
    nertc_callkit_hangup(me->kit, NULL, NULL, print_done, me);
  }
}

/* The loop: waits for whichever comes first, and never inside the library. */
static int loop(struct person *alice, struct person *bob, const int buttons[2])
{
  int called = 0, hung_up = 0;
  while (!alice->ended || !bob->ended) {
    struct pollfd fds[3] = {{0, POLLIN, 0}, {0, POLLIN, 0}, {0, POLLIN, 0}};
    fds[0].fd = (int)alice->fd;
    fds[1].fd = (int)bob->fd;
    fds[2].fd = buttons[0];
    if (poll(fds, 3, 10000) <= 0) {
      fprintf(stderr, "event_loop: nothing happens\n");
      return 0;
    }
    if (fds[0].revents) {
      nertc_callkit_dispatch(alice->kit, 0);
    }
    if (fds[1].revents) {
      nertc_callkit_dispatch(bob->kit, 0);
    }
    if (fds[2].revents) {
      on_button(alice, buttons[0]);
    }
    if (!called && alice->logged_in && bob->logged_in) {
      called = 1;
      press(buttons[1], CALL);
    }
    if (!hung_up && alice->connected && bob->connected) {
      hung_up = 1;
      press(buttons[1], HANG_UP);
    }
  }
  return 1;
}

int main(void)
{
  struct person alice = {"alice", NULL, -1, 0, 0, 0};
  struct person bob = {"bob", NULL, -1, 0, 0, 0};
  int buttons[2];
  int ok;
  if (pipe(buttons) != 0) {
    return 1;
  }
  ok = start(&bob) && start(&alice) && loop(&alice, &bob, buttons);
  /* With APP delivery what still waits runs inside destroy, on this thread. The descriptors end with it. */
  nertc_callkit_destroy(alice.kit);
  nertc_callkit_destroy(bob.kit);
  close(buttons[0]);
  close(buttons[1]);
  return ok ? 0 : 1;
}
