#include "proto/csta/message.h"

#include "proto/xml/walk.h"

static bool put(struct csta_message *m, struct slice s)
{
	if (s.n > sizeof(m->pool) - m->used) {
		m->full = true;
		return false;
	}
	memcpy(m->pool + m->used, s.p ? s.p : "", s.n);
	m->used += (uint32_t)s.n;
	return true;
}

static bool on_open(void *arg, const struct xml_element *e)
{
	struct csta_message *m = arg;
	struct csta_item *item = &m->items[m->n];
	uint32_t name = m->used;

	if (m->full || m->n == CSTA_ITEMS_MAX || !put(m, e->local)) {
		m->full = true;
		return false;
	}
	*item = (struct csta_item){ name, (uint32_t)e->local.n, m->used, 0, m->open };
	m->open = m->n++;
	return true;
}

/* The youngest element's text lies at the pool's end; what stands behind a child is no value. */
static void on_text(void *arg, unsigned depth, struct slice piece)
{
	struct csta_message *m = arg;

	(void)depth;
	if (m->open == m->n - 1 && put(m, piece))
		m->items[m->open].text_n += (uint32_t)piece.n;
}

static void on_close(void *arg, unsigned depth)
{
	struct csta_message *m = arg;

	(void)depth;
	m->open = m->items[m->open].parent;
}

enum err csta_read(struct xml_reader *r, struct slice xml, struct csta_message *ret)
{
	static const struct xml_walk walk = { on_open, on_text, on_close };
	enum err e;

	ret->n = ret->used = 0;
	ret->open = CSTA_NONE;
	ret->full = false;
	e = xml_walk(r, xml, &walk, ret);
	if (ret->full)
		e = ERR_LIMIT;
	if (e)
		ret->n = 0;
	return e;
}

struct slice csta_name(const struct csta_message *m, uint32_t item)
{
	if (item >= m->n)
		return SLICE_NONE;
	return slice_of(m->pool + m->items[item].name, m->items[item].name_n);
}

struct slice csta_text(const struct csta_message *m, uint32_t item)
{
	if (item >= m->n)
		return SLICE_NONE;
	return slice_trim(slice_of(m->pool + m->items[item].text, m->items[item].text_n));
}

bool csta_root_is(const struct csta_message *m, const char *name)
{
	return slice_is(csta_name(m, 0), name);
}

uint32_t csta_child(const struct csta_message *m, uint32_t item, const char *name, uint32_t after)
{
	for (uint32_t i = after == CSTA_NONE ? item + 1 : after + 1; i < m->n; i++)
		if (m->items[i].parent == item && slice_is(csta_name(m, i), name))
			return i;
	return CSTA_NONE;
}

static bool is_inside(const struct csta_message *m, uint32_t i, uint32_t item)
{
	while (i != CSTA_NONE && i != item)
		i = m->items[i].parent;
	return i == item;
}

/* The last step names i, those before it its parents, all of them inside item. */
static bool leads_to(const struct csta_message *m, uint32_t item, struct slice path, uint32_t i)
{
	for (;;) {
		size_t cut = path.n;

		while (cut && path.p[cut - 1] != '/')
			cut--;
		if (i == CSTA_NONE || i == item ||
		    !slice_eq(csta_name(m, i), slice_sub(path, cut, path.n)))
			return false;
		if (cut == 0)
			return true;
		path = slice_sub(path, 0, cut - 1);
		i = m->items[i].parent;
	}
}

uint32_t csta_find_next(const struct csta_message *m, uint32_t item, const char *path,
			uint32_t after)
{
	struct slice steps = slice_str(path);

	if (item == CSTA_NONE)
		return CSTA_NONE;
	for (uint32_t i = after == CSTA_NONE ? item + 1 : after + 1; i < m->n; i++) {
		if (!is_inside(m, i, item))
			break;
		if (leads_to(m, item, steps, i))
			return i;
	}
	return CSTA_NONE;
}

uint32_t csta_find(const struct csta_message *m, uint32_t item, const char *path)
{
	return csta_find_next(m, item, path, CSTA_NONE);
}

struct slice csta_get(const struct csta_message *m, uint32_t item, const char *path)
{
	uint32_t found = csta_find(m, item, path);

	if (found == CSTA_NONE)
		return SLICE_NONE;
	struct slice text = csta_text(m, found);
	return text.p ? text : slice_of("", 0);
}

bool csta_flag(struct slice text, bool *ret)
{
	if (slice_is_nocase(text, "true") || slice_is(text, "1"))
		*ret = true;
	else if (slice_is_nocase(text, "false") || slice_is(text, "0"))
		*ret = false;
	else
		return false;
	return true;
}
