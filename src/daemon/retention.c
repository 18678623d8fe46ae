#include "daemon/retention.h"

enum { DAY_MS = 86400000, AGAIN_MS = 60000 };

static int64_t before(uint32_t days, int64_t wall_ms)
{
	return wall_ms - (int64_t)days * DAY_MS;
}

static uint32_t days_of(const struct conf *c, const struct conf_account *a)
{
	return a->audit_days ? a->audit_days : c->server.audit_days;
}

/* Accounts that are no longer there are nobody's to name: the longest time of all ends theirs. */
static uint32_t longest(const struct conf *c)
{
	uint32_t days = c->server.audit_days;

	for (uint32_t i = 0; i < c->accounts_n; i++)
		if (days_of(c, &c->accounts[i]) > days)
			days = days_of(c, &c->accounts[i]);
	return days;
}

int64_t retention_look(struct retention *r, const struct conf *c, struct store *s, struct bridge_time t)
{
	if (t.mono_ms < r->next_ms)
		return r->next_ms;
	bool full = store_trim_changes(s, SLICE_LIT("*"), before(longest(c), t.wall_ms)) != ERR_OK ||
		    store_trim_changes(s, SLICE_NONE, before(c->server.audit_days, t.wall_ms)) != ERR_OK;

	for (uint32_t i = 0; i < c->accounts_n && !full; i++) {
		const struct conf_account *a = &c->accounts[i];

		full = store_trim_changes(s, slice_str(a->name), before(days_of(c, a), t.wall_ms)) != ERR_OK;
	}
	r->next_ms = t.mono_ms + (full ? AGAIN_MS : DAY_MS);
	return r->next_ms;
}
