/* people_page.c - a page of a list, cut into its rows. Only brackets and strings are looked at here: a row is
 * checked when jansson reads it. */
#include <stdlib.h>

#include "proto/graph/person.h"

static void blanks(const struct people_page *p, size_t *at)
{
	while (*at < p->n && strchr(" \t\r\n", p->text[*at]) && p->text[*at])
		++*at;
}

static bool sign(const struct people_page *p, size_t *at, char c)
{
	blanks(p, at);
	if (*at >= p->n || p->text[*at] != c)
		return false;
	++*at;
	return true;
}

/* Behind a string that begins here. */
static bool skip_string(const struct people_page *p, size_t *at)
{
	for (++*at; *at < p->n; ++*at) {
		if (p->text[*at] == '\\')
			++*at;
		else if (p->text[*at] == '"')
			return ++*at, true;
	}
	return false;
}

static bool skip_brackets(const struct people_page *p, size_t *at)
{
	size_t depth = 0;

	while (*at < p->n) {
		char c = p->text[*at];

		if (c == '"') {
			if (!skip_string(p, at))
				return false;
			continue;
		}
		++*at;
		if (c == '{' || c == '[')
			depth++;
		else if ((c == '}' || c == ']') && --depth == 0)
			return true;
	}
	return false;
}

/* Behind the value that begins here; false when it has no end. */
static bool skip_value(const struct people_page *p, size_t *at)
{
	blanks(p, at);
	if (*at >= p->n)
		return false;
	if (p->text[*at] == '"')
		return skip_string(p, at);
	if (p->text[*at] == '{' || p->text[*at] == '[')
		return skip_brackets(p, at);
	size_t from = *at;
	while (*at < p->n && !strchr(",]} \t\r\n", p->text[*at]))
		++*at;
	return *at > from;
}

static bool take_link(const struct people_page *p, size_t from, size_t to, char **ret)
{
	json_t *v = json_loadb(p->text + from, to - from, JSON_DECODE_ANY, NULL);
	const char *text = json_string_value(v);

	free(*ret);
	*ret = text ? strdup(text) : NULL;
	json_decref(v);
	return *ret != NULL;
}

/* One member of the page's object. */
static bool member(struct people_page *p, size_t *at, bool *found)
{
	size_t key = *at, value;

	if (*at >= p->n || p->text[*at] != '"' || !skip_string(p, at))
		return false;
	struct slice name = slice_of(p->text + key + 1, *at - key - 2);
	if (!sign(p, at, ':'))
		return false;
	blanks(p, at);
	value = *at;
	if (!skip_value(p, at))
		return false;
	if (slice_is(name, "@odata.nextLink"))
		return take_link(p, value, *at, &p->next);
	if (slice_is(name, "@odata.deltaLink"))
		return take_link(p, value, *at, &p->delta);
	if (!slice_is(name, "value"))
		return true;
	if (*found || p->text[value] != '[')
		return false;
	*found = true;
	p->at = value + 1;
	return true;
}

static bool read_page(struct people_page *p)
{
	bool found = false;
	size_t at = 0;

	if (!sign(p, &at, '{'))
		return false;
	do {
		blanks(p, &at);
		if (!member(p, &at, &found))
			return false;
	} while (sign(p, &at, ','));
	if (!sign(p, &at, '}'))
		return false;
	blanks(p, &at);
	return found && at == p->n;
}

enum err people_page_parse(struct slice body, struct people_page *ret)
{
	struct people_page p = { .n = body.n };

	if (body.n == 0 || body.n > PEOPLE_BODY_MAX)
		return ERR_MALFORMED;
	p.text = malloc(body.n);
	if (!p.text)
		return ERR_NO_MEMORY;
	memcpy(p.text, body.p, body.n);
	if (!read_page(&p)) {
		people_page_fini(&p);
		return ERR_MALFORMED;
	}
	*ret = p;
	return ERR_OK;
}

void people_page_fini(struct people_page *p)
{
	free(p->text);
	free(p->next);
	free(p->delta);
	*p = (struct people_page){ 0 };
}

json_t *people_page_row(struct people_page *p)
{
	json_t *row = NULL;

	while (!row) {
		size_t from;

		blanks(p, &p->at);
		from = p->at;
		if (from >= p->n || p->text[from] == ']' || !skip_value(p, &p->at))
			return NULL;
		row = json_loadb(p->text + from, p->at - from,
				 JSON_DECODE_ANY | JSON_REJECT_DUPLICATES, NULL);
		if (!sign(p, &p->at, ','))
			p->at = row && p->at < p->n && p->text[p->at] == ']' ? p->at : p->n;
	}
	return row;
}
