/* main.c: the conformance check, run against the embedded loopback and against examples-c/own_backends. */
#include <stdio.h>

#include "check_backend.h"
#include <nertc_callkit/loopback.h>
#include "own_backends.h"

static int make_loopback(void *hub, nertc_callkit_backends *out)
{
  return nertc_callkit_loopback_signaling(hub, out) == NERTC_CALLKIT_STATUS_OK &&
         nertc_callkit_loopback_rtc(hub, out) == NERTC_CALLKIT_STATUS_OK;
}

static int make_none(void *hub, nertc_callkit_backends *out)
{
  return nertc_callkit_loopback_signaling(hub, out) == NERTC_CALLKIT_STATUS_OK &&
         nertc_callkit_null_rtc(out) == NERTC_CALLKIT_STATUS_OK;
}

static int make_own(void *service, nertc_callkit_backends *out)
{
  return own_backends_make(service, out);
}

/* A backend from before the header grew: its vtable ends with network_changed. */
static int make_older(void *service, nertc_callkit_backends *out)
{
  static nertc_callkit_signaling older;
  if (!own_backends_make(service, out)) {
    return 0;
  }
  older = *out->signaling;
  older.struct_size = offsetof(nertc_callkit_signaling, invite_state);
  older.invite_state = NULL;
  older.abort_login = NULL;
  older.set_token = NULL;
  out->signaling = &older;
  return 1;
}

static int check(const char *name, int (*make)(void *, nertc_callkit_backends *), void *context)
{
  struct check_backend_maker maker = {make, context, NULL, NULL, 0};
  const int broken = check_backend(&maker);
  printf("%s: %d broken promises\n", name, broken);
  return broken;
}

int main(void)
{
  nertc_callkit_hub *hub = NULL, *other = NULL;
  own_service *service = own_service_start();
  int broken;
  if (!service || nertc_callkit_hub_create(0, &hub) != NERTC_CALLKIT_STATUS_OK ||
      nertc_callkit_hub_create(0, &other) != NERTC_CALLKIT_STATUS_OK) {
    return 1;
  }
  broken = check("loopback", make_loopback, hub);
  broken += check("null_rtc", make_none, other);
  broken += check("own_backends", make_own, service);
  broken += check("own_backends without the newer functions", make_older, service);
  nertc_callkit_hub_release(hub);
  nertc_callkit_hub_release(other);
  own_service_stop(service);
  return broken ? 1 : 0;
}
