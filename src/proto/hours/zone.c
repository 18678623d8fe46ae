#include "proto/hours/zone.h"

#include <stdlib.h>

#include "base/date.h"

enum {
	HEADER = 44,
	TRANSITIONS_MAX = 4096,
	TYPES_MAX = 256,
	HOUR_S = 3600,
	DAY_S = 86400,
	OFFSET_MAX = 26 * HOUR_S,
};

/* When summer time begins or ends in a year, by the footer. */
struct change {
	char form; /* 'M' month.week.weekday; 'J' day 1..365 without leap day; 'n' day 0..365; 0:
		      none */
	unsigned month, week, day;
	int32_t at_s; /* local time of day, -167 to 167 hours */
};

struct zone {
	uint32_t n;
	bool has_rule, has_summer;
	int32_t first, standard, summer; /* offsets */
	struct change begins, ends;
	struct {
		int64_t utc_s;
		int32_t offset;
	} at[];
};

bool zone_name_is_valid(struct slice name)
{
	bool in_part = false;

	if (name.n == 0 || name.n > ZONE_NAME_MAX)
		return false;
	for (size_t i = 0; i < name.n; i++) {
		char c = name.p[i];
		bool letter = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');

		if (!letter && !(in_part && ((c >= '0' && c <= '9') || c == '_' || c == '-' ||
					     c == '+' || c == '/')))
			return false;
		in_part = c != '/';
	}
	return in_part;
}

/* ---- the footer: CET-1CEST,M3.5.0,M10.5.0/3 ---- */

struct footer {
	const char *p, *end;
};

static bool is_next(struct footer *f, char c)
{
	if (f->p == f->end || *f->p != c)
		return false;
	f->p++;
	return true;
}

static bool number(struct footer *f, unsigned max, unsigned *ret)
{
	const char *from = f->p;
	unsigned v = 0;

	while (f->p < f->end && *f->p >= '0' && *f->p <= '9' && f->p - from < 4)
		v = v * 10 + (unsigned)(*f->p++ - '0');
	*ret = v;
	return f->p > from && v <= max;
}

/* CET or <+1030> */
static bool abbreviation(struct footer *f)
{
	bool quoted = is_next(f, '<');
	const char *from = f->p;

	while (f->p < f->end &&
	       (quoted ? *f->p != '>'
		       : (*f->p >= 'A' && *f->p <= 'Z') || (*f->p >= 'a' && *f->p <= 'z')))
		f->p++;
	return f->p - from >= 3 && (!quoted || is_next(f, '>'));
}

/* [+-]h[hh][:mm[:ss]] */
static bool clock_time(struct footer *f, int32_t *ret_s)
{
	unsigned h, m = 0, s = 0;
	bool negative = is_next(f, '-');

	if (!negative)
		is_next(f, '+');
	if (!number(f, 167, &h))
		return false;
	if (is_next(f, ':') && (!number(f, 59, &m) || (is_next(f, ':') && !number(f, 59, &s))))
		return false;
	*ret_s = (int32_t)(h * HOUR_S + m * 60 + s) * (negative ? -1 : 1);
	return true;
}

static bool change_of(struct footer *f, struct change *ret)
{
	*ret = (struct change){ .form = 'n', .at_s = 2 * HOUR_S };
	if (!is_next(f, ','))
		return false;
	if (is_next(f, 'M')) {
		ret->form = 'M';
		if (!number(f, 12, &ret->month) || !is_next(f, '.') || !number(f, 5, &ret->week) ||
		    !is_next(f, '.') || !number(f, 6, &ret->day) || !ret->month || !ret->week)
			return false;
	} else {
		ret->form = is_next(f, 'J') ? 'J' : 'n';
		if (!number(f, 365, &ret->day) || (ret->form == 'J' && !ret->day))
			return false;
	}
	return !is_next(f, '/') || clock_time(f, &ret->at_s);
}

static bool rule_of(struct slice text, struct zone *z)
{
	struct footer f = { text.p, text.p + text.n };
	int32_t west;

	if (!abbreviation(&f) || !clock_time(&f, &west))
		return false;
	z->standard = -west;
	z->has_rule = true;
	if (f.p == f.end)
		return true;
	z->summer = z->standard + HOUR_S;
	if (!abbreviation(&f))
		return false;
	if (f.p < f.end && *f.p != ',') {
		if (!clock_time(&f, &west))
			return false;
		z->summer = -west;
	}
	z->has_summer = true;
	return change_of(&f, &z->begins) && change_of(&f, &z->ends) && f.p == f.end;
}

static int64_t day_of_change(const struct change *c, int64_t year)
{
	int64_t january = date_days(year, 1, 1), first, last;
	bool leap = date_is_valid((unsigned)year, 2, 29);

	if (c->form == 'n')
		return january + c->day;
	if (c->form == 'J')
		return january + c->day - 1 + (leap && c->day >= 60);
	first = date_days(year, c->month, 1);
	last = c->month == 12 ? date_days(year + 1, 1, 1) : date_days(year, c->month + 1, 1);
	/* 1970-01-01 was a Thursday */
	first += (int64_t)((c->day + 7 - (unsigned)((first + 4) % 7)) % 7) +
		 7 * (int64_t)(c->week - 1);
	return first < last ? first : first - 7;
}

static int32_t rule_offset(const struct zone *z, int64_t utc_s)
{
	int64_t year = 1970 + (utc_s + z->standard) / DAY_S * 400 / 146097;
	int64_t from, to;

	if (!z->has_summer)
		return z->standard;
	while (date_days(year + 1, 1, 1) * DAY_S <= utc_s + z->standard)
		year++;
	while (date_days(year, 1, 1) * DAY_S > utc_s + z->standard)
		year--;
	from = day_of_change(&z->begins, year) * DAY_S + z->begins.at_s - z->standard;
	to = day_of_change(&z->ends, year) * DAY_S + z->ends.at_s - z->summer;
	/* south of the equator summer lies around New Year */
	if (from < to ? utc_s >= from && utc_s < to : utc_s >= from || utc_s < to)
		return z->summer;
	return z->standard;
}

/* ---- the file ---- */

static uint32_t u32(const char *p)
{
	const unsigned char *b = (const unsigned char *)p;

	return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
}

static int64_t s64(const char *p)
{
	return (int64_t)((uint64_t)u32(p) << 32 | u32(p + 4));
}

struct counts {
	uint32_t isut, isstd, leap, time, type, chars;
};

static bool header(struct slice s, struct counts *ret)
{
	if (s.n < HEADER || !slice_starts(s, "TZif") || s.p[4] < '2')
		return false;
	*ret = (struct counts){ u32(s.p + 20), u32(s.p + 24), u32(s.p + 28),
				u32(s.p + 32), u32(s.p + 36), u32(s.p + 40) };
	return ret->time <= TRANSITIONS_MAX && ret->type > 0 && ret->type <= TYPES_MAX &&
	       ret->isut <= TYPES_MAX && ret->isstd <= TYPES_MAX && ret->leap <= TRANSITIONS_MAX &&
	       ret->chars <= ZONE_FILE_MAX;
}

static size_t body_size(const struct counts *c, size_t time_size)
{
	return c->time * (time_size + 1) + c->type * 6 + c->chars + c->leap * (time_size + 4) +
	       c->isstd + c->isut;
}

static bool transitions(struct slice s, const struct counts *c, struct zone *z)
{
	const char *times = s.p, *kinds = times + c->time * 8, *types = kinds + c->time;

	for (uint32_t i = 0; i < c->time; i++) {
		uint8_t kind = (uint8_t)kinds[i];

		if (kind >= c->type)
			return false;
		z->at[i].utc_s = s64(times + i * 8);
		z->at[i].offset = (int32_t)u32(types + kind * 6);
		if ((i && z->at[i].utc_s <= z->at[i - 1].utc_s) ||
		    abs(z->at[i].offset) > OFFSET_MAX)
			return false;
	}
	z->n = c->time;
	z->first = (int32_t)u32(types);
	return abs(z->first) <= OFFSET_MAX;
}

enum err zone_parse(struct slice tzif, struct zone **ret)
{
	struct counts c;
	struct slice rest, footer;

	if (tzif.n > ZONE_FILE_MAX)
		return ERR_LIMIT;
	if (!header(tzif, &c))
		return ERR_MALFORMED;
	rest = slice_sub(tzif, HEADER + body_size(&c, 4), tzif.n); /* the old form comes first */
	if (!header(rest, &c) || rest.n < HEADER + body_size(&c, 8) + 2)
		return ERR_MALFORMED;
	struct zone *z = calloc(1, sizeof(*z) + c.time * sizeof(z->at[0]));
	if (!z)
		return ERR_NO_MEMORY;
	rest = slice_sub(rest, HEADER, rest.n);
	footer = slice_trim(slice_sub(rest, body_size(&c, 8), rest.n));
	if (!transitions(rest, &c, z) || (footer.n && !rule_of(footer, z))) {
		free(z);
		return ERR_MALFORMED;
	}
	*ret = z;
	return ERR_OK;
}

void zone_free(struct zone *z)
{
	free(z);
}

int32_t zone_offset(const struct zone *z, int64_t utc_s)
{
	uint32_t low = 0, high = z ? z->n : 0;

	if (!z)
		return 0;
	if (z->has_rule && (z->n == 0 || utc_s >= z->at[z->n - 1].utc_s))
		return rule_offset(z, utc_s);
	while (low < high) { /* the first transition after the instant */
		uint32_t middle = low + (high - low) / 2;

		if (z->at[middle].utc_s <= utc_s)
			low = middle + 1;
		else
			high = middle;
	}
	return low ? z->at[low - 1].offset : z->first;
}
