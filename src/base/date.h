/* date.h - UTC instants as text (RFC 3339), without the C library's zones and hidden state.
 *
 * Instants are milliseconds since 1970-01-01T00:00:00Z, years 1970..9999. */
#ifndef BASE_DATE_H
#define BASE_DATE_H

#include "base/slice.h"

enum { DATE_LEN = 24 }; /* "2026-11-24T14:00:00.123Z" */

/* Whole seconds are written without a fraction. Out of range: the empty string. */
void date_format(int64_t wall_ms, char ret[static DATE_LEN + 1]);
/* "2026-11-24T14:00:00[.fff](Z|+01:00)"; T and Z in any case. ERR_MALFORMED. A leap second reads as
 * the second after it. */
MUST_CHECK enum err date_parse(struct slice s, int64_t *ret_wall_ms);

/* Days since 1970-01-01 of a date of the proleptic Gregorian calendar. */
int64_t date_days(int64_t year, unsigned month, unsigned day);
bool date_is_valid(unsigned year, unsigned month, unsigned day);

#endif
