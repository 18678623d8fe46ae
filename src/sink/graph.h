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

#include "base/delay.h"
#include "base/secret.h"
#include "base/slice.h"
#include "core/types.h"
#include "proto/graph/assertion.h"
#include "proto/graph/person.h"
#include "sink/load.h"

enum {
	GRAPH_ID_LEN = 36, /* a GUID's text */
	GRAPH_TEXT_MAX = 320,
	GRAPH_URL_MAX = 1024, /* login_url, graph_url, resource */
};

/* How the app signs in: with a secret, or with a certificate when there is one. */
struct graph_credential {
	const struct secret *secret;
	const struct assertion_key *certificate; /* NULL: the secret */
	uint8_t form;                            /* enum assertion_form */
	int64_t secret_ends_wall_ms;             /* 0: nobody knows */
};

struct graph_config {
	const char *tenant;     /* GUID or domain */
	const char *client_id;  /* GUID: also the session id */
	struct graph_credential credential; /* copied */
	const char *login_url;  /* https://login.microsoftonline.com, no trailing slash */
	const char *graph_url;  /* https://graph.microsoft.com, or the proxy in front of it */
	const char *resource;   /* whom tokens are asked for; NULL: graph_url */
	uint32_t quota;         /* requests per window to begin with, default 1,500 */
	uint32_t quota_max;     /* up to which it is learned; 0: as quota, so only ever less */
	uint32_t rise_weight;   /* how much worse a caller shown as free is than the reverse, 0: 3 */
	int32_t window_ms;      /* default 30,000 */
	uint32_t in_flight_max; /* concurrent presence requests, default 16 */
	uint32_t users_max;     /* slots: user ids 0..users_max-1 */
	int32_t timeout_ms;     /* per request, default 10,000 */
	int32_t read_back_ms;   /* ask what Teams shows, by getPresencesByUserId, this often; 0: never.
				 * Within a share of the quota, users with a held session first */
	uint32_t read_back_share; /* percent of the quota, 0: 10 */
	uint64_t seed;
	uint32_t sent_before; /* sends of an earlier process that may still lie in the present
			       * window: they count as sent now. 0 when a window has passed */
};

enum graph_out_kind {
	GRAPH_HTTP,    /* .request */
	GRAPH_OUTCOME, /* .outcome, for the engine */
	GRAPH_FOUND,   /* a look-up has ended: .user, .found, and of the best match .id .class .via .people */
	GRAPH_SEEN,    /* read-back: what Teams shows for .user: .seen, .text is "Availability/Activity" */
	GRAPH_TEXT,    /* .user: of its status message, to be stored before anything else is drained:
			* .text_ours may be there (empty: nothing of ours is), .text_former stood there */
	GRAPH_NOTE,    /* .note, .user, .text */
	GRAPH_PERSON,  /* somebody in the directory: .person */
	GRAPH_MEMBER,  /* of a group: .group, .id */
	GRAPH_READ,    /* .stage of reading the directory; .group, .full, .link as it says */
	GRAPH_LOAD,    /* .load: how long leases shall be has changed */
};

enum graph_read_stage {
	READ_PEOPLE_BEGIN, /* .full: everybody comes; otherwise who has changed */
	READ_PEOPLE_END,   /* .full, .link: where the next reading goes on; to be kept over a restart */
	READ_PEOPLE_FAILED, /* not permitted, or refused: what was known stands */
	READ_GROUP_BEGIN,  /* .group */
	READ_GROUP_END,
	READ_GROUP_FAILED, /* whoever was a member stays one */
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
	bool full;     /* GRAPH_READ */
	uint8_t seen;  /* enum presence */
	uint8_t class; /* enum person_class; PERSON_CLASS_COUNT: nobody */
	uint8_t via;   /* enum person_via */
	uint8_t stage; /* enum graph_read_stage */
	uint32_t people; /* how many of that class match */
	uint32_t group;  /* index in graph_people.groups */
	const struct graph_person *person; /* valid until the next call, as .link */
	struct slice link;
	uint8_t seen_origin; /* enum seen_origin */
	uint8_t seen_activity; /* enum seen_activity */
	bool seen_proven; /* the engine has had a clear answer for the person in this process */
	int64_t asked_ms;    /* GRAPH_SEEN: when the question left */
	char id[GRAPH_ID_LEN + 1];
	struct graph_request request;
	struct outcome outcome;
	struct load load;
	char text[GRAPH_TEXT_MAX];
	struct slice text_ours, text_former; /* valid until the next call to the machine */
	int64_t text_until_wall_ms;
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
	bool refused; /* by the last answer; .last_status and .last_error say how */
	uint16_t last_status;
	int64_t last_answer_ms; /* 0: never */
	char last_error[120];   /* Graph's error code and message */
	char request_id[40];
};

/* What came of the last graph_probe. */
enum graph_probe_state {
	GRAPH_PROBE_NEVER,
	GRAPH_PROBE_TOKEN,    /* waits for a fresh token */
	GRAPH_PROBE_READ,     /* waits for the presence read: its turn, or its answer */
	GRAPH_PROBE_NO_TOKEN, /* over: .token_error says why */
	GRAPH_PROBE_ANSWERED, /* over: .probe_status, .probe_error */
};

struct graph_view {
	uint8_t token; /* 0 none, 1 asked for, 2 good, 3 refused */
	int64_t token_good_until_ms;
	char token_error[160]; /* AADSTS text, first line */
	const char *token_fix; /* what a person does about it; "" when it passes */
	uint8_t token_step;    /* enum token_step (proto/graph/token.h): where in setting up it is wrong */
	/* What the token says it permits (enum token_permits, proto/graph/roles.h): to explain only. */
	bool permits_known;
	uint32_t permits;
	/* Of the secret that signs in, as configured; 0: nobody knows. */
	int64_t secret_ends_wall_ms, secret_warns_wall_ms;
	/* Of the certificate that signs in; 0 and "" with a secret. */
	int64_t certificate_ends_wall_ms, certificate_warns_wall_ms;
	char certificate_thumbprint[ASSERTION_THUMBPRINT_LEN + 1];
	bool gate_closed;
	int64_t gate_until_ms;
	uint32_t queued[URGENCY_COUNT];
	int64_t wait_ms[URGENCY_COUNT]; /* until the last of the class is sent, if nothing new comes */
	uint32_t in_flight;
	uint32_t sent_in_window; /* now */
	uint64_t batches; /* of several presence requests each */
	int64_t rtt_ms;	  /* smoothed */
	uint64_t sent, accepted, throttled, denied, retried, unsure;
	uint64_t delay_sum_ms, delay_count; /* change to acceptance: rises and clears */
	uint64_t delays[DELAY_BUCKETS];	    /* the same, by size */
	struct {
		uint64_t sum_ms, count;
	} delay[URGENCY_COUNT]; /* by class; a renewal's from when it was due */
	uint32_t quota_now, quota_proven; /* requests a window that may be sent, that a window has taken */
	uint32_t quota_steps, quota_cuts;
	struct load load;
	uint8_t probe;		 /* enum graph_probe_state */
	uint16_t probe_status;	 /* 0: no answer */
	char probe_error[160];	 /* "": it was granted */
};

/* How the directory is read: pages of everybody, then every so often who has changed. */
struct graph_people {
	int32_t every_ms;     /* 0: not at all */
	const char *property; /* also asked for (proto/graph/person.h); "" none */
	const char *const *groups; /* GUIDs of groups whose members are read at every turn */
	uint32_t groups_n;
};

struct graph_people_view {
	bool on, complete, failed, reading;
	uint64_t rounds, full_rounds, pages, rows, restarts; /* restarts: 410 and its like */
	int64_t last_ms; /* end of the last whole round; 0: none */
	uint32_t units_in_window, units_max;
};

struct graph;

MUST_CHECK enum err graph_new(struct graph **ret, const struct graph_config *c, int64_t now_ms);
void graph_free(struct graph *g);

/* The user's Microsoft object id; an empty one forgets it. Actions of a user without an id wait. */
void graph_set_id(struct graph *g, uint32_t user, const char *id);
/* The next read of the user is told whether it has changed or not. */
void graph_read_again(struct graph *g, uint32_t user);
const char *graph_id(const struct graph *g, uint32_t user); /* "" when unknown */
/* Looks the user up by UPN, mail and proxy address in one request; answer is GRAPH_FOUND, also when
 * nobody matches. An id that the user has already stays. Repeated calls while one is under way do nothing. */
void graph_look_up(struct graph *g, uint32_t user, const char *email);
/* The look-up of a user, under way or resting, is not needed any more. */
void graph_look_cancel(struct graph *g, uint32_t user);
/* From now on; copied. A property that was not asked for before makes the next reading a full one. */
MUST_CHECK enum err graph_set_people(struct graph *g, const struct graph_people *p);
/* A link kept from READ_PEOPLE_END: the first reading goes on from there. Before anything is drained. */
void graph_people_link(struct graph *g, struct slice link);
/* The next reading is of everybody; at once, or when it is due. */
void graph_people_again(struct graph *g, bool at_once);
void graph_people_view(const struct graph *g, struct graph_people_view *ret);
/* A new secret or certificate, for example after SIGHUP: the token is asked for anew. With the same one
 * nothing happens, unless the last one was refused: then it is tried at once. ERR_LIMIT, ERR_NO_MEMORY:
 * the old one stays. */
MUST_CHECK enum err graph_set_credential(struct graph *g, const struct graph_credential *c);
/* Other settings than a realm is named by, and than its credential: graph_url, resource, quota, quota_max,
 * window_ms, rise_weight, read_back_ms and read_back_share of c count from now on. What was sent stays in the
 * ledger; what was learned of the quota is kept while its three settings are the same. ERR_MALFORMED,
 * ERR_NO_MEMORY: all stays as it was. */
MUST_CHECK enum err graph_set_tuning(struct graph *g, const struct graph_config *c);
/* Takes ACT_HOLD and ACT_CLEAR; replaces what waits in the user's slot. Every action gets one last
 * outcome (accepted, withdrawn, denied), with any number of OUTCOME_UNSURE before it; one replaced
 * while unsure or half done gets no other. may_be_held false, of either kind, says that nothing of
 * ours is there: then a clear costs no request until a hold may have been applied. A clear whose
 * session's lease has long ended costs none either. */
void graph_submit(struct graph *g, int64_t now_ms, const struct action *a);
/* The status message from now on, until a wall time or TIME_NEVER; empty: the person's own is put back. Every
 * change of what may stand there is a GRAPH_TEXT. Needs Presence.ReadWrite.All, as the rest does. */
void graph_text(struct graph *g, int64_t now_ms, uint32_t user, struct slice text, int64_t until_wall_ms);
/* What GRAPH_TEXT said in an earlier process. */
void graph_text_restore(struct graph *g, uint32_t user, struct slice ours, struct slice former,
			int64_t until_wall_ms);
/* Gives back all that may be held for the user, whose id stays until graph_forget; the outcome has
 * generation 0. */
void graph_give_back(struct graph *g, int64_t now_ms, uint32_t user);
/* A status message of ours may be there, or is being seen to. */
bool graph_has_text(const struct graph *g, uint32_t user);
/* Nothing waits and nothing is under way. */
bool graph_is_idle(const struct graph *g);
/* Drops the user's slot; nothing more comes out for it. */
void graph_forget(struct graph *g, uint32_t user);
/* An answer whose request has timed out, or that comes a second time, is ignored. A request that
 * gets no answer within timeout_ms + 5 s counts as HTTP_UNSURE. */
void graph_feed(struct graph *g, int64_t now_ms, const struct graph_response *r);
/* Asks anew: a fresh token and one presence read, whatever is known already. The view says how far it is. */
void graph_probe(struct graph *g, int64_t now_ms);
void graph_tick(struct graph *g, int64_t now_ms);
int64_t graph_next(const struct graph *g);
/* Outcomes come before requests. Drain until false after every call that fed something in. */
bool graph_drain(struct graph *g, int64_t now_ms, int64_t wall_ms, struct graph_out *ret);
/* As of the last call that brought the time. */
void graph_view(const struct graph *g, struct graph_view *ret);
/* As of now: an idle machine is called by nobody, yet its window empties and its gate opens. */
void graph_view_at(const struct graph *g, int64_t now_ms, struct graph_view *ret);
bool graph_user_view(const struct graph *g, uint32_t user, struct graph_user_view *ret);

const char *graph_note_name(enum graph_note n);
const char *graph_note_text(enum graph_note n);
int graph_note_level(enum graph_note n);

#endif
