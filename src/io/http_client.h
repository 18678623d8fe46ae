/* http_client.h - HTTPS requests in the loop, for the Graph machine.
 *
 * How the daemon uses this: one client per set of {ca_file, proxy}; GRAPH_HTTP becomes
 * http_client_send, the answer handler becomes graph_feed with a struct graph_response of the same
 * fields (enum http_result has the values of sink/graph.h's enum http_failure). Every request that
 * was taken gets exactly one answer, never from inside http_client_send, none after
 * http_client_free.
 *
 * Requests with a body always go over HTTP/1.1, on a small pool of kept connections: over HTTP/2
 * libcurl 7.88 loses the status of answers that come before the body was read
 * (doc/internals-http.md has the measurement). With http2 set, those without a body may use HTTP/2.
 *
 * Names are looked up through resolve.h and given to libcurl, whose own resolver would block the
 * loop when a request is given up. A look-up serves for its TTL (30 s to 5 min), then goes on
 * serving while the next one is under way or fails, for an hour.
 *
 * Certificates are verified, redirects are not followed, environment variables (http_proxy ...) are
 * not read, nothing is retried: a kept connection that dies under a request makes it unsure, and is
 * told. Only over HTTP/2 does libcurl repeat by itself what the peer says it has not touched. */
#ifndef IO_HTTP_CLIENT_H
#define IO_HTTP_CLIENT_H

#include "base/slice.h"
#include "io/loop.h"

enum {
	HTTP_BODY_MAX = 8 << 20, /* a page of people with their licences */
	HTTP_HEADERS_MAX = 64 * 1024,
	HTTP_CONNECTIONS = 8,
	HTTP_REQUESTS = 64,
	HTTP_TIMEOUT_MS = 10000,
};

struct http_config {
	const char *ca_file; /* PEM, in addition to the system's; NULL or "": none */
	const char *proxy; /* [http|https|socks5h]://[user:password@]host:port; NULL or "": none */
	const char *user_agent;	  /* NULL: none */
	bool http2;		  /* for requests without a body */
	uint32_t connections_max; /* 0: HTTP_CONNECTIONS, per host */
	uint32_t requests_max;	  /* taken at a time; 0: HTTP_REQUESTS */
	bool plain_allowed;	  /* http:// too, for tests and teamsim on loopback */
	const char *dns_servers;  /* for tests: see resolve.h */
};

/* What became of a request; the difference decides whether it may have been applied. */
enum http_result {
	HTTP_RESULT_ANSWERED, /* .status is set. .error is set too when the body is not complete */
	HTTP_RESULT_NOT_SENT, /* no byte of the request left: name, connection, TLS, proxy, URL */
	HTTP_RESULT_UNSURE,   /* it went out, and no status came back */
	HTTP_RESULT_STATUS_LOST, /* the peer ended the HTTP/2 stream early and libcurl dropped the
				  * status */
};

/* Slices are borrowed during the call. */
struct http_request {
	uint32_t id;	    /* comes back with the answer */
	const char *method; /* "GET", "POST", ... */
	struct slice url;
	struct slice headers; /* "Name: value\r\n" lines, Content-Type included */
	struct slice body;
	int32_t timeout_ms; /* for everything, name and waiting for a free connection included;
			     * 0: HTTP_TIMEOUT_MS */
};

/* Valid during the call. */
struct http_answer {
	uint32_t id;
	uint8_t result; /* enum http_result */
	uint16_t status;
	struct slice retry_after;      /* header text, empty when absent */
	struct slice www_authenticate; /* header text, the first one */
	struct slice request_id;       /* request-id or x-ms-request-id */
	struct slice body;	       /* at most HTTP_BODY_MAX; a longer one is cut */
	const char *error;	       /* words for people, or NULL. No URL, no secret */
};

struct http_client;
typedef void http_answer_h(void *arg, const struct http_answer *answer);

/* Copies the configuration; the ca_file is read here, or, where that fails, at connecting.
 * ERR_MALFORMED: proxy. ERR_NO_MEMORY. */
MUST_CHECK enum err http_client_new(struct http_client **ret, struct loop *l,
				    const struct http_config *config, http_answer_h *handler,
				    void *arg);
/* Gives up what is under way without an answer. May be called from the handler. Takes NULL. */
void http_client_free(struct http_client *c);

/* ERR_LIMIT: requests_max are under way; ERR_MALFORMED: URL or headers cannot be sent;
 * ERR_NO_MEMORY. No answer follows then. */
MUST_CHECK enum err http_client_send(struct http_client *c, const struct http_request *r);
uint32_t http_client_under_way(const struct http_client *c);
/* "libcurl/7.88.1 OpenSSL/3.0 ..." for the version verb. */
const char *http_client_version(void);

#endif
