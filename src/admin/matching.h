/* matching.h - the words about one person's match, for the report and for explanations. */
#ifndef ADMIN_MATCHING_H
#define ADMIN_MATCHING_H

#include "admin/admin.h"
#include "base/jsonw.h"

/* Somebody has to do something: not found, or found but not to be served. */
bool matching_is_problem(const struct admin_user *u);
/* Nothing when all is well. */
void matching_reason(struct buf *out, const struct admin_user *u);
const char *matching_fix(const struct admin_user *u);
/* who: with e-mail and name. */
void render_matching(struct jsonw *j, const char *key, const struct admin_user *u, bool who);

#endif
