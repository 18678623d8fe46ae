/* render.h - the model back as settings: what differs from the defaults, for the API and for
 * `offhook export`. Secrets' contents are never part of it, only the names of their files. Pure. */
#ifndef PROTO_CONF_RENDER_H
#define PROTO_CONF_RENDER_H

#include <jansson.h>

#include "base/buf.h"
#include "proto/conf/schema.h"

/* The object of a scope as JSON, without the lists in it; the account gives connectors' names to
 * lines and the rules that groups and people start from (may be NULL for other scopes). NULL: no
 * memory. */
json_t *render_object(enum conf_scope scope, const void *object,
		      const struct conf_account *account);

/* Everything, lists included: what conf_parse reads back to the same. Imported people are not in
 * it. */
json_t *render_all(const struct conf *c);

/* YAML in block style; texts that YAML would read as something else are quoted. */
void render_yaml(const json_t *json, struct buf *out);
/* The other way, for what an editor wrote: YAML or JSON as a JSON value; scalars without quotes that say
 * true, false, yes, no or nothing become those, all others texts. *ret is for json_decref. ERR_MALFORMED with
 * errors in errs, ERR_NO_MEMORY. */
MUST_CHECK enum err yaml_read(struct slice yaml, const char *file, json_t **ret, struct conf_errors *errs);

#endif
