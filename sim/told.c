#include "told.h"

#include <stdlib.h>

#include "base/check.h"

enum { QUEUE_MAX = 256 };

struct told {
	uint32_t connector;
	uint16_t account;
	struct source_out queue[QUEUE_MAX];
	uint32_t at, n, lines;
};

static struct told *last;

struct told *told_last(void)
{
	return last;
}

static struct source_out *push(struct told *t, enum source_out_kind kind)
{
	CHECK(t->n < QUEUE_MAX);
	struct source_out *out = &t->queue[(t->at + t->n++) % QUEUE_MAX];

	*out = (struct source_out){ .kind = (uint8_t)kind };
	return out;
}

static struct obs *push_obs(struct told *t, enum obs_kind kind, uint32_t line)
{
	struct obs *o = &push(t, OUT_OBS)->obs;

	*o = (struct obs){ .kind = (uint8_t)kind,
			   .account = t->account,
			   .connector = t->connector,
			   .line = line,
			   .user = ID_NONE };
	return o;
}

static enum err told_open(struct source **ret, const struct source_config *c, int64_t now_ms)
{
	struct told *t = calloc(1, sizeof(*t));

	(void)now_ms;
	if (!t)
		return ERR_NO_MEMORY;
	t->connector = c->connector;
	t->account = c->account;
	push(t, OUT_UP);
	last = t;
	*ret = (struct source *)t;
	return ERR_OK;
}

static void told_close(struct source *s)
{
	free(s);
}

static enum err told_add_line(struct source *s, uint32_t line, struct slice number)
{
	struct told *t = (struct told *)s;

	(void)number;
	t->lines++;
	told_call(t, line, CALL_GONE);
	return ERR_OK;
}

static void told_nothing(struct source *s, uint32_t line)
{
	(void)s, (void)line;
}

static void told_feed(struct source *s, int64_t now_ms, const struct source_feed *in)
{
	(void)s, (void)now_ms, (void)in;
}

static void told_tick(struct source *s, int64_t now_ms)
{
	(void)s, (void)now_ms;
}

static int64_t told_next(const struct source *s)
{
	(void)s;
	return TIME_NEVER;
}

static bool told_drain(struct source *s, struct source_out *ret)
{
	struct told *t = (struct told *)s;

	if (t->n == 0)
		return false;
	*ret = t->queue[t->at];
	t->at = (t->at + 1) % QUEUE_MAX;
	t->n--;
	return true;
}

static void told_view(const struct source *s, struct source_view *ret)
{
	const struct told *t = (const struct told *)s;

	*ret = (struct source_view){ .up = true, .lines = t->lines, .live = t->lines };
}

static bool told_line_view(const struct source *s, uint32_t line, struct source_line_view *ret)
{
	(void)s, (void)line;
	*ret = (struct source_line_view){ .link = LINE_LIVE };
	return true;
}

const struct source_ops told_source_ops = {
	.type = "told",
	.open = told_open,
	.close = told_close,
	.add_line = told_add_line,
	.remove_line = told_nothing,
	.resync_line = told_nothing,
	.feed = told_feed,
	.tick = told_tick,
	.next = told_next,
	.drain = told_drain,
	.view = told_view,
	.line_view = told_line_view,
};

void told_dnd(struct told *t, uint32_t line, bool on)
{
	push_obs(t, OBS_DND, line)->on = on;
}

void told_call(struct told *t, uint32_t line, enum call_state state)
{
	struct obs *o = push_obs(t, OBS_CALL, line);

	o->scope = SCOPE_FULL;
	o->call = (uint8_t)state;
}
