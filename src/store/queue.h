/* queue.h - what waits to be written: one entry per key, the latest wins; audits and changes in
 * order. Private to src/store. No locking in here. */
#ifndef STORE_QUEUE_H
#define STORE_QUEUE_H

#include "base/map.h"
#include "base/slice.h"

enum { ENTRY_TEXTS_MAX = 6, ENTRY_NUMBERS_MAX = 7 };

enum table {
	TABLE_ACCOUNTS,
	TABLE_USERS,
	TABLE_LINES,
	TABLE_IDS,
	TABLE_PEOPLE,
	TABLE_TEXTS,
	TABLE_META,
	TABLE_MATCHES,
	TABLE_LINKS,
	TABLE_RECORDS,
	TABLE_CHANGES,
	TABLE_WATCHERS,
	TABLE_HELD,
	TABLE_AUDIT,
	TABLE_COUNT
};

/* How a table's rows are written. Parameters: the texts (the key first), then the numbers; a
 * deletion binds the key, then del_numbers. */
struct table_shape {
	const char *put, *del;
	uint8_t keys, texts, numbers;
	uint8_t nocase; /* bit n: key part n compares without regard to case */
	uint8_t del_numbers;
};
extern const struct table_shape table_shapes[TABLE_COUNT];

struct entry {
	struct entry *next; /* audits and changes only */
	uint64_t hash;
	int64_t numbers[ENTRY_NUMBERS_MAX];
	uint32_t lengths[ENTRY_TEXTS_MAX];
	uint8_t table; /* enum table */
	bool del;
	char bytes[]; /* the texts, one behind the other */
};

struct queue {
	struct entry **list; /* in the order of their keys' first put */
	uint32_t n, cap, max;
	struct map by_key;
	struct entry *audit_first, *audit_last;
	uint32_t audits, audits_max;
	size_t bytes;
};

/* Allocates nothing yet. */
void store_queue_init(struct queue *q, uint32_t records_max, uint32_t audits_max);
/* Drops everything; as after init. */
void store_queue_fini(struct queue *q);
bool store_queue_is_empty(const struct queue *q);

enum queued { QUEUED, QUEUED_COALESCED, QUEUED_PUSHED_OUT, QUEUED_NOT };

/* A copy of the values; NULL without memory. A deletion needs the key's texts only. */
struct entry *entry_new(enum table table, bool del, const struct slice *texts,
			const int64_t *numbers);
struct slice entry_text(const struct entry *e, unsigned i);
/* Takes the entry, also when it is refused. QUEUED_NOT: full, or no memory. */
enum queued store_queue_put(struct queue *q, struct entry *e);

#endif
