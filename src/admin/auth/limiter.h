/* limiter.h - how often a wrong password may be tried: by name and by address. Pure.
 *
 * Only failures count. A key has a budget of failures that comes back one by one; used up, it has
 * to wait. The table is bounded: when it is full, the key that has least to lose is forgotten. */
#ifndef ADMIN_AUTH_LIMITER_H
#define ADMIN_AUTH_LIMITER_H

#include "base/slice.h"

enum {
	LIMITER_NAME_BUDGET = 10, /* then one every 30 s */
	LIMITER_NAME_MS = 30000,
	LIMITER_ADDRESS_BUDGET = 30, /* then one every 10 s */
	LIMITER_ADDRESS_MS = 10000,
	LIMITER_KEYS = 1024, /* of each kind */
};

enum limiter_kind { LIMIT_NAME, LIMIT_ADDRESS, LIMITER_KINDS };

struct limiter_slot {
	uint64_t hash;	 /* 0: free */
	int64_t full_ms; /* when the budget is whole again */
};

struct limiter {
	struct limiter_slot slots[LIMITER_KINDS][LIMITER_KEYS];
};

/* How long to wait before a try is looked at, 0: none. */
int64_t limiter_wait_ms(const struct limiter *l, enum limiter_kind kind, struct slice key,
			int64_t now_ms);
void limiter_failed(struct limiter *l, enum limiter_kind kind, struct slice key, int64_t now_ms);
void limiter_forget(struct limiter *l, enum limiter_kind kind, struct slice key);
/* The network that an address stands for: an IPv6 /64 is one customer. NUL-closed. */
void limiter_network(const char *address, char *dst, size_t cap);

#endif
