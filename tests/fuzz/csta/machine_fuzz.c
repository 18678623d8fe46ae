/* Whole conversations: whatever a switch may send to a connector, and what else may happen
 * meanwhile.
 *
 * The first byte chooses how one logs in, whether DND goes with a profile and whether there are
 * lamps, the second how the stream is cut. What follows are deeds, separated by \x1e: a letter and
 * what goes with it (deeds[]). What must hold: reports only while up and on our lines, up and down in
 * turn, nothing that is due for ever, and one answer to each write at most, and exactly one unless
 * the link or the line went. */
#include <stdio.h>
#include <stdlib.h>

#include "base/check.h"
#include "proto/conf/conf.h"
#include "source/csta/csta.h"
#include "source/csta/machine.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { LINES = 4, TURNS_MAX = 4000, DRAINED_MAX = 1 << 20, ASKED_MAX = 4096, DEEDS_MAX = 400 };

static const struct source_ops *const ops = &csta_source_ops;
static const char *const numbers[LINES] = { "201", "N<202>", "203", "tel:204" };

struct rig {
	struct source *s;
	int64_t now_ms;
	uint32_t channel;
	bool is_up, here[LINES], writing[LINES];
	uint32_t generation;	     /* of the last write */
	uint32_t generations[LINES]; /* of the line's last write */
	size_t step;
	uint16_t asked[ASKED_MAX]; /* not yet answered */
	uint32_t asked_n;
};

/* ---- what comes out ---- */

static void take_written(struct rig *r, const struct source_out *o)
{
	CHECK(o->line < LINES && o->result < WRITE_RESULT_COUNT);
	CHECK(o->generation && o->generation <= r->generations[o->line]);
	if (o->generation < r->generations[o->line])
		return; /* one that a newer write has replaced */
	CHECK(r->writing[o->line]);
	r->writing[o->line] = false;
}

static void take_link(struct rig *r, bool up)
{
	CHECK(r->is_up == !up);
	r->is_up = up;
	for (int i = 0; i < LINES && !up; i++)
		r->writing[i] = false;
}

static void take(struct rig *r, const struct source_out *o)
{
	uint64_t id;

	switch ((enum source_out_kind)o->kind) {
	case OUT_CONNECT:
		r->channel = o->channel;
		r->asked_n = 0;
		break;
	case OUT_SEND:
		CHECK(o->bytes.n >= CSTA_HEAD && o->bytes.n <= CSTA_FRAME_MAX);
		CHECK(slice_u64(slice_sub(o->bytes, 4, CSTA_HEAD), CSTA_EVENT, &id) == ERR_OK);
		if (r->asked_n < ASKED_MAX)
			r->asked[r->asked_n++] = (uint16_t)id;
		break;
	case OUT_OBS:
		CHECK(o->obs.line < LINES && r->here[o->obs.line] && o->obs.kind < OBS_COUNT &&
		      r->is_up);
		break;
	case OUT_LINE_LOST:
		CHECK(o->line < LINES && r->here[o->line] && r->is_up);
		break;
	case OUT_UP:
	case OUT_DOWN:
		take_link(r, o->kind == OUT_UP);
		break;
	case OUT_WRITTEN:
		take_written(r, o);
		break;
	case OUT_KEEP:
		CHECK(o->line < LINES && r->here[o->line] && memchr(o->text, 0, sizeof(o->text)));
		break;
	case OUT_CLOSE:
	case OUT_NOTE:
		break;
	case OUT_LISTEN:
	case OUT_ANSWER:
		CHECK(false);
	}
}

/* What the machine believes of itself. */
static void is_sound(const struct rig *r)
{
	const struct csta *c = const_csta_of(r->s);
	uint32_t in_step = 0, waiting = 0;

	for (uint32_t i = 0; i < LINES; i++) {
		in_step += c->devices[i].in_step;
		CHECK(!c->devices[i].monitored || c->stage == STAGE_UP);
		CHECK(!c->devices[i].synced || c->devices[i].monitored);
	}
	CHECK(in_step == c->in_step_n && c->pending_n <= PENDING_MAX);
	for (uint32_t i = 0; i < c->pending_n; i++)
		waiting += c->pending[i].slot != NONE &&
			   c->pending[i].serial == c->devices[c->pending[i].slot].serial;
	CHECK(waiting == in_step); /* each step waits for exactly one answer */
}

static void drain(struct rig *r)
{
	struct source_out out;
	uint32_t n = 0;

	while (ops->drain(r->s, &out)) {
		CHECK(n++ < DRAINED_MAX);
		take(r, &out);
	}
	is_sound(r);
}

/* ---- deeds ---- */

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

static void raw(struct rig *r, struct slice bytes)
{
	for (size_t at = 0; at < bytes.n; at += r->step)
		feed(r, FEED_BYTES, slice_sub(bytes, at, at + r->step));
}

static void say(struct rig *r, uint16_t invoke, struct slice xml)
{
	struct buf b;

	buf_init(&b, CSTA_FRAME_MAX);
	csta_frame_begin(&b);
	buf_slice(&b, xml);
	if (csta_frame_end(&b, invoke) == ERR_OK)
		raw(r, buf_view(&b));
	buf_fini(&b);
}

static void event(struct rig *r, struct slice rest)
{
	say(r, CSTA_EVENT, rest);
}

static void request(struct rig *r, struct slice rest)
{
	say(r, 40, rest);
}

static void answer_oldest(struct rig *r, struct slice rest)
{
	uint16_t id;

	if (r->asked_n == 0)
		return;
	id = r->asked[0];
	r->asked_n--;
	memmove(r->asked, r->asked + 1, r->asked_n * sizeof(r->asked[0]));
	say(r, id, rest);
}

static void answer_newest(struct rig *r, struct slice rest)
{
	if (r->asked_n)
		say(r, r->asked[--r->asked_n], rest);
}

static void wait(struct rig *r, struct slice rest)
{
	pass(r, rest.n ? (int64_t)(unsigned char)rest.p[0] * 250 : 1000);
}

static void connect(struct rig *r, struct slice rest)
{
	(void)rest;
	feed(r, FEED_CONNECTED, SLICE_NONE);
}

static void close_it(struct rig *r, struct slice rest)
{
	(void)rest;
	feed(r, FEED_CLOSED, SLICE_NONE);
}

static void write(struct rig *r, struct slice rest)
{
	uint32_t line = rest.n ? (unsigned char)rest.p[0] % LINES : 0;
	struct profile_write w = { .state = rest.n > 1 ? (unsigned char)rest.p[1] % PROFILE_COUNT
						       : 0,
				   .until_wall_ms = TIME_NEVER,
				   .generation = ++r->generation };

	if (r->here[line]) {
		r->writing[line] = true;
		r->generations[line] = w.generation;
	}
	ops->write_profile(r->s, line, &w);
	drain(r);
}

static void lamp(struct rig *r, struct slice rest)
{
	ops->show_lamp(r->s, rest.n ? (unsigned char)rest.p[0] % LINES : 0,
		       rest.n > 1 ? (enum lamp)((unsigned char)rest.p[1] % LAMP_COUNT) : LAMP_DARK);
	drain(r);
}

static void change_line(struct rig *r, struct slice rest)
{
	uint32_t line = rest.n ? (unsigned char)rest.p[0] % LINES : 0;

	if (r->here[line])
		ops->remove_line(r->s, line);
	r->writing[line] = false;
	r->here[line] = !r->here[line];
	if (r->here[line])
		CHECK(ops->add_line(r->s, line, slice_str(numbers[line])) == ERR_OK);
	drain(r);
}

static void resync(struct rig *r, struct slice rest)
{
	ops->resync_line(r->s, rest.n ? (unsigned char)rest.p[0] % LINES : 0);
	drain(r);
}

static const struct {
	char letter;
	void (*deed)(struct rig *r, struct slice rest);
} deeds[] = {
	{ 'E', event }, { 'S', request },     { 'A', answer_oldest }, { 'N', answer_newest },
	{ 'R', raw },	{ 'T', wait },	      { 'C', connect },	      { 'X', close_it },
	{ 'W', write }, { 'L', change_line }, { 'Y', resync },	      { 'G', lamp },
};

static void act(struct rig *r, struct slice deed)
{
	for (size_t i = 0; i < sizeof(deeds) / sizeof(deeds[0]); i++)
		if (deed.n && deed.p[0] == deeds[i].letter)
			deeds[i].deed(r, slice_sub(deed, 1, deed.n));
}

/* ---- a conversation ---- */

static void start(struct rig *r, uint8_t how)
{
	static const char *words[] = { "meeting" };
	static const char *lamps[] = { "7", "201=100/1", "N<202>=N<100!98>/2", "203=100/3" };
	static const char *states[] = { "dark=0", "call=1" };
	static const char *rows[] = { "Absent=away", "In=available", "Meeting=meeting",
				      "PrivateEvent/data/state@5=busy" };
	const struct conf_connector settings = {
		.edition = how % 5,
		.session = how / 4 % 3,
		.login_element = "SessionLoginInfo",
		.login_namespace = "",
		.profile_at = how & 16 ? "DoNotDisturbEvent/x/profile" : "",
		.profile_get = how & 32 ? "" : "GetPresenceState",
		.profile_set = how & 64 ? "" : "SetPresenceState/requestedPresenceState",
		.profiles = { .list = rows, .n = how & 16 ? 4 : 0 },
		.dnd_while = { .list = words, .n = how & 128 ? 1 : 0 },
		.lamps = how & 8,
		.lamp_at = { .list = lamps, .n = 4 },
		.lamp_states = { .list = states, .n = how & 1 ? 2 : 0 },
		.lamp_get = how & 2 ? "" : NULL,
	};
	const struct source_tuning tuning = { .outstanding_max = 1 + how % 3 };
	const struct source_config c = { .name = "hq",
					 .server = "pbx",
					 .username = "offhook",
					 .reads_profile = how % 5 != 0,
					 .writes_profile = true,
					 .lines_max = LINES,
					 .seed = 7,
					 .settings = &settings,
					 .tuning = &tuning };

	CHECK(ops->open(&r->s, &c, r->now_ms) == ERR_OK);
	for (uint32_t i = 0; i < LINES; i++)
		change_line(r, slice_of((const char *)&(uint8_t){ (uint8_t)i }, 1));
	pass(r, 0);
	feed(r, FEED_CONNECTED, SLICE_NONE);
}

/* However it went, in an hour of silence every write has an answer or has lost its link. */
static void finish(struct rig *r)
{
	struct source_view v;
	struct source_line_view l;

	pass(r, 3600 * 1000);
	for (uint32_t i = 0; i < LINES; i++) {
		CHECK(!r->writing[i]);
		CHECK(ops->line_view(r->s, i, &l) == r->here[i]);
	}
	ops->view(r->s, &v);
	CHECK(v.live <= v.lines && v.lines <= LINES);
	ops->close(r->s);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct rig r;
	struct slice all, deed;
	int n = 0;

	if (size < 3 || size > 1 << 16)
		return 0;
	r = (struct rig){ .now_ms = 1000, .step = data[1] ? data[1] : 65536 };
	start(&r, data[0]);
	all = slice_of((const char *)data + 2, size - 2);
	while (slice_split(&all, '\x1e', &deed) && n++ < DEEDS_MAX)
		act(&r, deed);
	finish(&r);
	return 0;
}
