/* Whole conversations: whatever a manager may send to a connector that has just connected. The first byte
 * says how the stream is cut. Zero bytes are a minute that passes, so that time-outs and rounds come too. */
#include <stdint.h>
#include <stdlib.h>

#include "proto/conf/conf.h"
#include "source/ami/ami.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { LINES = 5, DRAINED_MAX = 1 << 20 };

static uint32_t drain(struct source *s, uint32_t *channel)
{
	struct source_out out;
	uint32_t n = 0;

	while (ami_source_ops.drain(s, &out)) {
		if (out.kind == OUT_CONNECT)
			*channel = out.channel;
		if (out.kind == OUT_OBS && out.obs.line >= LINES)
			abort();
		if (n++ > DRAINED_MAX)
			abort();
	}
	return n;
}

static void pass(struct source *s, int64_t *now_ms, uint32_t *channel, int64_t ms)
{
	int64_t end = *now_ms + ms;
	uint32_t turns = 0;

	for (int64_t due; (due = ami_source_ops.next(s)) <= end;) {
		*now_ms = due > *now_ms ? due : *now_ms;
		ami_source_ops.tick(s, *now_ms);
		drain(s, channel);
		if (turns++ > 100000)
			abort(); /* it is always due */
	}
	*now_ms = end;
}

static void feed(struct source *s, int64_t now_ms, uint32_t *channel, enum source_feed_kind kind,
		 struct slice b)
{
	const struct source_feed in = {
		.kind = (uint8_t)kind, .channel = *channel, .bytes = b, .text = "gone"
	};

	ami_source_ops.feed(s, now_ms, &in);
	drain(s, channel);
}

static struct source *open_source(int64_t now_ms)
{
	static const char *words[] = { "meeting", "busy" };
	static const char *const numbers[LINES] = { "1001", "1002", "201@ext-local", "7777", "2001" };
	const struct conf_connector settings = { .context = "", .dnd_while = { .list = words, .n = 2 } };
	const struct source_config c = { .name = "hq",
					 .server = "pbx",
					 .username = "bridge",
					 .reads_profile = true,
					 .writes_profile = true,
					 .settings = &settings,
					 .lines_max = LINES,
					 .seed = 7 };
	struct source *s = NULL;

	if (ami_source_ops.open(&s, &c, now_ms))
		abort();
	for (uint32_t i = 0; i < LINES; i++)
		if (ami_source_ops.add_line(s, i, slice_str(numbers[i])))
			abort();
	return s;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int64_t now_ms = 1000;
	uint32_t channel = 0, n = 0;

	if (size < 2 || size > 1 << 18)
		return 0;
	struct source *s = open_source(now_ms);
	struct slice all = slice_of((const char *)data + 1, size - 1), part;
	size_t step = data[0] ? data[0] * 8u : all.n;

	pass(s, &now_ms, &channel, 0);
	feed(s, now_ms, &channel, FEED_CONNECTED, SLICE_NONE);
	while (slice_split(&all, '\0', &part)) {
		for (size_t at = 0; at < part.n; at += step)
			feed(s, now_ms, &channel, FEED_BYTES, slice_sub(part, at, at + step));
		const struct profile_write w = { .state = (uint8_t)(n % PROFILE_COUNT), .generation = n };

		ami_source_ops.write_profile(s, n++ % LINES, &w);
		pass(s, &now_ms, &channel, 60 * 1000);
		feed(s, now_ms, &channel, FEED_CONNECTED, SLICE_NONE);
	}
	ami_source_ops.close(s);
	return 0;
}
