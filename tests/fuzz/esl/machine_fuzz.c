/* Whole conversations: whatever an event socket may send to a connector that has just connected.
 * The first byte says how the stream is cut; a zero byte is half a minute that passes, so that
 * probes, time-outs and reconnections come too. What must hold: reports only
 * while up and on our lines, up and down in turn, and nothing that is due for ever. */
#include <stdlib.h>

#include "base/check.h"
#include "source/freeswitch/freeswitch.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { LINES = 4, TURNS_MAX = 1000, DRAINED_MAX = 1 << 20, PAUSE_MS = 30 * 1000 };

static const struct source_ops *const ops = &freeswitch_source_ops;

struct rig {
	struct source *s;
	int64_t now_ms;
	uint32_t channel;
	bool is_up;
};

static void drain(struct rig *r)
{
	struct source_out out;
	uint32_t n = 0;

	while (ops->drain(r->s, &out)) {
		CHECK(n++ < DRAINED_MAX);
		if (out.kind == OUT_CONNECT)
			r->channel = out.channel;
		if (out.kind == OUT_OBS)
			CHECK(out.obs.line < LINES && out.obs.kind < OBS_COUNT && r->is_up);
		if (out.kind == OUT_UP || out.kind == OUT_DOWN) {
			CHECK(r->is_up == (out.kind == OUT_DOWN));
			r->is_up = out.kind == OUT_UP;
		}
	}
}

static void feed(struct rig *r, enum source_feed_kind kind, struct slice bytes)
{
	const struct source_feed in = {
		.kind = (uint8_t)kind, .channel = r->channel, .bytes = bytes, .text = "gone"
	};

	ops->feed(r->s, r->now_ms, &in);
	drain(r);
}

static void pass(struct rig *r, int64_t ms)
{
	int64_t end = r->now_ms + ms;

	for (int turns = 0; ops->next(r->s) <= end; turns++) {
		CHECK(turns < TURNS_MAX);
		r->now_ms = ops->next(r->s) > r->now_ms ? ops->next(r->s) : r->now_ms;
		ops->tick(r->s, r->now_ms);
		drain(r);
	}
	r->now_ms = end;
}

static void start(struct rig *r)
{
	static const char *const numbers[LINES] = { "1001", "1002@pbx", "1003", "1004@other" };
	const struct source_config c = {
		.name = "fs", .server = "pbx", .reads_profile = true, .lines_max = LINES, .seed = 7
	};

	CHECK(ops->open(&r->s, &c, r->now_ms) == ERR_OK);
	for (uint32_t i = 0; i < LINES; i++)
		CHECK(ops->add_line(r->s, i, slice_str(numbers[i])) == ERR_OK);
	pass(r, 0);
	feed(r, FEED_CONNECTED, SLICE_NONE);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rig r = { .now_ms = 1000 };

	if (size < 2 || size > 1 << 18)
		return 0;
	start(&r);
	struct slice all = slice_of((const char *)data + 1, size - 1), part;
	size_t step = data[0] ? data[0] : all.n;
	uint32_t n = 0;
	while (slice_split(&all, '\0', &part)) {
		for (size_t at = 0; at < part.n; at += step)
			feed(&r, FEED_BYTES, slice_sub(part, at, at + step));
		ops->remove_line(r.s, n % LINES);
		CHECK(ops->add_line(r.s, n % LINES, SLICE_LIT("1001")) != ERR_OK || n % LINES == 0);
		n++;
		pass(&r, PAUSE_MS);
		feed(&r, FEED_CONNECTED, SLICE_NONE);
	}
	ops->close(r.s);
	return 0;
}
