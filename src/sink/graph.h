/* graph.h - the Graph machine: actions in, HTTP requests out, answers in, outcomes out.
 *
 * Sans I/O like every participant: submit values, feed answers, tick time, ask when it is next due,
 * drain what comes out. One machine serves one realm: (cloud, tenant, client id), which is what
 * Microsoft's quota, token and session belong to; accounts that share a realm share the machine.
 *
 * One slot per user: the latest action wins, at most one request of a user is in flight, and an
 * ambiguous answer is retried with the slot's then current action. A ledger of own sends keeps every
 * window of the quota within its bound (facts/limits.md 1.5); order is rises, clears, renewals.
 * A 429 closes one gate for the whole realm. */
#ifndef SINK_GRAPH_H
#define SINK_GRAPH_H

#include "base/secret.h"
#include "base/slice.h"
#include "core/types.h"
#include "proto/graph/assertion.h"

enum {
	GRAPH_ID_LEN = 36, /* a GUID's text */
	GRAPH_TEXT_MAX = 320,
};

/* How the app signs in: with a secret, or with a certificate when there is one. */
struct graph_credential {
	const struct secret *secret;
	const struct assertion_key *certificate; /* NULL: the secret */
	uint8_t form;                            /* enum assertion_form */
};

struct graph_config {
	const char *tenant;     /* GUID or domain */
	const char *client_id;  /* GUID: also the session id */
	struct graph_credential credential; /* copied */
	const char *login_url;  /* https://login.microsoftonline.com, no trailing slash */
	const char *graph_url;  /* https://graph.microsoft.com, or the proxy in front of it */
	const char *resource;   /* whom tokens are asked for; NULL: graph_url */
	uint32_t quota;         /* requests per window, default 1,500 */
	int32_t window_ms;      /* default 30,000 */
	uint32_t in_flight_max; /* concurrent presence requests, default 16 */
	uint32_t users_max;     /* slots: user ids 0..users_max-1 */
	int32_t timeout_ms;     /* per request, default 10,000 */
	int32_t read_back_ms;   /* ask what Teams shows, by getPresencesByUserId, this often; 0: never.
				 * At most a tenth of the quota, users with a held session first */
	uint64_t seed;
	uint32_t sent_before; /* sends of an earlier process that may still lie in the present
			       * window: they count as sent now. 0 when a window has passed */
};

enum graph_out_kind {
	GRAPH_HTTP,    /* .request */
	GRAPH_OUTCOME, /* .outcome, for the engine */
	GRAPH_FOUND,   /* a look-up has ended: .user, .found, .id */
	GRAPH_SEEN,    /* read-back: what Teams shows for .user: .seen, .text is "Availability/Activity" */
	GRAPH_NOTE,    /* .note, .user, .text */
};

enum graph_note {
#define GRAPH_NOTE(id, name, level, text) GRAPH_NOTE_##id,
#include "sink/graph_notes.def"
	GRAPH_NOTE_COUNT
};

/* A request to be sent at once. The slices are valid until the next call to the machine. The bearer
 * header is among the headers; nothing else in here is secret but a token request's body. */
struct graph_request {
	uint32_t id;       /* to be given back in graph_feed */
	bool post;
	bool secret;       /* never log url or body */
	struct slice url;
	struct slice headers; /* "Name: value\r\n" lines */
	struct slice body;
	int32_t timeout_ms;
};

struct graph_out {
	uint8_t kind; /* enum graph_out_kind */
	uint8_t note; /* enum graph_note */
	uint32_t user;
	bool found;
	uint8_t seen; /* enum presence */
	char id[GRAPH_ID_LEN + 1];
	struct graph_request request;
	struct outcome outcome;
	char text[GRAPH_TEXT_MAX];
};

enum http_failure {
	HTTP_ANSWERED,   /* .status is set */
	HTTP_NOT_SENT,   /* no connection: certainly not applied */
	HTTP_UNSURE,     /* time-out or reset after sending: may have been applied */
	HTTP_STATUS_LOST /* the peer answered early and the status was lost (curl 92): as 429 without
	                  * Retry-After, facts/stack.md 3.2 */
};

struct graph_response {
	uint32_t id;
	uint8_t failure; /* enum http_failure */
	uint16_t status;
	struct slice retry_after;      /* header text, empty when absent */
	struct slice www_authenticate; /* header text */
	struct slice request_id;
	struct slice body;
	const char *error; /* failure other than HTTP_ANSWERED: words for people */
};

/* For explain: what is known of one user's traffic. */
struct graph_user_view {
	bool queued, in_flight;
	uint16_t last_status;
	int64_t last_answer_ms; /* 0: never */
	char last_error[120];   /* Graph's error code and message */
	char request_id[40];
};

struct graph_view {
	uint8_t token; /* 0 none, 1 asked for, 2 good, 3 refused */
	int64_t token_good_until_ms;
	char token_error[160]; /* AADSTS text, first line */
	const char *token_fix; /* what a person does about it; "" when it passes */
	/* What the token says it permits (enum token_permits, proto/graph/roles.h): to explain only. */
	bool permits_known;
	uint32_t permits;
	/* Of the certificate that signs in; 0 and "" with a secret, whose end nobody tells us. */
	int64_t certificate_ends_wall_ms, certificate_warns_wall_ms;
	char certificate_thumbprint[ASSERTION_THUMBPRINT_LEN + 1];
	bool gate_closed;
	int64_t gate_until_ms;
	uint32_t queued[URGENCY_COUNT];
	uint32_t in_flight;
	uint32_t sent_in_window; /* now */
	uint64_t sent, accepted, throttled, denied, retried, unsure;
	uint64_t delay_sum_ms, delay_count; /* change to acceptance */
};

struct graph;

MUST_CHECK enum err graph_new(struct graph **ret, const struct graph_config *c, int64_t now_ms);
void graph_free(struct graph *g);

/* The user's Microsoft object id; an empty one forgets it. Actions of a user without an id wait. */
void graph_set_id(struct graph *g, uint32_t user, const char *id);
const char *graph_id(const struct graph *g, uint32_t user); /* "" when unknown */
/* Looks the user up by UPN, mail and proxy address in one request; answer is GRAPH_FOUND, also when
 * nobody matches. Repeated calls while one is under way do nothing. */
void graph_look_up(struct graph *g, uint32_t user, const char *email);
/* A new secret or certificate, for example after SIGHUP: the token is asked for anew. With the same one
 * nothing happens, unless the last one was refused: then it is tried at once. ERR_LIMIT, ERR_NO_MEMORY:
 * the old one stays. */
MUST_CHECK enum err graph_set_credential(struct graph *g, const struct graph_credential *c);
/* Takes ACT_HOLD and ACT_CLEAR; replaces what waits in the user's slot. Every action gets one last
 * outcome (accepted, withdrawn, denied), with any number of OUTCOME_UNSURE before it; one replaced
 * while unsure or half done gets no other. may_be_held false, of either kind, says that nothing of
 * ours is there: then a clear costs no request until a hold may have been applied. A clear whose
 * session's lease has long ended costs none either. */
void graph_submit(struct graph *g, int64_t now_ms, const struct action *a);
/* Drops the user's slot; nothing more comes out for it. */
void graph_forget(struct graph *g, uint32_t user);
/* An answer whose request has timed out, or that comes a second time, is ignored. A request that
 * gets no answer within timeout_ms + 5 s counts as HTTP_UNSURE. */
void graph_feed(struct graph *g, int64_t now_ms, const struct graph_response *r);
void graph_tick(struct graph *g, int64_t now_ms);
int64_t graph_next(const struct graph *g);
/* Outcomes come before requests. Drain until false after every call that fed something in. */
bool graph_drain(struct graph *g, int64_t now_ms, int64_t wall_ms, struct graph_out *ret);
void graph_view(const struct graph *g, struct graph_view *ret);
bool graph_user_view(const struct graph *g, uint32_t user, struct graph_user_view *ret);

const char *graph_note_name(enum graph_note n);
const char *graph_note_text(enum graph_note n);
int graph_note_level(enum graph_note n);

#endif
