/* users_csv.h - a list of users as CSV (RFC 4180): email,name,lines,enabled,teams_id,group.
 *
 * The first line names the columns, in any order; only email is required. Lines are separated by
 * blanks; enabled is yes, no, true, false, 1, 0 or empty (yes). Fields may be quoted; UTF-8 with or
 * without byte order mark; LF or CRLF; a semicolon as separator is recognised by the header line.
 * Bounds: 4,096 bytes a row, 16 columns, CONF_USERS_MAX rows. */
#ifndef PROTO_CONF_USERS_CSV_H
#define PROTO_CONF_USERS_CSV_H

#include "proto/conf/conf.h"

enum { USERS_CSV_ROW_MAX = 4096, USERS_CSV_COLUMNS_MAX = 16 };

/* Columns that the first line may lack; whoever is known already keeps what is theirs. */
enum { USERS_CSV_NAME = 1, USERS_CSV_LINES = 2, USERS_CSV_ENABLED = 4, USERS_CSV_TEAMS_ID = 8 };

struct users_csv_row {
	struct slice email, name, lines, group; /* valid during the call; lines not yet split */
	struct slice teams_id; /* a GUID, or empty: to be looked for */
	bool enabled;
	uint8_t has; /* USERS_CSV_: what the first line names */
	uint32_t line; /* in the file, from 1 */
};

/* False ends the reading. */
typedef bool users_csv_h(const struct users_csv_row *row, void *arg);

/* Hands out every good row; a bad one is an error in errs with its line, and reading goes on. errs
 * is added to, not reset. ERR_MALFORMED when there was any error. */
MUST_CHECK enum err users_csv_parse(struct slice csv, const char *file, users_csv_h *row, void *arg,
				    struct conf_errors *errs);
/* Rows that the text can hold at most. */
uint32_t users_csv_rows_max(struct slice csv);

#endif
