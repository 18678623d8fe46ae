/* lend.h - the profile that a PBX is lent while Teams shows a call, a meeting or Do not disturb, so
 * that the phone stops ringing; private to this folder.
 *
 * The person's own profile stays what it is: only what mirror.h writes differs, so what is lent never
 * comes back to Teams. Lent is only to a PBX that holds Available; it is taken back when Teams shows
 * nothing any more, and only while the PBX still holds it. What a person sets meanwhile, at the phone
 * or in the app, is theirs and ends the lending until Teams has gone quiet. What is lent is in the
 * store before it is written: after a crash it is known again. It is given back, too, where nothing would
 * be written any more: the person is switched off, the connector has lost its profile. Rules:
 * doc/teams-to-phones.md. */
#ifndef CORE_LEND_H
#define CORE_LEND_H

#include "core/state.h"

enum {
	LEND_AFTER_MS = 2000, /* a state must last so long; the store has committed by then */
	LENT_DND_ALONE = PROFILE_NONE, /* in a record: the Do Not Disturb that came with it is ours still */
	LEND_END_MS = 60000,  /* an echo, and a Do Not Disturb that went with it, may come so late */
};

/* What the line's PBX is to hold. */
uint8_t lend_profile(const struct engine *e, uint32_t line);
/* The PBX reports a state. True: it is what was lent, nobody's change. */
bool lend_report(struct engine *e, uint32_t line, uint8_t state);
/* What was lent was written, and is to be taken back. */
bool lend_is_due_back(const struct mirror *m);
/* Begins and ends; at most one action. Lowers *due. */
void lend_look(struct engine *e, uint32_t line, int64_t *due_mono_ms);
/* enum line_lend; *ret_lent: the profile. */
uint8_t lend_state(const struct mirror *m, uint8_t *ret_lent);
/* For the store: the profile, or LENT_DND_ALONE. */
uint8_t lend_record(const struct mirror *m);
void lend_restore(struct engine *e, uint32_t line, const struct line_record *r);
/* After a restart, until a write is accepted: a Do Not Disturb that is on came with what was lent, and the
 * source may not know. */
bool lend_owns_unknown(const struct mirror *m);
/* The PBX holds something else by now, and that Do Not Disturb still: a write is due for it alone. */
bool lend_leaves_dnd(const struct engine *e, uint32_t line);
void lend_accepted(struct mirror *m);
/* The line's connector was opened anew, perhaps without a profile: what it knew is gone. */
void lend_reopened(struct engine *e, uint32_t line);
/* The connector writes no profiles any more, and has something of ours to be given back. */
bool lend_is_left(const struct engine *e, uint32_t line);
/* Do Not Disturb on this line comes with what is lent, so it says nothing of the person. */
bool lend_has_dnd(const struct engine *e, const struct line *l);

#endif
