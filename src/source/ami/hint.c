/* hint.c - what lines consist of: the things that their hints name, and which lines a thing serves. */
#include "source/ami/machine.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/check.h"

/* ---- things ---- */

static bool same_name(uint32_t id, const void *key, void *arg)
{
	const struct ami *m = arg;

	return slice_eq_nocase(slice_str(m->things[id].name), *(const struct slice *)key);
}

uint32_t thing_find(const struct ami *m, struct slice name)
{
	return map_find(&m->by_name, slice_hash_nocase(name, m->seed), same_name, &name,
			(void *)(uintptr_t)m);
}

static bool grow(void **list, uint32_t *room, uint32_t most, size_t size)
{
	uint32_t more = *room ? *room * 2 : 64;
	void *p;

	if (more > most)
		more = most;
	p = more > *room ? realloc(*list, more * size) : NULL;
	if (!p)
		return false;
	*list = p;
	*room = more;
	return true;
}

static uint32_t things_most(const struct ami *m)
{
	return m->lines_max * 4 + HINT_THINGS_MAX;
}

static uint32_t thing_slot(struct ami *m)
{
	uint32_t t = m->things_spare;

	if (t != NONE) {
		m->things_spare = m->things[t].first_ref;
		return t;
	}
	if (m->things_n == m->things_max &&
	    !grow((void **)&m->things, &m->things_max, things_most(m), sizeof(*m->things)))
		return NONE;
	return m->things_n++;
}

/* FreePBX keeps Do Not Disturb as Custom:DND<extension> and Custom:DEVDND<device>. */
static enum thing_kind kind_of(struct slice name)
{
	return slice_starts_nocase(name, "Custom:DND") || slice_starts_nocase(name, "Custom:DEVDND")
		       ? THING_DND
		       : THING_PHONE;
}

static uint32_t thing_add(struct ami *m, struct slice name, enum thing_kind kind)
{
	uint32_t t = thing_slot(m);

	if (t == NONE)
		return NONE;
	m->things[t] = (struct thing){ .name = strndup(name.p, name.n), .first_ref = NONE,
				       .kind = (uint8_t)kind,
				       .state = kind == THING_PRESENCE ? PROFILE_NONE : DEVICE_UNKNOWN };
	if (!m->things[t].name || map_add(&m->by_name, slice_hash_nocase(name, m->seed), t)) {
		free(m->things[t].name);
		m->things[t] = (struct thing){ .first_ref = m->things_spare };
		m->things_spare = t;
		return NONE;
	}
	return t;
}

static void thing_drop(struct ami *m, uint32_t t)
{
	struct thing *x = &m->things[t];

	CHECK(map_del(&m->by_name, slice_hash_nocase(slice_str(x->name), m->seed), t));
	free(x->name);
	*x = (struct thing){ .first_ref = m->things_spare };
	m->things_spare = t;
}

/* ---- refs ---- */

static uint32_t ref_new(struct ami *m)
{
	uint32_t r = m->refs_spare;

	if (r != NONE) {
		m->refs_spare = m->refs[r].next_of_line;
		return r;
	}
	if (m->refs_n == m->refs_max &&
	    !grow((void **)&m->refs, &m->refs_max, things_most(m) * 2, sizeof(*m->refs)))
		return NONE;
	return m->refs_n++;
}

static bool has_thing(const struct ami *m, uint32_t slot, uint32_t thing)
{
	for (uint32_t r = m->lines[slot].first_ref; r != NONE; r = m->refs[r].next_of_line)
		if (m->refs[r].thing == thing)
			return true;
	return false;
}

/* No memory or too many: the line is judged by what it has, and by its hint's status. */
static void refer(struct ami *m, uint32_t slot, struct slice name, enum thing_kind kind)
{
	uint32_t t, r;

	/* our own lamps say nothing of the phone: a line must not be busy because Teams is */
	if (name.n == 0 || name.n > THING_NAME_MAX || slice_starts_nocase(name, LAMP_DEVICE))
		return;
	t = thing_find(m, name);
	if (t != NONE && has_thing(m, slot, t))
		return;
	r = ref_new(m);
	if (r == NONE)
		return;
	if (t == NONE)
		t = thing_add(m, name, kind);
	if (t == NONE) {
		m->refs[r].next_of_line = m->refs_spare;
		m->refs_spare = r;
		return;
	}
	m->refs[r] = (struct ref){ .thing = t, .slot = slot, .next_of_thing = m->things[t].first_ref,
				   .next_of_line = m->lines[slot].first_ref };
	m->things[t].first_ref = r;
	m->lines[slot].first_ref = r;
}

static void unrefer(struct ami *m, uint32_t slot)
{
	struct extension *l = &m->lines[slot];

	for (uint32_t r = l->first_ref, next; r != NONE; r = next) {
		uint32_t t = m->refs[r].thing;
		uint32_t *at = &m->things[t].first_ref;

		next = m->refs[r].next_of_line;
		while (*at != r)
			at = &m->refs[*at].next_of_thing;
		*at = m->refs[r].next_of_thing;
		if (m->things[t].first_ref == NONE)
			thing_drop(m, t);
		m->refs[r].next_of_line = m->refs_spare;
		m->refs_spare = r;
	}
	l->first_ref = NONE;
}

/* ---- hints ---- */

struct slice hint_exten(const struct ami *m, uint32_t slot)
{
	struct slice number = slice_str(line_table_number(&m->table, slot));

	return slice_sub(number, 0, slice_find(number, '@'));
}

struct slice hint_context(const struct ami *m, uint32_t slot)
{
	struct slice number = slice_str(line_table_number(&m->table, slot));
	size_t at = slice_find(number, '@');

	return at < number.n ? slice_sub(number, at + 1, number.n) : slice_str(m->context);
}

const char *hint_presence(const struct ami *m, uint32_t slot, char *scratch, size_t cap)
{
	for (uint32_t r = m->lines[slot].first_ref; r != NONE; r = m->refs[r].next_of_line)
		if (m->things[m->refs[r].thing].kind == THING_PRESENCE)
			return m->things[m->refs[r].thing].name;
	snprintf(scratch, cap, "CustomPresence:%.*s", SLICE_ARG(hint_exten(m, slot)));
	return scratch;
}

/* "PJSIP/201&Custom:DND201,CustomPresence:201" */
static void read_hint(struct ami *m, uint32_t slot, struct slice hint)
{
	size_t comma = slice_find(hint, ',');
	struct slice devices = slice_sub(hint, 0, comma), part;
	struct slice presence = slice_trim(slice_sub(hint, comma + 1, hint.n));
	char own[THING_NAME_MAX];
	int n = 0;

	while (n++ < HINT_THINGS_MAX && slice_split(&devices, '&', &part)) {
		part = slice_trim(part);
		refer(m, slot, part, kind_of(part));
	}
	presence = slice_sub(presence, 0, slice_find(presence, '&'));
	if (presence.n == 0)
		presence = slice_str(hint_presence(m, slot, own, sizeof(own)));
	refer(m, slot, presence, THING_PRESENCE);
}

static bool set_context(struct extension *l, struct slice context)
{
	char *copy = strndup(context.n ? context.p : "", context.n);

	if (!copy)
		return false;
	free(l->context);
	l->context = copy;
	return true;
}

bool hint_take(struct ami *m, uint32_t slot, struct slice context, struct slice hint, int32_t status)
{
	struct extension *l = &m->lines[slot];
	uint64_t hash = slice_hash(hint, m->seed);

	l->seen = true;
	l->status = status;
	if (l->state == AMI_LINE_HINTED && l->hint_hash == hash && slice_is(context, l->context))
		return false;
	if (!set_context(l, context))
		return false;
	unrefer(m, slot);
	read_hint(m, slot, hint);
	l->hint_hash = hash;
	l->state = AMI_LINE_HINTED;
	return true;
}

void hint_drop(struct ami *m, uint32_t slot)
{
	struct extension *l = &m->lines[slot];

	unrefer(m, slot);
	free(l->context);
	l->context = NULL;
	l->state = AMI_LINE_UNKNOWN;
}

void hint_fini(struct ami *m)
{
	for (uint32_t i = 0; i < m->things_n; i++)
		free(m->things[i].name);
	for (uint32_t i = 0; m->lines && i < m->lines_max; i++)
		free(m->lines[i].context);
	free(m->things);
	free(m->refs);
	map_fini(&m->by_name);
}
