/* conf.h - the configuration as a model: YAML text in, plain structs or a list of errors out.
 *
 * Pure: the caller reads the files. The order is conf_parse (the YAML), then for every entry of
 * `files` what its kind asks for (daemon/config.c), then conf_finish, which looks at all users
 * together. Keys, types, defaults, ranges and help stand once, in settings.def; the parser, the
 * error texts, doc/configuration.md and doc/offhook.yaml all come from there.
 *
 * Ownership: everything in a struct conf lives until conf_free. Absent texts are "", never NULL. */
#ifndef PROTO_CONF_CONF_H
#define PROTO_CONF_CONF_H

#include "base/arena.h"
#include "base/secret.h"
#include "base/slice.h"

/* ---- errors ---- */

enum { CONF_ERRORS_MAX = 20, CONF_FILE_NAME_MAX = 256 };

struct conf_error {
	bool warning;
	uint32_t line, column; /* from 1; 0: the file as a whole */
	char file[CONF_FILE_NAME_MAX];
	char key[128];	/* accounts[0].teams.tenant; "" when it is about no key */
	char text[256]; /* what is wrong and what would be right; never a secret's content */
};

struct conf_errors {
	uint32_t n;	 /* entries of list, warnings included */
	uint32_t errors; /* all errors, those beyond the list included; 0: the file is good */
	uint32_t warnings;
	struct conf_error list[CONF_ERRORS_MAX];
};

struct conf_at {
	const char *file;
	uint32_t line, column;
};

void conf_errors_add(struct conf_errors *errs, struct conf_at at, const char *key, const char *fmt,
		     ...) __attribute__((format(printf, 4, 5)));
void conf_errors_warn(struct conf_errors *errs, struct conf_at at, const char *key, const char *fmt,
		      ...) __attribute__((format(printf, 4, 5)));
/* In the order of the lines of one file; those about a file as a whole last. */
void conf_errors_sort(struct conf_errors *errs);
/* "offhook.yaml:12:9: accounts[0].mode: must be live, dry-run or off". Always zero-ended. */
void conf_error_text(const struct conf_error *e, char *dst, size_t cap);

/* ---- the model ---- */

enum { CONF_YAML_MAX = 16 << 20, CONF_CSV_MAX = 256 << 20, CONF_USERS_MAX = 2000000 };

struct conf_address {  /* port 0: not set */
	char host[64]; /* numeric, no brackets */
	uint16_t port;
};

struct conf_quota {
	uint32_t n;
	int32_t window_ms;
};

struct conf_texts {
	const char **list;
	uint32_t n;
};

/* A *_file key and what the file held; the value is filled in by the loader. */
struct conf_secret {
	const char *file;
	struct secret value;
};

struct conf_tls {
	const char *certificate_file, *key_file; /* both or neither */
};

enum conf_log { CONF_LOG_DEBUG, CONF_LOG_INFO, CONF_LOG_NOTICE, CONF_LOG_WARNING, CONF_LOG_ERROR };

/* Whom alarms are sent to. */
struct conf_alarms {
	struct conf_at at;   /* file NULL: not given */
	uint8_t least;	     /* enum severity of admin/alarms.h */
	const char *webhook; /* "": none */
	struct conf_secret webhook_secret_file;
	const char *smtp; /* "": no mail */
	const char *smtp_username;
	struct conf_secret smtp_password_file;
	const char *mail_from;
	struct conf_texts mail_to;
};

struct conf_server {
	struct conf_address listen; /* loopback unless tls is set */
	const char *socket;	    /* "": beside the data */
	struct conf_tls tls;
	struct conf_address webhooks; /* port 0: none */
	struct conf_tls webhooks_tls;
	struct conf_alarms alarms;
	const char *data;
	uint32_t capacity;
	uint8_t log; /* enum conf_log */
	const char *url; /* "": as listen */
	bool open_read;
	uint32_t audit_days;
};

enum conf_lamp_digest { CONF_LAMP_DIGEST_BOTH, CONF_LAMP_DIGEST_SHA256, CONF_LAMP_DIGEST_MD5 };

struct conf_lamps {
	struct conf_address listen, tls_listen; /* port 0: none */
	struct conf_tls tls;
	struct conf_secret logins_file; /* the whole text */
	const char *realm, *domain;
	uint8_t digest; /* enum conf_lamp_digest */
	int32_t expires_min, expires_max, stream_expires; /* ms */
	uint32_t watchers;
};

enum conf_cloud { CONF_CLOUD_GLOBAL, CONF_CLOUD_GCC_HIGH, CONF_CLOUD_DOD, CONF_CLOUD_COUNT };

struct conf_teams {
	const char *tenant, *client_id;
	struct conf_secret client_secret_file;
	const char *client_secret_ends; /* "": nobody knows; conf_secret_ends reads it */
	struct conf_secret certificate_file, key_file; /* both, or client_secret_file */
	uint8_t assertion;     /* enum assertion_form, proto/graph/assertion.h */
	uint8_t cloud;	       /* enum conf_cloud */
	const char *login_url; /* filled in from cloud when not set; no trailing slash */
	const char *graph_url;
	const char *ca_file;
	struct conf_quota quota, quota_max;
	uint32_t rise_weight;
	int32_t lease;	   /* ms */
	int32_t read_back; /* ms; 0: off */
	uint32_t read_back_share; /* percent of the quota */
	const char *proxy;
};

enum { CONF_HOLIDAYS_MAX = 1000, CONF_HOLIDAYS_FILE_MAX = 65536 };

/* Shared by all who inherit it; the dates are filled in by the loader. */
struct conf_holidays {
	const char *file; /* "": none */
	struct conf_texts dates;
};

/* Texts are checked: proto/hours/hours.h reads them. */
struct conf_hours {
	const char *zone;
	struct conf_texts open, holidays;
	struct conf_holidays *holidays_file;
	uint8_t outside; /* 0 clear, 1 nothing */
};

/* In the order of core/texts.def. "": no text. */
struct conf_status_text {
	const char *call, *conference, *dnd, *forwarded, *voicemail, *busy, *away, *meeting, *not_available;
};

enum { CONF_DIRECTION_TO_TEAMS };

/* The values are in the order of the words in settings.def and of core/types.h's enums. */
struct conf_policy {
	uint8_t precedence, direction, ringing, busy, dnd, not_available;
	uint8_t phone_profile; /* enum profile, as it is ordered there */
	struct conf_texts phone_profile_while; /* call, meeting, dnd, checked; none: all */
	int32_t settle, grace; /* ms */
	struct conf_hours hours;
	struct conf_status_text status_text;
};

struct conf_group {
	const char *name;
	const struct conf_policy *policy; /* NULL: the account's; else complete */
	struct conf_at at;
};

enum conf_onboarding { CONF_ONBOARDING_AUTO, CONF_ONBOARDING_SELECTED };

struct conf_matching {
	struct conf_texts by; /* upn, mail, alias, attribute, checked; none: the first three */
	const char *attribute;
	int32_t refresh; /* ms; 0: off */
	uint8_t onboarding; /* enum conf_onboarding */
	struct conf_texts groups; /* GUIDs, checked */
	struct conf_texts exclude;
	struct conf_texts take; /* guest, unlicensed, checked */
};

/* Empty: those of teams. */
struct conf_sign_in {
	bool microsoft;
	const char *client_id;
	struct conf_secret client_secret_file;
};

enum conf_type {
#define CONNECTOR_TYPE(id, name, built) CONF_TYPE_##id,
#include "proto/conf/connector_types.def"
	CONF_TYPE_COUNT
};

enum conf_package { CONF_PACKAGE_DIALOG, CONF_PACKAGE_PRESENCE };
/* CONF_EDITION_ANY, or two less than the number. */
enum conf_edition { CONF_EDITION_ANY, CONF_EDITION_3 };
enum conf_format { CONF_FORMAT_OFFHOOK, CONF_FORMAT_YEASTAR, CONF_FORMAT_MAPPED };
enum conf_profile { CONF_PROFILE_IGNORE, CONF_PROFILE_READ, CONF_PROFILE_WRITE, CONF_PROFILE_BOTH };

/* `tls: true`, or a mapping with our own certificate for connections that the PBX opens. */
struct conf_switch_tls {
	bool on;
	struct conf_tls own;
};

struct conf_connector {
	const char *name;
	uint8_t type; /* enum conf_type */
	const char *server, *username;
	struct conf_secret password_file, token_file;
	const char *ca_file;
	uint8_t package; /* enum conf_package */
	struct conf_texts packages; /* rows of proto/sip/package.h, checked */
	struct conf_texts lists;
	const char *listen;
	struct conf_switch_tls tls;
	uint8_t profile; /* enum conf_profile */
	bool feature_events;
	struct conf_texts dnd_while; /* names of profiles, checked */
	const char *context; /* ami */
	bool lamps;          /* sip, ami, csta */
	/* csta: the values of struct csta_lamp_mapping (proto/csta/lamp.h) */
	struct conf_texts lamp_at, lamp_states;
	const char *lamp_set, *lamp_get, *lamp_element;
	int32_t expires; /* ms */
	uint32_t outstanding;
	int32_t first_notify; /* ms */
	/* webhook: the values of hook_form_kind, and of struct hook_mapping (proto/webhook/hook.h) */
	uint8_t format; /* enum conf_format */
	const char *line_at, *state_at, *call_at, *dnd_at, *profile_at, *sequence_at, *time_at, *only;
	struct conf_texts states, profiles;
	int32_t silence; /* ms; 0: never */
	/* csta; profile_at and profiles too: the values of struct csta_mapping (proto/csta/profile.h) */
	uint8_t edition; /* enum conf_edition */
	uint8_t session; /* enum log_in, source/csta */
	const char *login_element, *login_namespace, *profile_get, *profile_set, *profile_until;
	struct conf_at at;
};

struct conf_line {
	uint32_t connector; /* index in the account's connectors */
	const char *number;
};

struct conf_user {
	const char *email, *name, *teams_id;
	const struct conf_line *lines;
	uint32_t lines_n;
	bool enabled;
	const char *group;
	const struct conf_policy *policy; /* NULL: the account's; else complete, the group's included */
	struct conf_at at;
};

enum conf_mode { CONF_MODE_LIVE, CONF_MODE_DRY_RUN, CONF_MODE_OFF };

struct conf_account {
	const char *name;
	struct conf_teams teams;
	uint8_t mode; /* enum conf_mode */
	struct conf_policy policy;
	bool tell_absence;
	uint32_t audit_days; /* 0: as the server's */
	struct conf_group *groups;
	uint32_t groups_n;
	struct conf_matching matching;
	struct conf_sign_in sign_in;
	struct conf_connector *connectors;
	uint32_t connectors_n;
	struct conf_user *users; /* of the YAML, then of the users file */
	uint32_t users_n;
	const char *users_file;
	struct conf_at at;
};

enum conf_file_kind {
	CONF_FILE_SECRET, /* one line into *secret */
	CONF_FILE_PEM,	  /* certificate or key: must be readable; kept when *secret is not NULL */
	CONF_FILE_USERS,  /* conf_add_users */
	CONF_FILE_HOLIDAYS, /* conf_add_holidays */
	CONF_FILE_LOGINS, /* the whole text into *secret */
};

/* A file that the configuration names; *name becomes an absolute path by the loader. */
struct conf_file {
	uint8_t kind; /* enum conf_file_kind */
	const char **name;
	struct secret *secret;
	struct conf_holidays *holidays;
	uint32_t account; /* index; UINT32_MAX: the server's */
	struct conf_at at;
	const char *key;
};

struct conf {
	struct conf_server server;
	struct conf_lamps lamps;
	struct conf_account *accounts;
	uint32_t accounts_n;
	struct conf_file *files;
	uint32_t files_n;
	struct arena arena;
};

/* Reads YAML (at most CONF_YAML_MAX bytes). `file` is a name for the errors. On success *ret is the
 * caller's; warnings may be in errs. ERR_MALFORMED when errs->errors > 0, ERR_NO_MEMORY. */
MUST_CHECK enum err conf_parse(struct slice yaml, const char *file, struct conf **ret,
			       struct conf_errors *errs);
/* What was made elsewhere than in the file (the console): one object each, JSON with the keys that it has
 * in YAML. Its name stands outside the JSON. */
enum conf_document_kind {
	CONF_DOCUMENT_ACCOUNT,
	CONF_DOCUMENT_CONNECTOR,
	CONF_DOCUMENT_GROUP,
	CONF_DOCUMENT_USER, /* named by the e-mail address */
	CONF_DOCUMENT_ALARMS, /* server.alarms: there is one, without account and name */
	CONF_DOCUMENT_KINDS
};
struct conf_document {
	uint8_t kind;		/* enum conf_document_kind */
	struct slice account;	/* whose it is; for an account its name */
	struct slice name;	/* of the connector or group; a person's e-mail address */
	struct slice json;	/* an object of at most CONF_DOCUMENT_MAX bytes */
	const char *origin;	/* the conf_at.file of its errors and objects: names the document */
};
enum { CONF_DOCUMENT_MAX = 65536 };
const char *conf_document_kind_name(enum conf_document_kind k);
/* Where something of a document stands. */
bool conf_at_is_console(struct conf_at at);

/* As conf_parse, with the documents after what the file has: accounts first, whatever their order. The file
 * is the later word: a document whose name is taken there, or whose account is nowhere, is left out with a
 * warning. */
MUST_CHECK enum err conf_parse_with(struct slice yaml, const char *file,
				    const struct conf_document *documents, uint32_t documents_n,
				    struct conf **ret, struct conf_errors *errs);
/* Appends the rows of a users file to the account at that index. ERR_MALFORMED, ERR_NO_MEMORY. */
MUST_CHECK enum err conf_add_users(struct conf *c, uint32_t account, struct slice csv,
				   const char *file, struct conf_errors *errs);
/* Dates, one a line, with words after a blank; # begins a comment. ERR_MALFORMED, ERR_NO_MEMORY. */
MUST_CHECK enum err conf_add_holidays(struct conf *c, struct conf_holidays *h, struct slice text,
				      const char *file, struct conf_errors *errs);
/* A policy alone: the keys of `policy`, as they would stand in an account; what is not named is as in
 * `base`. Its files (holidays_file) cannot be used. ERR_MALFORMED, ERR_NO_MEMORY. *ret lives in *ret_conf. */
MUST_CHECK enum err conf_parse_policy(struct slice yaml, const char *file, const struct conf_policy *base,
				      bool tell_absence, struct conf **ret_conf, struct conf_policy *ret,
				      struct conf_errors *errs);
/* What needs all users at once: a user or a line twice in an account; one person in two accounts
 * that share (login_url, tenant, client_id). ERR_MALFORMED, ERR_NO_MEMORY. */
MUST_CHECK enum err conf_finish(struct conf *c, struct conf_errors *errs);
void conf_free(struct conf *c);

/* One line `connector/number` of an account; an error's words go to why (may be NULL).
 * ERR_MALFORMED, ERR_NOT_FOUND (no such connector), ERR_NO_MEMORY. */
MUST_CHECK enum err conf_line_parse(struct conf *c, const struct conf_account *a, struct slice text,
				    struct conf_line *ret, char *why, size_t why_cap);

/* Do they ask for the same connection, secrets' contents included? */
bool conf_connector_same(const struct conf_connector *x, const struct conf_connector *y);

/* A webhook connector's mapping; borrows the texts of c. */
struct hook_mapping;
void conf_hook_mapping(const struct conf_connector *c, struct hook_mapping *ret);

/* A csta connector's, likewise. */
struct csta_mapping;
void conf_csta_mapping(const struct conf_connector *c, struct csta_mapping *ret);
struct csta_lamp_mapping;
void conf_csta_lamps(const struct conf_connector *c, struct csta_lamp_mapping *ret);

const char *conf_type_name(enum conf_type t);
bool conf_type_built(enum conf_type t);
const char *conf_cloud_login_url(enum conf_cloud c);
const char *conf_cloud_graph_url(enum conf_cloud c);
/* When the client secret ends: the first instant, UTC, of client_secret_ends; 0: it names no day. */
int64_t conf_secret_ends(const struct conf_teams *t);

#endif
