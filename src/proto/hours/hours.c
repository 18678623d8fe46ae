#include "proto/hours/hours.h"

#include "base/date.h"

enum { DAY_S = 86400, DAY_MIN = 1440 };

/* ---- what people write ---- */

static bool weekday(struct slice s, unsigned *ret)
{
	static const char *const names[] = { "mon", "tue", "wed", "thu", "fri", "sat", "sun" };

	for (unsigned i = 0; i < 7; i++)
		if (slice_is_nocase(s, names[i])) {
			*ret = i;
			return true;
		}
	return false;
}

/* mon-fri; fri-mon goes over the weekend */
static bool day_span(struct slice s, uint8_t *days)
{
	size_t dash = slice_find(s, '-');
	unsigned from, to;

	if (slice_is_nocase(s, "daily")) {
		*days |= 0x7f;
		return true;
	}
	if (!weekday(slice_sub(s, 0, dash), &from))
		return false;
	to = from;
	if (dash < s.n && !weekday(slice_sub(s, dash + 1, s.n), &to))
		return false;
	for (unsigned d = from;; d = (d + 1) % 7) {
		*days |= (uint8_t)(1u << d);
		if (d == to)
			return true;
	}
}

static bool minute_of(struct slice s, uint16_t *ret)
{
	uint64_t h, m;

	if (s.n != 5 || s.p[2] != ':' || slice_u64(slice_sub(s, 0, 2), 24, &h) ||
	    slice_u64(slice_sub(s, 3, 5), 59, &m) || h * 60 + m > DAY_MIN)
		return false;
	*ret = (uint16_t)(h * 60 + m);
	return true;
}

bool hours_range_parse(struct slice s, struct hours_range *ret)
{
	struct hours_range r = { 0 };
	size_t blank = slice_find(s, ' ');
	struct slice days = slice_sub(s, 0, blank), times = slice_trim(slice_sub(s, blank, s.n)),
		     part;
	size_t dash = slice_find(times, '-');

	while (slice_split(&days, ',', &part))
		if (!day_span(part, &r.days))
			return false;
	if (!minute_of(slice_sub(times, 0, dash), &r.from) ||
	    !minute_of(slice_sub(times, dash + 1, times.n), &r.to) || r.from == r.to ||
	    r.from == DAY_MIN)
		return false;
	*ret = r;
	return true;
}

bool hours_date_parse(struct slice s, struct hours_date *ret)
{
	uint64_t year = 0, month, day;
	struct slice rest = s;

	if (s.n == 10 && s.p[4] == '-') {
		if (slice_u64(slice_sub(s, 0, 4), 9999, &year) || year < 1970)
			return false;
		rest = slice_sub(s, 5, s.n);
	}
	if (rest.n != 5 || rest.p[2] != '-' || slice_u64(slice_sub(rest, 0, 2), 12, &month) ||
	    slice_u64(slice_sub(rest, 3, 5), 31, &day) ||
	    !date_is_valid(year ? (unsigned)year : 2000, (unsigned)month, (unsigned)day))
		return false;
	*ret = (struct hours_date){ (uint16_t)year, (uint8_t)month, (uint8_t)day };
	return true;
}

/* ---- what they mean ---- */

static int64_t floor_div(int64_t a, int64_t b)
{
	return a / b - (a % b < 0);
}

static bool is_on(const struct hours_date *d, int64_t local_day)
{
	int64_t year = d->year;

	if (!year) { /* of the years around, the one in which it could be */
		year = 1970 + floor_div(local_day * 400, 146097);
		return date_days(year, d->month, d->day) == local_day ||
		       date_days(year + 1, d->month, d->day) == local_day ||
		       date_days(year - 1, d->month, d->day) == local_day;
	}
	return date_days(year, d->month, d->day) == local_day;
}

static bool is_holiday(const struct hours *h, int64_t local_day)
{
	for (uint32_t i = 0; i < h->dates_n; i++)
		if (is_on(&h->dates[i], local_day))
			return true;
	return false;
}

/* A stretch that begins on this day; 1970-01-01 was a Thursday. */
static bool begins_on(const struct hours_range *r, int64_t local_day)
{
	return r->days >> (unsigned)((local_day % 7 + 7 + 3) % 7) & 1;
}

/* The holidays of the two days that an instant asks about, kept while neighbours ask. */
struct calendar {
	const struct hours *h;
	int64_t day;
	bool off_today, off_yesterday;
};

static bool open_at(struct calendar *c, int64_t utc_s)
{
	int64_t local = utc_s + zone_offset(c->h->zone, utc_s), day = floor_div(local, DAY_S);
	int minute = (int)((local - day * DAY_S) / 60);

	if (day != c->day)
		*c = (struct calendar){ c->h, day, is_holiday(c->h, day),
					is_holiday(c->h, day - 1) };
	for (uint32_t i = 0; i < c->h->ranges_n; i++) {
		const struct hours_range *r = &c->h->ranges[i];
		int to = r->to > r->from ? r->to : r->to + DAY_MIN;

		if (!c->off_today && begins_on(r, day) && minute >= r->from && minute < to)
			return true;
		if (!c->off_yesterday && begins_on(r, day - 1) && minute + DAY_MIN < to)
			return true;
	}
	return false;
}

bool hours_open(const struct hours *h, int64_t utc_s)
{
	struct calendar c = { .h = h, .day = INT64_MIN };

	return open_at(&c, utc_s);
}

/* Every boundary is a whole minute of UTC: zones' offsets have been for a hundred years. Minute by
 * minute is slow and cannot be wrong; it happens a few times a day for each set of hours. */
int64_t hours_change(const struct hours *h, int64_t utc_s)
{
	struct calendar c = { .h = h, .day = INT64_MIN };
	bool now = open_at(&c, utc_s);

	for (int64_t t = (floor_div(utc_s, 60) + 1) * 60; t < utc_s + HOURS_LOOK_S; t += 60)
		if (open_at(&c, t) != now)
			return t;
	return utc_s + HOURS_LOOK_S;
}

unsigned hours_minute(const struct zone *z, int64_t utc_s)
{
	int64_t local = utc_s + zone_offset(z, utc_s);

	return (unsigned)((local - floor_div(local, DAY_S) * DAY_S) / 60);
}
