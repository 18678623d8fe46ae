#include "admin/said.h"

#include <ctype.h>
#include <stdio.h>

#include "base/check.h"

/* As in conflict and switched-off-by: how many "; " one sentence may have, and one. */
enum { SENTENCE_CLAUSES_MAX = 4 };

struct row {
	const char *code, *sentence;
};

static const struct row rows[] = {
#define SAID(code, sentence) { code, sentence },
#include "admin/said.def"
#define MATCH(id, name, reason, fix) { "match." name, reason }, { "match.fix." name, fix },
#define ONBOARDING(id, name, reason, fix) { "onboarding." name, reason }, { "onboarding.fix." name, fix },
#include "core/match.def"
#define SHOWN(id, name, sentence) { "shown.why." name, sentence },
#include "core/names.def"
#define AADSTS(number, class, step, fix) { "aadsts." #number, fix },
#include "proto/graph/aadsts.def"
};

bool said_row(unsigned i, const char **ret_code, const char **ret_sentence)
{
	if (i >= ARRAY_LEN(rows))
		return false;
	*ret_code = rows[i].code;
	*ret_sentence = rows[i].sentence;
	return true;
}

static bool is_place(const char *p)
{
	return p[0] == '{' && isdigit((unsigned char)p[1]) && p[2] == '}';
}

/* What stands before the next place, or the end. */
static struct slice literal(const char *sentence)
{
	size_t n = 0;

	while (sentence[n] && !is_place(sentence + n))
		n++;
	return slice_of(sentence, n);
}

/* Where the argument before `next` ends; s.n + 1: nowhere. The last literal is the text's end. */
static size_t argument_end(struct slice s, struct slice next)
{
	if (next.p[next.n])
		return slice_find_str(s, next) < s.n ? slice_find_str(s, next) : s.n + 1;
	if (s.n < next.n || !slice_eq(slice_sub(s, s.n - next.n, s.n), next))
		return s.n + 1;
	return s.n - next.n;
}

/* An argument is within one clause; with a colon of its own it stands behind one. */
static bool is_argument(struct slice arg, struct slice before)
{
	bool quotes = before.n >= 2 && before.p[before.n - 2] == ':';

	return arg.n && slice_find_str(arg, SLICE_LIT("; ")) == arg.n &&
	       (quotes || slice_find_str(arg, SLICE_LIT(": ")) == arg.n);
}

/* Whether all of s is the sentence, and its arguments. How much of it is literal; 0: it is not. */
static size_t fit(const char *sentence, struct slice s, struct said_part *ret)
{
	struct slice text = literal(sentence);
	size_t sum = text.n;

	ret->args_n = 0;
	if (s.n < text.n || !slice_eq(slice_sub(s, 0, text.n), text))
		return 0;
	s = slice_sub(s, text.n, s.n);
	for (sentence += text.n; *sentence; sentence += 3 + text.n) {
		struct slice before = text;

		text = literal(sentence + 3);
		size_t end = argument_end(s, text);
		struct slice arg = slice_sub(s, 0, end);

		if (end > s.n || ret->args_n == SAID_ARGS_MAX || !is_argument(arg, before))
			return 0;
		ret->args[ret->args_n++] = arg;
		s = slice_sub(s, end + text.n, s.n);
		sum += text.n;
	}
	return s.n == 0 ? sum : 0;
}

/* The row that says most of it by itself. */
static bool find(struct slice s, struct said_part *ret)
{
	size_t best = 0;

	for (size_t i = 0; i < ARRAY_LEN(rows) && s.n; i++) {
		struct said_part x;
		size_t n = fit(rows[i].sentence, s, &x);

		if (n <= best)
			continue;
		best = n;
		*ret = x;
		ret->code = rows[i].code;
	}
	return best > 0;
}

/* Clauses end with "; ", or are lines. */
static size_t clause_end(struct slice s, size_t from)
{
	struct slice rest = slice_sub(s, from, s.n);
	size_t line = slice_find(rest, '\n'), end = slice_find_str(rest, SLICE_LIT("; "));

	return from + (line < end ? line : end);
}

static size_t gap_at(struct slice s, size_t end)
{
	return end < s.n && s.p[end] == ';' ? 2 : 1;
}

/* The longest run of clauses that is one sentence; 0: none. */
static size_t sentence_at(struct slice s, struct said_part *ret)
{
	size_t ends[SENTENCE_CLAUSES_MAX], n = 0, end = clause_end(s, 0);

	for (; n < SENTENCE_CLAUSES_MAX; end = clause_end(s, end + gap_at(s, end))) {
		ends[n++] = end;
		if (end == s.n)
			break;
	}
	while (n--)
		if (find(slice_sub(s, 0, ends[n]), ret))
			return ends[n];
	return 0;
}

/* What goes before another, its colon included: a sentence of ours, or somebody's words before a
 * sentence of ours (a file and its line before what is wrong there). 0: neither. */
static size_t prefix_at(struct slice s, struct said_part *ret)
{
	struct slice clause = slice_sub(s, 0, clause_end(s, 0));
	struct said_part rest;

	for (size_t at = 0;;) {
		at += slice_find_str(slice_sub(clause, at, clause.n), SLICE_LIT(": ")) + 1;
		if (at >= clause.n)
			return 0;
		if (find(slice_sub(clause, 0, at), ret))
			return at;
		if (find(slice_sub(clause, at + 1, clause.n), &rest)) {
			*ret = (struct said_part){ .args_n = 1, .args = { slice_sub(clause, 0, at) } };
			return at;
		}
	}
}

unsigned said_parse(struct slice text, struct said_part ret[static SAID_PARTS_MAX])
{
	unsigned n = 0;

	while (text.n) {
		struct said_part *x = &ret[n++];
		size_t end = text.n, gap = 1;

		*x = (struct said_part){ 0 };
		if (n == SAID_PARTS_MAX)
			*x = (struct said_part){ .args_n = 1, .args = { text } };
		else if ((end = sentence_at(text, x)))
			gap = gap_at(text, end);
		else if (!(end = prefix_at(text, x))) {
			end = clause_end(text, 0);
			gap = gap_at(text, end);
			*x = (struct said_part){ .args_n = 1, .args = { slice_sub(text, 0, end) } };
		}
		text = slice_sub(text, end + gap, text.n);
	}
	return n;
}

void said_write_parts(struct jsonw *j, const char *key, struct slice text)
{
	struct said_part parts[SAID_PARTS_MAX];
	unsigned n = said_parse(text, parts);

	jsonw_begin_array(j, key);
	for (unsigned i = 0; i < n; i++) {
		jsonw_begin_object(j, NULL);
		jsonw_string(j, "code", parts[i].code);
		jsonw_begin_array(j, "args");
		for (unsigned k = 0; k < parts[i].args_n; k++)
			jsonw_slice(j, NULL, parts[i].args[k]);
		jsonw_end_array(j);
		jsonw_end_object(j);
	}
	jsonw_end_array(j);
}

void said_write(struct jsonw *j, const char *key, struct slice text)
{
	char said[64];

	if (text.p)
		jsonw_slice(j, key, text);
	else
		jsonw_null(j, key);
	snprintf(said, sizeof(said), "%s_said", key);
	said_write_parts(j, said, text);
}

void said_set(json_t *object, const char *key, const char *text)
{
	struct said_part parts[SAID_PARTS_MAX];
	unsigned n = said_parse(slice_str(text), parts);
	json_t *list = json_array();
	char said[64];

	for (unsigned i = 0; i < n; i++) {
		json_t *args = json_array();

		for (unsigned k = 0; k < parts[i].args_n; k++)
			json_array_append_new(args, json_stringn(parts[i].args[k].p, parts[i].args[k].n));
		json_array_append_new(list, json_pack("{s:s?,s:o}", "code", parts[i].code, "args", args));
	}
	json_object_set_new(object, key, json_string(text));
	snprintf(said, sizeof(said), "%s_said", key);
	json_object_set_new(object, said, list);
}
