/**
 * @file nertc_callkit.h
 * 1-to-1 audio and video calls for any native app. This header is the specification, for every
 * backend and platform. nertc_callkit/backend.h is for authors of backends; loopback.h, mqtt.h and
 * webrtc.h beside it are the built-in ones.
 *
 * Lifecycle of a client (without error handling; examples-c/hello.c is a complete program):
 *
 *     nertc_callkit *kit = NULL;
 *     nertc_callkit_listener listener = NERTC_CALLKIT_LISTENER_INIT;
 *     nertc_callkit_config config = NERTC_CALLKIT_CONFIG_INIT;
 *     nertc_callkit_call_options options = NERTC_CALLKIT_CALL_OPTIONS_INIT;
 *     listener.on_invited = on_invited;              // one function per event, all optional
 *     listener.on_call_end = on_call_end;
 *     config.listener = &listener;                   // copied
 *     status = nertc_callkit_create(&config, &kit);
 *     nertc_callkit_login(kit, "alice", "token", on_done, NULL);
 *     options.user_id = "bob";
 *     nertc_callkit_call(kit, &options, on_done, NULL);
 *     nertc_callkit_destroy(kit);                    // waits; no callback follows
 *
 * Ownership. Arguments are copied before the function returns. What a callback receives is lent
 *   until it returns. The client is the only object to free (destroy or release). Text is
 *   NUL-terminated UTF-8. A handle is an id: a stale one returns CLOSED.
 * Threads. Every function is thread-safe. Callbacks run one at a time and in order, on the
 *   library's worker thread; or, with config.delivery APP, inside nertc_callkit_dispatch and, at
 *   the end, nertc_callkit_destroy.
 * Callbacks. Every function is callable from a callback, except destroy and dispatch, which return
 *   REENTRANT. A function returns a negative status and nothing follows, or it returns OK and
 *   `done` is called exactly once. With `done` NULL a failure is one on_error.
 *   A callback must return: no exception, longjmp or pthread_exit may leave it, and no thread may
 *   be cancelled (pthread_cancel) inside a function of this library, or the process aborts.
 * Versions. Initialize every struct with its ..._INIT macro or nertc_callkit_struct_init:
 *   all-zero means the defaults. Structs grow only at the end, numbers are never reused, unknown
 *   values are refused. Check NERTC_CALLKIT_HAS before reading a field of an event that was added
 *   later.
 */

/* Written by `make header` from crates/abi and src/ffi. Do not edit. */

#include <stddef.h>
#include <stdint.h>

/** True if the library that filled `*p`, a `type`, knows `field`. */
#define NERTC_CALLKIT_HAS(p, type, field) \
  (offsetof(type, field) + sizeof((p)->field) <= (p)->struct_size)

/** Precedes every function. */
#ifndef NERTC_CALLKIT_API
#if defined(_WIN32) && !defined(NERTC_CALLKIT_STATIC)
#define NERTC_CALLKIT_API __declspec(dllimport)
#elif defined(__GNUC__)
#define NERTC_CALLKIT_API __attribute__((visibility("default")))
#else
#define NERTC_CALLKIT_API
#endif
#endif

/** Functions whose result must be checked, and functions that have a successor. */
#ifndef NERTC_CALLKIT_MUST_USE
#ifdef __GNUC__
#define NERTC_CALLKIT_MUST_USE __attribute__((warn_unused_result))
#else
#define NERTC_CALLKIT_MUST_USE
#endif
#endif
#ifndef NERTC_CALLKIT_DEPRECATED
#ifdef __GNUC__
#define NERTC_CALLKIT_DEPRECATED __attribute__((deprecated))
#else
#define NERTC_CALLKIT_DEPRECATED
#endif
#endif

/** For Clang and Swift: pointers may be NULL only if marked so. */
#if defined(__clang__) && !defined(NERTC_CALLKIT_NO_NULLABILITY)
#define NERTC_CALLKIT_NULLABLE _Nullable
#define NERTC_CALLKIT_NONNULL _Nonnull
#define NERTC_CALLKIT_BEGIN                                                   \
  _Pragma("clang diagnostic push")                                            \
  _Pragma("clang diagnostic ignored \"-Wnullability-extension\"")             \
  _Pragma("clang assume_nonnull begin")
#define NERTC_CALLKIT_END _Pragma("clang assume_nonnull end") _Pragma("clang diagnostic pop")
#else
#define NERTC_CALLKIT_NULLABLE
#define NERTC_CALLKIT_NONNULL
#define NERTC_CALLKIT_BEGIN
#define NERTC_CALLKIT_END
#endif

/** Named numbers, plain integers in C and C++. For Swift an enum that may grow; flags never are. */
#ifdef __swift__
#define NERTC_CALLKIT_ENUM(integer, name)                                \
  enum __attribute__((enum_extensibility(open))) name : integer;         \
  typedef enum name name;                                                \
  enum name : integer
#else
#define NERTC_CALLKIT_ENUM(integer, name) NERTC_CALLKIT_FLAGS(integer, name)
#endif
#define NERTC_CALLKIT_FLAGS(integer, name) \
  typedef integer name;                    \
  enum
