/* admin.h - the admin plane: API, live page, events, health and metrics, on a thread of its own.
 *
 * The loop thread hands plain values in (admin_put_*) and takes commands out (admin_take,
 * admin_answer). Every call of this header is made by the loop thread and holds a mutex for
 * microseconds; the admin thread renders and serves from its own copy, so watching browsers cost
 * the loop nothing. Values are copied: slices and arrays are borrowed for the call only.
 *
 * Times are wall clock, UTC milliseconds since 1970; 0 means none, TIME_NEVER no end. Ids are the
 * directory's. The TCP listener checks Host, and who asks: a cookie of somebody signed in, or a token;
 * the UNIX socket is an owner of everything. The routes, and what each needs, stand in routes.def, the
 * metrics in metrics.def. */
#ifndef ADMIN_ADMIN_H
#define ADMIN_ADMIN_H

#include "base/delay.h"
#include "base/slice.h"
#include "core/match.h"
#include "core/types.h"

struct admin;
struct alarm;
struct store;

struct admin_config {
	const char *listen;	 /* "127.0.0.1:8470", "[::1]:0"; port 0: any, see admin_port */
	const char *socket_path; /* NULL or "": none. Mode 0660; a stale one is taken over */
	const char
	    *certificate; /* PEM text for listen, NULL: plain HTTP, then listen must be loopback */
	const char *key;  /* PEM text */
	const char *url; /* the public address, "https://offhook.acme.example"; NULL or "": as listened on */
	bool open_read;	 /* as admin_set_open_read */
	uint32_t accounts_max, connectors_max, users_max;
	uint32_t connections_max; /* 0: 1,024 */
	uint32_t per_address_max; /* 0: 512 connections from one address */
	int32_t request_ms;	  /* a whole request must have arrived by then, 0: 15,000 */
	uint32_t password_cost;	  /* auth/password.h; 0: PASSWORD_COST. Tests do with less */
	int32_t command_ms;	  /* 504 when a command is not answered by then, 0: 10,000 */
	int64_t (*mono_ms)(void); /* clocks, callable from any thread */
	int64_t (*wall_ms)(void);
	void (*wake)(void *arg); /* from the admin thread: a command waits; must not block */
	void (*log)(void *arg, int priority, const char *code, const char *text); /* may be NULL */
	/* from the admin thread: an alarm was raised or is over; must not block. May be NULL */
	void (*alarm)(void *alarm_arg, const struct alarm *x, bool gone);
	void *alarm_arg;
	void *arg; /* of wake and log */
};

/* Binds, then starts the thread. ERR_IO with `why` filled (<= why_cap bytes, closed) when an
 * address or the socket cannot be taken, ERR_DENIED for a foreign address without a certificate. */
MUST_CHECK enum err admin_start(struct admin **ret, const struct admin_config *c, char *why,
				size_t why_cap);
/* Ends the thread, answers what waits with 503, removes the socket. Takes NULL. */
void admin_stop(struct admin *a);
/* The TCP port that was bound. */
uint16_t admin_port(const struct admin *a);
/* A new certificate and key for new connections (after SIGHUP); NULL keeps the old one. */
void admin_set_certificate(struct admin *a, const char *certificate, const char *key);

enum { ADMIN_ONE_TIME_MAX = 32 };
/* Where administrators, sign-ins, tokens and the record of changes are kept; once, and it must outlive the
 * admin plane. Nobody can sign in before. first gets the one-time password of the administrator `admin`
 * when there was none and one was made, else "". why as in store_open. */
MUST_CHECK enum err admin_set_store(struct admin *a, struct store *s, char first[static ADMIN_ONE_TIME_MAX],
				    char *why);
/* server.open_read: whoever reaches the TCP listener may read everything without signing in. */
void admin_set_open_read(struct admin *a, bool open_read);

/* ---- what the loop thread tells ---- */

enum { ADMIN_COUNTERS_MAX = 64 };

/* The name is static text (lower_case, as in the .def tables). */
struct admin_counter {
	const char *name;
	uint64_t value;
};

struct admin_line {
	uint32_t line, connector;
	struct slice number;
	uint8_t sync;	  /* enum line_sync */
	uint8_t presence; /* enum presence: what the line counts as */
	uint8_t call;	  /* enum call_state, the busiest */
	uint8_t calls;
	uint8_t
	    link; /* enum line_link as the source sees it: idle, asking, live, waiting, refused */
	bool dnd, registered;
	uint8_t forward; /* enum forward_target */
	uint16_t last_status;	     /* last answer of the PBX, 0: none */
	int64_t since_wall_ms;	     /* of the present state */
	int64_t last_report_wall_ms; /* 0: never */
	struct slice reason;	     /* waiting, refused: why, in words */
	bool reads_profile, writes_profile; /* the connector; neither: profile: ignore */
	uint8_t pbx_profile;		    /* enum profile that the PBX holds, PROFILE_NONE: not known */
	uint8_t write;			    /* enum line_write */
	uint8_t written;		    /* enum profile that .write is about */
	uint8_t lend;			    /* enum line_lend */
	uint8_t lent;			    /* enum profile that the PBX is lent: HELD, RETURNED */
	struct slice refusal;		    /* LINE_WRITE_REFUSED: the PBX's words */
	struct slice profile_text;	    /* what stands beside the profile at the PBX */
	struct slice lamp;	    /* the lamps of the PBX that show the person, and how each stands there */
	struct slice lamp_refusal;  /* why one does not show what it shall */
};

struct admin_user {
	uint32_t user;
	uint16_t account;
	struct slice email, name, teams_id;
	const struct admin_line *lines;
	uint32_t lines_n; /* at most 64 are kept */
	bool enabled, settled, leaving;
	uint8_t profile; /* enum profile */
	int64_t profile_since_wall_ms, profile_until_wall_ms;
	uint8_t profile_presence; /* enum presence */
	uint8_t combined;	  /* enum presence */
	int64_t combined_since_wall_ms;
	uint8_t winner;	       /* enum winner */
	uint32_t winner_line;  /* WINNER_LINE */
	uint8_t desired, held; /* enum session */
	bool held_preferred, preferred_left;
	bool closed;		       /* outside working hours */
	int64_t hours_until_wall_ms;   /* when that changes; TIME_NEVER: there are none */
	uint8_t text;		       /* enum text_cause of the status message */
	bool text_ours;		       /* Teams may show one of ours */
	int64_t lease_end_wall_ms, renew_wall_ms;
	uint8_t publish;       /* enum admin_publish */
	int64_t retry_wall_ms; /* backing off until, 0: not */
	uint16_t last_http_status;
	int64_t last_answer_wall_ms;
	struct slice graph_error, request_id;
	bool seen_known;
	uint8_t seen;		/* enum presence: what others see in Teams, by read-back */
	struct slice seen_pair; /* "Availability/Activity" */
	int64_t seen_wall_ms;
	uint8_t shown; /* enum shown: what others see of the session held */
	bool conflict; /* another application writes the same user */
	uint8_t lamp;  /* enum lamp: what phones are shown of Teams */
	uint32_t watchers; /* phones that watch it */
	uint32_t generation;
	struct policy policy; /* in force */
	bool own_policy;      /* the user's own, not the account's */
	bool has_match;	      /* the fields below are known */
	uint8_t match;	      /* enum match */
	uint8_t match_via;    /* 0 none, 1 teams_id, 2 upn, 3 mail, 4 alias, 5 attribute */
	uint8_t onboarding;   /* enum onboarding */
	bool in_group;
	struct slice match_id;	  /* whom in the directory it is about */
	struct slice match_other; /* MATCH_SAME: the user that has the session */
};

/* What the publisher of one user is doing, in words that people read. The daemon maps the engine's
 * publish state onto these. */
enum admin_publish {
	ADMIN_PUBLISH_IDLE,	/* confirmed: desired is held, or nothing is */
	ADMIN_PUBLISH_SETTLING, /* waiting for `settle` to pass */
	ADMIN_PUBLISH_WAITING,	/* queued or in flight */
	ADMIN_PUBLISH_BACKING_OFF,
	ADMIN_PUBLISH_HELD_BACK, /* dry-run, off, or not yet settled */
	ADMIN_PUBLISH_COUNT
};

struct admin_connector {
	uint32_t connector;
	uint16_t account;
	struct slice name, type, server;
	bool up;
	int64_t since_wall_ms; /* of up or down */
	struct slice state;    /* in words */
	bool logged_in;
	struct slice missing; /* rights that the configuration needs and the PBX does not give */
	uint32_t lines, live, refused;
	uint64_t received, sent;
	const struct admin_counter *counters; /* by note */
	uint32_t counters_n;
};

struct admin_account {
	uint16_t account;
	struct slice name;
	/* signing in with Microsoft; all empty: not with this account */
	struct slice sign_in_login, sign_in_tenant, sign_in_client;
	uint32_t realm; /* accounts of one realm share token, gate and quota */
	uint8_t mode;	/* enum account_mode */
	uint8_t token;	/* 0 none, 1 asked for, 2 good, 3 refused */
	int64_t token_good_until_wall_ms;
	struct slice token_error;
	bool gate_closed;
	int64_t gate_until_wall_ms;
	uint32_t queued[3]; /* by enum urgency */
	uint32_t in_flight, sent_in_window, quota;
	int32_t window_ms;
	uint64_t sent, accepted, throttled, denied, retried, unsure;
	uint64_t delay_sum_ms, delay_count;
	uint64_t delays[DELAY_BUCKETS]; /* rises and clears, by size */
	struct {
		int64_t wait_ms; /* until the last of the class is sent, if nothing new comes */
		uint64_t delay_sum_ms, delay_count;
	} class[3]; /* by enum urgency */
	int64_t credential_ends_wall_ms; /* certificate or secret, 0: nobody knows */
	int64_t credential_warns_wall_ms; /* from when on that is worth an alarm */
	bool credential_is_secret;
	uint32_t quota_now, quota_proven, quota_steps, quota_cuts; /* requests a window: see sink/learn.h */
	uint64_t batches;
	int64_t rtt_ms;
	bool deep; /* overload: leases of 5 minutes */
	int32_t lease_floor_ms; /* leases are at least this long, 0: as configured */
	const struct admin_counter *counters; /* Graph notes */
	uint32_t counters_n;
};

struct admin_engine {
	uint32_t users, users_max, lines, lines_max;
	uint64_t bytes;
	const struct admin_counter *counters; /* ENGINE_* of core/counters.def */
	uint32_t counters_n;
	const struct admin_counter *daemon; /* whatever loop and store count: offhook_daemon_... */
	uint32_t daemon_n;
	const struct admin_counter *lamps, *watchers; /* what watchers did; how many there are */
	uint32_t lamps_n, watchers_n;
	const struct admin_counter *messages; /* what became of those that carry alarms */
	uint32_t messages_n;
	bool messages_failing;	     /* the last one has not arrived everywhere */
	struct slice messages_error; /* why */
};

/* Add or replace. ERR_LIMIT for an id beyond the maxima given at start, ERR_NO_MEMORY. */
MUST_CHECK enum err admin_put_account(struct admin *a, const struct admin_account *v);
MUST_CHECK enum err admin_put_connector(struct admin *a, const struct admin_connector *v);
MUST_CHECK enum err admin_put_user(struct admin *a, const struct admin_user *v);
void admin_put_engine(struct admin *a, const struct admin_engine *v);
void admin_remove_account(struct admin *a, uint16_t account);
void admin_remove_connector(struct admin *a, uint32_t connector);
void admin_remove_user(struct admin *a, uint32_t user);

/* Once a loop turn, cheap (one atomic store): /healthz fails when the loop is silent for 30 s. */
void admin_beat(struct admin *a);
/* /readyz; `why` says what is missing, in a few words. Not ready until told. */
void admin_set_ready(struct admin *a, bool ready, const char *why);

/* ---- what people want done ---- */

/* What a path or body names goes by name, in .account_name and .email: the snapshot lags behind a creation,
 * the loop thread knows. command_do then sets .account, UINT16_MAX without a name, and .user. */
enum admin_command_kind {
	ADMIN_SET_PROFILE,  /* .email .profile .until_wall_ms */
	ADMIN_ENABLE_USER,  /* .email .enabled */
	ADMIN_IMPORT_USERS, /* .text: CSV; .dry_run: only say what would change */
	ADMIN_RELOAD,
	ADMIN_CLEAR, /* of .account_name, or "": all */
	ADMIN_PREVIEW, /* .text: a policy to try out */
	ADMIN_CHECK, /* of .account_name, or "": all; .connector: by name, this PBX alone, or "";
			PBXs and Graph are asked anew; a NULL json in the answer shows the snapshot */
	ADMIN_SETUP, /* of .account_name, or "": of one still to be made; .ask: Entra and Graph anew */
	ADMIN_LOG_LEVEL, /* .log_level: syslog priority */
	ADMIN_REPORT,	 /* .connector: by name; .line: "" when the body names it; .text: the body */
	ADMIN_CAPTURE,	 /* .connector: by name; .capture 0: begin, .seconds .keep_lines; else: what
			  * was recorded since, .stop: and end it */
	ADMIN_OBJECT,	 /* .verb .object .object_name .text: JSON, .etag .if_none_match */
	ADMIN_CERTIFICATE, /* .verb; to make: .text: {"certificate","key","settings" or null} */
	ADMIN_EXPORT,
	ADMIN_PUT_USER,	    /* .email .text: JSON */
	ADMIN_DELETE_USER,  /* .email */
	ADMIN_SWITCH_USERS, /* .enabled .text: an address a line */
	ADMIN_ALARMS_SENT, /* what became of the messages about alarms; .ask: send one to try it */
	ADMIN_FETCH,	 /* .account: from Microsoft, for signing in. .text: the form of a token request, to
			  * which client id and secret are added; NULL: the keys. The answer is Microsoft's
			  * body */
	ADMIN_COMMAND_COUNT
};

enum admin_object_verb { ADMIN_OBJECT_SHOW, ADMIN_OBJECT_LIST, ADMIN_OBJECT_PUT, ADMIN_OBJECT_DELETE };

enum admin_certificate_verb {
	ADMIN_CERTIFICATE_MAKE, /* to wait; with settings, to be used at once */
	ADMIN_CERTIFICATE_SHOW, /* the one that waits */
	ADMIN_CERTIFICATE_USE,
	ADMIN_CERTIFICATE_DROP,
};

enum { ADMIN_ETAG_MAX = 24 };
/* Of a JSON document as it is answered: a quoted text for ETag and If-Match. */
void admin_etag(struct slice json, char ret[static ADMIN_ETAG_MAX]);

struct admin_command {
	uint64_t id;
	uint8_t kind;	 /* enum admin_command_kind */
	uint8_t profile; /* enum profile */
	uint8_t log_level;
	bool enabled, dry_run, keep_lines, stop, ask;
	bool by_itself; /* ADMIN_ENABLE_USER: the person pauses, or goes on with what it has paused */
	uint16_t seconds;
	uint64_t capture;
	uint16_t account; /* set by the loop thread, but for ADMIN_FETCH */
	uint32_t user;	  /* set by the loop thread */
	char email[256];
	int64_t until_wall_ms; /* TIME_NEVER: no end */
	char connector[128], line[256];
	uint8_t verb;	/* enum admin_object_verb or admin_certificate_verb */
	uint8_t object; /* enum conf_document_kind */
	char account_name[72], object_name[72];
	char etag[ADMIN_ETAG_MAX]; /* If-Match; "": not sent */
	bool if_none_match;	   /* only when there is none yet */
	bool owns_all;		   /* whoever asks is an owner of all accounts */
	char *text;	       /* closed with a zero byte; freed by admin_command_fini */
	size_t text_n;
};

/* The next command, or false. The caller owns it. */
bool admin_take(struct admin *a, struct admin_command *ret);
void admin_command_fini(struct admin_command *c);

/* Answers a command, once, at any later time (after command_ms nobody waits any more: no harm).
 * http_status 200..599; json is one complete JSON document or NULL for the kind's plain answer.
 * Its shape is the one that answers.def has for the route. */
void admin_answer(struct admin *a, uint64_t command, int http_status, const char *json);
/* With what has changed, for the record of changes, where the body does not say it or may not be kept. */
void admin_answer_noted(struct admin *a, uint64_t command, int http_status, const char *json,
			const char *note);
/* An error answer: title is fixed text, detail says what to do. */
void admin_refuse(struct admin *a, uint64_t command, int http_status, const char *title,
		  const char *detail);
/* With `errors`, a JSON array of {"key","text"}; NULL: none. */
void admin_refuse_with(struct admin *a, uint64_t command, int http_status, const char *title,
		       const char *detail, const char *errors);

#endif
