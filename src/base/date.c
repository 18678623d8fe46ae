#include "base/date.h"

#include <stdio.h>

enum { DAY_S = 86400 };

/* Counts years from March on, so that the leap day is the last of its year. */
int64_t date_days(int64_t year, unsigned month, unsigned day)
{
	int64_t y = month <= 2 ? year - 1 : year;
	int64_t era = y / 400;
	int64_t of_era = y - era * 400;
	int64_t of_year = (153 * (int64_t)(month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;

	return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

static bool is_leap(unsigned year)
{
	return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

bool date_is_valid(unsigned year, unsigned month, unsigned day)
{
	static const unsigned char days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

	if (year < 1970 || year > 9999 || month < 1 || month > 12 || day < 1)
		return false;
	return day <= days[month - 1] + (month == 2 && is_leap(year) ? 1U : 0U);
}

static void civil(int64_t days, int *year, unsigned *month, unsigned *day)
{
	int64_t z = days + 719468;
	int64_t era = z / 146097;
	int64_t of_era = z - era * 146097;
	int64_t y = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
	int64_t of_year = of_era - (365 * y + y / 4 - y / 100);
	int64_t m = (5 * of_year + 2) / 153;

	*day = (unsigned)(of_year - (153 * m + 2) / 5 + 1);
	*month = (unsigned)(m < 10 ? m + 3 : m - 9);
	*year = (int)(y + era * 400 + (*month <= 2));
}

void date_format(int64_t wall_ms, char ret[static DATE_LEN + 1])
{
	int64_t s = wall_ms / 1000;
	int of_day = (int)(s % DAY_S), fraction = (int)(wall_ms % 1000), year, n;
	unsigned month, day;

	ret[0] = '\0';
	if (wall_ms < 0 || s / DAY_S >= date_days(10000, 1, 1))
		return;
	civil(s / DAY_S, &year, &month, &day);
	n = snprintf(ret, DATE_LEN + 1, "%04d-%02u-%02uT%02d:%02d:%02d", year % 10000, month % 100,
		     day % 100, of_day / 3600, of_day / 60 % 60, of_day % 60);
	if (fraction)
		snprintf(ret + n, (size_t)(DATE_LEN + 1 - n), ".%03dZ", fraction);
	else
		snprintf(ret + n, (size_t)(DATE_LEN + 1 - n), "Z");
}

/* Cuts n digits and, unless it is 0, the byte after them off s. */
static bool digits(struct slice *s, size_t n, char after, unsigned *ret)
{
	uint64_t v;

	if (s->n < n + (after ? 1 : 0) || slice_u64(slice_sub(*s, 0, n), 9999, &v))
		return false;
	if (after && s->p[n] != after && !(after == 'T' && s->p[n] == 't'))
		return false;
	*s = slice_sub(*s, n + (after ? 1 : 0), s->n);
	*ret = (unsigned)v;
	return true;
}

static bool fraction_ms(struct slice *s, int64_t *ret)
{
	int64_t ms = 0, unit = 100;
	size_t n = 1;

	*ret = 0;
	if (!s->n || s->p[0] != '.')
		return true;
	for (; n < s->n && s->p[n] >= '0' && s->p[n] <= '9'; n++, unit /= 10)
		ms += (s->p[n] - '0') * unit;
	*s = slice_sub(*s, n, s->n);
	*ret = ms;
	return n > 1 && n < 20;
}

static bool offset_s(struct slice s, int64_t *ret)
{
	unsigned hours, minutes;
	char sign;

	*ret = 0;
	if (slice_is_nocase(s, "z"))
		return true;
	if (s.n != 6)
		return false;
	sign = s.p[0];
	s = slice_sub(s, 1, s.n);
	if ((sign != '+' && sign != '-') || !digits(&s, 2, ':', &hours) ||
	    !digits(&s, 2, 0, &minutes) || hours > 23 || minutes > 59)
		return false;
	*ret = (int64_t)(hours * 60 + minutes) * (sign == '+' ? 60 : -60);
	return true;
}

enum err date_parse(struct slice s, int64_t *ret_wall_ms)
{
	unsigned year, month, day, hour, minute, second;
	int64_t ms, offset, wall_ms;

	if (!digits(&s, 4, '-', &year) || !digits(&s, 2, '-', &month) ||
	    !digits(&s, 2, 'T', &day) || !digits(&s, 2, ':', &hour) ||
	    !digits(&s, 2, ':', &minute) || !digits(&s, 2, 0, &second))
		return ERR_MALFORMED;
	if (!fraction_ms(&s, &ms) || !offset_s(s, &offset))
		return ERR_MALFORMED;
	if (!date_is_valid(year, month, day) || hour > 23 || minute > 59 || second > 60)
		return ERR_MALFORMED;
	wall_ms =
	    ((date_days(year, month, day) * DAY_S + hour * 3600 + minute * 60 + second) - offset) *
		1000 +
	    ms;
	if (wall_ms < 0)
		return ERR_MALFORMED;
	*ret_wall_ms = wall_ms;
	return ERR_OK;
}
