/* graph_priv.h - the Graph machine's insides, shared by the files of this room only.
 *
 * graph.c is the facade: queues, drain, feed, tick. graph_token.c keeps the token, hold.c turns
 * actions into presence requests and answers into outcomes, lookup.c finds ids, readback.c asks what
 * Teams shows, notes.c keeps what is to be told. */
#ifndef SINK_GRAPH_PRIV_H
#define SINK_GRAPH_PRIV_H

#include "base/buf.h"
#include "base/map.h"
#include "base/prng.h"
#include "base/wheel.h"
#include "proto/graph/presences.h"
#include "sink/gate.h"
#include "sink/graph.h"
#include "sink/ledger.h"
#include "sink/queue.h"
#include "sink/react.h"

enum {
	LOOK_UPS_MAX = 8,
	IN_FLIGHT_CAP = 1024, /* presence requests; whatever the configuration says */
	FLIGHTS_MASK = 2047,  /* low bits of a request's id name its flight */
	NOTES_MAX = 64,
	TROUBLES_MAX = 2048,
	TICK_MAX = 1024,      /* deadlines served in one tick; the rest stay due */
	ANSWER_SLACK_MS = 5000, /* how long after its time-out an answer may still come in */
	RETRY_BASE_MS = 1000,
	RETRY_MAX_MS = 60000,
	HOUR_MS = 3600000,
	DAY_MS = 86400000,
	FORM_MAX = 24576,
	GRAPH_SECRET_MAX = 4096,
	CLAIMS_MAX = 2048,
};

/* What the user's slot wants: the latest action, cut to what matters here. */
struct want {
	int64_t due_ms;
	int64_t key; /* its place within its queue */
	uint32_t generation;
	int32_t lease_ms;
	uint8_t kind; /* enum want_kind */
	uint8_t urgency, session;
	uint8_t step;     /* which request of the action is next */
	uint8_t attempts; /* for the back-off */
	bool preferred;
	bool unsure : 1;    /* a request of it may have been applied, and that was reported */
	bool new_token : 1; /* has had its second chance after a 401 */
	bool waited : 1;    /* ... which could not be given at once */
	bool forbidden : 1; /* ... and after a 403 */
};

enum want_kind { WANT_NOTHING, WANT_HOLD, WANT_CLEAR };

/* What Graph may hold for the user, as far as this process knows. */
enum applied { APPLIED_UNKNOWN, APPLIED_NO, APPLIED_MAYBE };

enum look_state { LOOK_NONE, LOOK_QUEUED, LOOK_FLYING, LOOK_RESTING };

struct slot {
	struct want want;
	char *email;              /* while the id is being looked up */
	int64_t lease_until_ms;   /* latest end of anything possibly applied; 0: not known */
	int64_t set_sent_ms;      /* when the session request of the present action left */
	int64_t last_answer_ms;
	uint32_t flying_generation;
	uint32_t seen_hash;
	uint32_t look_next;
	uint16_t last_status;
	uint16_t trouble; /* index + 1 into the ring of troubles */
	uint8_t seen;     /* enum presence + 1; 0: never read */
	uint8_t look;     /* enum look_state */
	uint8_t applied;  /* enum applied */
	bool preferred_maybe : 1;
	bool flying : 1;  /* a presence request of this slot is in flight, also after a forget */
	bool listed : 1;  /* linked into the look-up list */
	char id[GRAPH_ID_LEN + 1];
};
_Static_assert(sizeof(struct slot) <= 128, "a user costs more than planned");

struct flight {
	uint32_t id;
	uint32_t user;
	uint32_t generation;
	uint32_t token_serial;
	int32_t lease_ms;
	int64_t sent_ms;
	int64_t due_ms;
	uint8_t kind; /* enum request_kind; REQ_FREE: not in use */
	uint8_t urgency;
	bool orphan; /* its user was forgotten or got another id */
	bool last;   /* the action is complete when this one succeeds */
	uint32_t next_free;
};

/* The last error of a user, for explain: a ring, the oldest is overwritten. */
struct trouble {
	uint32_t user;
	char error[120];
	char request_id[40];
};

struct token {
	struct secret headers; /* the whole header block with the bearer, rendered once a token */
	int64_t good_until_ms;
	int64_t ask_ms; /* when the next one is to be asked for */
	int64_t renewed_ms, forbidden_ms; /* last time that a 401, a 403 dropped one; 0: never */
	uint32_t serial;
	uint8_t attempts;
	uint8_t state; /* enum token_state */
	bool asking;
	bool again; /* the credential changed while a request was out */
	bool accepted; /* a presence request has succeeded with it */
	bool permits_known;
	uint32_t permits; /* enum token_permits, as the token has it */
	char error[160];
	const char *fix; /* never NULL */
	char claims[CLAIMS_MAX]; /* of a challenge; used once */
	char *form;              /* FORM_MAX bytes: holds the secret while a request is out */
	size_t form_n;
};

enum token_state { TOKEN_NONE, TOKEN_ASKED, TOKEN_GOOD, TOKEN_REFUSED, TOKEN_STATE_COUNT };

struct event_rec {
	uint8_t kind; /* GRAPH_OUTCOME or GRAPH_FOUND */
	bool found;
	struct outcome outcome; /* .user for both */
};

struct events {
	struct event_rec *ring;
	uint32_t cap, head, n;
};

struct note_rec {
	uint8_t note;
	uint32_t user;
	char text[GRAPH_TEXT_MAX];
};

struct notes {
	struct note_rec ring[NOTES_MAX];
	uint32_t head, n;
	int64_t last_ms[GRAPH_NOTE_COUNT];
};

struct seen_rec {
	uint32_t user;
	uint8_t presence;
	char text[88];
};

struct read_back {
	uint32_t users[PRESENCES_IDS_MAX]; /* of the batch in the making or in flight */
	uint32_t n, cursor;
	uint8_t pass;   /* 0: users with a held session, 1: the others, 2: the sweep is over */
	bool flying;
	int64_t sweep_ms; /* when the next sweep begins */
	int64_t rest_ms;  /* nothing before this: the last answer asked to wait */
	uint32_t attempts;
	struct map by_id;
	struct seen_rec *seen; /* PRESENCES_IDS_MAX results not yet drained */
	uint32_t seen_n, seen_at;
	struct ledger ledger; /* a tenth of the quota */
};

struct look_ups {
	uint32_t head, tail; /* list of slots; ID_NONE when empty */
	uint32_t flying;
	struct gate gate;
};

struct graph {
	char *tenant, *client_id, *login_url, *graph_url, *resource;
	struct secret client_secret;
	struct assertion_key *certificate; /* NULL: client_secret */
	enum assertion_form form;
	uint32_t in_flight_max, users_max, flights_n;
	int32_t timeout_ms, read_back_ms;
	int64_t now_ms, wall_ahead_ms;
	struct prng prng;
	struct slot *slots;
	uint32_t *at; /* shared by the queues */
	struct queue queues[URGENCY_COUNT];
	struct wheel *wheel; /* users, then flights */
	struct flight *flights;
	uint32_t free_flight, serial;
	struct ledger ledger;
	struct gate gate;
	struct token token;
	struct look_ups looks;
	struct read_back *reads; /* NULL when read_back_ms is 0 */
	struct events events;
	struct notes notes;
	struct trouble *troubles;
	uint32_t trouble_at;
	struct buf url, body;
	struct graph_view stats; /* counters; the rest is filled in when asked for */
};

/* graph.c */
struct flight *flight_take(struct graph *g, enum request_kind kind, uint32_t user);
void request_begin(struct graph *g, const struct flight *f, struct graph_out *ret);
/* Graph's own requests: bearer headers; url and body from g->url and g->body. */
void request_finish(struct graph *g, bool post, struct graph_out *ret);
/* Milliseconds of the answer's Retry-After; -1 when it names none. */
int64_t wait_of(const struct graph *g, const struct graph_response *r);
/* Words for people about an answer: Graph's error, or the transport's. */
void answer_text(const struct graph_response *r, char *dst, size_t cap);
void trouble_note(struct graph *g, uint32_t user, const struct graph_response *r);

/* notes.c */
enum err notes_init(struct graph *g);
void emit_outcome(struct graph *g, const struct outcome *o);
void emit_found(struct graph *g, uint32_t user, bool found);
/* Whatever waits for the user is dropped. */
void notes_forget(struct graph *g, uint32_t user);
bool events_pop(struct graph *g, struct graph_out *ret);
bool notes_pop(struct graph *g, struct graph_out *ret);
/* user ID_NONE: the realm. Dropped when too many wait; counts tell what notes then do not. */
void note(struct graph *g, enum graph_note n, uint32_t user, const char *text);
/* At most once in every_ms. */
void note_seldom(struct graph *g, enum graph_note n, uint32_t user, const char *text,
		 int64_t every_ms);

/* graph_token.c */
bool token_is_usable(const struct graph *g);
bool token_is_due(const struct graph *g);
bool token_request(struct graph *g, struct graph_out *ret);
void token_feed(struct graph *g, const struct flight *f, const struct graph_response *r);
/* A 401 came for a request that carried the token `serial`. 0: another token is there or on its
 * way. Otherwise the last one was dropped just now, and this one cannot be for so many ms. */
int64_t token_refused(struct graph *g, uint32_t serial, const struct graph_response *r);
/* A 403 came: true when it is worth trying again, with another token than `serial`. */
bool token_forbidden(struct graph *g, uint32_t serial);
struct slice token_headers(struct graph *g, bool post);
void token_wipe(struct graph *g);

/* hold.c */
void hold_submit(struct graph *g, const struct action *a);
void hold_wake(struct graph *g, uint32_t user);
void hold_unqueue(struct graph *g, uint32_t user);
bool hold_request(struct graph *g, struct graph_out *ret);
bool hold_is_queued(const struct graph *g);
int64_t hold_next(const struct graph *g);
void hold_feed(struct graph *g, const struct flight *f, const struct graph_response *r);

/* lookup.c */
void look_enlist(struct graph *g, uint32_t user);
void look_cancel(struct graph *g, uint32_t user);
bool look_request(struct graph *g, struct graph_out *ret);
int64_t look_next(const struct graph *g);
void look_feed(struct graph *g, const struct flight *f, const struct graph_response *r);

/* readback.c */
enum err read_new(struct graph *g, uint32_t quota_share, int32_t window_ms);
void read_free(struct graph *g);
bool read_request(struct graph *g, struct graph_out *ret);
int64_t read_next(const struct graph *g);
void read_feed(struct graph *g, const struct flight *f, const struct graph_response *r);
bool read_pop(struct graph *g, struct graph_out *ret);
void read_forget(struct graph *g, uint32_t user);

#endif
