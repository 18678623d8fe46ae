/* hours.h - working hours: stretches of the week in local time, without the holidays.
 *
 * Whether an instant lies within is asked of its local date and minute alone. So daylight saving
 * needs no rule of its own: a minute that the spring change skips never comes, hours that would
 * begin in it begin when the clock has jumped; a minute that comes twice in autumn counts both
 * times.
 *
 * Pure: the zone's data come in, and so does the instant. */
#ifndef PROTO_HOURS_HOURS_H
#define PROTO_HOURS_HOURS_H

#include "proto/hours/zone.h"

enum { HOURS_RANGES_MAX = 32, HOURS_DATES_MAX = 1000, HOURS_LOOK_S = 8 * 86400 };

struct hours_range {
	uint8_t days;	   /* bit 0: Monday */
	uint16_t from, to; /* minutes of the day, to at most 1,440; to <= from: until that time of
			      the next day */
};

/* A holiday: the stretches that begin on it do not take place. */
struct hours_date {
	uint16_t year; /* 0: every year */
	uint8_t month, day;
};

struct hours {
	const struct hours_range *ranges; /* borrowed */
	uint32_t ranges_n;
	const struct hours_date *dates;
	uint32_t dates_n;
	const struct zone *zone;
};

/* "mon-fri 08:00-17:30", "sat,sun 09:00-12:00", "daily 00:00-24:00", "fri 22:00-06:00". */
bool hours_range_parse(struct slice s, struct hours_range *ret);
/* "2026-12-25", or "12-25" for every year. */
bool hours_date_parse(struct slice s, struct hours_date *ret);
bool hours_open(const struct hours *h, int64_t utc_s);
/* The next instant at which that changes, or utc_s + HOURS_LOOK_S when it does not until then. */
int64_t hours_change(const struct hours *h, int64_t utc_s);
/* Minute of the local day. */
unsigned hours_minute(const struct zone *z, int64_t utc_s);

#endif
