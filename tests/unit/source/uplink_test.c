#include "source/uplink.h"

#include "test.h"

struct rig {
	struct outbox out;
	struct prng prng;
	struct uplink link;
	struct source_out last;
};

static bool took(struct rig *r, enum source_out_kind kind)
{
	return outbox_drain(&r->out, &r->last) && r->last.kind == kind;
}

static void quiet(struct rig *r)
{
	assert_false(outbox_drain(&r->out, &r->last));
}

static enum uplink_event feed(struct rig *r, int64_t now_ms, enum source_feed_kind kind, const char *text)
{
	const struct source_feed in = { .kind = (uint8_t)kind, .channel = r->link.channel, .text = text,
					.bytes = SLICE_LIT("x"), .peer = { "192.0.2.1", 5038 } };

	return uplink_feed(&r->link, now_ms, &in);
}

static void start(struct rig *r, const char *server)
{
	*r = (struct rig){ .prng = { 1 } };
	assert_int_equal(uplink_init(&r->link, &r->out, &r->prng, server, TRANSPORT_TCP, 1000), ERR_OK);
	assert_int_equal(uplink_next(&r->link), 1000);
	uplink_tick(&r->link, 1000);
	assert_true(took(r, OUT_CONNECT));
	assert_int_equal(uplink_next(&r->link), TIME_NEVER);
}

static void log_in(struct rig *r, int64_t now_ms)
{
	assert_int_equal(feed(r, now_ms, FEED_CONNECTED, NULL), UPLINK_OPENED);
	uplink_ready(&r->link, now_ms);
	assert_true(took(r, OUT_UP));
	assert_true(took(r, OUT_NOTE));
}

static void servers_are_read_in_all_their_forms(void **state)
{
	static const struct {
		const char *server, *host;
		uint16_t port;
	} rows[] = {
		{ "pbx.acme.example:5039", "pbx.acme.example", 5039 },
		{ "192.0.2.7", "192.0.2.7", 0 },
		{ "[2001:db8::1]:7001", "2001:db8::1", 7001 },
		{ "[2001:db8::1]", "2001:db8::1", 0 },
		{ "pbx:0", NULL, 0 },
		{ "pbx:65536", NULL, 0 },
		{ "pbx:", NULL, 0 },
		{ ":5038", NULL, 0 },
		{ "", NULL, 0 },
		{ "[2001:db8::1", NULL, 0 },
		{ "[2001:db8::1]7001", NULL, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct rig r = { .prng = { 1 } };
		enum err e = uplink_init(&r.link, &r.out, &r.prng, rows[i].server, TRANSPORT_TCP, 0);

		assert_int_equal(e, rows[i].host ? ERR_OK : ERR_MALFORMED);
		if (!rows[i].host)
			continue;
		assert_string_equal(r.link.host, rows[i].host);
		assert_int_equal(r.link.port, rows[i].port);
	}
}

static void it_is_up_only_after_the_log_in(void **state)
{
	struct rig r;

	(void)state;
	start(&r, "pbx:5038");
	uplink_send(&r.link, SLICE_LIT("too early"));
	quiet(&r);
	assert_int_equal(feed(&r, 1100, FEED_CONNECTED, NULL), UPLINK_OPENED);
	quiet(&r);
	uplink_send(&r.link, SLICE_LIT("hello"));
	assert_true(took(&r, OUT_SEND));
	uplink_ready(&r.link, 1200);
	assert_true(took(&r, OUT_UP));
	assert_true(took(&r, OUT_NOTE));
	uplink_ready(&r.link, 1300);
	quiet(&r);
	assert_int_equal(feed(&r, 1400, FEED_BYTES, NULL), UPLINK_BYTES);
	assert_int_equal(r.link.heard_ms, 1400);
	outbox_fini(&r.out);
}

static void an_outage_is_told_once_and_waited_out_ever_longer(void **state)
{
	struct rig r;
	int64_t now = 2000, waited = 0;

	(void)state;
	start(&r, "pbx:5038");
	for (int i = 0; i < 12; i++) {
		assert_int_equal(feed(&r, now, FEED_CLOSED, "refused"), UPLINK_LOST);
		assert_int_equal(took(&r, OUT_NOTE), i == 0);
		waited = uplink_next(&r.link) - now;
		assert_in_range(waited, 500, 60000);
		now = uplink_next(&r.link);
		uplink_tick(&r.link, now);
		assert_true(took(&r, OUT_CONNECT));
	}
	assert_true(waited >= 30000);
	assert_string_equal(uplink_state_text(&r.link), "refused");
	outbox_fini(&r.out);
}

/* An attempt that somebody has just asked for takes its time: meanwhile the last one's end is all that is
 * known. */
static void why_the_last_attempt_ended_is_said_until_the_log_in(void **state)
{
	struct rig r;

	(void)state;
	start(&r, "pbx:5038");
	feed(&r, 1100, FEED_CONNECTED, NULL);
	assert_string_equal(uplink_state_text(&r.link), "connected, no answer to the log-in yet");
	uplink_drop(&r.link, 20000, NOTE_TIMED_OUT, "it sent no banner", 0);
	uplink_probe(&r.link, 20100);
	uplink_tick(&r.link, 20100);
	feed(&r, 20200, FEED_CONNECTED, NULL);
	assert_string_equal(uplink_state_text(&r.link), "it sent no banner");
	uplink_ready(&r.link, 20300);
	assert_string_equal(uplink_state_text(&r.link), "up");
	outbox_fini(&r.out);
}

/* After a long outage it logs in, and is lost after some time. How long it then waits. */
static int64_t wait_after(int64_t stood_ms)
{
	struct rig r;
	int64_t now = 2000;

	start(&r, "pbx:5038");
	for (int i = 0; i < 8; i++) {
		feed(&r, now, FEED_CLOSED, "refused");
		now = uplink_next(&r.link);
		uplink_tick(&r.link, now);
	}
	while (outbox_drain(&r.out, &r.last))
		continue;
	log_in(&r, now);
	now += stood_ms;
	assert_int_equal(feed(&r, now, FEED_CLOSED, ""), UPLINK_LOST);
	assert_true(took(&r, OUT_DOWN));
	assert_true(took(&r, OUT_NOTE));
	outbox_fini(&r.out);
	return uplink_next(&r.link) - now;
}

static void a_steady_link_comes_back_quickly(void **state)
{
	(void)state;
	assert_true(wait_after(10000) <= 1000);
	assert_in_range(wait_after(0), 4000, 8000);
	assert_in_range(wait_after(9999), 4000, 8000);
}

static void a_refused_log_in_waits_as_long_as_asked(void **state)
{
	struct rig r;

	(void)state;
	start(&r, "pbx:5038");
	feed(&r, 1100, FEED_CONNECTED, NULL);
	uplink_drop(&r.link, 1200, NOTE_LOGIN_REFUSED, "authentication failed", 300000);
	assert_true(took(&r, OUT_CLOSE));
	assert_true(took(&r, OUT_NOTE));
	assert_int_equal(r.last.note, NOTE_LOGIN_REFUSED);
	assert_true(took(&r, OUT_NOTE));
	assert_int_equal(uplink_next(&r.link), 1200 + 300000);
	/* what is still on its way from the closed channel is nobody's */
	assert_int_equal(feed(&r, 1300, FEED_BYTES, NULL), UPLINK_NOTHING);
	outbox_fini(&r.out);
}

/* A person asks: a broken link is tried at once, one that rests after a refused log-in is not. */
static void a_person_asks(void **state)
{
	struct rig r;
	(void)state;

	start(&r, "pbx:5038");
	feed(&r, 1000, FEED_CLOSED, "connection refused");
	assert_true(took(&r, OUT_NOTE));
	assert_true(uplink_next(&r.link) > 1000);
	uplink_probe(&r.link, 1001);
	assert_int_equal(uplink_next(&r.link), 1001);
	uplink_tick(&r.link, 1001);
	assert_true(took(&r, OUT_CONNECT));
	assert_int_equal(r.link.probed, SOURCE_PROBE_ASKED);
	log_in(&r, 1100);
	assert_int_equal(r.link.probed, SOURCE_PROBE_ANSWERED);
	uplink_probe(&r.link, 2000);
	assert_int_equal(r.link.probed, SOURCE_PROBE_ASKED);
	uplink_drop(&r.link, 3000, NOTE_LOGIN_REFUSED, "wrong password", 300000);
	assert_int_equal(r.link.probed, SOURCE_PROBE_FAILED);
	uplink_probe(&r.link, 4000);
	assert_int_equal(r.link.probed, SOURCE_PROBE_FAILED);
	assert_int_equal(uplink_next(&r.link), 303000);
	outbox_fini(&r.out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(servers_are_read_in_all_their_forms),
		cmocka_unit_test(it_is_up_only_after_the_log_in),
		cmocka_unit_test(an_outage_is_told_once_and_waited_out_ever_longer),
		cmocka_unit_test(why_the_last_attempt_ended_is_said_until_the_log_in),
		cmocka_unit_test(a_steady_link_comes_back_quickly),
		cmocka_unit_test(a_refused_log_in_waits_as_long_as_asked),
		cmocka_unit_test(a_person_asks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
