/* A line that is removed while its lamp is lit stays with its connector until that has been put out. */
#include "test.h"

#include "bridge/bridge.h"

/* A PBX that is told, and says what the test lets it say. */
static struct {
	uint32_t removed, resynced, lamp;
	char restored[32];
	bool closed;
	struct source_out next;
	bool has_next;
} pbx;

static enum err pbx_open(struct source **ret, const struct source_config *config, int64_t now_ms)
{
	(void)config, (void)now_ms;
	*ret = (struct source *)(void *)&pbx;
	pbx.closed = false;
	return ERR_OK;
}

static void pbx_close(struct source *s)
{
	(void)s;
	pbx.closed = true;
}

static enum err pbx_add(struct source *s, uint32_t line, struct slice number)
{
	(void)s, (void)line, (void)number;
	return ERR_OK;
}

static void pbx_remove(struct source *s, uint32_t line)
{
	(void)s, (void)line;
	pbx.removed++;
}

static void pbx_resync(struct source *s, uint32_t line)
{
	(void)s, (void)line;
	pbx.resynced++;
}

static void pbx_show(struct source *s, uint32_t line, enum lamp lamp)
{
	(void)s, (void)line;
	pbx.lamp = lamp;
}

static void pbx_restore(struct source *s, uint32_t line, struct slice name)
{
	(void)s, (void)line;
	assert_int_equal(slice_copy(name, pbx.restored, sizeof(pbx.restored)), ERR_OK);
}

static void pbx_feed(struct source *s, int64_t now_ms, const struct source_feed *in)
{
	(void)s, (void)now_ms, (void)in;
}

static void pbx_tick(struct source *s, int64_t now_ms)
{
	(void)s, (void)now_ms;
}

static int64_t pbx_next(const struct source *s)
{
	(void)s;
	return TIME_NEVER;
}

static bool pbx_drain(struct source *s, struct source_out *ret)
{
	bool has = pbx.has_next;

	(void)s;
	*ret = pbx.next;
	pbx.has_next = false;
	return has;
}

static const struct source_ops ops = { .type = "sip", .open = pbx_open, .close = pbx_close,
				       .add_line = pbx_add, .remove_line = pbx_remove,
				       .resync_line = pbx_resync,
				       .show_lamp = pbx_show, .restore_lamp = pbx_restore, .feed = pbx_feed,
				       .tick = pbx_tick, .next = pbx_next, .drain = pbx_drain };

struct bench {
	struct bridge *bridge;
	struct bridge_time t;
	struct secret secret;
	struct source_config config;
	uint32_t connector, user, line;
};

static void turn(struct bench *b, int64_t ms)
{
	const struct source_feed poke = { .kind = FEED_CONNECTED };
	struct bridge_out out;

	b->t.mono_ms += ms;
	b->t.wall_ms += ms;
	bridge_feed_source(b->bridge, b->t, b->connector, &poke);
	while (bridge_drain(b->bridge, b->t, &out))
		continue;
	bridge_tick(b->bridge, b->t);
}

static void say_kept(struct bench *b, const char *name)
{
	pbx.next = (struct source_out){ .kind = OUT_KEEP, .line = b->line };
	assert_int_equal(slice_copy(slice_str(name), pbx.next.text, sizeof(pbx.next.text)), ERR_OK);
	pbx.has_next = true;
	turn(b, 0);
}

static int set_up(void **state)
{
	static struct bench b;
	const struct bridge_limits l = {
		.accounts = 2, .connectors = 2, .users = 8, .lines = 8, .realms = 2, .seed = 1
	};
	const struct policy p = { .mode = MODE_LIVE, .grace_ms = 120000, .lease_ms = 600000 };
	const struct bridge_user u = { .email = SLICE_LIT("ana@acme.example"), .enabled = true };
	uint32_t realm;
	uint16_t account;

	memset(&pbx, 0, sizeof(pbx));
	b = (struct bench){ .t = { 1000, 1790000000000 }, .config = { .name = "hq", .lines_max = 8 } };
	assert_int_equal(secret_set(&b.secret, SLICE_LIT("s")), ERR_OK);
	const struct graph_config gc = { .tenant = "t", .client_id = "c", .credential.secret = &b.secret,
					 .login_url = "https://login.example",
					 .graph_url = "https://graph.example", .quota = 1500,
					 .window_ms = 30000, .users_max = 8, .seed = 1 };
	assert_int_equal(bridge_new(&b.bridge, &l, b.t), ERR_OK);
	assert_int_equal(bridge_add_realm(b.bridge, b.t, &gc, &realm), ERR_OK);
	assert_int_equal(bridge_add_account(b.bridge, b.t, SLICE_LIT("acme"), realm, &p, &account), ERR_OK);
	assert_int_equal(bridge_add_connector(b.bridge, b.t, account, SLICE_LIT("hq"), &ops, &b.config,
					      &b.connector), ERR_OK);
	assert_int_equal(bridge_add_user(b.bridge, b.t, account, &u, &b.user), ERR_OK);
	assert_int_equal(bridge_add_line(b.bridge, b.t, b.connector, SLICE_LIT("201"), b.user, &b.line),
			 ERR_OK);
	say_kept(&b, "201/7");
	*state = &b;
	return 0;
}

static int tear_down(void **state)
{
	struct bench *b = *state;

	bridge_free(b->bridge);
	secret_fini(&b->secret);
	return 0;
}

static bool has_line(const struct bench *b)
{
	return directory_line_connector(bridge_directory(b->bridge), b->line) != ID_NONE;
}

static void remove_line(struct bench *b)
{
	struct line_view v;

	pbx.lamp = LAMP_MEETING;
	bridge_remove_line(b->bridge, b->t, b->line);
	bridge_remove_line(b->bridge, b->t, b->line); /* as every reload does */
	assert_int_equal(pbx.lamp, LAMP_DARK);
	assert_int_equal(pbx.removed, 0);
	assert_false(engine_line(bridge_engine(b->bridge), b->line, &v));
	assert_true(has_line(b));
}

static void it_goes_when_it_is_dark(void **state)
{
	struct bench *b = *state;

	remove_line(b);
	turn(b, 1000);
	assert_int_equal(pbx.removed, 0);
	say_kept(b, "");
	assert_int_equal(pbx.removed, 1);
	assert_false(has_line(b));
}

static void it_goes_when_its_time_is_over(void **state)
{
	struct bench *b = *state;

	remove_line(b);
	assert_true(bridge_next(b->bridge) <= b->t.mono_ms + 120000);
	turn(b, 119999);
	assert_true(has_line(b));
	turn(b, 1);
	assert_int_equal(pbx.removed, 1);
	assert_false(has_line(b));
}

static void a_connector_waits_for_it(void **state)
{
	struct bench *b = *state;

	assert_false(bridge_remove_connector(b->bridge, b->t, b->connector));
	assert_false(bridge_remove_connector(b->bridge, b->t, b->connector));
	assert_false(pbx.closed);
	say_kept(b, "");
	assert_true(bridge_remove_connector(b->bridge, b->t, b->connector));
	assert_true(pbx.closed);
}

static void one_that_is_named_again_is_what_it_was(void **state)
{
	struct bench *b = *state;
	struct line_view v;

	remove_line(b);
	bridge_move_line(b->bridge, b->t, b->line, b->user);
	assert_true(engine_line(bridge_engine(b->bridge), b->line, &v));
	assert_int_equal(pbx.resynced, 1);
	say_kept(b, "");
	turn(b, 120000);
	assert_int_equal(pbx.removed, 0);
	assert_true(has_line(b));
}

static void a_connector_opened_anew_knows_what_is_lit(void **state)
{
	struct bench *b = *state;

	assert_int_equal(bridge_reopen_connector(b->bridge, b->t, b->connector, &ops, &b->config), ERR_OK);
	assert_string_equal(pbx.restored, "201/7");
	remove_line(b);
	assert_int_equal(bridge_reopen_connector(b->bridge, b->t, b->connector, &ops, &b->config), ERR_OK);
	assert_int_equal(pbx.removed, 1);
	assert_false(has_line(b));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(it_goes_when_it_is_dark, set_up, tear_down),
		cmocka_unit_test_setup_teardown(it_goes_when_its_time_is_over, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_connector_waits_for_it, set_up, tear_down),
		cmocka_unit_test_setup_teardown(one_that_is_named_again_is_what_it_was, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_connector_opened_anew_knows_what_is_lit, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
