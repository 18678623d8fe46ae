/* mirror.h - the user's profile and what the PBXs hold of it, kept in step; private to this folder.
 *
 * Rules: presence-rules.md sections 1 and 3, doc/profile.md. Last change wins. What a PBX reports is
 * an echo of our own write, a change at the phone, or, after an outage, a change of unknown time:
 * then a person's change made since the link was lost is the newer one. Level-triggered: a PBX that
 * holds something else than the profile is written to until it holds it or has refused. */
#ifndef CORE_MIRROR_H
#define CORE_MIRROR_H

#include "core/state.h"

/* A new line, of a connector whose link may stand already. */
void mirror_init(struct engine *e, uint32_t line);
/* A report of the line's profile. True: it is a change that the line's user takes over. */
bool mirror_report(struct engine *e, uint32_t line, const struct obs *o);
/* False: it answers no write that is under way. */
bool mirror_written(struct engine *e, uint32_t line, uint32_t generation, enum write_result result);
void mirror_link_lost(struct engine *e, uint32_t line);
void mirror_restore(struct engine *e, uint32_t line, const struct line_record *r);
/* The profile that the PBX is known to hold, PROFILE_NONE: not known. */
enum profile mirror_held(const struct engine *e, uint32_t line);
/* Gives out the write that is due for this line of the user, at most ROOM_MIRROR actions. Lowers *due. */
void mirror_look(struct engine *e, uint32_t line, int64_t *due_mono_ms);
void mirror_view(const struct engine *e, uint32_t line, struct line_view *ret);

#endif
