#include "admin/monitor.h"

#include <stdlib.h>

#include "admin/alarms_look.h"

enum { LOOK_MS = 2000 };

struct monitor {
	struct snapshot *snapshot;
	struct alarms *alarms;
	struct history *history;
	struct snap_copy copy;
	int64_t look_at_ms, minute_at_ms;
	bool has_track[HISTORY_ACCOUNTS_MAX];
	void (*tell)(void *arg, const struct alarm *x, bool gone);
	void *arg;
};

enum err monitor_new(struct monitor **ret, struct snapshot *s)
{
	struct monitor *m = calloc(1, sizeof(*m));
	enum err e;

	if (!m)
		return ERR_NO_MEMORY;
	m->snapshot = s;
	if ((e = alarms_new(&m->alarms)) || (e = history_new(&m->history))) {
		monitor_free(m);
		return e;
	}
	*ret = m;
	return ERR_OK;
}

void monitor_free(struct monitor *m)
{
	if (!m)
		return;
	alarms_free(m->alarms);
	history_free(m->history);
	snap_copy_fini(&m->copy);
	free(m);
}

struct alarms *monitor_alarms(struct monitor *m)
{
	return m->alarms;
}

const struct history *monitor_history(const struct monitor *m)
{
	return m->history;
}

void monitor_tell(struct monitor *m, void (*tell)(void *arg, const struct alarm *x, bool gone),
		  void *arg)
{
	m->tell = tell;
	m->arg = arg;
}

/* ---- alarms ---- */

static void gone(void *arg, const struct alarm *x)
{
	struct monitor *m = arg;

	if (m->tell && x->told)
		m->tell(m->arg, x, true);
}

static void tell_raised(struct monitor *m)
{
	uint32_t n;
	struct alarm *list = alarms_list(m->alarms, &n);

	for (uint32_t i = 0; i < n; i++) {
		if (!list[i].raised || list[i].told)
			continue;
		list[i].told = true;
		if (m->tell)
			m->tell(m->arg, &list[i], false);
	}
}

static bool look(struct monitor *m, int64_t mono_ms, int64_t wall_ms)
{
	alarms_begin(m->alarms, mono_ms, wall_ms);
	alarms_look(m->alarms, m->snapshot, &m->copy);
	bool changed = alarms_end(m->alarms, gone, m);
	tell_raised(m);
	return changed;
}

/* ---- history ---- */

static void add(struct history_reading *sum, const struct history_reading *r, bool first_of_realm)
{
	sum->backlog += first_of_realm ? r->backlog : 0;
	for (int i = 0; i < PRESENCE_COUNT; i++)
		sum->states[i] += r->states[i];
	if (!first_of_realm)
		return;
	sum->sent += r->sent;
	sum->throttled += r->throttled;
	for (int i = 0; i < DELAY_BUCKETS; i++)
		sum->delays[i] += r->delays[i];
}

static struct history_reading read_account(struct monitor *m, const struct admin_account *v)
{
	struct history_reading r = { .sent = v->sent,
				     .throttled = v->throttled,
				     .backlog = v->queued[0] + v->queued[1] + v->queued[2] };
	struct snap_census census;

	memcpy(r.delays, v->delays, sizeof(r.delays));
	snapshot_census(m->snapshot, v->account, &census);
	memcpy(r.states, census.combined, sizeof(r.states));
	return r;
}

/* Accounts of one app registration share its counters: they count once. Realms beyond 64 count
 * always. */
static bool is_first(uint64_t *seen, uint32_t realm)
{
	uint64_t bit = realm < 64 ? 1ull << realm : 0;
	bool first = !(*seen & bit);

	*seen |= bit;
	return first;
}

static void minute(struct monitor *m, int64_t wall_ms)
{
	struct history_reading sum = { 0 };
	bool there[HISTORY_ACCOUNTS_MAX] = { false };
	uint64_t seen = 0;

	for (uint16_t i = snapshot_next_account(m->snapshot, 0); i != UINT16_MAX;
	     i = snapshot_next_account(m->snapshot, (uint32_t)i + 1)) {
		if (!snapshot_account(m->snapshot, i, &m->copy))
			continue;
		const struct history_reading r = read_account(m, &m->copy.account);

		if (i < HISTORY_ACCOUNTS_MAX)
			there[i] = true;
		history_put(m->history, i, wall_ms, &r);
		add(&sum, &r, is_first(&seen, m->copy.account.realm));
	}
	history_put(m->history, -1, wall_ms, &sum);
	for (int i = 0; i < HISTORY_ACCOUNTS_MAX; i++) {
		if (m->has_track[i] && !there[i])
			history_forget(m->history, i);
		m->has_track[i] = there[i];
	}
}

bool monitor_tick(struct monitor *m, int64_t mono_ms, int64_t wall_ms)
{
	bool changed = false;

	if (mono_ms >= m->look_at_ms) {
		m->look_at_ms = mono_ms + LOOK_MS;
		changed = look(m, mono_ms, wall_ms);
	}
	if (mono_ms >= m->minute_at_ms) {
		m->minute_at_ms = mono_ms + HISTORY_STEP_MS;
		minute(m, wall_ms);
	}
	return changed;
}

int64_t monitor_next(const struct monitor *m)
{
	return m->look_at_ms < m->minute_at_ms ? m->look_at_ms : m->minute_at_ms;
}
