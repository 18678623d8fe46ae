/* schema.h - settings.def as a table, and sentences made from it. Private to proto/conf and to the
 * generator of the documentation. */
#ifndef PROTO_CONF_SCHEMA_H
#define PROTO_CONF_SCHEMA_H

#include "base/buf.h"
#include "proto/conf/conf.h"

enum conf_scope {
	SCOPE_root,
	SCOPE_server,
	SCOPE_alarms,
	SCOPE_tls,
	SCOPE_lamps,
	SCOPE_account,
	SCOPE_teams,
	SCOPE_policy,
	SCOPE_hours,
	SCOPE_status_text,
	SCOPE_group,
	SCOPE_matching,
	SCOPE_sign_in,
	SCOPE_connector,
	SCOPE_user,
	SCOPE_N
};

/* KIND(name, C type of the field) */
#define CONF_KINDS(KIND)                                                                           \
	KIND(GROUP, char)                                                                          \
	KIND(LIST, void *)                                                                         \
	KIND(TEXT, const char *)                                                                   \
	KIND(NAME, const char *)                                                                   \
	KIND(PATH, const char *)                                                                   \
	KIND(URL, const char *)                                                                    \
	KIND(PROXY, const char *)                                                                  \
	KIND(EMAIL, const char *)                                                                  \
	KIND(GUID, const char *)                                                                   \
	KIND(TENANT, const char *)                                                                 \
	KIND(WORD, uint8_t)                                                                        \
	KIND(TYPE, uint8_t)                                                                        \
	KIND(SWITCH, bool)                                                                         \
	KIND(COUNT, uint32_t)                                                                      \
	KIND(DURATION, int32_t)                                                                    \
	KIND(DURATION_OR_OFF, int32_t)                                                             \
	KIND(QUOTA, struct conf_quota)                                                             \
	KIND(ADDRESS, struct conf_address)                                                         \
	KIND(SECRET, struct conf_secret)                                                           \
	KIND(PEM, const char *)                                                                    \
	KIND(PEM_HELD, struct conf_secret)                                                         \
	KIND(LOGINS, struct conf_secret)                                                           \
	KIND(USERS, const char *)                                                                  \
	KIND(TEXTS, struct conf_texts)                                                             \
	KIND(LINES, const struct conf_line *)                                                      \
	KIND(TLS, struct conf_switch_tls)                                                          \
	KIND(ZONE, const char *)                                                                   \
	KIND(PACKAGES, struct conf_texts)                                                          \
	KIND(RANGES, struct conf_texts)                                                            \
	KIND(DATES, struct conf_texts)                                                             \
	KIND(HOLIDAYS, struct conf_holidays *)                                                     \
	KIND(OWN_POLICY, const struct conf_policy *)

enum conf_kind {
#define KIND(name, type) KIND_##name,
	CONF_KINDS(KIND)
#undef KIND
	    KIND_COUNT_
};

enum conf_flag {
	REQUIRED = 1,
	LATER = 2, /* known, not in this version */
	FOR_SIP = 1 << 8 << CONF_TYPE_SIP,
	FOR_AMI = 1 << 8 << CONF_TYPE_AMI,
	FOR_CSTA = 1 << 8 << CONF_TYPE_CSTA,
	FOR_WEBHOOK = 1 << 8 << CONF_TYPE_WEBHOOK,
	FOR_FREESWITCH = 1 << 8 << CONF_TYPE_FREESWITCH,
	FOR_ANY = 0xff00, /* mask: a connector's key that only some types have */
};

struct setting {
	const char *key;
	uint8_t scope; /* where the key stands */
	uint8_t kind;
	uint8_t sub; /* GROUP, LIST: scope of the keys below */
	uint32_t flags;
	size_t offset, offset_n; /* of the field; LIST: of its count */
	int64_t lo, hi;
	const char *words, *def, *example, *help;
};

struct schema {
	const struct setting *rows;
	size_t n;
	size_t size; /* of the struct */
};

struct schema schema_of(enum conf_scope scope);
/* "" for the root. */
const char *schema_scope_name(enum conf_scope scope);
/* A scope other than `not` that has the key, with its row; NULL when there is none. */
const struct setting *schema_elsewhere(enum conf_scope not, struct slice key);
/* The nearest key of the scope, or NULL when none is near. */
const struct setting *schema_nearest(enum conf_scope scope, struct slice key);

enum { SCHEMA_PLAIN_MAX = 64 };
/* What is never given out: its key names a file; a client of the API gives the content instead. */
bool schema_is_secret(const struct setting *s);
/* Under this name: password_file -> "password". */
void schema_plain_name(const struct setting *s, char dst[static SCHEMA_PLAIN_MAX]);

/* "a duration from 5m to 4h, such as 10m": what a value of this row must be. */
void schema_wants(const struct setting *s, struct buf *out);
/* 90000 -> "90s", 120000 -> "2m". */
void schema_duration(int64_t ms, struct buf *out);

#endif
