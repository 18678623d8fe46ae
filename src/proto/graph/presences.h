/* presences.h - POST /communications/getPresencesByUserId: what Teams shows for up to 650 users. */
#ifndef PROTO_GRAPH_PRESENCES_H
#define PROTO_GRAPH_PRESENCES_H

#include "base/buf.h"

enum { PRESENCES_IDS_MAX = 650, PRESENCES_BODY_MAX = 2 << 20 };

/* begin, add any number up to PRESENCES_IDS_MAX, end. Ids are GUIDs: nothing needs escaping. */
void presences_body_begin(struct buf *b);
void presences_body_add(struct buf *b, const char *id, bool first);
void presences_body_end(struct buf *b);

/* One row. The texts are cut and cleaned; "" when the row has none, or null. Case is the server's:
 * documents of three generations disagree. */
struct presences_row {
	struct slice id;
	char availability[40], activity[40];
	char sequence[40]; /* sequenceNumber: sorts as text, "" when there is none */
};

typedef void presences_h(void *arg, const struct presences_row *row);

/* Calls h for every row with an id, in the answer's order, which says nothing. `value` may be a
 * list or, as one documented example has it, a single object; a bare presence is taken too.
 * ERR_MALFORMED when the body is none of these. */
MUST_CHECK enum err presences_answer(struct slice body, presences_h *h, void *arg);

#endif
