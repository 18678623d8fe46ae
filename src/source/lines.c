#include "source/lines.h"

#include <stdlib.h>
#include <string.h>


static bool same_id(uint32_t slot, const void *key, void *arg)
{
	const struct line_table *t = arg;

	return t->ids[slot] == *(const uint32_t *)key;
}

static bool same_number(uint32_t slot, const void *key, void *arg)
{
	const struct line_table *t = arg;

	return slice_is(*(const struct slice *)key, t->numbers[slot]);
}

static uint64_t id_hash(uint32_t line)
{
	return (line + 1) * 0x9e3779b97f4a7c15u;
}

enum err line_table_init(struct line_table *t, uint32_t lines_max)
{
	size_t n = lines_max ? lines_max : 1;

	*t = (struct line_table){ .numbers = calloc(n, sizeof(*t->numbers)),
				  .ids = calloc(n, sizeof(*t->ids)),
				  .spare = calloc(n, sizeof(*t->spare)) };
	enum err e = t->numbers && t->ids && t->spare ? map_init(&t->by_id, lines_max) : ERR_NO_MEMORY;

	if (!e)
		e = map_init(&t->by_number, lines_max);
	for (uint32_t i = 0; !e && i < lines_max; i++)
		t->spare[t->spare_n++] = lines_max - 1 - i;
	return e;
}

void line_table_fini(struct line_table *t)
{
	for (uint32_t i = 0; t->numbers && i < t->high; i++)
		free(t->numbers[i]);
	free(t->numbers);
	free(t->ids);
	free(t->spare);
	map_fini(&t->by_id);
	map_fini(&t->by_number);
	*t = (struct line_table){ 0 };
}

static bool fit(struct slice number)
{
	if (number.n == 0 || number.n >= LINE_NUMBER_MAX)
		return false;
	for (size_t i = 0; i < number.n; i++)
		if ((unsigned char)number.p[i] < ' ' || number.p[i] == 0x7f)
			return false;
	return true;
}

enum err line_table_add(struct line_table *t, uint32_t line, struct slice number, uint32_t *ret_slot)
{
	if (!fit(number))
		return ERR_MALFORMED;
	if (line_table_slot(t, line) != LINE_NONE || line_table_find(t, number) != LINE_NONE)
		return ERR_EXISTS;
	if (t->spare_n == 0)
		return ERR_LIMIT;
	uint32_t slot = t->spare[t->spare_n - 1];
	char *copy = strndup(number.p, number.n);
	if (!copy)
		return ERR_NO_MEMORY;
	enum err e = map_add(&t->by_id, id_hash(line), slot);
	if (!e)
		e = map_add(&t->by_number, slice_hash(number, 0), slot);
	if (e) { /* both have room for every slot */
		free(copy);
		return e;
	}
	t->numbers[slot] = copy;
	t->ids[slot] = line;
	t->spare_n--;
	t->n++;
	t->high = slot + 1 > t->high ? slot + 1 : t->high;
	*ret_slot = slot;
	return ERR_OK;
}

uint32_t line_table_remove(struct line_table *t, uint32_t line)
{
	uint32_t slot = line_table_slot(t, line);

	if (slot == LINE_NONE)
		return slot;
	map_del(&t->by_id, id_hash(line), slot);
	map_del(&t->by_number, slice_hash(slice_str(t->numbers[slot]), 0), slot);
	free(t->numbers[slot]);
	t->numbers[slot] = NULL;
	t->spare[t->spare_n++] = slot;
	t->n--;
	return slot;
}

static uint32_t found(uint32_t slot)
{
	return slot == MAP_NONE ? (uint32_t)LINE_NONE : slot;
}

uint32_t line_table_slot(const struct line_table *t, uint32_t line)
{
	return found(map_find(&t->by_id, id_hash(line), same_id, &line, (void *)(uintptr_t)t));
}

uint32_t line_table_find(const struct line_table *t, struct slice number)
{
	return found(map_find(&t->by_number, slice_hash(number, 0), same_number, &number,
			      (void *)(uintptr_t)t));
}

const char *line_table_number(const struct line_table *t, uint32_t slot)
{
	return t->numbers[slot];
}

uint32_t line_table_id(const struct line_table *t, uint32_t slot)
{
	return t->ids[slot];
}

uint32_t line_table_next(const struct line_table *t, uint32_t slot)
{
	for (; slot < t->high; slot++)
		if (t->numbers[slot])
			return slot;
	return LINE_NONE;
}
