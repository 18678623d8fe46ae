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

struct conf_server {
	struct conf_address listen; /* loopback unless tls is set */
	const char *socket;	    /* "": beside the data */
	struct conf_tls tls;
	struct conf_address webhooks; /* port 0: none */
	struct conf_tls webhooks_tls;
	const char *data;
	uint32_t capacity;
	uint8_t log; /* enum conf_log */
};

enum conf_cloud { CONF_CLOUD_GLOBAL, CONF_CLOUD_GCC_HIGH, CONF_CLOUD_DOD, CONF_CLOUD_COUNT };

struct conf_teams {
	const char *tenant, *client_id;
	struct conf_secret client_secret_file;
	struct conf_secret certificate_file, key_file; /* both, or client_secret_file */
	uint8_t assertion;     /* enum assertion_form, proto/graph/assertion.h */
	uint8_t cloud;	       /* enum conf_cloud */
	const char *login_url; /* filled in from cloud when not set; no trailing slash */
	const char *graph_url;
	const char *ca_file;
	struct conf_quota quota;
	int32_t lease;	   /* ms */
	int32_t read_back; /* ms; 0: off */
	const char *proxy;
};

/* The values are in the order of the words in settings.def and of core/types.h's enums. */
struct conf_policy {
	uint8_t precedence, ringing, busy, dnd, not_available;
	int32_t settle, grace; /* ms */
};

enum conf_type {
#define CONNECTOR_TYPE(id, name, built) CONF_TYPE_##id,
#include "proto/conf/connector_types.def"
	CONF_TYPE_COUNT
};

enum conf_package { CONF_PACKAGE_DIALOG, CONF_PACKAGE_PRESENCE };
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
	struct conf_texts lists;
	const char *listen;
	struct conf_switch_tls tls;
	uint8_t profile; /* enum conf_profile */
	bool feature_events;
	struct conf_texts dnd_while; /* names of profiles, checked */
	const char *context; /* ami */
	int32_t expires; /* ms */
	uint32_t outstanding;
	int32_t first_notify; /* ms */
	/* webhook: the values of hook_form_kind, and of struct hook_mapping (proto/webhook/hook.h) */
	uint8_t format; /* enum conf_format */
	const char *line_at, *state_at, *call_at, *dnd_at, *profile_at, *sequence_at, *time_at, *only;
	struct conf_texts states, profiles;
	int32_t silence; /* ms; 0: never */
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
	const struct conf_policy *policy; /* NULL: the account's; else complete */
	struct conf_at at;
};

enum conf_mode { CONF_MODE_LIVE, CONF_MODE_DRY_RUN, CONF_MODE_OFF };

struct conf_account {
	const char *name;
	struct conf_teams teams;
	uint8_t mode; /* enum conf_mode */
	struct conf_policy policy;
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
};

/* A file that the configuration names; *name becomes an absolute path by the loader. */
struct conf_file {
	uint8_t kind; /* enum conf_file_kind */
	const char **name;
	struct secret *secret;
	uint32_t account; /* index; UINT32_MAX: the server's */
	struct conf_at at;
	const char *key;
};

struct conf {
	struct conf_server server;
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
/* Appends the rows of a users file to the account at that index. ERR_MALFORMED, ERR_NO_MEMORY. */
MUST_CHECK enum err conf_add_users(struct conf *c, uint32_t account, struct slice csv,
				   const char *file, struct conf_errors *errs);
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

const char *conf_type_name(enum conf_type t);
bool conf_type_built(enum conf_type t);
const char *conf_cloud_login_url(enum conf_cloud c);
const char *conf_cloud_graph_url(enum conf_cloud c);

#endif
