/*
 * own_backends.h: an app's own signaling and media, in plain C, as a template for your backends.
 *
 * The "service" is a thread in this process; a real one is an SDK with its own threads and a server
 * behind it. Everything else is as it would be there.
 */
#ifndef OWN_BACKENDS_H
#define OWN_BACKENDS_H

#include <nertc_callkit/backend.h>

typedef struct own_service own_service;

/* Starts a service. NULL: out of memory or threads. */
own_service *own_service_start(void);

/* Ends it, when all clients that use it are gone. */
void own_service_stop(own_service *service);

/* Creates the pair of backends of one device. The client that owns them releases them.
   0 = no more room. */
int own_backends_make(own_service *service, nertc_callkit_backends *out);

#endif
