#include "proto/graph/retry_after.h"

#include "base/date.h"

enum { MS = 1000, DAY_S = 86400 };

/* Takes exactly n digits (a leading blank counts as 0 when `blank`) off the front of *s. */
static bool take_digits(struct slice *s, size_t n, bool blank, int *ret)
{
	int v = 0;

	if (s->n < n)
		return false;
	for (size_t i = 0; i < n; i++) {
		char c = s->p[i];

		if (blank && i == 0 && c == ' ')
			c = '0';
		if (c < '0' || c > '9')
			return false;
		v = v * 10 + (c - '0');
	}
	*s = slice_sub(*s, n, s->n);
	*ret = v;
	return true;
}

static bool take(struct slice *s, const char *word)
{
	if (!slice_starts_nocase(*s, word))
		return false;
	*s = slice_sub(*s, strlen(word), s->n);
	return true;
}

static bool take_month(struct slice *s, int *ret)
{
	static const char *const months[] = { "jan", "feb", "mar", "apr", "may", "jun",
					      "jul", "aug", "sep", "oct", "nov", "dec" };

	for (int i = 0; i < 12; i++) {
		if (take(s, months[i])) {
			*ret = i + 1;
			return true;
		}
	}
	return false;
}

struct date {
	int year, month, day, hour, minute, second;
};

static bool take_time(struct slice *s, struct date *d)
{
	return take_digits(s, 2, false, &d->hour) && take(s, ":") &&
	       take_digits(s, 2, false, &d->minute) && take(s, ":") &&
	       take_digits(s, 2, false, &d->second);
}

/* Sun, 06 Nov 1994 08:49:37 GMT */
static bool read_imf(struct slice s, struct date *d)
{
	return take(&s, " ") && take_digits(&s, 2, false, &d->day) && take(&s, " ") &&
	       take_month(&s, &d->month) && take(&s, " ") &&
	       take_digits(&s, 4, false, &d->year) && take(&s, " ") && take_time(&s, d) &&
	       take(&s, " GMT") && s.n == 0;
}

/* Sunday, 06-Nov-94 08:49:37 GMT. Two digits of a year mean 2000..2099: no server of ours lived in
 * the century before. */
static bool read_rfc850(struct slice s, struct date *d)
{
	if (!(take(&s, " ") && take_digits(&s, 2, false, &d->day) && take(&s, "-") &&
	      take_month(&s, &d->month) && take(&s, "-") && take_digits(&s, 2, false, &d->year) &&
	      take(&s, " ") && take_time(&s, d) && take(&s, " GMT") && s.n == 0))
		return false;
	d->year += 2000;
	return true;
}

/* Sun Nov  6 08:49:37 1994 */
static bool read_asctime(struct slice s, struct date *d)
{
	s = slice_sub(s, 4, s.n);
	return take_month(&s, &d->month) && take(&s, " ") &&
	       take_digits(&s, 2, true, &d->day) && take(&s, " ") && take_time(&s, d) &&
	       take(&s, " ") && take_digits(&s, 4, false, &d->year) && s.n == 0;
}

static bool read_date(struct slice s, int64_t *ret_ms)
{
	struct date d = { 0 };
	size_t comma = slice_find(s, ',');
	bool ok = comma == 3 ? read_imf(slice_sub(s, 4, s.n), &d) :
		  comma < s.n ? read_rfc850(slice_sub(s, comma + 1, s.n), &d) :
				read_asctime(s, &d);

	if (!ok || !date_is_valid((unsigned)d.year, (unsigned)d.month, (unsigned)d.day) ||
	    d.hour > 23 || d.minute > 59 || d.second > 60)
		return false;
	int64_t days = date_days(d.year, (unsigned)d.month, (unsigned)d.day);
	*ret_ms = (days * DAY_S + d.hour * 3600 + d.minute * 60 + d.second) * MS;
	return true;
}

/* "120", "2.128": whole seconds, rounded up. More digits than any wait needs are cut to the cap. */
static bool read_seconds(struct slice s, int64_t *ret_ms)
{
	size_t dot = slice_find(s, '.');
	int64_t seconds = 0;
	bool fraction = false;

	if (dot == 0 || dot + 1 == s.n)
		return false;
	for (size_t i = 0; i < s.n; i++) {
		if (i == dot)
			continue;
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
		if (i < dot && seconds < 100000000)
			seconds = seconds * 10 + (s.p[i] - '0');
		fraction = fraction || (i > dot && s.p[i] != '0');
	}
	*ret_ms = (seconds + fraction) * MS;
	return true;
}

enum err retry_after_parse(struct slice text, int64_t wall_ms, int32_t *ret_ms)
{
	struct slice s = slice_trim(text);
	int64_t wait;

	if (s.n == 0)
		return ERR_NOT_FOUND;
	if (s.n > 64)
		return ERR_MALFORMED;
	if (read_date(s, &wait))
		wait -= wall_ms;
	else if (!read_seconds(s, &wait))
		return ERR_MALFORMED;
	wait = wait < 0 ? 0 : wait;
	*ret_ms = (int32_t)(wait > RETRY_AFTER_MAX_MS ? RETRY_AFTER_MAX_MS : wait);
	return ERR_OK;
}
