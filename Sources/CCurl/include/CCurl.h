// A narrow view of libcurl's multi interface: `curl_easy_setopt` is variadic, which Swift cannot call,
// so a whole request is described by one struct and set up here.
//
// Threads: everything takes place on the thread that drives the loop, except `ar1_http_wake`, which any
// thread may call.
#ifndef AR1_CCURL_H
#define AR1_CCURL_H

#include <stddef.h>
#include <stdint.h>

typedef struct ar1_http_loop ar1_http_loop;
typedef struct ar1_http_transfer ar1_http_transfer;

/// Gets each piece of the response's body with the response's status; anything but 0 ends the transfer.
typedef int (*ar1_http_on_bytes)(
    void *_Nullable context, long status, const uint8_t *_Nonnull bytes, size_t count);

typedef struct {
  const char *_Nonnull method;
  const char *_Nonnull url;
  /// "Name: value" lines, ended by NULL.
  const char *_Nullable const *_Nonnull headers;
  /// Copied by the transfer. NULL: no body.
  const uint8_t *_Nullable body;
  size_t body_count;
  long connect_timeout_ms;
  /// 0: no limit on the whole transfer.
  long total_timeout_ms;
  /// Fewer than one byte per second for this long ends the transfer; 0: no limit.
  long silence_timeout_s;
  /// PEM file of the certificates to trust; NULL trusts the system's. Copied.
  const char *_Nullable authority;
  /// Whether no connection is made to this machine's own loopback, nor to addresses that only a link knows, whatever the
  /// name resolves to.
  int only_network;
  ar1_http_on_bytes _Nonnull on_bytes;
  void *_Nullable context;
} ar1_http_request;

typedef enum {
  AR1_HTTP_OK = 0,
  /// No connection: refused, no such host, no route, handshake failed. The server saw nothing.
  AR1_HTTP_UNREACHABLE = 1,
  AR1_HTTP_TIMEOUT = 2,
  /// `on_bytes` asked to stop.
  AR1_HTTP_STOPPED = 3,
  /// The connection broke after the request may have been seen.
  AR1_HTTP_BROKEN = 4,
  /// The URL or its scheme cannot be used.
  AR1_HTTP_BAD_URL = 5,
  /// The server's certificate is none to trust. The server saw nothing.
  AR1_HTTP_UNTRUSTED = 6,
} ar1_http_outcome;

typedef struct {
  void *_Nullable context;
  ar1_http_outcome outcome;
  long status;
  /// Seconds asked for by Retry-After, or 0.
  long retry_after_s;
  char message[256];
} ar1_http_result;

/// NULL when libcurl cannot start.
ar1_http_loop *_Nullable ar1_http_loop_create(void);
void ar1_http_loop_destroy(ar1_http_loop *_Nonnull loop);

/// Starts a transfer. NULL when libcurl has no memory.
ar1_http_transfer *_Nullable ar1_http_begin(
    ar1_http_loop *_Nonnull loop, const ar1_http_request *_Nonnull request);
/// Ends a transfer whose result has been taken, or abandons one that still runs.
void ar1_http_end(ar1_http_loop *_Nonnull loop, ar1_http_transfer *_Nonnull transfer);

/// Waits up to `wait_ms` for something to happen, then moves all transfers on.
void ar1_http_step(ar1_http_loop *_Nonnull loop, int wait_ms);
/// Takes the result of one finished transfer; 0 when none is left.
int ar1_http_take_finished(ar1_http_loop *_Nonnull loop, ar1_http_result *_Nonnull result);
/// Ends the wait of `ar1_http_step`; from any thread.
void ar1_http_wake(ar1_http_loop *_Nonnull loop);

#endif
