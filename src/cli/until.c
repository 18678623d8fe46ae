#include "cli/until.h"

#include "base/date.h"

enum { MINUTE_MS = 60000 };

static const int64_t hour_ms = 60 * MINUTE_MS, day_ms = 24 * 60 * MINUTE_MS;

static bool number(struct slice s, size_t from, size_t n, unsigned *ret)
{
	uint64_t v;

	if (from + n > s.n || slice_u64(slice_sub(s, from, from + n), 9999, &v))
		return false;
	*ret = (unsigned)v;
	return true;
}

/* "14:00" or "9:05" */
static bool time_of_day(struct slice s, unsigned *hour, unsigned *minute)
{
	size_t colon = slice_find(s, ':');

	return (colon == 1 || colon == 2) && s.n == colon + 3 && number(s, 0, colon, hour) &&
	       number(s, colon + 1, 2, minute) && *hour < 24 && *minute < 60;
}

static enum err at_clock(unsigned hour, unsigned minute, int64_t now_ms, const struct zone *z,
			 int64_t *ret)
{
	for (int64_t ahead = 0; ahead <= 2; ahead++) {
		struct civil t = z->to_local(now_ms + ahead * day_ms, z->arg);
		int64_t wall_ms;

		t.hour = hour;
		t.minute = minute;
		wall_ms = z->to_wall(t, z->arg);
		if (wall_ms > now_ms) {
			*ret = wall_ms;
			return ERR_OK;
		}
	}
	return ERR_MALFORMED;
}

static int64_t unit_ms(char c)
{
	switch (c | 0x20) {
	case 's':
		return 1000;
	case 'm':
		return MINUTE_MS;
	case 'h':
		return hour_ms;
	case 'd':
		return day_ms;
	default:
		return 0;
	}
}

/* "2h", "1h30m", each unit smaller than the one before */
static bool duration(struct slice s, int64_t *ret_ms)
{
	int64_t sum = 0, last = INT64_MAX;

	if (!s.n)
		return false;
	while (s.n) {
		uint64_t v;
		size_t n = 0;
		int64_t unit;

		while (n < s.n && s.p[n] >= '0' && s.p[n] <= '9')
			n++;
		if (n == s.n || slice_u64(slice_sub(s, 0, n), 1000000, &v))
			return false;
		unit = unit_ms(s.p[n]);
		if (!unit || unit >= last)
			return false;
		sum += (int64_t)v * unit;
		last = unit;
		s = slice_sub(s, n + 1, s.n);
	}
	*ret_ms = sum;
	return true;
}

/* "2026-11-24T14:00", seconds allowed and ignored when 00 */
static bool local_date(struct slice s, struct civil *t)
{
	if ((s.n != 16 && !(s.n == 19 && slice_is(slice_sub(s, 16, 19), ":00"))) || s.p[4] != '-' ||
	    s.p[7] != '-' || (s.p[10] != 'T' && s.p[10] != 't' && s.p[10] != ' '))
		return false;
	return number(s, 0, 4, &t->year) && number(s, 5, 2, &t->month) &&
	       number(s, 8, 2, &t->day) &&
	       time_of_day(slice_sub(s, 11, 16), &t->hour, &t->minute) &&
	       date_is_valid(t->year, t->month, t->day);
}

static enum err read(struct slice s, int64_t now_ms, const struct zone *z, int64_t *ret)
{
	struct civil t;
	int64_t ms;

	if (time_of_day(s, &t.hour, &t.minute))
		return at_clock(t.hour, t.minute, now_ms, z, ret);
	if (s.n && duration(slice_sub(s, s.p[0] == '+' ? 1 : 0, s.n), &ms)) {
		*ret = now_ms + ms;
		return ERR_OK;
	}
	if (local_date(s, &t)) {
		*ret = z->to_wall(t, z->arg);
		return *ret < 0 ? ERR_MALFORMED : ERR_OK;
	}
	return date_parse(s, ret);
}

enum err until_parse(struct slice text, int64_t now_ms, const struct zone *z, int64_t *ret_wall_ms)
{
	int64_t wall_ms;
	enum err e = read(slice_trim(text), now_ms, z, &wall_ms);

	if (e)
		return e;
	if (wall_ms <= now_ms || wall_ms > now_ms + UNTIL_MAX_DAYS * day_ms)
		return ERR_LIMIT;
	*ret_wall_ms = wall_ms;
	return ERR_OK;
}
