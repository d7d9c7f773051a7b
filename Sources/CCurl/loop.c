#include "CCurl.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

struct ar1_http_loop {
  CURLM *multi;
};

struct ar1_http_transfer {
  CURL *easy;
  struct curl_slist *headers;
  ar1_http_on_bytes on_bytes;
  void *context;
  int stopped;
  int sent;
  // Addresses that were refused, because they are none of the network.
  int refused;
  char error[CURL_ERROR_SIZE];
};

static pthread_once_t global_once = PTHREAD_ONCE_INIT;
static void start_global(void) { curl_global_init(CURL_GLOBAL_DEFAULT); }

ar1_http_loop *ar1_http_loop_create(void) {
  pthread_once(&global_once, start_global);
  CURLM *multi = curl_multi_init();
  if (!multi) return NULL;
  ar1_http_loop *loop = malloc(sizeof *loop);
  if (!loop) {
    curl_multi_cleanup(multi);
    return NULL;
  }
  loop->multi = multi;
  return loop;
}

void ar1_http_loop_destroy(ar1_http_loop *loop) {
  curl_multi_cleanup(loop->multi);
  free(loop);
}

static size_t receive(char *bytes, size_t size, size_t count, void *user) {
  ar1_http_transfer *transfer = user;
  size_t total = size * count;
  long status = 0;
  curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &status);
  if (transfer->on_bytes(transfer->context, status, (const uint8_t *)bytes, total) != 0) {
    transfer->stopped = 1;
    return 0;
  }
  return total;
}

// Where a connection that was used before breaks without a byte of an answer, libcurl sends the request once more by
// itself, whatever it asks for. The server may have acted on the first one.
static int send_once(void *user, char *address, char *local_address, int port, int local_port) {
  (void)address, (void)local_address, (void)port, (void)local_port;
  ar1_http_transfer *transfer = user;
  return transfer->sent++ == 0 ? CURL_PREREQFUNC_OK : CURL_PREREQFUNC_ABORT;
}

static int is_own_or_local_v4(uint32_t address) {
  return address >> 24 == 0 || address >> 24 == 127 || address >> 16 == 0xa9fe;
}

// Loopback, "this host" and link-local addresses: what listens there trusts whoever reaches it, as the services that hand
// out a cloud machine's credentials do.
static int is_own_or_local(const struct sockaddr *address) {
  if (address->sa_family == AF_INET)
    return is_own_or_local_v4(ntohl(((const struct sockaddr_in *)address)->sin_addr.s_addr));
  if (address->sa_family != AF_INET6) return 1;
  const struct in6_addr *in6 = &((const struct sockaddr_in6 *)address)->sin6_addr;
  if (IN6_IS_ADDR_V4MAPPED(in6) || IN6_IS_ADDR_V4COMPAT(in6)) {
    uint32_t v4;
    memcpy(&v4, in6->s6_addr + 12, sizeof v4);
    return is_own_or_local_v4(ntohl(v4));
  }
  return IN6_IS_ADDR_LOOPBACK(in6) || IN6_IS_ADDR_UNSPECIFIED(in6) || IN6_IS_ADDR_LINKLOCAL(in6);
}

// Asked with the address itself, so that a name which resolves anew for every look-up leads nowhere else.
static curl_socket_t open_to_network(void *user, curlsocktype purpose, struct curl_sockaddr *address) {
  (void)purpose;
  ar1_http_transfer *transfer = user;
  if (is_own_or_local(&address->addr)) {
    transfer->refused = 1;
    return CURL_SOCKET_BAD;
  }
  return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

/// Whether a URL leads to this machine by a name or number that always does.
static bool is_of_this_machine(const char *text) {
  CURLU *url = curl_url();
  char *host = NULL;
  bool is = false;
  if (url && curl_url_set(url, CURLUPART_URL, text, 0) == CURLUE_OK
      && curl_url_get(url, CURLUPART_HOST, &host, 0) == CURLUE_OK) {
    is = strcasecmp(host, "localhost") == 0 || strcmp(host, "[::1]") == 0
      || (strncmp(host, "127.", 4) == 0 && strspn(host, "0123456789.") == strlen(host));
  }
  curl_free(host);
  curl_url_cleanup(url);
  return is;
}

ar1_http_transfer *ar1_http_begin(ar1_http_loop *loop, const ar1_http_request *request) {
  ar1_http_transfer *transfer = calloc(1, sizeof *transfer);
  if (!transfer) return NULL;
  CURL *easy = curl_easy_init();
  if (!easy) {
    free(transfer);
    return NULL;
  }
  transfer->easy = easy;
  transfer->on_bytes = request->on_bytes;
  transfer->context = request->context;
  for (const char *const *line = request->headers; *line; line++) {
    struct curl_slist *longer = curl_slist_append(transfer->headers, *line);
    if (!longer) goto failed;
    transfer->headers = longer;
  }
  // Without this line libcurl waits a second for "100 Continue" before it sends a large body.
  struct curl_slist *longer = curl_slist_append(transfer->headers, "Expect:");
  if (!longer) goto failed;
  transfer->headers = longer;

  curl_easy_setopt(easy, CURLOPT_URL, request->url);
  curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
  // A proxy that the environment names for the world outside would look for this machine's coordinator on its own.
  if (is_of_this_machine(request->url)) curl_easy_setopt(easy, CURLOPT_PROXY, "");
  curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, request->method);
  if (request->body) {
    curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body_count);
    if (curl_easy_setopt(easy, CURLOPT_COPYPOSTFIELDS, request->body) != CURLE_OK) goto failed;
  } else if (strcmp(request->method, "POST") == 0) {
    curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)0);
    curl_easy_setopt(easy, CURLOPT_COPYPOSTFIELDS, "");
  }
  if (strcmp(request->method, "GET") != 0) {
    curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, send_once);
    curl_easy_setopt(easy, CURLOPT_PREREQDATA, transfer);
  }
  curl_easy_setopt(easy, CURLOPT_HTTPHEADER, transfer->headers);
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
  curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, request->connect_timeout_ms);
  curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, request->total_timeout_ms);
  if (request->silence_timeout_s > 0) {
    curl_easy_setopt(easy, CURLOPT_LOW_SPEED_LIMIT, 1L);
    curl_easy_setopt(easy, CURLOPT_LOW_SPEED_TIME, request->silence_timeout_s);
  }
  if (request->authority && curl_easy_setopt(easy, CURLOPT_CAINFO, request->authority) != CURLE_OK) goto failed;
  if (request->only_network) {
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, open_to_network);
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, transfer);
  }
  // A coordinator never redirects; following one could hand the token to another host.
  curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, receive);
  curl_easy_setopt(easy, CURLOPT_WRITEDATA, transfer);
  curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, transfer->error);
  curl_easy_setopt(easy, CURLOPT_PRIVATE, transfer);
  if (curl_multi_add_handle(loop->multi, easy) != CURLM_OK) goto failed;
  return transfer;

failed:
  curl_slist_free_all(transfer->headers);
  curl_easy_cleanup(easy);
  free(transfer);
  return NULL;
}

void ar1_http_end(ar1_http_loop *loop, ar1_http_transfer *transfer) {
  curl_multi_remove_handle(loop->multi, transfer->easy);
  curl_easy_cleanup(transfer->easy);
  curl_slist_free_all(transfer->headers);
  free(transfer);
}

void ar1_http_step(ar1_http_loop *loop, int wait_ms) {
  int running = 0;
  // A transfer just begun has an internal timer at zero, so this does not wait for it.
  curl_multi_poll(loop->multi, NULL, 0, wait_ms, NULL);
  curl_multi_perform(loop->multi, &running);
}

static ar1_http_outcome outcome_of(const ar1_http_transfer *transfer, CURLcode code) {
  if (transfer->stopped) return AR1_HTTP_STOPPED;
  switch (code) {
    case CURLE_OK:
      return AR1_HTTP_OK;
    case CURLE_COULDNT_CONNECT:
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_SSL_CONNECT_ERROR:
      // Once it was sent the server may have acted on it, whatever came of connecting anew.
      return transfer->sent > 0 ? AR1_HTTP_BROKEN : AR1_HTTP_UNREACHABLE;
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
      return transfer->sent > 0 ? AR1_HTTP_BROKEN : AR1_HTTP_UNTRUSTED;
    case CURLE_OPERATION_TIMEDOUT: {
      // A connection that was never made is a server that is away, not a slow answer.
      double connected = 0;
      curl_easy_getinfo(transfer->easy, CURLINFO_CONNECT_TIME, &connected);
      return connected > 0 || transfer->sent > 0 ? AR1_HTTP_TIMEOUT : AR1_HTTP_UNREACHABLE;
    }
    case CURLE_URL_MALFORMAT:
    case CURLE_UNSUPPORTED_PROTOCOL:
      return AR1_HTTP_BAD_URL;
    default:
      return AR1_HTTP_BROKEN;
  }
}

int ar1_http_take_finished(ar1_http_loop *loop, ar1_http_result *result) {
  int left = 0;
  CURLMsg *message;
  while ((message = curl_multi_info_read(loop->multi, &left))) {
    if (message->msg != CURLMSG_DONE) continue;
    ar1_http_transfer *transfer = NULL;
    curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&transfer);
    if (!transfer) continue;
    CURLcode code = message->data.result;
    result->context = transfer->context;
    result->outcome = outcome_of(transfer, code);
    result->status = 0;
    curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &result->status);
    curl_off_t after = 0;
    curl_easy_getinfo(transfer->easy, CURLINFO_RETRY_AFTER, &after);
    result->retry_after_s = (long)after;
    if (transfer->refused && result->outcome == AR1_HTTP_UNREACHABLE)
      strcpy(transfer->error, "the address is this machine's or its link's own; give one that the network knows");
    if (code == CURLE_ABORTED_BY_CALLBACK) strcpy(transfer->error, "closed before an answer came");
    const char *text = transfer->error[0] ? transfer->error : curl_easy_strerror(code);
    strncpy(result->message, text, sizeof result->message - 1);
    result->message[sizeof result->message - 1] = 0;
    return 1;
  }
  return 0;
}

void ar1_http_wake(ar1_http_loop *loop) { curl_multi_wakeup(loop->multi); }
