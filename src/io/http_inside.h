/* http_inside.h - what the files of the HTTP client share. */
#ifndef IO_HTTP_INSIDE_H
#define IO_HTTP_INSIDE_H

#include <curl/curl.h>

#include "base/buf.h"
#include "io/http_client.h"
#include "io/loop_inside.h"
#include "io/resolve.h"

enum { HTTP_NAMES_MAX = 8, HTTP_NAME_MAX = 256 };

/* A host with its addresses, in the form of CURLOPT_RESOLVE. */
struct http_name {
	struct http_client *client;
	char host[HTTP_NAME_MAX];
	uint16_t port;
	char line[HTTP_NAME_MAX + RESOLVE_TARGETS_MAX * (ENDPOINT_HOST_MAX + 3)]; /* "": unknown */
	int64_t fresh_until_ms, usable_until_ms, used_ms;
	struct resolve *asking;
};

/* One request; the handle is used again for the next. */
struct http_slot {
	struct http_client *client;
	struct http_slot *next_free;
	CURL *easy;
	struct http_lane *lane;		   /* while libcurl has it */
	const struct http_name *waits_for; /* while it waits for a name */
	bool used;
	uint32_t id;
	int64_t deadline_ms;
	struct curl_slist *headers, *addresses;
	struct buf body; /* ours */

	/* the answer, as far as it has come */
	bool sent;	   /* libcurl may have written some of it */
	bool status_known; /* a final status with all its headers */
	long status;
	size_t header_bytes;
	char retry_after[128], www_authenticate[2048], request_id[128];
	struct buf answer;
	char error[CURL_ERROR_SIZE];
};

/* libcurl's multi handle in our loop; one for each version of HTTP, so that a request never finds
 * itself on a connection of the other. */
struct http_lane {
	struct http_client *client;
	CURLM *multi;
	struct event *timer;
	struct loop_task now, again; /* libcurl wants to go on at once; the hook has to see what came of it */
};

struct http_client {
	struct loop *loop;
	struct loop_task task;
	http_answer_h *handler;
	void *arg;
	bool over, plain_allowed, http2;
	char *ca_file, *proxy, *user_agent, *dns_servers;
	struct buf ca; /* the content of ca_file; empty: it could not be read */
	char proxy_host[HTTP_NAME_MAX];
	uint16_t proxy_port;
	struct http_lane one, two;
	struct http_slot *slots, *free;
	uint32_t slots_n, under_way;
	struct http_name names[HTTP_NAMES_MAX];
};

/* http_client.c */
void http_slot_go(struct http_slot *s);
void http_slot_end(struct http_slot *s, CURLcode code);
void http_slot_fail(struct http_slot *s, const char *why); /* before it was sent */

/* http_lane.c */
MUST_CHECK enum err http_lane_open(struct http_lane *lane, struct http_client *c,
				   uint32_t connections_max);
void http_lane_close(struct http_lane *lane);

/* http_name.c */
enum http_name_state { HTTP_NAME_READY, HTTP_NAME_ASKING, HTTP_NAME_FULL };
/* Sets s->addresses, or s->waits_for: then http_slot_go or http_slot_fail is called later. */
enum http_name_state http_name_for(struct http_slot *s, const char *host, uint16_t port);
/* A connection to it failed: the next request asks the DNS first. */
void http_name_doubt(struct http_client *c, const char *host, uint16_t port);
void http_names_close(struct http_client *c);

/* http_answer.c */
void http_answer_begin(struct http_slot *s);
void http_answer_collect(struct http_slot *s); /* sets the callbacks of the handle */
void http_answer_show(struct http_slot *s, CURLcode code, struct http_answer *ret);

#endif
