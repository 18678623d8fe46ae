/* farewell.c - lines that have gone from here, and whose PBX still has something of ours: a lamp that is lit,
 * a profile that it was lent. The engine has forgotten such a line; its connector keeps it until both are
 * given back, or their time is over. A line that is named again meanwhile is what it was. */
#include "bridge/own.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"

enum { FAREWELL_MS = 2 * 60 * 1000 };

static struct farewell *find(const struct bridge *b, uint32_t line)
{
	for (uint32_t i = 0; i < b->farewells_n; i++)
		if (b->farewells[i].line == line)
			return &b->farewells[i];
	return NULL;
}

static struct connector_slot *slot_of(struct bridge *b, uint32_t line)
{
	return &b->connectors[directory_line_connector(b->directory, line)];
}

static void put_out(struct bridge *b, struct farewell *f)
{
	struct connector_slot *slot = slot_of(b, f->line);

	f->lit = b->kept[f->line] && slot->ops && slot->ops->show_lamp;
	if (!f->lit)
		return;
	slot->ops->show_lamp(slot->source, f->line, LAMP_DARK);
	slot->dirty = true;
}

bool farewell_goes_on(struct bridge *b, uint32_t line)
{
	struct farewell *f = find(b, line);

	if (f && !f->lit)
		put_out(b, f);
	return f;
}

bool farewell_of_connector(const struct bridge *b, uint32_t connector)
{
	for (uint32_t i = 0; i < b->farewells_n; i++)
		if (directory_line_connector(b->directory, b->farewells[i].line) == connector)
			return true;
	return false;
}

static void drop(struct bridge *b, struct farewell *f)
{
	*f = b->farewells[--b->farewells_n];
}

static void end(struct bridge *b, struct farewell *f)
{
	uint32_t line = f->line;
	struct connector_slot *slot = slot_of(b, line);

	drop(b, f);
	if (slot->ops)
		slot->ops->remove_line(slot->source, line);
	slot->dirty = true;
	bridge_keep_lamp(b, line, SLICE_NONE);
	directory_release_line(b->directory, line);
}

/* A source that is not connected says so at once; then it is written when the line has been heard again. */
static void write_back(struct bridge *b, struct farewell *f)
{
	struct connector_slot *slot = slot_of(b, f->line);
	const struct profile_write w = { .state = f->profile, .until_wall_ms = TIME_NEVER,
					 .generation = FAREWELL_GENERATION, .dnd_ours = true };

	if (!slot->ops || !f->writes)
		return;
	f->waits = false;
	slot->ops->write_profile(slot->source, f->line, &w);
	slot->dirty = true;
}

bool farewell_begin(struct bridge *b, struct bridge_time t, uint32_t line)
{
	struct connector_slot *slot = slot_of(b, line);
	struct farewell f = { .line = line,
			      .until_ms = t.mono_ms + FAREWELL_MS,
			      .lit = b->kept[line] != NULL };
	struct line_view v = { 0 };
	struct user_view u = { .profile = PROFILE_AVAILABLE };
	struct farewell *more;

	(void)engine_line(b->engine, line, &v);
	(void)engine_user(b->engine, directory_line_user(b->directory, line), &u);
	f.profile = u.profile;
	f.writes = slot->ops && slot->ops->write_profile &&
		   (v.lend == LINE_LEND_HELD || v.lend == LINE_LEND_RETURNED);
	if (!slot->ops || (!f.lit && !f.writes))
		return false;
	more = realloc(b->farewells, (b->farewells_n + 1) * sizeof(*more));
	if (!more)
		return false;
	b->farewells = more;
	b->farewells[b->farewells_n++] = f;
	put_out(b, &b->farewells[b->farewells_n - 1]);
	write_back(b, &b->farewells[b->farewells_n - 1]);
	directory_set_line_user(b->directory, line, ID_NONE);
	return true;
}

bool farewell_take(struct bridge *b, const struct source_out *out)
{
	uint32_t line = out->kind == OUT_OBS ? out->obs.line : out->line;
	struct farewell *f;

	if (b->farewells_n == 0 ||
	    (out->kind != OUT_OBS && out->kind != OUT_LINE_LOST && out->kind != OUT_WRITTEN))
		return false;
	f = find(b, line);
	if (!f)
		return false;
	if (out->kind == OUT_OBS && out->obs.kind == OBS_CALL && out->obs.scope == SCOPE_FULL && f->waits)
		write_back(b, f);
	if (out->kind != OUT_WRITTEN || out->generation != FAREWELL_GENERATION)
		return true;
	f->waits = out->result == WRITE_UNSURE;
	f->writes &= f->waits;
	return true;
}

/* The link is lost, and what was under way with it. */
void farewell_link_lost(struct bridge *b, uint32_t connector)
{
	for (uint32_t i = 0; i < b->farewells_n; i++)
		if (directory_line_connector(b->directory, b->farewells[i].line) == connector)
			b->farewells[i].waits = b->farewells[i].writes;
}

void farewell_tick(struct bridge *b, struct bridge_time t)
{
	for (uint32_t i = 0; i < b->farewells_n;) {
		struct farewell *f = &b->farewells[i];

		f->lit = f->lit && b->kept[f->line];
		if ((f->lit || f->writes) && t.mono_ms < f->until_ms)
			i++;
		else
			end(b, f);
	}
}

int64_t farewell_next(const struct bridge *b)
{
	int64_t next = TIME_NEVER;

	for (uint32_t i = 0; i < b->farewells_n; i++) {
		const struct farewell *f = &b->farewells[i];
		bool over = !f->writes && !(f->lit && b->kept[f->line]);

		if (over || f->until_ms < next)
			next = over ? 0 : f->until_ms;
	}
	return next;
}

void farewell_end_all(struct bridge *b, uint32_t connector)
{
	for (uint32_t i = b->farewells_n; i > 0; i--)
		if (directory_line_connector(b->directory, b->farewells[i - 1].line) == connector)
			end(b, &b->farewells[i - 1]);
}

bool farewell_cancel(struct bridge *b, uint32_t line)
{
	struct farewell *f = find(b, line);

	if (!f)
		return false;
	drop(b, f);
	return true;
}

/* ---- the names that lamps are lit under ---- */

void bridge_keep_lamp(struct bridge *b, uint32_t line, struct slice name)
{
	if (line >= b->limits.lines)
		return;
	free(b->kept[line]);
	b->kept[line] = name.n ? strndup(name.p, name.n) : NULL;
}
