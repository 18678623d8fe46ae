#include "proto/csta/lamp.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/check.h"

static const char *const names[CSTA_LAMP_COUNT] = { "dark", "call", "meeting", "dnd" };
static const char *const standard[CSTA_LAMP_COUNT] = { "off", "steady", "steady", "steady" };

const char *csta_lamp_name(enum csta_lamp l)
{
	return names[l < CSTA_LAMP_COUNT ? l : CSTA_LAMP_DARK];
}

/* ---- making one ---- */

static enum err wrong(char *why, size_t cap, const char *what, struct slice text)
{
	snprintf(why, cap, "%s: %.*s", what, (int)(text.n < 80 ? text.n : 80), text.p ? text.p : "");
	return ERR_MALFORMED;
}

static bool name_of(struct slice word, uint32_t *ret)
{
	for (*ret = 0; *ret < CSTA_LAMP_COUNT; ++*ret)
		if (slice_is(word, names[*ret]))
			return true;
	return false;
}

static enum err add_state(struct csta_lamp_form *f, struct slice text, uint32_t *had, char *why, size_t cap)
{
	size_t eq = slice_find(text, '=');
	struct slice theirs = slice_trim(slice_sub(text, eq + 1, text.n));
	uint32_t ours;

	if (eq == text.n || !name_of(slice_trim(slice_sub(text, 0, eq)), &ours))
		return wrong(why, cap,
			     "lamp_states must be dark, call, meeting or dnd with the switch's word, such as "
			     "call=steady, and this is not",
			     text);
	if (*had >> ours & 1)
		return wrong(why, cap, "lamp_states: the state stands in two rows", text);
	*had |= 1U << ours;
	if (theirs.n == 0 || slice_copy(theirs, f->words[ours], sizeof(f->words[ours])))
		return wrong(why, cap, "lamp_states: the word is empty or too long", text);
	return ERR_OK;
}

static enum err put_states(struct csta_lamp_form *f, const struct csta_lamp_mapping *m, char *why, size_t cap)
{
	uint32_t had = 0;
	enum err e = ERR_OK;

	for (uint32_t i = 0; i < CSTA_LAMP_COUNT; i++)
		CHECK(slice_copy(slice_str(standard[i]), f->words[i], sizeof(f->words[i])) == ERR_OK);
	for (uint32_t i = 0; i < m->states_n && !e; i++)
		e = add_state(f, slice_trim(slice_str(m->states[i])), &had, why, cap);
	for (uint32_t i = CSTA_LAMP_DARK + 1; i < CSTA_LAMP_COUNT && !e; i++)
		if (csta_lamp_same(f, CSTA_LAMP_DARK, (enum csta_lamp)i))
			e = wrong(why, cap, "lamp_states: the word for dark is that of a lit lamp too",
				  slice_str(f->words[i]));
	return e;
}

static bool is_text(struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] <= ' ' || s.p[i] == 0x7f)
			return false;
	return s.n > 0;
}

/* A device id may hold nearly everything, a lamp's is the last step. */
static enum err read_row(struct slice text, struct csta_lamp_row *row, char *why, size_t cap)
{
	size_t eq = slice_find(text, '='), slash = text.n;
	struct slice number, device, lamp;

	while (slash && text.p[slash - 1] != '/')
		slash--;
	number = slice_trim(slice_sub(text, 0, eq < text.n ? eq : 0));
	device = slice_trim(slice_sub(text, eq + 1, slash ? slash - 1 : 0));
	lamp = slice_trim(slice_sub(text, slash, text.n));
	if (!is_text(lamp) || (eq < text.n) != (slash > 0) ||
	    (eq < text.n && (eq >= slash || !is_text(number) || !is_text(device))))
		return wrong(why, cap,
			     "lamp_at must be a lamp of each phone, such as 7, or of another, such as "
			     "201=100/7, and this is neither",
			     text);
	if (slice_copy(number, row->number, sizeof(row->number)) ||
	    slice_copy(device, row->device, sizeof(row->device)) ||
	    slice_copy(lamp, row->lamp, sizeof(row->lamp)))
		return wrong(why, cap, "lamp_at: the number, the device or the lamp is too long", text);
	return ERR_OK;
}

/* One lamp cannot show two people. A lamp of each phone may be one of any other row's. */
static bool is_double(const struct csta_lamp_row *a, const struct csta_lamp_row *b)
{
	return strcmp(a->lamp, b->lamp) == 0 &&
	       (!a->device[0] || !b->device[0] || strcmp(a->device, b->device) == 0);
}

static enum err add_row(struct csta_lamp_form *f, struct slice text, char *why, size_t cap)
{
	struct csta_lamp_row *row = &f->rows[f->n];
	uint32_t of_line = 1;
	enum err e = read_row(text, row, why, cap);

	for (uint32_t i = 0; i < f->n && !e; i++) {
		const struct csta_lamp_row *other = &f->rows[i];

		of_line += !row->number[0] || !other->number[0] || strcmp(row->number, other->number) == 0;
		if (is_double(row, other))
			e = wrong(why, cap, "lamp_at: the lamp stands in two rows", text);
	}
	if (!e && of_line > CSTA_LAMPS_A_LINE_MAX) {
		snprintf(why, cap, "lamp_at names more than %d lamps for one line", CSTA_LAMPS_A_LINE_MAX);
		e = ERR_LIMIT;
	}
	f->n += !e;
	return e;
}

static enum err put_rows(struct csta_lamp_form *f, const struct csta_lamp_mapping *m, char *why, size_t cap)
{
	enum err e = ERR_OK;

	if (m->rows_n > CSTA_LAMP_ROWS_MAX) {
		snprintf(why, cap, "lamp_at has more than %d rows", CSTA_LAMP_ROWS_MAX);
		return ERR_LIMIT;
	}
	if (m->rows_n == 0)
		return ERR_OK;
	f->rows = calloc(m->rows_n, sizeof(*f->rows));
	if (!f->rows)
		return ERR_NO_MEMORY;
	for (uint32_t i = 0; i < m->rows_n && !e; i++)
		e = add_row(f, slice_trim(slice_str(m->rows[i])), why, cap);
	return e;
}

static enum err put_services(struct csta_lamp_form *f, const struct csta_lamp_mapping *m, char *why,
			     size_t cap)
{
	struct slice set = slice_str(m->set ? m->set : "SetLampMode/lampMode"),
		     get = slice_str(m->get ? m->get : "GetLampMode"),
		     element = slice_str(m->element ? m->element : "lamp");

	if (!csta_path_is(set, 2) || slice_copy(set, f->set, sizeof(f->set)))
		return wrong(why, cap,
			     "lamp_set must be a service and the element that takes the state, such as "
			     "SetLampMode/lampMode, and this is not",
			     set);
	if ((get.n && !csta_element_is(get)) || slice_copy(get, f->get, sizeof(f->get)))
		return wrong(why, cap, "lamp_get must be one element, and this is not", get);
	if (!csta_element_is(element) || slice_copy(element, f->element, sizeof(f->element)))
		return wrong(why, cap, "lamp_element must be one element, and this is not", element);
	return ERR_OK;
}

enum err csta_lamp_init(struct csta_lamp_form *ret, const struct csta_lamp_mapping *mapping, char *why,
			size_t why_cap)
{
	static const struct csta_lamp_mapping none;
	const struct csta_lamp_mapping *m = mapping ? mapping : &none;
	struct csta_lamp_form f = { 0 };
	enum err e = put_services(&f, m, why, why_cap);

	if (!e)
		e = put_states(&f, m, why, why_cap);
	if (!e)
		e = put_rows(&f, m, why, why_cap);
	if (e)
		csta_lamp_fini(&f);
	else
		*ret = f;
	return e;
}

void csta_lamp_fini(struct csta_lamp_form *f)
{
	if (!f)
		return;
	free(f->rows);
	f->rows = NULL;
	f->n = 0;
}

/* ---- using it ---- */

uint32_t csta_lamp_row_of(const struct csta_lamp_form *f, struct slice number, uint32_t from)
{
	while (from < f->n && f->rows[from].number[0] && !slice_is(number, f->rows[from].number))
		from++;
	return from < f->n ? from : f->n;
}

static enum csta_lamp lamp_of(const struct csta_lamp_form *f, struct slice word)
{
	for (int i = 0; i < CSTA_LAMP_COUNT; i++)
		if (slice_is_nocase(word, f->words[i]))
			return (enum csta_lamp)i;
	return CSTA_LAMP_STRANGE;
}

enum csta_lamp csta_lamp_answer(const struct csta_lamp_form *f, const struct csta_message *m,
				const char *lamp)
{
	const char *slash = strrchr(f->set, '/');
	const char *mode = slash ? slash + 1 : f->set;
	bool named = csta_find(m, 0, f->element) != CSTA_NONE;

	for (uint32_t i = CSTA_NONE; (i = csta_find_next(m, 0, mode, i)) != CSTA_NONE;) {
		uint32_t beside = csta_child(m, m->items[i].parent, f->element, CSTA_NONE);

		if (named ? slice_is(csta_text(m, beside), lamp) : true)
			return lamp_of(f, csta_text(m, i));
	}
	return CSTA_LAMP_UNSAID;
}

bool csta_lamp_same(const struct csta_lamp_form *f, enum csta_lamp a, enum csta_lamp b)
{
	return a < CSTA_LAMP_COUNT && b < CSTA_LAMP_COUNT &&
	       slice_is_nocase(slice_str(f->words[a]), f->words[b]);
}
