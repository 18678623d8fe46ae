#include "admin/history.h"

#include <stdlib.h>

#include "base/date.h"

struct point {
	int64_t minute; /* since 1970; 0: empty */
	int32_t p50_ms, p99_ms;
	uint32_t sent, throttled, backlog;
	uint32_t states[PRESENCE_COUNT];
};

struct track {
	bool learnt;
	struct history_reading last;
	int64_t last_minute;
	struct point points[HISTORY_MINUTES];
};

struct history {
	struct track *tracks[HISTORY_ACCOUNTS_MAX + 1]; /* [0]: everything */
};

enum err history_new(struct history **ret)
{
	*ret = calloc(1, sizeof(**ret));
	return *ret ? ERR_OK : ERR_NO_MEMORY;
}

void history_free(struct history *h)
{
	for (int i = 0; h && i <= HISTORY_ACCOUNTS_MAX; i++)
		free(h->tracks[i]);
	free(h);
}

void history_forget(struct history *h, int32_t account)
{
	if (account < 0 || account >= HISTORY_ACCOUNTS_MAX)
		return;
	free(h->tracks[account + 1]);
	h->tracks[account + 1] = NULL;
}

static uint32_t rise(uint64_t now, uint64_t before)
{
	return now > before ? (uint32_t)(now - before) : 0;
}

static void set_point(struct track *t, int64_t minute, const struct history_reading *r)
{
	uint64_t delays[DELAY_BUCKETS];
	struct point *p = &t->points[minute % HISTORY_MINUTES];

	for (int i = 0; i < DELAY_BUCKETS; i++)
		delays[i] = rise(r->delays[i], t->last.delays[i]);
	*p = (struct point){ .minute = minute,
			     .p50_ms = delay_percentile(delays, 50),
			     .p99_ms = delay_percentile(delays, 99),
			     .sent = rise(r->sent, t->last.sent),
			     .throttled = rise(r->throttled, t->last.throttled),
			     .backlog = r->backlog };
	memcpy(p->states, r->states, sizeof(p->states));
}

void history_put(struct history *h, int32_t account, int64_t wall_ms,
		 const struct history_reading *r)
{
	struct track **t = account < HISTORY_ACCOUNTS_MAX ? &h->tracks[account + 1] : NULL;
	int64_t minute = wall_ms / HISTORY_STEP_MS;

	if (t && !*t)
		*t = calloc(1, sizeof(**t));
	if (!t || !*t || minute <= 0)
		return;
	if ((*t)->learnt)
		set_point(*t, minute, r);
	(*t)->learnt = true;
	(*t)->last = *r;
	(*t)->last_minute = minute;
}

enum series { P50, P99, SENT, THROTTLED, BACKLOG, STATES };

static const char *const series_names[] = { "delay_p50_ms", "delay_p99_ms", "sent", "throttled",
					    "backlog" };

static int64_t value_of(const struct point *p, unsigned series)
{
	switch (series) {
	case P50:
		return p->p50_ms;
	case P99:
		return p->p99_ms;
	case SENT:
		return p->sent;
	case THROTTLED:
		return p->throttled;
	case BACKLOG:
		return p->backlog;
	default:
		return p->states[series - STATES];
	}
}

static void render_series(const struct track *t, unsigned series, int64_t from, int64_t to,
			  struct jsonw *j)
{
	jsonw_begin_array(j, series < STATES ? series_names[series]
					     : presence_name((enum presence)(series - STATES)));
	for (int64_t m = from; m <= to; m++) {
		const struct point *p = &t->points[m % HISTORY_MINUTES];

		if (p->minute == m)
			jsonw_int(j, NULL, value_of(p, series));
		else
			jsonw_null(j, NULL);
	}
	jsonw_end_array(j);
}

bool history_render(const struct history *h, int32_t account, uint32_t minutes, struct jsonw *j)
{
	const struct track *t = account < HISTORY_ACCOUNTS_MAX ? h->tracks[account + 1] : NULL;
	char from_text[DATE_LEN + 1];

	if (!t)
		return false;
	int64_t to = t->last_minute, from = to - (int64_t)minutes + 1;
	date_format(from * HISTORY_STEP_MS, from_text);
	jsonw_begin_object(j, NULL);
	jsonw_int(j, "step_s", HISTORY_STEP_MS / 1000);
	jsonw_string(j, "from", from_text);
	jsonw_begin_object(j, "series");
	for (unsigned s = 0; s < STATES + PRESENCE_COUNT; s++)
		render_series(t, s, from, to, j);
	jsonw_end_object(j);
	jsonw_end_object(j);
	return true;
}
