/* render.h - values as JSON objects, as the API gives them (doc/api.md). Pure but for the names. */
#ifndef ADMIN_RENDER_H
#define ADMIN_RENDER_H

#include "admin/names.h"
#include "base/jsonw.h"

/* The row of lists and events. */
void render_user_row(struct jsonw *j, const char *key, const struct snap_copy *c,
		     const struct names *n);
/* Every input held, the rule that won, what was sent, Graph's answer. */
void render_user_full(struct jsonw *j, const char *key, const struct snap_copy *c,
		      const struct names *n, enum account_mode mode);
/* As in explanations and the list of a connector's lines; email NULL: whose line it is is known. */
void render_line(struct jsonw *j, const struct admin_line *l, const struct names *n,
		 const struct slice *email);
void render_connector(struct jsonw *j, const char *key, const struct admin_connector *v,
		      const struct names *n);
void render_account(struct jsonw *j, const char *key, const struct admin_account *v,
		    const struct snap_census *census);

#endif
