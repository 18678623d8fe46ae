#include "admin/auth/limiter.h"

#include <arpa/inet.h>
#include <stdio.h>

#include "base/map.h"

enum { SEED = 0x51610 };

static uint64_t hash_of(struct slice key)
{
	uint64_t h = slice_hash_nocase(key, SEED);

	return h ? h : 1;
}

static int64_t step_ms(enum limiter_kind kind)
{
	return kind == LIMIT_NAME ? LIMITER_NAME_MS : LIMITER_ADDRESS_MS;
}

static int64_t budget_ms(enum limiter_kind kind)
{
	return step_ms(kind) * (kind == LIMIT_NAME ? LIMITER_NAME_BUDGET : LIMITER_ADDRESS_BUDGET);
}

static const struct limiter_slot *find(const struct limiter *l, enum limiter_kind kind,
				       uint64_t hash)
{
	for (unsigned i = 0; i < LIMITER_KEYS; i++)
		if (l->slots[kind][i].hash == hash)
			return &l->slots[kind][i];
	return NULL;
}

int64_t limiter_wait_ms(const struct limiter *l, enum limiter_kind kind, struct slice key,
			int64_t now_ms)
{
	const struct limiter_slot *s = find(l, kind, hash_of(key));
	int64_t over = s ? s->full_ms + step_ms(kind) - now_ms - budget_ms(kind) : 0;

	return over > 0 ? over : 0;
}

/* The key's slot, or the one whose budget is whole soonest. */
static struct limiter_slot *slot_for(struct limiter *l, enum limiter_kind kind, uint64_t hash)
{
	struct limiter_slot *best = &l->slots[kind][0];

	for (unsigned i = 0; i < LIMITER_KEYS; i++) {
		struct limiter_slot *s = &l->slots[kind][i];

		if (s->hash == hash)
			return s;
		if (s->full_ms < best->full_ms)
			best = s;
	}
	*best = (struct limiter_slot){ .hash = hash };
	return best;
}

void limiter_failed(struct limiter *l, enum limiter_kind kind, struct slice key, int64_t now_ms)
{
	struct limiter_slot *s = slot_for(l, kind, hash_of(key));

	if (s->full_ms < now_ms)
		s->full_ms = now_ms;
	s->full_ms += step_ms(kind);
}

void limiter_forget(struct limiter *l, enum limiter_kind kind, struct slice key)
{
	uint64_t hash = hash_of(key);

	for (unsigned i = 0; i < LIMITER_KEYS; i++)
		if (l->slots[kind][i].hash == hash)
			l->slots[kind][i] = (struct limiter_slot){ 0 };
}

void limiter_network(const char *address, char *dst, size_t cap)
{
	unsigned char raw[16];

	if (inet_pton(AF_INET6, address, raw) != 1 ||
	    slice_starts_nocase(slice_str(address), "::ffff:")) {
		snprintf(dst, cap, "%s", address);
		return;
	}
	memset(raw + 8, 0, 8);
	if (!inet_ntop(AF_INET6, raw, dst, (socklen_t)cap))
		snprintf(dst, cap, "%s", address);
}
