/* presence_body.h - the bodies of setPresence, clearPresence and their preferred twins.
 *
 * Literal writers: these are the hot bodies. The values are our own constants and a checked GUID,
 * so nothing needs escaping. Pairs: the five that setPresence documents; PascalCase always. */
#ifndef PROTO_GRAPH_PRESENCE_BODY_H
#define PROTO_GRAPH_PRESENCE_BODY_H

#include "base/buf.h"

/* lease_ms becomes PTnM: rounded up to minutes, within PT5M..PT4H, which is what Graph takes. */
void presence_body_set(struct buf *b, const char *session_id, const char *availability,
		       const char *activity, int32_t lease_ms);
void presence_body_clear(struct buf *b, const char *session_id);
/* life_ms: up to seven days; how far Graph goes is not documented, its own longest default is that. */
void presence_body_set_preferred(struct buf *b, const char *availability, const char *activity,
				 int32_t life_ms);
void presence_body_clear_preferred(struct buf *b);
/* The lease that Graph was really asked for. */
int32_t presence_body_lease_ms(int32_t lease_ms);

#endif
