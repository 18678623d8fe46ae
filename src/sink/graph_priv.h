/* graph_priv.h - the Graph machine's insides, shared by the files of this room only.
 *
 * graph.c is the facade: queues, drain, feed, tick. graph_token.c keeps the token, hold.c (hold_step.c,
 * hold_send.c, hold_answer.c) turns actions into presence requests and answers into outcomes, shown.c
 * looks before it, lookup.c finds ids, people.c reads the directory, readback.c asks what Teams shows,
 * text.c sets status messages, probe.c asks whether Graph is there, tuning.c has what of the settings may
 * change, notes.c keeps what is to be told. */
#ifndef SINK_GRAPH_PRIV_H
#define SINK_GRAPH_PRIV_H

#include "base/buf.h"
#include "base/map.h"
#include "base/prng.h"
#include "base/wheel.h"
#include "proto/graph/presences.h"
#include "proto/graph/users.h"
#include "sink/gate.h"
#include "sink/graph.h"
#include "sink/learn.h"
#include "sink/ledger.h"
#include "sink/order.h"
#include "sink/queue.h"
#include "sink/react.h"

enum {
	LOOK_UPS_MAX = 8,
	TEXT_FLIGHTS_MAX = 4, /* requests about status messages */
	IN_FLIGHT_CAP = 1000, /* presence requests, batched ones too; whatever the configuration says */
	FLIGHTS_MASK = 2047,  /* low bits of a request's id name its flight */
	NOTES_MAX = 64,
	TROUBLES_MAX = 2048,
	TICK_MAX = 1024,      /* deadlines served in one tick; the rest stay due */
	ANSWER_SLACK_MS = 5000, /* how long after its time-out an answer may still come in */
	RETRY_BASE_MS = 1000,
	RETRY_MAX_MS = 60000,
	MINUTE_MS = 60000,
	HOUR_MS = 3600000,
	DAY_MS = 86400000,
	SECRET_WARN_DAYS = 30,
	DIRECTORY_UNITS = 3500, /* of the smallest tenants, in ... */
	DIRECTORY_WINDOW_MS = 10000,
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
	uint16_t preferred_min; /* life of the preferred state, in minutes */
	uint8_t kind : 2;       /* enum want_kind */
	uint8_t step : 2;       /* requests of the action that Graph has taken */
	uint8_t urgency, session;
	uint8_t attempts; /* for the back-off */
	bool preferred : 1;
	bool preferred_again : 1; /* it is ours already: renewed only while it shows */
	bool looked : 1;          /* Teams was asked what shows */
	bool session_done : 1, preferred_done : 1;
	bool unsure : 1;    /* a request of it may have been applied, and that was reported */
	bool new_token : 1; /* has had its second chance after a 401 */
	bool waited : 1;    /* ... which could not be given at once */
	bool forbidden : 1; /* ... and after a 403 */
	bool prove : 1;     /* a clear that is sent whatever is known */
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
	uint8_t sure;     /* enum session that Graph confirmed; NONE: its last answer was not clear */
	bool preferred_maybe : 1;
	bool preferred_seen : 1;  /* it showed when we last looked, and waits to be given back or renewed */
	bool holding : 1; /* the latest action holds a session */
	bool reread : 1;  /* a session was accepted since the engine was last told what shows */
	bool proven : 1;  /* the engine has had a clear answer for this id */
	bool left : 1;    /* a session was asked for since Graph last said clearly what it holds */
	bool flying : 1;  /* a presence request of this slot is in flight, also after a forget */
	bool listed : 1;  /* linked into the look-up list */
	bool refused : 1; /* by the last answer, for good or until a role is granted */
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
	uint8_t session; /* enum session that the action holds */
	bool orphan; /* its user was forgotten or got another id */
	uint32_t batch; /* id of the flight that carries it, 0: it flies alone */
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
	uint8_t step;	 /* enum token_step of the last refusal */
	char claims[CLAIMS_MAX]; /* of a challenge; used once */
	char *form;              /* FORM_MAX bytes: holds the secret while a request is out */
	size_t form_n;
};

enum token_state { TOKEN_NONE, TOKEN_ASKED, TOKEN_GOOD, TOKEN_REFUSED, TOKEN_STATE_COUNT };

struct event_rec {
	uint8_t kind; /* GRAPH_OUTCOME or GRAPH_FOUND */
	struct outcome outcome; /* .user for both */
	bool found; /* and what follows: GRAPH_FOUND */
	uint8_t class, via;
	uint32_t people;
	char id[GRAPH_ID_LEN + 1];
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
	uint8_t presence, origin, activity;
	bool proven;
	char text[88];
};

/* The newest sequenceNumber that was taken of a user: an answer with a lower one is older. */
struct read_stamp {
	char text[23];
	uint8_t stale; /* answers in a row that were older */
};

/* Users with a held session, then everybody else. */
enum { READ_HELD, READ_OTHERS, READ_PASSES };

struct read_back {
	uint32_t users[PRESENCES_IDS_MAX]; /* of the batch in the making or in flight */
	uint32_t n;
	uint32_t cursor[READ_PASSES];
	bool open[READ_PASSES]; /* the pass is not over */
	bool flying;
	int64_t asked_ms; /* when the batch in flight left */
	uint32_t stale;   /* rows dropped for their sequenceNumber */
	int64_t sweep_ms; /* when the next sweep begins */
	int64_t rest_ms;  /* nothing before this: the last answer asked to wait */
	uint32_t attempts;
	struct map by_id;
	struct read_stamp *stamps; /* by user */
	struct seen_rec *seen; /* PRESENCES_IDS_MAX results not yet drained */
	uint32_t seen_n, seen_at;
	struct ledger ledger; /* the share of the quota */
};

struct look_ups {
	uint32_t head, tail; /* list of slots; ID_NONE when empty */
	uint32_t flying, listed_n;
	struct gate gate;
	struct ledger ledger; /* of the directory's resource units: look-ups and pages */
};

/* Reading the directory: one request in flight, one page in memory. */
struct people {
	struct graph_people set; /* its texts are ours; every_ms 0: off */
	char property[32];
	char (*groups)[PERSON_ID_LEN + 1];
	struct buf link; /* the next page of people; between rounds what changed since */
	struct buf group_link; /* the next page of the group; empty: its first one */
	uint8_t phase; /* enum people_phase */
	uint8_t told;  /* bits of enum people_told: stages that are to be told */
	uint32_t group;
	bool flying, full, complete, failed;
	bool has_page;
	bool last; /* the page is the last one of its phase */
	struct people_page page;
	json_t *row; /* of the page, which person borrows from */
	uint32_t budget; /* rows that may still be read in this turn */
	struct graph_person person;
	struct gate gate; /* of its own: a look-up that is not permitted closes the other one */
	int64_t next_ms; /* when the next round begins */
	int64_t full_ms; /* when everybody is read again, whatever the changes say */
	int64_t rest_ms, last_ms;
	uint32_t attempts, again_n; /* again_n: starts anew since the last whole round */
	uint64_t rounds, full_rounds, pages, rows, restarts;
	uint64_t rows_before, pages_before; /* the present round */
};

struct probe {
	uint32_t serial; /* of the token before */
	uint8_t state;	 /* enum graph_probe_state */
	bool flying, stale; /* stale: what flies is of an earlier probe */
	uint16_t status;
	char error[160];
};

struct graph {
	char *tenant, *client_id, *login_url, *graph_url, *resource;
	struct secret client_secret;
	int64_t secret_ends_wall_ms; /* 0: nobody knows */
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
	struct learn learn; /* what ledger.limit is */
	struct load load;   /* as last told */
	int64_t load_ms;    /* when it is looked at again */
	uint32_t holding;   /* slots that want a session held */
	uint32_t rise_weight, read_share;
	uint32_t quota, quota_max; /* as configured; learn has what is made of them */
	int64_t rtt_ms; /* smoothed, 0: not known */
	uint32_t lanes; /* HTTP requests under way: those that fly alone, and batches */
	bool batch_off; /* somebody on the way takes no batches */
	struct gate gate;
	struct token token;
	struct look_ups looks;
	struct texts *texts;     /* NULL until the first status message */
	struct people people;
	struct read_back *reads; /* NULL as long as read_back_ms has been 0 */
	struct probe probe;
	struct events events;
	struct notes notes;
	struct trouble *troubles;
	uint32_t trouble_at;
	struct buf url, body;
	struct graph_view stats; /* counters; the rest is filled in when asked for */
};

static inline int64_t later(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

/* graph.c */
struct flight *flight_take(struct graph *g, enum request_kind kind, uint32_t user);
/* The answer of a flight: the flight is over, and whose it was is told. */
void flight_land(struct graph *g, const struct graph_response *r);
/* The flight is a request to presence, which the quota counts from now on ... */
void flight_leaves(struct graph *g);
/* ... until a window after it has surely arrived. */
int64_t flight_arrived_ms(const struct graph *g, const struct flight *f, const struct graph_response *r);
void request_begin(struct graph *g, const struct flight *f, struct graph_out *ret);
/* Graph's own requests: bearer headers; url and body from g->url and g->body. */
void request_finish(struct graph *g, bool post, struct graph_out *ret);
/* Milliseconds of the answer's Retry-After; -1 when it names none. */
int64_t wait_of(const struct graph *g, const struct graph_response *r);
/* Words for people about an answer: Graph's error, or the transport's. */
void answer_text(const struct graph_response *r, char *dst, size_t cap);
/* Closes the gate for an answer; true when it was open. A 429 also cuts what may be used. */
bool limiter_said_no(struct graph *g, const struct flight *f, const struct graph_response *r);
/* Something waits though the window is full: perhaps it may hold more. True when it may. */
bool quota_stretch(struct graph *g);
void trouble_note(struct graph *g, uint32_t user, const struct graph_response *r);

/* tuning.c */
enum err quota_new(struct graph *g, const struct graph_config *c);
/* What has been learned counts from now on. */
void quota_use_limit(struct graph *g);

/* notes.c */
enum err notes_init(struct graph *g);
void emit_outcome(struct graph *g, const struct outcome *o);
/* m NULL: nobody was found, or the answer was a refusal. Found is one good person. */
void emit_match(struct graph *g, uint32_t user, const struct users_match *m);
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
/* At once, though the present one is good: credential or resource are others. */
void token_ask_anew(struct graph *g);
/* A 403 came: true when it is worth trying again, with another token than `serial`. */
bool token_forbidden(struct graph *g, uint32_t serial);
struct slice token_headers(struct graph *g, bool post);
void token_wipe(struct graph *g);

/* hold.c */
void hold_submit(struct graph *g, const struct action *a);
void hold_wake(struct graph *g, uint32_t user);
/* Keeps g->holding. */
void hold_count(struct graph *g, struct slot *s, bool holding);
void hold_unqueue(struct graph *g, uint32_t user);
bool hold_is_queued(const struct graph *g);
uint32_t hold_waiting(const struct graph *g); /* how many */

/* hold_send.c */
bool hold_request(struct graph *g, struct graph_out *ret);
/* The next part of a batch, written to g->body. False: nothing more may go. */
bool hold_part(struct graph *g, uint32_t batch, bool first);
int64_t hold_next(const struct graph *g);

/* hold_answer.c */
void hold_feed(struct graph *g, const struct flight *f, const struct graph_response *r);

/* shown.c */
/* Is it the preferred Do not disturb that shows? */
void shown_take(struct slot *s, const struct graph_response *r);

/* batch.c */
uint32_t batch_size(const struct graph *g); /* 1: it does not pay */
void batch_measure(struct graph *g, const struct flight *f);
bool batch_request(struct graph *g, struct graph_out *ret);
void batch_feed(struct graph *g, const struct flight *f, const struct graph_response *r);

/* lookup.c */
void look_enlist(struct graph *g, uint32_t user);
void look_cancel(struct graph *g, uint32_t user);
bool look_request(struct graph *g, struct graph_out *ret);
int64_t look_next(const struct graph *g);
void look_feed(struct graph *g, const struct flight *f, const struct graph_response *r);

/* text.c */
void text_free(struct graph *g);
void text_forget(struct graph *g, uint32_t user);
bool text_is_queued(const struct graph *g);
/* The user has an id now. */
void text_wake(struct graph *g, uint32_t user);
bool text_request(struct graph *g, struct graph_out *ret);
bool text_pop(struct graph *g, struct graph_out *ret);
int64_t text_next(const struct graph *g);
void text_tick(struct graph *g);
void text_feed(struct graph *g, const struct flight *f, const struct graph_response *r);
/* people.c */
void people_fini(struct graph *g);
void people_tick(struct graph *g);
bool people_pop(struct graph *g, struct graph_out *ret);
bool people_request(struct graph *g, struct graph_out *ret);
int64_t people_next(const struct graph *g);
void people_feed(struct graph *g, const struct flight *f, const struct graph_response *r);
/* A look-up was asked to wait: the directory has one limit. */
void people_throttled(struct graph *g, int64_t sent_ms, int64_t wait_ms);
/* Many look-ups wait, and the directory is about to tell all of them. */
bool people_tell_soon(const struct graph *g);
/* A look-up that found nobody need not be repeated: the changes will tell. */
bool people_keep_watch(const struct graph *g);

/* readback.c */
/* share: requests a window that reading may take at most. */
enum err read_new(struct graph *g, uint32_t share, int32_t window_ms);
void read_free(struct graph *g);
/* Another share and window; at_once: the next sweep is due as from now. */
enum err read_tune(struct graph *g, uint32_t share, int32_t window_ms, bool at_once);
/* The quota has changed. */
void read_limit(struct graph *g);
bool read_request(struct graph *g, struct graph_out *ret);
int64_t read_next(const struct graph *g);
void read_feed(struct graph *g, const struct flight *f, const struct graph_response *r);
bool read_pop(struct graph *g, struct graph_out *ret);
void read_forget(struct graph *g, uint32_t user);
/* Another person: his sequence numbers begin anew. */
void read_forget_stamp(struct graph *g, uint32_t user);

/* probe.c */
/* A token request has ended, either way. */
void probe_token_answered(struct graph *g);
bool probe_request(struct graph *g, struct graph_out *ret);
int64_t probe_next(const struct graph *g);
void probe_feed(struct graph *g, const struct flight *f, const struct graph_response *r);

#endif
