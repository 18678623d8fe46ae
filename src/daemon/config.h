/* config.h - the configuration from disk: offhook.yaml, the users files and secrets it names.
 *
 * For start, `offhookd -n` and reload alike: nothing is kept between calls, so a reload loads anew
 * and keeps the old model when this one is bad. */
#ifndef DAEMON_CONFIG_H
#define DAEMON_CONFIG_H

#include "core/types.h"
#include "proto/conf/conf.h"
#include "proto/graph/assertion.h"

/* Reads and checks everything. In *ret all file names, `data` and `socket` are absolute paths,
 * every conf_secret holds its value, users of the users files stand behind those of the YAML, and
 * conf_finish has passed. *ret is for conf_free. errs is overwritten; warnings may stand in it on
 * success too. ERR_MALFORMED: errs->errors > 0; ERR_NO_MEMORY. */
MUST_CHECK enum err conf_load(const char *path, struct conf **ret, struct conf_errors *errs);
/* With what was made in the console; see conf_parse_with. */
MUST_CHECK enum err conf_load_with(const char *path, const struct conf_document *documents,
				   uint32_t documents_n, struct conf **ret, struct conf_errors *errs);

/* A whole file, at most max bytes, for free(). ERR_NOT_FOUND, ERR_DENIED, ERR_LIMIT, ERR_IO,
 * ERR_NO_MEMORY. */
MUST_CHECK enum err conf_read_file(const char *path, size_t max, char **ret, size_t *ret_n);

/* The certificate that signs in, from the two files' contents; *ret NULL, and ERR_OK, with a secret.
 * ERR_MALFORMED with words in why, ERR_NO_MEMORY. */
MUST_CHECK enum err conf_credential(const struct conf_teams *t, struct assertion_key **ret, char *why,
				    size_t cap);

/* The rules in the engine's form; user NULL: the account's own. */
void conf_policy_of(const struct conf_account *a, const struct conf_user *user, struct policy *ret);

#endif
