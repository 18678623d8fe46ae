#include "proto/conf/users_csv.h"

#include "base/check.h"
#include "proto/conf/value.h"

enum column {
	COLUMN_EMAIL,
	COLUMN_NAME,
	COLUMN_LINES,
	COLUMN_ENABLED,
	COLUMN_GROUP,
	COLUMN_TEAMS_ID,
	COLUMN_COUNT,
	COLUMN_OTHER
};

static const char *const column_names[COLUMN_COUNT] = { "email",   "name",  "lines",
							"enabled", "group", "teams_id" };

static const uint8_t column_bits[COLUMN_COUNT] = {
	[COLUMN_NAME] = USERS_CSV_NAME,
	[COLUMN_LINES] = USERS_CSV_LINES,
	[COLUMN_ENABLED] = USERS_CSV_ENABLED,
	[COLUMN_TEAMS_ID] = USERS_CSV_TEAMS_ID,
};

struct csv {
	struct slice rest;
	const char *file;
	struct conf_errors *errs;
	char separator;
	uint32_t line; /* of the row being read */
	uint32_t next_line;
	uint32_t columns[USERS_CSV_COLUMNS_MAX]; /* enum column by position */
	uint32_t columns_n;
	uint8_t has;
	char bytes[USERS_CSV_ROW_MAX];
	struct slice fields[USERS_CSV_COLUMNS_MAX];
	uint32_t fields_n;
	uint32_t rows;
	bool bad;
};

static void refuse(struct csv *c, const char *key, const char *text)
{
	conf_errors_add(c->errs, (struct conf_at){c->file, c->line, 0}, key, "%s", text);
	c->bad = true;
}

/* Reads one field into c->bytes from *used on. Returns what ended it: the separator, '\n', 0 at the
 * end of the text, or -1 with *why. */
static int read_field(struct csv *c, size_t *used, const char **why)
{
	struct slice *r = &c->rest;
	bool quoted = r->n && r->p[0] == '"', closed = false;
	size_t from = *used, at = quoted;

	for (; at < r->n; at++) {
		char ch = r->p[at];

		if (quoted && !closed && ch == '"' && at + 1 < r->n && r->p[at + 1] == '"') {
			at++;
		} else if (quoted && ch == '"') {
			if (closed)
				break;
			closed = true;
			continue;
		} else if ((!quoted || closed) && (ch == c->separator || ch == '\n' || ch == '"')) {
			break;
		} else if (closed && ch != '\r') {
			break;
		}
		if (ch == '\n')
			c->next_line++;
		if (*used == sizeof(c->bytes)) {
			*why = "longer than 4,096 bytes, or a quote that is not closed";
			return -1;
		}
		if (!closed)
			c->bytes[(*used)++] = ch;
	}
	int end = at < r->n ? (unsigned char)r->p[at] : 0;
	if (quoted && !closed)
		*why = "a quote that is not closed";
	else if (end && end != c->separator && end != '\n')
		*why = "a quote (\") inside a field: put the field in quotes and double the quote";
	if (*why)
		return -1;
	if (!quoted && end != c->separator && *used > from && c->bytes[*used - 1] == '\r')
		(*used)--;
	if (end == '\n')
		c->next_line++;
	c->fields[c->fields_n++] = slice_of(c->bytes + from, *used - from);
	*r = slice_sub(*r, at + (end != 0), r->n);
	return end;
}

static void skip_line(struct csv *c)
{
	size_t at = slice_find(c->rest, '\n');

	if (at < c->rest.n)
		c->next_line++;
	c->rest = slice_sub(c->rest, at + 1, c->rest.n);
}

/* False at the end of the text. A row that cannot be read is reported and has no fields. */
static bool read_row(struct csv *c)
{
	const char *why = NULL;
	size_t used = 0;
	int end;

	c->fields_n = 0;
	c->line = c->next_line;
	if (c->rest.n == 0)
		return false;
	do {
		if (c->fields_n == USERS_CSV_COLUMNS_MAX) {
			why = "more than 16 columns";
			break;
		}
		end = read_field(c, &used, &why);
	} while (!why && end == c->separator);
	if (why) {
		refuse(c, "", why);
		c->fields_n = 0;
		skip_line(c);
	}
	return true;
}

static bool is_blank_row(const struct csv *c)
{
	return c->fields_n == 0 || (c->fields_n == 1 && slice_trim(c->fields[0]).n == 0);
}

static bool read_header(struct csv *c)
{
	uint32_t seen = 0;

	if (!read_row(c) || is_blank_row(c)) {
		refuse(c, "", "the first line must name the columns: email,name,lines,enabled");
		return false;
	}
	c->columns_n = c->fields_n;
	for (uint32_t i = 0; i < c->fields_n; i++) {
		c->columns[i] = COLUMN_OTHER;
		for (uint32_t k = 0; k < COLUMN_COUNT; k++)
			if (slice_is_nocase(slice_trim(c->fields[i]), column_names[k]))
				c->columns[i] = k;
		if (c->columns[i] == COLUMN_OTHER)
			refuse(c, "",
			       "the first line names a column that is none of "
			       "email,name,lines,enabled,teams_id");
		else if (seen & 1u << c->columns[i])
			refuse(c, column_names[c->columns[i]],
			       "the first line names this column twice");
		else
			seen |= 1u << c->columns[i];
	}
	for (uint32_t k = 0; k < COLUMN_COUNT; k++)
		c->has |= seen >> k & 1 ? column_bits[k] : 0;
	if (!(seen & 1u << COLUMN_EMAIL))
		refuse(c, "email",
		       "the first line must name this column: email,name,lines,enabled");
	return !c->bad;
}

static bool read_enabled(struct slice s, bool *ret)
{
	if (s.n == 0 || slice_is(s, "1"))
		return *ret = true;
	if (slice_is(s, "0")) {
		*ret = false;
		return true;
	}
	return value_switch(s, ret);
}

/* True when the row is good. */
static bool fill(struct csv *c, struct users_csv_row *row)
{
	struct slice value[COLUMN_COUNT] = {{0}};

	if (c->fields_n > c->columns_n) {
		refuse(c, "", "more fields than the first line names columns");
		return false;
	}
	for (uint32_t i = 0; i < c->fields_n; i++)
		value[c->columns[i]] = slice_trim(c->fields[i]);
	*row = (struct users_csv_row){ .email = value[COLUMN_EMAIL], .name = value[COLUMN_NAME],
				       .lines = value[COLUMN_LINES], .group = value[COLUMN_GROUP],
				       .teams_id = value[COLUMN_TEAMS_ID], .enabled = true, .has = c->has,
				       .line = c->line };
	if (!value_email(row->email))
		refuse(c, "email", "must be an e-mail address such as ana@acme.example");
	else if (!value_text(row->name) || row->name.n > 254)
		refuse(c, "name", "must be UTF-8 text of at most 254 bytes");
	else if (!value_text(row->lines))
		refuse(c, "lines", "must be connector/number, separated by spaces");
	else if (row->teams_id.n && !value_guid(row->teams_id))
		refuse(c, "teams_id",
		       "must be an object ID such as 11111111-2222-3333-4444-555555555555, or "
		       "empty");
	else if (!read_enabled(value[COLUMN_ENABLED], &row->enabled))
		refuse(c, "enabled", "must be yes or no");
	else
		return true;
	return false;
}

static void read_rows(struct csv *c, users_csv_h *handle, void *arg)
{
	struct users_csv_row row;

	while (read_row(c)) {
		if (is_blank_row(c) || !fill(c, &row))
			continue;
		if (c->rows++ == CONF_USERS_MAX) {
			refuse(c, "", "more than 2,000,000 users");
			return;
		}
		if (!handle(&row, arg))
			return;
	}
}

enum err users_csv_parse(struct slice text, const char *file, users_csv_h *row, void *arg,
			 struct conf_errors *errs)
{
	struct csv c = {.rest = text, .file = file, .errs = errs, .separator = ',', .next_line = 1};

	if (text.n > CONF_CSV_MAX) {
		refuse(&c, "", "larger than 256 MB");
		return ERR_MALFORMED;
	}
	if (slice_starts(text, "\xff\xfe") || slice_starts(text, "\xfe\xff")) {
		refuse(&c, "", "UTF-16: save the file as UTF-8");
		return ERR_MALFORMED;
	}
	if (slice_starts(text, "\xef\xbb\xbf"))
		c.rest = slice_sub(text, 3, text.n);
	struct slice header = slice_sub(c.rest, 0, slice_find(c.rest, '\n'));
	if (slice_find(header, ',') == header.n && slice_find(header, ';') < header.n)
		c.separator = ';';
	if (read_header(&c))
		read_rows(&c, row, arg);
	return c.bad ? ERR_MALFORMED : ERR_OK;
}

uint32_t users_csv_rows_max(struct slice csv)
{
	uint32_t n = 1;
	struct slice line;

	while (n <= CONF_USERS_MAX && slice_split(&csv, '\n', &line))
		n++;
	return n;
}
