/* told.h - a connector that is simply told what happens: for what no PBX of the simulator can say over
 * SIP, such as Do Not Disturb kept apart from a call. It implements source/source.h. */
#ifndef SIM_TOLD_H
#define SIM_TOLD_H

#include "source/source.h"

struct told;

extern const struct source_ops told_source_ops;
/* The one that was opened last; the simulator is one thread and opens one at a time. */
struct told *told_last(void);
void told_dnd(struct told *t, uint32_t line, bool on);
void told_call(struct told *t, uint32_t line, enum call_state state);

#endif
