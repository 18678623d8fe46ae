/* The sentences, each case of who wins and of what happens in Teams. */
#include "test.h"

#include "admin/explain.h"
#include "admin/said.h"
#include "base/date.h"
#include "core/engine.h"

static struct snapshot *s;
static struct names *names;
static struct buf out;

static int set_up(void **state)
{
	struct snapshot_limits l = {1, 2, 1, 7};
	struct admin_connector c = {.connector = 0, .name = SLICE_LIT("hq")};
	(void)state;

	buf_init(&out, 10000);
	if (snapshot_new(&s, &l) || names_new(&names, s, &l) || snapshot_put_connector(s, &c))
		return -1;
	names_refresh(names);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	buf_fini(&out);
	names_free(names);
	snapshot_free(s);
	return 0;
}

static struct admin_line line(uint32_t id, const char *number, uint8_t presence, uint8_t call)
{
	return (struct admin_line){.line = id,
				   .connector = id == 9 ? 1 : 0,
				   .number = slice_str(number),
				   .presence = presence,
				   .call = call,
				   .registered = true};
}

/* What is said has a code, part by part: readers of other languages get it too. */
static void has_codes(void)
{
	struct said_part parts[SAID_PARTS_MAX];
	unsigned n = said_parse(buf_view(&out), parts);

	for (unsigned i = 0; i < n; i++)
		if (!parts[i].code)
			fail_msg("no row of said.def has: %.*s", SLICE_ARG(parts[i].args[0]));
}

#define RULE(u, text)                                                                              \
	do {                                                                                       \
		buf_reset(&out);                                                                   \
		explain_rule(&out, u, names);                                                      \
		assert_string_equal(buf_cstr(&out), text);                                         \
		has_codes();                                                                       \
	} while (0)
#define SAYS(u, mode, text)                                                                        \
	do {                                                                                       \
		buf_reset(&out);                                                                   \
		explain_session(&out, u, mode);                                                    \
		assert_string_equal(buf_cstr(&out), text);                                         \
		has_codes();                                                                       \
	} while (0)

static void a_profile_on_its_way_or_refused(void **state)
{
	struct admin_line l = line(1, "201", PRESENCE_AVAILABLE, CALL_GONE);
	static const struct {
		enum line_write write;
		const char *refusal, *text;
	} rows[] = {
		{ LINE_WRITE_NONE, "", "" },
		{ LINE_WRITE_ASKED, "", "line hq/201: being written to the pbx is the profile away" },
		{ LINE_WRITE_REFUSED, "", "line hq/201: the pbx refused the profile away" },
		{ LINE_WRITE_REFUSED, "no licence",
		  "line hq/201: the pbx refused the profile away (no licence)" },
	};
	(void)state;

	l.written = PROFILE_AWAY;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		l.write = (uint8_t)rows[i].write;
		l.refusal = slice_str(rows[i].refusal);
		buf_reset(&out);
		explain_write(&out, &l, names);
		has_codes();
		assert_string_equal(buf_cstr(&out), rows[i].text);
	}
}

static void what_is_lent_is_named(void **state)
{
	struct admin_line l = line(1, "201", PRESENCE_AVAILABLE, CALL_GONE);
	static const struct {
		enum line_lend lend;
		enum lamp lamp;
		const char *text;
	} rows[] = {
		{ LINE_LEND_NONE, LAMP_MEETING, "" },
		{ LINE_LEND_HELD, LAMP_MEETING,
		  "line hq/201: the pbx is lent the profile busy because of what Teams shows (In a Teams "
		  "meeting); it is not the person's own, and is taken back afterwards" },
		{ LINE_LEND_HELD, LAMP_OFF,
		  "line hq/201: the pbx is lent the profile busy since before the start, until Teams is "
		  "read" },
		{ LINE_LEND_RETURNED, LAMP_DARK,
		  "line hq/201: the profile busy, lent to the pbx, is being taken back" },
		{ LINE_LEND_LEFT, LAMP_MEETING,
		  "line hq/201: somebody has set something meanwhile, so the pbx is lent nothing before "
		  "Teams is quiet again" },
	};
	struct admin_user u = { .lines = &l, .lines_n = 1 };
	(void)state;

	l.lent = PROFILE_BUSY;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		l.lend = (uint8_t)rows[i].lend;
		u.lamp = (uint8_t)rows[i].lamp;
		buf_reset(&out);
		explain_lend(&out, &u, &l, names);
		has_codes();
		assert_string_equal(buf_cstr(&out), rows[i].text);
	}
}

static void lamps(void **state)
{
	struct admin_line l = line(1, "201", PRESENCE_AVAILABLE, CALL_GONE);
	(void)state;

	buf_reset(&out);
	explain_lamp(&out, &l, names);
	assert_int_equal(out.n, 0);
	l.lamp = SLICE_LIT("7 of 100: steady");
	explain_lamp(&out, &l, names);
	assert_string_equal(buf_cstr(&out), "line hq/201: lamp at the pbx: 7 of 100: steady");
	buf_reset(&out);
	l.lamp_refusal = SLICE_LIT("lamp 8 of 100: operation: invalidLampID");
	explain_lamp(&out, &l, names);
	assert_string_equal(buf_cstr(&out), "line hq/201: lamp at the pbx: 7 of 100: steady; not as it shall "
					    "be: lamp 8 of 100: operation: invalidLampID");
	buf_reset(&out);
	l.lamp = SLICE_NONE;
	explain_lamp(&out, &l, names);
	assert_string_equal(buf_cstr(&out), "line hq/201: not as it shall be: lamp 8 of 100: operation: "
					    "invalidLampID");
}

static void a_line_wins(void **state)
{
	struct admin_line lines[] = {line(1, "201", PRESENCE_BUSY, CALL_TALKING),
				     line(2, "202", PRESENCE_AVAILABLE, CALL_GONE),
				     line(3, "203", PRESENCE_UNKNOWN, CALL_GONE)};
	struct admin_user u = {.lines = lines,
			       .lines_n = 3,
			       .winner = WINNER_LINE,
			       .winner_line = 1,
			       .combined = PRESENCE_BUSY,
			       .profile_presence = PRESENCE_AVAILABLE};
	(void)state;

	RULE(&u, "line hq/201 is in a call; rank busy over available, unknown");
	lines[0].call = CALL_HELD;
	RULE(&u, "line hq/201 has a call on hold; rank busy over available, unknown");
	lines[0].sync = LINE_STANDING;
	RULE(&u, "line hq/201 has a call on hold (last known state, source lost); rank busy over "
		 "available, unknown");
	lines[0].sync = LINE_SYNCED;
	lines[0].presence = u.combined = PRESENCE_DND;
	lines[0].dnd = true;
	u.profile_presence = PRESENCE_AWAY;
	u.policy.precedence = PRECEDENCE_CALL_FIRST;
	RULE(&u, "line hq/201 is on do not disturb; rank dnd over away, available, unknown "
		 "(precedence: call-first)");
}

static void lines_of_every_kind(void **state)
{
	struct admin_line l = line(1, "201", PRESENCE_AVAILABLE, CALL_GONE);
	struct admin_user u = {.lines = &l,
			       .lines_n = 1,
			       .winner = WINNER_LINE,
			       .winner_line = 1,
			       .combined = PRESENCE_AVAILABLE,
			       .profile_presence = PRESENCE_AVAILABLE};
	(void)state;

	RULE(&u, "line hq/201 is idle");
	l.call = CALL_RINGING;
	RULE(&u, "line hq/201 is ringing");
	l.call = CALL_GONE;
	l.presence = u.combined = PRESENCE_OFFLINE;
	u.profile_presence = PRESENCE_OFFLINE;
	RULE(&u, "line hq/201 is not registered");
	l.presence = u.combined = u.profile_presence = PRESENCE_UNKNOWN;
	RULE(&u, "line hq/201 has not reported yet; unknown until every line has reported or its "
		 "grace is over");
	l.sync = LINE_STANDING; /* after the start, of a line never heard of: nothing stands */
	RULE(&u, "line hq/201 has not reported yet; unknown until every line has reported or its "
		 "grace is over");
	l.sync = LINE_EXPIRED;
	u.settled = true;
	RULE(&u, "line hq/201 has not reported within grace");
	l = line(9, "a\"b", PRESENCE_BUSY, CALL_DIALING);
	u.winner_line = 9;
	u.combined = PRESENCE_BUSY;
	RULE(&u, "line ?/a\"b is placing a call; rank busy over unknown");
}

static void the_profile_wins(void **state)
{
	struct admin_line l = line(1, "201", PRESENCE_BUSY, CALL_TALKING);
	struct admin_user u = {.lines = &l,
			       .lines_n = 1,
			       .winner = WINNER_PROFILE,
			       .profile = PROFILE_AWAY,
			       .profile_presence = PRESENCE_AWAY,
			       .combined = PRESENCE_AWAY,
			       .profile_until_wall_ms = 1795528800000};
	(void)state;

	RULE(&u, "profile is away until 2026-11-24T14:00:00Z; rank away over busy");
	u.profile_until_wall_ms = TIME_NEVER;
	RULE(&u, "profile is away; rank away over busy");
	u.lines_n = 0;
	RULE(&u, "profile is away; nothing outranks it");
	u.winner = WINNER_NOTHING;
	RULE(&u, "the user has no line");
	u.lines_n = 1;
	RULE(&u, "no line has reported yet");
}

static void sessions(void **state)
{
	const struct admin_line idle = {.number = SLICE_LIT("201")};
	struct admin_user u = {.enabled = true,
			       .settled = true,
			       .teams_id = SLICE_LIT("x"),
			       .held = SESSION_CALL,
			       .desired = SESSION_CALL,
			       .combined = PRESENCE_BUSY,
			       .lease_end_wall_ms = 1795528800000,
			       .renew_wall_ms = 1795528500000};
	(void)state;

	SAYS(&u, MODE_LIVE,
	     "held in Teams: Busy/InACall, ends by itself at 2026-11-24T14:00:00Z, "
	     "renewed at 2026-11-24T13:55:00Z");
	u.desired = SESSION_NONE;
	u.publish = ADMIN_PUBLISH_WAITING;
	SAYS(&u, MODE_LIVE,
	     "held in Teams: Busy/InACall, ends by itself at 2026-11-24T14:00:00Z; a clear is on "
	     "its way");
	u.settled = false;
	u.publish = ADMIN_PUBLISH_HELD_BACK;
	SAYS(&u, MODE_LIVE,
	     "held in Teams: Busy/InACall, ends by itself at 2026-11-24T14:00:00Z; "
	     "not yet settled, so nothing is cleared or lowered");
	u = (struct admin_user){.enabled = true,
				.settled = true,
				.teams_id = SLICE_LIT("x"),
				.combined = PRESENCE_AVAILABLE};
	SAYS(&u, MODE_LIVE, "nothing is held: the user has no line, so nothing is synchronised");
	u.lines = &idle;
	u.lines_n = 1;
	SAYS(&u, MODE_LIVE, "nothing is held: available needs no session");
	u.desired = SESSION_DND;
	u.publish = ADMIN_PUBLISH_SETTLING;
	u.policy.settle_ms = 2000;
	SAYS(&u, MODE_LIVE, "not yet held: dnd; waiting for 2000 ms to see whether it lasts");
	SAYS(&u, MODE_DRY_RUN,
	     "nothing is held: dry-run; it would be dnd; waiting for 2000 ms to see whether it "
	     "lasts");
	u.publish = ADMIN_PUBLISH_IDLE;
	SAYS(&u, MODE_OFF, "nothing is held: the account is switched off");
	u.enabled = false;
	SAYS(&u, MODE_LIVE, "nothing is held: the user is switched off");
	u.enabled = true;
	u.teams_id = SLICE_NONE;
	u.publish = ADMIN_PUBLISH_BACKING_OFF;
	u.last_http_status = 403;
	u.graph_error = SLICE_LIT("Forbidden");
	u.retry_wall_ms = 1795528800000;
	SAYS(&u, MODE_LIVE,
	     "not yet held: dnd; the user is not (yet) found in Microsoft's directory; "
	     "Graph answered 403 (Forbidden), next try at 2026-11-24T14:00:00Z");
}

static void what_others_see(void **state)
{
	struct admin_user u = {.held = SESSION_AWAY,
			       .seen = PRESENCE_AVAILABLE,
			       .seen_pair = SLICE_LIT("Available/Available")};
	(void)state;

	explain_seen(&out, &u);
	has_codes();
	assert_string_equal(buf_cstr(&out), "");
	u.seen_known = true;
	explain_seen(&out, &u);
	has_codes();
	assert_string_equal(
	    buf_cstr(&out),
	    "others see Available (Available/Available)");
	buf_reset(&out);
	u.shown = SHOWN_AWAY_HIDDEN;
	explain_seen(&out, &u);
	has_codes();
	assert_string_equal(
	    buf_cstr(&out),
	    "others see Available (Available/Available): Away is hidden because a Teams client is active");
	buf_reset(&out);
	u.shown = SHOWN_AS_SENT;
	u.seen = PRESENCE_AWAY;
	u.seen_pair = SLICE_LIT("Away/Away");
	u.seen_wall_ms = 1795528800000;
	explain_seen(&out, &u);
	has_codes();
	assert_string_equal(buf_cstr(&out), "others see Away (Away/Away): shown as sent; read back at "
					    "2026-11-24T14:00:00Z");
	buf_reset(&out);
	u.conflict = true;
	explain_seen(&out, &u);
	has_codes();
	assert_non_null(strstr(buf_cstr(&out), "conflict: another application writes the same user"));
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    CASE(a_profile_on_its_way_or_refused),
	    CASE(what_is_lent_is_named), CASE(lamps),
	    CASE(a_line_wins), CASE(lines_of_every_kind), CASE(the_profile_wins),
	    CASE(sessions),    CASE(what_others_see),
	};
	return cmocka_run_group_tests_name("admin/explain", tests, NULL, NULL);
}
