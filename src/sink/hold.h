/* hold.h - one slot per user: from the latest action to presence requests, and from their answers to
 * outcomes; for hold.c and hold_*.c only. What the rest of the room asks of them stands in graph_priv.h.
 *
 * An action is the session's request and, where the preferred state is or may be ours, one for that,
 * after a look at whether it still shows: what the user has put in its place is theirs. A new action
 * takes the slot at once; the answer to a request of the old one then settles only what Graph may
 * hold, and the newest action goes out.
 *
 * The slots are the Graph machine's, by user id. Times are ms of its clock. Nothing here can fail. */
#ifndef SINK_HOLD_H
#define SINK_HOLD_H

#include "sink/graph_priv.h"

/* ---- hold.c ---- */
/* An outcome for the engine; r: the answer that it comes from, or NULL. */
void hold_report(struct graph *g, uint32_t user, uint32_t generation, enum outcome_class class,
		 int64_t sent_ms, const struct graph_response *r);
/* That is the outcome of the slot's action: it wants nothing more. */
void hold_settle(struct graph *g, uint32_t user, enum outcome_class class, int64_t sent_ms,
		 const struct graph_response *r);

/* ---- hold_step.c ---- */
/* The next request of the action; REQ_FREE after the last one. */
enum request_kind hold_step(const struct slot *s);
/* Graph has taken that request. */
void hold_step_done(struct slot *s, enum request_kind kind);
/* Nothing would be left to do after it. */
bool hold_step_is_last(const struct slot *s, enum request_kind kind);
/* How many requests the rest of the action takes. */
uint32_t hold_steps_left(const struct slot *s);
/* A clear that is not worth a request. */
bool hold_has_nothing(const struct graph *g, const struct slot *s);

#endif
