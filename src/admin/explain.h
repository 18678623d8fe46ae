/* explain.h - why a user's presence is what it is, in sentences for people. Pure. */
#ifndef ADMIN_EXPLAIN_H
#define ADMIN_EXPLAIN_H

#include "admin/names.h"
#include "base/buf.h"

/* The input that won and what it outranked: "line hq/201 is in a call; rank busy over available".
 */
void explain_rule(struct buf *out, const struct admin_user *u, const struct names *n);
/* What is held in Teams, or why nothing is. */
void explain_session(struct buf *out, const struct admin_user *u, enum account_mode mode);
/* What others see, or an empty text when it was never read back. */
/* The status message; nothing when there is none of ours. */
void explain_text(struct buf *out, const struct admin_user *u);
/* Why the person is not synchronised, and what to do; nothing when all is well. */
void explain_matching(struct buf *out, const struct admin_user *u);
void explain_seen(struct buf *out, const struct admin_user *u);

/* What became of writing the profile to the line's PBX; nothing where there is nothing to say. */
void explain_write(struct buf *out, const struct admin_line *l, const struct names *n);
/* What the line's PBX is lent because of what Teams shows; nothing when it is nothing. */
void explain_lend(struct buf *out, const struct admin_user *u, const struct admin_line *l,
		  const struct names *n);
/* The lamps at the PBX that show the person, or nothing. */
void explain_lamp(struct buf *out, const struct admin_line *l, const struct names *n);

#endif
