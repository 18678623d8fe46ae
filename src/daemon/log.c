#include "daemon/log.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { CODES = 128, BUDGET = 20, WINDOW_MS = 10000, LINE_MAX_BYTES = 600 };

struct code {
	const char *name;
	int64_t window_start_ms;
	uint32_t said, dropped;
};

struct log {
	int level;
	bool prefix;
	uint32_t codes_n;
	uint64_t dropped;
	struct code codes[CODES];
};

enum err log_new(struct log **ret, int level)
{
	struct log *l = calloc(1, sizeof(*l));

	if (!l)
		return ERR_NO_MEMORY;
	l->level = level;
	l->prefix = !isatty(STDERR_FILENO);
	*ret = l;
	return ERR_OK;
}

void log_free(struct log *l)
{
	free(l);
}

void log_set_level(struct log *l, int level)
{
	l->level = level;
}

static struct code *find(struct log *l, const char *name)
{
	for (uint32_t i = 0; i < l->codes_n; i++)
		if (strcmp(l->codes[i].name, name) == 0)
			return &l->codes[i];
	if (l->codes_n == CODES)
		return &l->codes[CODES - 1]; /* codes are a closed list far below this */
	l->codes[l->codes_n].name = name;
	return &l->codes[l->codes_n++];
}

/* One write call a line: lines of several threads or processes do not mix. */
static void put_line(const struct log *l, int priority, const char *text)
{
	char line[LINE_MAX_BYTES + 16];
	int n = l->prefix ? snprintf(line, sizeof(line), "<%d>%s\n", priority, text)
			  : snprintf(line, sizeof(line), "%s\n", text);

	for (char *p = line; *p; p++)
		if ((unsigned char)*p < ' ' && p != line + n - 1)
			*p = ' '; /* foreign text must not start a line of its own */
	if (n > 0 && write(STDERR_FILENO, line, (size_t)n) < 0)
		return; /* nobody reads: there is no better place to say so */
}

void log_put(struct log *l, int64_t now_ms, int priority, const char *code, const char *fmt, ...)
{
	char text[LINE_MAX_BYTES];
	va_list ap;

	if (priority > l->level)
		return;
	struct code *c = find(l, code);
	if (now_ms - c->window_start_ms >= WINDOW_MS) {
		if (c->dropped) {
			snprintf(text, sizeof(text), "%s: %u more lines like this were left out",
				 c->name, c->dropped);
			put_line(l, priority, text);
		}
		*c = (struct code){ .name = c->name, .window_start_ms = now_ms };
	}
	if (c->said++ >= BUDGET) {
		c->dropped++;
		l->dropped++;
		return;
	}
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	put_line(l, priority, text);
}

uint64_t log_dropped(const struct log *l)
{
	return l->dropped;
}
