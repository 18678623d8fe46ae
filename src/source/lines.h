/* lines.h - which lines a connector has: the engine's id, a slot of the connector's own, the number.
 * For implementers of connectors.
 *
 * Slots run from 0 to lines_max - 1 and are used again; the connector keeps its own records by slot. */
#ifndef SOURCE_LINES_H
#define SOURCE_LINES_H

#include "base/map.h"
#include "base/slice.h"

enum { LINE_NUMBER_MAX = 128, LINE_NONE = 0x7fffffff };

struct line_table {
	char **numbers; /* by slot; NULL: free */
	uint32_t *ids;	/* by slot: the engine's */
	uint32_t *spare, spare_n;
	uint32_t n, high; /* used; slots below this may be used */
	struct map by_id, by_number;
};

/* ERR_NO_MEMORY. */
MUST_CHECK enum err line_table_init(struct line_table *t, uint32_t lines_max);
void line_table_fini(struct line_table *t);
/* ERR_EXISTS: the id or the number is there; ERR_LIMIT; ERR_MALFORMED: empty, too long, or with a
 * control character; ERR_NO_MEMORY. */
MUST_CHECK enum err line_table_add(struct line_table *t, uint32_t line, struct slice number,
				   uint32_t *ret_slot);
/* The slot it had, or LINE_NONE. */
uint32_t line_table_remove(struct line_table *t, uint32_t line);
/* LINE_NONE: there is none. */
uint32_t line_table_slot(const struct line_table *t, uint32_t line);
uint32_t line_table_find(const struct line_table *t, struct slice number);
/* Of a used slot. */
const char *line_table_number(const struct line_table *t, uint32_t slot);
uint32_t line_table_id(const struct line_table *t, uint32_t slot);
/* The first used slot from `slot` on, or LINE_NONE. */
uint32_t line_table_next(const struct line_table *t, uint32_t slot);

#endif
