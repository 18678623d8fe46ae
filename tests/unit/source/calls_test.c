/* The table of calls that connectors share. */
#include "source/calls.h"

#include <stdio.h>

#include "test.h"

static const struct obs like = {
	.kind = OBS_CALL, .account = 1, .connector = 3, .line = 7, .user = ID_NONE
};

static struct call_table table;
static struct outbox out;

static void begin(uint32_t lines)
{
	assert_int_equal(call_table_init(&table, lines), ERR_OK);
	out = (struct outbox){ 0 };
}

static int end(void **state)
{
	(void)state;
	call_table_fini(&table);
	outbox_fini(&out);
	return 0;
}

static uint32_t add(uint64_t key, uint32_t slot, enum call_state call)
{
	uint32_t id = call_add(&table, key, slot);

	assert_int_not_equal(id, CALL_NONE);
	assert_int_equal(table.list[id].state, CALL_GONE);
	assert_false(table.list[id].listed);
	assert_true(table.list[id].event_ms == INT64_MIN);
	table.list[id].state = (uint8_t)call;
	return id;
}

/* "full 4:talking part 1:ringing " */
static const char *told(void)
{
	static const char *const calls[CALL_COUNT] = { "gone",	  "ringing", "dialing",
						       "talking", "held",    "conference" };
	static const char *const scopes[] = { "full", "part", "gone" };
	static char text[512];
	struct source_out o;
	size_t n = 0;

	text[0] = '\0';
	while (outbox_drain(&out, &o)) {
		assert_int_equal(o.kind, OUT_OBS);
		assert_int_equal(o.obs.kind, OBS_CALL);
		assert_int_equal(o.obs.account, 1);
		assert_int_equal(o.obs.connector, 3);
		assert_int_equal(o.obs.line, 7);
		n += (size_t)snprintf(text + n, sizeof(text) - n, "%s %u:%s ", scopes[o.obs.scope],
				      (unsigned)o.obs.call_key, calls[o.obs.call]);
	}
	return text;
}

static void found_and_dropped(void **state)
{
	uint32_t a, b;

	(void)state;
	begin(4);
	assert_int_equal(call_find(&table, 11), CALL_NONE);
	a = add(11, 0, CALL_TALKING);
	b = add(12, 0, CALL_HELD);
	add(13, 3, CALL_RINGING);
	assert_int_equal(call_find(&table, 11), a);
	assert_int_equal(call_find(&table, 12), b);
	assert_int_equal(table.list[call_find(&table, 13)].slot, 3);
	call_drop(&table, a); /* the last of its line's list */
	assert_int_equal(call_find(&table, 11), CALL_NONE);
	assert_int_equal(table.first[0], b);
	assert_int_equal(table.list[b].next, CALL_NONE);
	assert_int_equal(call_add(&table, 14, 1), a); /* its room is used again */
	call_drop(&table, b);
	assert_int_equal(table.first[0], CALL_NONE);
	call_drop_line(&table, 0);
	call_drop_line(&table, 3);
	assert_int_equal(call_find(&table, 13), CALL_NONE);
	call_drop_all(&table);
	assert_int_equal(call_find(&table, 14), CALL_NONE);
}

static void keys_of_the_same_remainder(void **state)
{
	(void)state;
	begin(1);
	for (uint64_t i = 0; i < 100; i++)
		add(1 + (i << 32), 0, CALL_TALKING);
	for (uint64_t i = 0; i < 100; i += 2)
		call_drop(&table, call_find(&table, 1 + (i << 32)));
	for (uint64_t i = 0; i < 100; i++)
		assert_int_equal(call_find(&table, 1 + (i << 32)) == CALL_NONE, i % 2 == 0);
}

static void no_room(void **state)
{
	uint32_t n = 0;

	(void)state;
	begin(1);
	while (call_add(&table, n + 1, 0) != CALL_NONE)
		n++;
	assert_int_equal(n, 256);
	assert_int_equal(call_add(&table, 1000, 0), CALL_NONE);
	assert_int_equal(call_find(&table, 1000), CALL_NONE);
	call_drop(&table, call_find(&table, 100));
	assert_int_not_equal(call_add(&table, 1000, 0), CALL_NONE);
	call_drop_all(&table);
	for (uint32_t i = 0; i < n; i++)
		assert_int_not_equal(call_add(&table, i + 1, 0), CALL_NONE);
	end(NULL);
	begin(100);
	assert_int_equal(table.n, 400);
	end(NULL);
	begin(0);
	assert_int_equal(table.n, 256);
	end(NULL);
	begin(1000000);
	assert_int_equal(table.n, 1 << 17);
}

static void busy(void **state)
{
	uint32_t id;

	(void)state;
	begin(2);
	assert_false(call_line_busy(&table, 0));
	id = add(1, 0, CALL_GONE);
	assert_false(call_line_busy(&table, 0));
	table.list[id].state = CALL_RINGING;
	assert_true(call_line_busy(&table, 0));
	assert_false(call_line_busy(&table, 1));
}

/* The busiest comes first, as the whole truth, so that no state in between is lower. */
static void a_line_is_told(void **state)
{
	(void)state;
	begin(2);
	call_tell_line(&table, 0, &out, &like);
	assert_string_equal(told(), "full 0:gone ");
	add(1, 0, CALL_GONE);
	call_tell_line(&table, 0, &out, &like);
	assert_string_equal(told(), "full 0:gone ");
	add(2, 0, CALL_RINGING);
	add(3, 0, CALL_DIALING);
	add(9, 1, CALL_CONFERENCE);
	call_tell_line(&table, 0, &out, &like);
	assert_string_equal(told(), "full 3:dialing part 2:ringing ");
	add(4, 0, CALL_TALKING);
	add(5, 0, CALL_HELD);
	call_tell_line(&table, 0, &out, &like);
	assert_string_equal(told(), "full 4:talking part 5:held part 3:dialing part 2:ringing ");
	add(6, 0, CALL_CONFERENCE);
	call_tell_line(&table, 0, &out, &like);
	assert_string_equal(told(), "full 6:conference part 5:held part 4:talking part 3:dialing "
				    "part 2:ringing ");
}

static void a_change_is_told(void **state)
{
	(void)state;
	begin(1);
	call_tell_change(&out, &like, 5, CALL_HELD);
	call_tell_change(&out, &like, 5, CALL_GONE);
	assert_string_equal(told(), "part 5:held gone 5:gone ");
}

static void nothing_is_closed(void **state)
{
	(void)state;
	call_table_fini(&(struct call_table){ 0 });
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(found_and_dropped, end),
		cmocka_unit_test_teardown(keys_of_the_same_remainder, end),
		cmocka_unit_test_teardown(no_room, end),
		cmocka_unit_test_teardown(busy, end),
		cmocka_unit_test_teardown(a_line_is_told, end),
		cmocka_unit_test_teardown(a_change_is_told, end),
		cmocka_unit_test(nothing_is_closed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
