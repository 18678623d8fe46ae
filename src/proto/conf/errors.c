#include "proto/conf/conf.h"

#include <stdarg.h>
#include <stdio.h>

static void vadd(struct conf_errors *errs, bool warning, struct conf_at at, const char *key,
		 const char *fmt, va_list ap) __attribute__((format(printf, 5, 0)));

/* Errors push warnings out of a full list: what keeps the file from loading comes first. */
static struct conf_error *place(struct conf_errors *errs, bool warning)
{
	if (errs->n < CONF_ERRORS_MAX)
		return &errs->list[errs->n++];
	for (uint32_t i = 0; i < errs->n && !warning; i++)
		if (errs->list[i].warning)
			return &errs->list[i];
	return NULL;
}

static void vadd(struct conf_errors *errs, bool warning, struct conf_at at, const char *key,
		 const char *fmt, va_list ap)
{
	struct conf_error *e = place(errs, warning);

	if (warning)
		errs->warnings++;
	else
		errs->errors++;
	if (!e)
		return;
	e->warning = warning;
	e->line = at.line;
	e->column = at.column;
	snprintf(e->file, sizeof(e->file), "%s", at.file ? at.file : "");
	snprintf(e->key, sizeof(e->key), "%s", key ? key : "");
	vsnprintf(e->text, sizeof(e->text), fmt, ap);
}

void conf_errors_add(struct conf_errors *errs, struct conf_at at, const char *key, const char *fmt,
		     ...)
{
	va_list ap;

	va_start(ap, fmt);
	vadd(errs, false, at, key, fmt, ap);
	va_end(ap);
}

void conf_errors_warn(struct conf_errors *errs, struct conf_at at, const char *key, const char *fmt,
		      ...)
{
	va_list ap;

	va_start(ap, fmt);
	vadd(errs, true, at, key, fmt, ap);
	va_end(ap);
}

static bool stands_before(const struct conf_error *a, const struct conf_error *b)
{
	if (a->line != b->line)
		return a->line != 0 && (b->line == 0 || a->line < b->line);
	return a->column < b->column;
}

void conf_errors_sort(struct conf_errors *errs)
{
	for (uint32_t i = 1; i < errs->n; i++) {
		struct conf_error e = errs->list[i];
		uint32_t k = i;

		for (; k > 0 && stands_before(&e, &errs->list[k - 1]); k--)
			errs->list[k] = errs->list[k - 1];
		errs->list[k] = e;
	}
}

void conf_error_text(const struct conf_error *e, char *dst, size_t cap)
{
	char where[32] = "";

	if (e->line && e->column)
		snprintf(where, sizeof(where), ":%u:%u", e->line, e->column);
	else if (e->line)
		snprintf(where, sizeof(where), ":%u", e->line);
	snprintf(dst, cap, "%s%s: %s%s%s%s", e->file, where, e->warning ? "warning: " : "", e->key,
		 e->key[0] ? ": " : "", e->text);
}
