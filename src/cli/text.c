#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/date.h"
#include "cli/cli.h"

const char *text_of(json_t *object, const char *key)
{
	const char *s = json_string_value(json_object_get(object, key));

	return s ? s : "";
}

long long number_of(json_t *object, const char *key)
{
	return json_integer_value(json_object_get(object, key));
}

bool bool_of(json_t *object, const char *key)
{
	return json_is_true(json_object_get(object, key));
}

void print_json(struct cli *c, json_t *doc)
{
	json_dumpf(doc, c->out, JSON_INDENT(2) | JSON_ENCODE_ANY);
	fputc('\n', c->out);
}

void print_clean(struct cli *c, const char *text)
{
	for (; *text; text++)
		fputc((unsigned char)*text < 0x20 || *text == 0x7f ? '?' : *text, c->out);
}

bool cli_sure(struct cli *c, const char *question)
{
	int first, next;

	if (c->yes || !c->interactive)
		return true;
	fprintf(c->err, "%s [y/N] ", question);
	fflush(c->err);
	first = getchar();
	for (next = first; next != '\n' && next != EOF;)
		next = getchar();
	return first == 'y' || first == 'Y';
}

int64_t cli_now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

const char *colour_of(const struct cli *c, const char *state)
{
	static const char *const colours[][2] = {
	    {"available", "\033[32m"},	{"busy", "\033[31m"},  {"call", "\033[31m"},
	    {"conference", "\033[31m"}, {"dnd", "\033[35m"},   {"away", "\033[33m"},
	    {"ok", "\033[32m"},		{"bad", "\033[1;31m"}, {"head", "\033[2m"},
	};

	for (size_t i = 0; c->colour && i < sizeof(colours) / sizeof(colours[0]); i++)
		if (strcmp(colours[i][0], state) == 0)
			return colours[i][1];
	return "";
}

const char *colour_end(const struct cli *c)
{
	return c->colour ? "\033[0m" : "";
}

void local_time(const char *instant, char *dst, size_t cap)
{
	int64_t wall_ms;
	struct tm tm;
	time_t s;

	dst[0] = '\0';
	if (date_parse(slice_str(instant), &wall_ms))
		return;
	s = (time_t)(wall_ms / 1000);
	if (localtime_r(&s, &tm) && !strftime(dst, cap, "%F %T", &tm))
		dst[0] = '\0';
}

static int one_unit(int64_t s, char *dst, size_t cap)
{
	if (s < 120)
		return snprintf(dst, cap, "%lld s", (long long)s);
	if (s < 7200)
		return snprintf(dst, cap, "%lld min", (long long)(s / 60));
	if (s < 172800)
		return snprintf(dst, cap, "%lld h", (long long)(s / 3600));
	return snprintf(dst, cap, "%lld days", (long long)(s / 86400));
}

void relative_time(const char *instant, char *dst, size_t cap)
{
	int64_t wall_ms, now_ms = cli_now_ms();
	char text[40];

	dst[0] = '\0';
	if (date_parse(slice_str(instant), &wall_ms))
		return;
	one_unit((wall_ms > now_ms ? wall_ms - now_ms : now_ms - wall_ms) / 1000, text,
		 sizeof(text));
	snprintf(dst, cap, wall_ms > now_ms ? "in %s" : "%s ago", text);
}

/* ---- tables ---- */

void table_init(struct table *t, unsigned columns)
{
	*t = (struct table){.columns = columns < TABLE_COLUMNS_MAX ? columns : TABLE_COLUMNS_MAX};
}

/* Control characters of foreign names never reach the terminal. */
static char *clean(const char *text)
{
	char *copy = strdup(text);

	for (char *p = copy; p && *p; p++)
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			*p = '?';
	return copy;
}

void table_cell(struct table *t, const char *colour, const char *text)
{
	if (t->n == t->cap) {
		size_t cap = t->cap ? 2 * t->cap : 256;
		char **cells = realloc(t->cells, cap * sizeof(*cells));
		const char **colours;

		if (!cells)
			abort();
		t->cells = cells;
		colours = realloc(t->colours, cap * sizeof(*colours));
		if (!colours)
			abort();
		t->colours = colours;
		t->cap = cap;
	}
	t->colours[t->n] = colour;
	t->cells[t->n] = clean(text);
	if (!t->cells[t->n++])
		abort();
}

/* Characters, not bytes; wide ones count as one, which is good enough for names. */
static int width_of(const char *s)
{
	int n = 0;

	for (; *s; s++)
		n += ((unsigned char)*s & 0xc0) != 0x80;
	return n;
}

void table_print(struct table *t, struct cli *c)
{
	int width[TABLE_COLUMNS_MAX] = {0};

	for (size_t i = 0; i < t->n; i++) {
		int w = width_of(t->cells[i]);

		if (w > width[i % t->columns])
			width[i % t->columns] = w;
	}
	for (size_t i = 0; i < t->n; i++) {
		unsigned column = (unsigned)(i % t->columns);
		const char *colour = t->colours[i] && *t->colours[i] ? t->colours[i] : NULL;
		int pad = width[column] - width_of(t->cells[i]) + 2;

		fprintf(c->out, "%s%s%s", colour ? colour : "", t->cells[i],
			colour ? colour_end(c) : "");
		if (column + 1 == t->columns)
			fputc('\n', c->out);
		else
			fprintf(c->out, "%*s", pad, "");
	}
}

void table_fini(struct table *t)
{
	for (size_t i = 0; i < t->n; i++)
		free(t->cells[i]);
	free(t->cells);
	free(t->colours);
	*t = (struct table){0};
}

int table_answer(struct table *t, struct cli *c, json_t *doc)
{
	if (c->json)
		print_json(c, doc);
	else
		table_print(t, c);
	table_fini(t);
	json_decref(doc);
	return 0;
}
