/* line.h - the calls of one line and what the line counts as; private to this folder.
 *
 * Rules: presence-rules.md section 2. Tolerant of lost and repeated reports: a report states what
 * is, so the same one twice changes nothing. */
#ifndef CORE_LINE_H
#define CORE_LINE_H

#include "core/state.h"

struct line_state {
	uint8_t presence; /* enum presence */
	uint8_t evidence; /* enum presence, from what was reported since the link came up only */
	bool conference, evidence_conference;
};

enum line_sync line_sync(const struct engine *e, const struct line *l);
void line_state(const struct engine *e, const struct line *l, const struct policy *p,
		struct line_state *ret);
enum call_state line_busiest(const struct engine *e, const struct line *l, uint8_t *ret_calls);
/* The last instant at which a synchronised source spoke for an unsynchronised line's state. */
int64_t line_evidence_mono_ms(const struct engine *e, const struct line *l);

/* Where it is forwarded to, as last reported; FORWARD_NONE once its grace is over. */
enum forward_target line_forward(const struct line *l);
/* A call, DND, forwarding or registration report. True when something that can be seen has changed. */
bool line_report(struct engine *e, uint32_t id, const struct obs *o);
void line_restore(struct engine *e, uint32_t id, const struct line_record *r);
/* Its reports have ended: the last state stands from now on. True when that is a change. */
bool line_lose(struct engine *e, uint32_t id);
/* The same for all lines of a lost link, whose connector's epoch has risen. */
void line_link_lost(struct engine *e, uint32_t id);
/* What time does to a line: ringing ages out, long calls are questioned, grace ends. Gives at most
 * ROOM_LINE actions. Lowers *due to the line's next deadline. True when something has changed. */
bool line_tick(struct engine *e, uint32_t id, int64_t *due_mono_ms);
void line_drop_calls(struct engine *e, struct line *l);
void line_save(struct engine *e, uint32_t id);
/* The source is asked for a fresh report. */
void line_ask_again(struct engine *e, uint32_t id);

#endif
