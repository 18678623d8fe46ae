/* batch.h - POST /$batch: up to 20 requests in one (Graph's "JSON batching", facts/graph.md 6).
 *
 * Every part counts against the limits by itself, so a batch saves connections and round trips, never
 * quota. Parts are independent: no dependsOn. */
#ifndef PROTO_GRAPH_BATCH_H
#define PROTO_GRAPH_BATCH_H

#include "base/buf.h"

enum { BATCH_PARTS_MAX = 20, BATCH_BODY_MAX = 1 << 20 };

void batch_body_begin(struct buf *b);
/* A POST: begin, then the caller writes the URL below /v1.0, in characters that need no escaping; body, then
 * he writes the JSON body; end. Ids are unique within the batch. */
void batch_part_begin(struct buf *b, uint32_t id, bool first);
void batch_part_body(struct buf *b);
void batch_part_end(struct buf *b);
void batch_body_end(struct buf *b);

struct batch_part {
	uint32_t id;
	uint16_t status;
	struct slice retry_after; /* header text, empty when absent */
	struct slice request_id;
	struct slice body; /* JSON text, of a refusal only */
};

/* One part, in the answer's order, which says nothing; slices live during the call. */
typedef void batch_h(void *arg, const struct batch_part *part);

/* Whatever the outer status: older pages make it 424 when a part was throttled, newer ones 200. Parts
 * without a numeric id or status are left out. ERR_MALFORMED when there is no list of responses. */
MUST_CHECK enum err batch_answer(struct slice body, batch_h *h, void *arg);

#endif
