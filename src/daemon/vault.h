/* vault.h - secrets that were given to the console: one file each in the folder `secrets` of the
 * data folder, readable by the daemon only. A body carries `password` where the configuration has
 * `password_file`; what is in a file is never given out. */
#ifndef DAEMON_VAULT_H
#define DAEMON_VAULT_H

#include <jansson.h>
#include <limits.h>

#include "proto/conf/schema.h"

enum { VAULT_FILES_MAX = 16, VAULT_WHY_MAX = 300 };

/* One change: the files that it made, and those that it makes needless. */
struct vault {
	char folder[PATH_MAX];
	const char *label; /* "acme.hq": begins the names of files */
	char made[VAULT_FILES_MAX][PATH_MAX];
	char old[VAULT_FILES_MAX][PATH_MAX];
	unsigned made_n, old_n;
	char why[VAULT_WHY_MAX], key[64]; /* of a refusal */
};

/* data: the folder of the database. ERR_LIMIT: too long a path. */
MUST_CHECK enum err vault_init(struct vault *v, const char *data, const char *label);
/* In the settings of a scope: {"password":"x"} goes into a file and becomes {"password_file":PATH};
 * {"set":true}, nothing, or the text that it has, keeps what `before` (may be NULL) has; null forgets it. A
 * *_file key is refused. ERR_MALFORMED (why and key filled), ERR_IO (why), ERR_LIMIT. */
MUST_CHECK enum err vault_take(struct vault *v, enum conf_scope scope, json_t *settings,
			       const json_t *before);
/* The other way, for showing: password_file becomes "password": {"set": true}. */
void vault_hide(enum conf_scope scope, json_t *settings);
/* The change was taken: what it replaced is removed; or it was not: what it made is. */
void vault_keep(struct vault *v);
void vault_drop(struct vault *v);
/* All files of an object that is gone. */
void vault_forget(struct vault *v, enum conf_scope scope, const json_t *before);

#endif
