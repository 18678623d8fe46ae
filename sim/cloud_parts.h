/* cloud_parts.h - the stand-in's insides, shared by sim/cloud_*.c only. */
#ifndef SIM_CLOUD_PARTS_H
#define SIM_CLOUD_PARTS_H

#include <jansson.h>

#include "base/check.h"
#include "base/prng.h"
#include "cloud.h"

enum {
	CLOUD_TOKENS = 256, /* remembered; older ones are refused as expired */
	CLOUD_LOG = 1000,
	CLOUD_FAULTS_MAX = 64,
	CLOUD_SESSIONS_MAX = 16, /* app sessions of one user */
	CLOUD_TARGET_MAX = 32768,
	CLOUD_SEGMENTS_MAX = 8,
	CLOUD_BATCH_MAX = 20,
	CLOUD_IDS_MAX = 650,
	CLOUD_GROUPS_MAX = 16,
	CLOUD_CHANGES_MAX = 8 /* kept of one user, for delayed visibility */
};

enum cloud_role {
	ROLE_PRESENCE_WRITE = 1 << 0,
	ROLE_PRESENCE_READ = 1 << 1,
	ROLE_USER_READ = 1 << 2,
	ROLE_GROUP_READ = 1 << 3
};

struct cloud_app {
	char id[CLOUD_ID_LEN + 1];
	struct secret secret;
	struct cloud_keys *keys; /* certificates; NULL: none */
	uint32_t roles;
	bool disabled, secret_expired;
};

struct cloud_token {
	uint64_t serial; /* 0: empty place */
	uint64_t hash;
	char *text;
	uint8_t app;
	uint32_t roles;
	int64_t expires_ms;
};

struct cloud_app_session {
	char id[CLOUD_ID_LEN + 1];
	struct cloud_pair pair;
	int64_t set_ms, expires_ms;
};

struct cloud_device {
	char name[16];
	uint8_t state; /* enum cloud_client */
	int64_t since_ms;
};

/* From then on others would see this. */
struct cloud_change {
	int64_t at_ms;
	struct cloud_pair pair;
};

struct cloud_user {
	char id[CLOUD_ID_LEN + 1];
	char *upn, *mail, *name; /* mail may be NULL */
	char **aliases;
	size_t aliases_n;
	char *employee, *extension; /* employeeId, extensionAttribute1; NULL: none */
	char *app_roles; /* of the ID token, separated by blanks; NULL: none */
	uint64_t changed; /* directory serial of the last change of what /users shows */
	bool disabled, guest, unlicensed, deleted, out_of_office;
	struct cloud_device devices[CLOUD_DEVICES_MAX];
	struct cloud_app_session *sessions;
	size_t sessions_n;
	bool has_preferred, by_hand;
	struct cloud_pair preferred;
	int64_t preferred_until_ms;
	char *message; /* status message, NULL for none */
	int64_t message_until_ms;
	bool has_calendar;
	struct cloud_pair calendar;
	int64_t calendar_since_ms, calendar_until_ms;
	struct cloud_change changes[CLOUD_CHANGES_MAX]; /* oldest first */
	size_t changes_n;
	struct cloud_pair last_seen;
	uint64_t sequence;
	uint64_t writes, reads;
};

struct cloud_group {
	char id[CLOUD_ID_LEN + 1];
	char *name;
	uint32_t *members; /* users */
	size_t members_n;
	uint32_t groups[CLOUD_GROUPS_MAX]; /* nested ones, by number */
	size_t groups_n;
};

/* A chain in the index of names: id, UPN, mail, aliases. */
struct cloud_name {
	uint32_t user, next;
	char *text;
};

struct cloud_log_entry {
	uint64_t id;
	int64_t at_ms;
	char method[8];
	char path[200];
	char summary[120];
	uint16_t status;
	uint8_t op;
	bool part;
	uint32_t user;
};

/* Arrival times of one window, to measure the peak. */
struct cloud_peak {
	int64_t *at;
	size_t head, n, cap;
	uint32_t peak;
};

struct cloud {
	char tenant[CLOUD_ID_LEN + 1];
	char base[256];
	struct cloud_app apps[CLOUD_APPS_MAX];
	size_t apps_n;
	struct cloud_token tokens[CLOUD_TOKENS];
	uint64_t token_serial;
	uint64_t expired_serial, cae_serial, forbidden_serial; /* tokens up to these are struck */
	struct cloud_jwt *jwt; /* NULL: opaque tokens */
	struct cloud_codes *codes; /* of sign-ins; NULL: none so far */
	struct cloud_user *users;
	uint32_t users_n, users_cap;
	struct cloud_name *names;
	uint32_t names_n, names_cap;
	uint32_t *buckets;
	uint32_t buckets_n; /* power of two */
	uint64_t directory_serial; /* of the last change of a person */
	struct cloud_group groups[CLOUD_GROUPS_MAX];
	size_t groups_n;
	struct cloud_rules rules;
	struct cloud_switches switches;
	struct cloud_limit presence, directory;
	uint8_t retry_form; /* enum cloud_retry_after */
	struct cloud_fault faults[CLOUD_FAULTS_MAX];
	size_t faults_n;
	struct cloud_counters counters;
	struct cloud_peak peak;
	struct cloud_log_entry *log;
	uint64_t log_next;
	struct prng random;
	uint64_t seed;
	uint64_t sequence;
	int64_t now_ms, ahead_ms;
};

/* One request on its way; each part of a batch has its own. */
struct cloud_call {
	struct cloud *c;
	int64_t now_ms;
	const struct cloud_request *rq;
	struct cloud_response *rs;
	struct cloud_call *outer;  /* of a batch part */
	const struct cloud_route *route;
	uint8_t op; /* without a route */
	struct slice segments[CLOUD_SEGMENTS_MAX]; /* after "v1.0", percent-decoded */
	size_t segments_n;
	struct slice query; /* raw */
	struct buf decoded; /* holds the segments */
	json_t *in;  /* the body, NULL when there is none; a borrowed one in a part */
	json_t *out; /* becomes the body */
	const struct cloud_token *token;
	uint32_t user;
	struct slice name; /* of the user, as in the path */
	struct cloud_pair pair;
	int64_t duration_ms; /* -1: not given */
	char session[CLOUD_ID_LEN + 1];
	char request_id[CLOUD_ID_LEN + 1];
	char summary[120];
	struct cloud_fault hit; /* the rule that struck last */
};

/* Fills the answer; the checks have passed. */
typedef void cloud_apply_h(struct cloud_call *k);
/* Looks at the body; false when it has answered 400. */
typedef bool cloud_body_h(struct cloud_call *k);

struct cloud_route {
	const char *method;
	const char *pattern; /* segments after v1.0; "*" is the user */
	uint8_t op;
	uint32_t roles; /* any of these */
	bool presence;  /* counts against the presence limit */
	bool directory; /* counts against the directory's */
	bool group;     /* "*" is a group's id, not a user */
	bool nobody;	/* "*" is no user */
	bool body;      /* a JSON object is required */
	cloud_body_h *look;
	cloud_apply_h *apply;
};

/* cloud_answer.c: answers */
void cloud_header_add(struct cloud_call *k, const char *name, const char *value);
/* Graph's error envelope (Graph "error responses" page). Always returns false. */
bool cloud_fail(struct cloud_call *k, int status, const char *code, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
void cloud_ok(struct cloud_call *k, json_t *out); /* takes out; NULL: 200 with an empty body */
bool cloud_fail_401(struct cloud_call *k, const char *message, bool cae);
bool cloud_fail_429(struct cloud_call *k, int64_t wait_ms);
void cloud_guid(struct prng *r, char out[static CLOUD_ID_LEN + 1]);
void cloud_time_text(int64_t ms, char *out, size_t cap, const char *format);
void cloud_base64(const void *p, size_t n, bool url, struct buf *ret);
bool cloud_unbase64(struct slice s, struct buf *ret);
/* %XX decoded, '+' a blank when plus; false for a broken escape or a zero byte. */
bool cloud_unescape(struct slice s, bool plus, struct buf *ret);
/* The raw value of name in a query or form; p NULL when absent. */
struct slice cloud_param(struct slice query, const char *name);
bool cloud_is_guid(struct slice s);

/* cloud_graph.c: routes, checks */
void cloud_graph(struct cloud_call *k);
void cloud_part(struct cloud_call *k, struct slice url); /* one part of a batch */
void cloud_call_fini(struct cloud_call *k);
void cloud_log_call(struct cloud_call *k);

/* the operations */
bool cloud_look_set(struct cloud_call *k);
bool cloud_look_clear(struct cloud_call *k);
bool cloud_look_prefer(struct cloud_call *k);
bool cloud_look_message(struct cloud_call *k);
bool cloud_look_many(struct cloud_call *k);
bool cloud_look_batch(struct cloud_call *k);
void cloud_do_set(struct cloud_call *k);
void cloud_do_clear(struct cloud_call *k);
void cloud_do_prefer(struct cloud_call *k);
void cloud_do_unprefer(struct cloud_call *k);
void cloud_do_message(struct cloud_call *k);
void cloud_do_get(struct cloud_call *k);
void cloud_do_many(struct cloud_call *k);
void cloud_do_users(struct cloud_call *k);
void cloud_do_user(struct cloud_call *k);
void cloud_do_batch(struct cloud_call *k);
void cloud_do_delta(struct cloud_call *k);   /* cloud_delta.c */
void cloud_do_members(struct cloud_call *k); /* cloud_group.c */
void cloud_do_transitive(struct cloud_call *k);

/* cloud_list.c: what a row shows */
uint32_t cloud_usual_select(void);
bool cloud_look_select(struct cloud_call *k, struct slice raw, uint32_t *ret); /* false: answered */
json_t *cloud_user_json(const struct cloud_user *u, uint32_t selected);
/* Rows a page of this request: the fault page-size cuts. */
uint64_t cloud_page_rows(struct cloud_call *k, uint64_t wanted);
/* A property without a value: null or an empty list. */
bool cloud_is_empty(const json_t *v);

/* cloud_group.c */
void cloud_groups_fini(struct cloud *c);
struct cloud_group *cloud_group_find(struct cloud *c, struct slice id);

/* cloud_authorize.c */
void cloud_authorize(struct cloud_call *k);
/* A code for an ID token; false: the code is not good. The client has been checked. */
bool cloud_redeem(struct cloud_call *k);

/* cloud_token.c, cloud_jwt.c */
bool cloud_login(struct cloud_call *k); /* false: not one of its paths */
const struct cloud_token *cloud_token_find(const struct cloud *c, struct slice text);
void cloud_tokens_fini(struct cloud *c);
uint32_t cloud_roles_parse(const char *names, bool *ret_ok);
json_t *cloud_roles_json(uint32_t roles);
/* cloud_assertion.c: certificates of an app, PEM; ERR_MALFORMED, ERR_LIMIT, ERR_NO_MEMORY. */
struct cloud_keys;
MUST_CHECK enum err cloud_keys_add(struct cloud_keys **k, struct slice pem);
void cloud_keys_free(struct cloud_keys *k);
json_t *cloud_keys_json(const struct cloud_keys *k);
/* 0, or the AADSTS number with which the statement is refused, and why. */
int32_t cloud_assertion_check(struct cloud *c, struct cloud_app *app, struct slice jws, const char **ret_why);

struct cloud_jwt;
MUST_CHECK enum err cloud_jwt_new(struct cloud_jwt **ret);
void cloud_jwt_free(struct cloud_jwt *j);
MUST_CHECK enum err cloud_jwt_sign(const struct cloud_jwt *j, json_t *claims, struct buf *ret);
json_t *cloud_jwt_keys(const struct cloud_jwt *j); /* JWKS */

/* cloud_user.c */
/* Names and the index of a user whose fields have changed; ERR_NO_MEMORY. */
MUST_CHECK enum err cloud_user_reindex(struct cloud *c, uint32_t user);
void cloud_user_touch(struct cloud *c, uint32_t user); /* the delta shows it from now on */
void cloud_users_fini(struct cloud *c);
/* Calls for every user with that name (id, UPN, mail, alias), deleted ones too. */
uint32_t cloud_name_first(const struct cloud *c, struct slice name);
uint32_t cloud_name_next(const struct cloud *c, uint32_t at, struct slice name);
/* Live sessions' votes; returns their number. votes has room for devices and sessions. */
size_t cloud_votes(struct cloud *c, struct cloud_user *u, struct cloud_vote *votes);
struct cloud_pair cloud_user_seen(struct cloud *c, struct cloud_user *u);
struct cloud_app_session *cloud_app_session(struct cloud *c, struct cloud_user *u, const char *id);
void cloud_app_session_drop(struct cloud_user *u, struct cloud_app_session *s);
bool cloud_has_preferred(struct cloud *c, struct cloud_user *u);

/* cloud_shown.c */
size_t cloud_calendar_vote(const struct cloud *c, const struct cloud_user *u, size_t others,
			   struct cloud_vote *ret);
void cloud_change_keep(const struct cloud *c, struct cloud_user *u, struct cloud_pair seen);
/* As it was seen after_ms ago; 0: now. */
struct cloud_pair cloud_user_shown(struct cloud *c, struct cloud_user *u, int64_t after_ms);

/* cloud_subscription.c */
bool cloud_look_subscribe(struct cloud_call *k);
void cloud_do_subscribe(struct cloud_call *k);
void cloud_do_subscriptions(struct cloud_call *k);
void cloud_do_no_subscription(struct cloud_call *k);

/* cloud_filter.c: $filter */
struct cloud_filter;
/* NULL and *ret_why for one that is refused. */
struct cloud_filter *cloud_filter_parse(struct slice text, const char **ret_why);
void cloud_filter_free(struct cloud_filter *f);
bool cloud_filter_match(const struct cloud_filter *f, const struct cloud_user *u);
/* When only users with one of a few names can match: fills them, up to max, and their number; -1
 * when every user must be asked. */
int cloud_filter_names(const struct cloud_filter *f, struct slice *names, int max);

/* cloud_fault.c */
const struct cloud_fault *cloud_fault_hit(struct cloud_call *k, enum cloud_fault_kind kind);
bool cloud_faults_before(struct cloud_call *k); /* false: answered */
void cloud_faults_after(struct cloud_call *k);
const char *cloud_fault_name(unsigned kind);

/* cloud_control*.c */
json_t *cloud_state_json(struct cloud *c, uint32_t user);

#endif
