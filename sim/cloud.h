/* cloud.h - a stand-in for Entra's token endpoint and Microsoft Graph's presence and user resources.
 *
 * Sans I/O: one call takes a request and the time and fills an answer. The deterministic simulator
 * calls it in its own process, sim/bin/teamsim puts it behind HTTPS. It shares no code with the
 * daemon's Graph machine, so that it never marks its own work. Its contract is Microsoft's
 * documentation (setPresence, clearPresence, getPresencesByUserId, JSON batching, client credentials);
 * where that is silent, the choice is a switch with the default stated here.
 *
 * Time is a virtual wall clock in ms since 1970. Every call names it; cloud_advance() moves the
 * cloud's own clock ahead of it, and it never steps back. Not thread-safe: callers serialise. */
#ifndef SIM_CLOUD_H
#define SIM_CLOUD_H

#include "base/buf.h"
#include "base/secret.h"
#include "cloud_fold.h"
#include "cloud_limit.h"

enum {
	CLOUD_ID_LEN = 36,    /* a GUID's text */
	CLOUD_APPS_MAX = 8,
	CLOUD_DEVICES_MAX = 4, /* Teams clients, PowerPoint, … of one user */
	CLOUD_BODY_MAX = 4 << 20,
	CLOUD_USERS_MAX = 1000000
};

#define CLOUD_NO_USER UINT32_MAX

struct cloud;

struct cloud_config {
	const char *tenant;    /* GUID */
	const char *client_id; /* GUID: the first app; has Presence.ReadWrite.All and User.Read.All */
	const struct secret *client_secret;
	uint64_t seed;  /* ids, life of tokens, percentages, shuffles */
	bool jwt;       /* tokens are RS256 JWTs under a fresh key; otherwise short opaque words */
	struct cloud_limit_config presence;  /* zeroed: sliding, 1500 per 30 s */
	struct cloud_limit_config directory; /* zeroed: bucket, 8000 units per 10 s */
};

/* ERR_LIMIT for a bad configuration, ERR_NO_MEMORY. */
MUST_CHECK enum err cloud_new(struct cloud **ret, const struct cloud_config *c, int64_t now_ms);
void cloud_free(struct cloud *c);
/* Where the caller serves it ("https://127.0.0.1:8443"): goes into links, issuer and audiences. */
void cloud_set_base(struct cloud *c, const char *url);

/* ---- requests ---- */

/* The value of a header by its name in any case; p == NULL when absent. */
typedef struct slice cloud_header_h(void *arg, const char *name);

struct cloud_request {
	struct slice method;
	struct slice target; /* path and query as on the wire */
	cloud_header_h *header;
	void *arg;
	struct slice body;
};

enum cloud_cut {
	CLOUD_CUT_NONE,
	CLOUD_CUT_BEFORE, /* connection reset, nothing applied, no byte of an answer */
	CLOUD_CUT_AFTER,  /* applied, then reset without a byte of an answer */
	CLOUD_CUT_MID,    /* applied, reset in the middle of the answer */
	CLOUD_CUT_COUNT
};

enum { CLOUD_PIECE = 64 };

struct cloud_response {
	uint16_t status;
	struct buf headers; /* "Name: value\r\n" lines, without Content-Length and Date */
	struct buf body;
	int64_t date_ms;   /* what the Date header should say */
	int64_t delay_ms;  /* answer this much later */
	int64_t pause_ms;  /* before every CLOUD_PIECE bytes of the body; 0: send it whole */
	uint8_t cut;       /* enum cloud_cut: what to do instead of answering whole */
	bool chunked;      /* send with chunked transfer coding */
	bool gzip;         /* send gzip-coded when the client offers it */
};

void cloud_response_init(struct cloud_response *r);
void cloud_response_fini(struct cloud_response *r);
/* The value of a header of the answer, p == NULL when absent. */
struct slice cloud_response_header(const struct cloud_response *r, const char *name);

/* ret must be initialised; an earlier answer in it is dropped. */
void cloud_request(struct cloud *c, int64_t now_ms, const struct cloud_request *rq,
		   struct cloud_response *ret);
/* The control API: method, target and JSON body as in doc/teamsim.md. */
void cloud_control(struct cloud *c, int64_t now_ms, const struct cloud_request *rq,
		   struct cloud_response *ret);

/* ---- the world around it ---- */

void cloud_advance(struct cloud *c, int64_t by_ms);
int64_t cloud_now(struct cloud *c, int64_t now_ms);

struct cloud_user_config {
	const char *email; /* mail; NULL or "": none */
	const char *upn;   /* NULL: as email; one of both is needed */
	const char *name;  /* NULL: made from the address */
	const char *const *aliases; /* proxy addresses besides email, without "smtp:" */
	size_t aliases_n;
	const char *id; /* GUID; NULL: made from the tenant and the UPN, the same in every run */
	bool disabled, guest, unlicensed;
};

/* ERR_EXISTS when the UPN or id is taken, ERR_MALFORMED, ERR_LIMIT, ERR_NO_MEMORY. Users are numbered 0.. */
MUST_CHECK enum err cloud_user_add(struct cloud *c, const struct cloud_user_config *u, uint32_t *ret);
uint32_t cloud_users(const struct cloud *c);
/* By id, UPN, mail or alias, without regard to case; CLOUD_NO_USER. */
uint32_t cloud_user_find(const struct cloud *c, struct slice name);
const char *cloud_user_id(const struct cloud *c, uint32_t user);
/* Account switched off or deleted and restored; a deleted user is not found any more. */
void cloud_user_delete(struct cloud *c, uint32_t user, bool deleted);

/* A client of the user (device "" is the first) is signed in, idle, in a call …
 * ERR_LIMIT beyond CLOUD_DEVICES_MAX devices. */
MUST_CHECK enum err cloud_client_set(struct cloud *c, int64_t now_ms, uint32_t user, const char *device,
				     enum cloud_client state);
/* The user picks a state by hand; NULL gives it back. Offline never ends, Busy and DND after 1 day,
 * others after 7. False for a pair that cannot be picked. */
bool cloud_pin(struct cloud *c, int64_t now_ms, uint32_t user, const struct cloud_pair *pair);
/* What others see now. */
struct cloud_pair cloud_seen(struct cloud *c, int64_t now_ms, uint32_t user);
/* The session of an app (NULL: the first app), with its expiry; false when there is none. */
bool cloud_session(struct cloud *c, int64_t now_ms, uint32_t user, const char *session_id,
		   struct cloud_pair *ret, int64_t *ret_expires_ms);
/* The preferred state, shown or not; false when there is none. */
bool cloud_preferred(struct cloud *c, int64_t now_ms, uint32_t user, struct cloud_pair *ret);

/* Another app registration. roles: names separated by blanks, NULL for the usual two. */
MUST_CHECK enum err cloud_app_add(struct cloud *c, const char *client_id, const struct secret *secret,
				  const char *roles);
/* Roles granted or withdrawn; tokens issued earlier keep theirs. ERR_NOT_FOUND, ERR_MALFORMED. */
MUST_CHECK enum err cloud_app_roles(struct cloud *c, const char *client_id, const char *roles);

/* ---- limits and faults ---- */

enum cloud_retry_after {
	CLOUD_RETRY_INTEGER,
	CLOUD_RETRY_DECIMAL,
	CLOUD_RETRY_DATE,
	CLOUD_RETRY_ABSENT,
	CLOUD_RETRY_MIXED, /* one of the above by chance */
	CLOUD_RETRY_COUNT
};

MUST_CHECK enum err cloud_presence_limit(struct cloud *c, int64_t now_ms,
					 const struct cloud_limit_config *l);
MUST_CHECK enum err cloud_directory_limit(struct cloud *c, int64_t now_ms,
					  const struct cloud_limit_config *l);
void cloud_retry_after(struct cloud *c, enum cloud_retry_after form);

enum cloud_op {
#define CLOUD_OP(id, name) CLOUD_OP_##id,
#include "cloud_ops.def"
	CLOUD_OP_COUNT
};

enum cloud_fault_kind {
#define CLOUD_FAULT(id, name) CLOUD_FAULT_##id,
#include "cloud_faults.def"
	CLOUD_FAULT_COUNT
};

/* A rule that is asked at every matching request until its count is used up. Kinds and the fields
 * they read: cloud_faults.def. */
struct cloud_fault {
	uint8_t kind;     /* enum cloud_fault_kind */
	uint8_t cut;      /* RESET: enum cloud_cut */
	uint16_t status;  /* STATUS */
	uint32_t ops;     /* bit 1 << enum cloud_op each; 0: every Graph operation, or the token's own */
	uint32_t user;    /* CLOUD_NO_USER: any */
	uint32_t count;   /* 0: until taken away */
	uint8_t percent;  /* 0: always */
	bool after_apply; /* STATUS: the change is made, then the answer is an error */
	int32_t code;     /* TOKEN: AADSTS number; PAGE_SIZE: rows a page */
	int64_t delay_ms; /* SLOW; CLOCK_SKEW: signed */
	char retry_after[32]; /* STATUS: header text, "" for none */
};

/* ERR_LIMIT above 64 rules or for a bad rule. */
MUST_CHECK enum err cloud_fault_add(struct cloud *c, const struct cloud_fault *f);
void cloud_faults_clear(struct cloud *c);

/* Answers that the documents leave open; zeroed is the default. */
enum cloud_check {
	CLOUD_CHECK_BODY,
	CLOUD_CHECK_TOKEN,
	CLOUD_CHECK_ROLE,
	CLOUD_CHECK_USER,
	CLOUD_CHECK_LIMIT,
	CLOUD_CHECK_COUNT
};

struct cloud_switches {
	bool foreign_session; /* setPresence takes a session id that is not the caller's app */
	bool upn_in_path;     /* presence of /users/{upn}: found; default 404 */
	bool unknown_listed;  /* getPresencesByUserId lists unknown ids as PresenceUnknown; default
				 omits them */
	bool oldest_wins;     /* among sessions of equal rank */
	bool name_case;       /* availability and activity without regard to case */
	bool calendar_alone;  /* a meeting in the calendar shows without any session */
	int64_t visible_after_ms; /* clients (the control API's state) show a change so late */
	int64_t read_after_ms;    /* ... and Graph's reads */
	uint8_t order[CLOUD_CHECK_COUNT]; /* of enum cloud_check; all zero: as listed above */
};

/* ERR_LIMIT when order is not a permutation, or a delay below 0 or over 10 minutes. */
MUST_CHECK enum err cloud_switch(struct cloud *c, const struct cloud_switches *s);

/* ---- counters ---- */

struct cloud_counters {
	uint64_t requests[CLOUD_OP_COUNT]; /* batch parts count by themselves */
	uint64_t status[600];
	uint64_t tokens;        /* issued */
	uint64_t writes;        /* changes applied to sessions, preferred states and messages */
	uint64_t throttled;
	uint64_t faults;        /* rules that struck */
	uint32_t presence_peak; /* most presence requests, whatever their answer, in any window of
				   the limit */
};

void cloud_counters(const struct cloud *c, struct cloud_counters *ret);
const char *cloud_op_name(unsigned op);

#endif
