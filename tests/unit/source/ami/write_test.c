/* The profile to the PBX, and FreePBX's Do Not Disturb along with it. */
#include <stdio.h>

#include "rig.h"
#include "test.h"

static const char *const while_meeting[] = { "meeting" };
static const struct rig_setup with_dnd = { .dnd_while = while_meeting, .dnd_while_n = 1 };

static void open_one(struct rig *r, const struct rig_setup *u, const char *rights)
{
	rig_open(r, u);
	rig_line(r, 7, "201");
	rig_up(r, rights);
	rig_lists(r, RIG_HINT("201", "0"), RIG_DEVICE("PJSIP/201", "NOT_INUSE"), "");
	rig_told(r);
	rig_sent(r);
}

static void write(struct rig *r, enum profile p, uint32_t generation)
{
	const struct profile_write w = { .state = (uint8_t)p, .until_wall_ms = TIME_NEVER,
					 .generation = generation };

	ami_source_ops.write_profile(r->s, 7, &w);
	rig_pass(r, 0);
}

static const struct {
	enum profile profile;
	const char *value, *status, *subtype, *name;
} words[] = {
	{ PROFILE_AVAILABLE, "available,,", "available", "", "available" },
	{ PROFILE_AWAY, "away,,", "away", "", "away" },
	{ PROFILE_BUSY, "dnd,busy,", "dnd", "busy", "busy" },
	{ PROFILE_NOT_AVAILABLE, "unavailable,,", "unavailable", "", "not-available" },
	{ PROFILE_MEETING, "dnd,meeting,", "dnd", "meeting", "meeting" },
};

/* Every profile comes back as what was written. */
static void test_every_profile(void **state)
{
	struct rig r;

	(void)state;
	open_one(&r, NULL, NULL);
	for (uint32_t i = 0; i < ARRAY_LEN(words); i++) {
		char text[256];

		write(&r, words[i].profile, 40 + i);
		snprintf(text, sizeof(text),
			 "Variable: PRESENCE_STATE(CustomPresence:201)\r\nValue: %s\r\n\r\n",
			 words[i].value);
		assert_non_null(strstr(buf_cstr(&r.sent), text));
		rig_say(&r, "Response: Success\nActionID: @Setvar\nMessage: Variable Set\n\n");
		rig_sent(&r);
		snprintf(text, sizeof(text), "7 written %u accepted\n", 40 + i);
		assert_string_equal(rig_told(&r), text);
		snprintf(text, sizeof(text), RIG_PRESENCE("CustomPresence:201", "%s", "%s") "\n",
			 words[i].status, words[i].subtype);
		rig_say(&r, text);
		snprintf(text, sizeof(text), "7 profile %s part\n", words[i].name);
		assert_string_equal(rig_told(&r), text);
	}
	rig_close(&r);
}

static void test_refusals(void **state)
{
	struct rig r;

	(void)state;
	open_one(&r, NULL, NULL);
	write(&r, PROFILE_AWAY, 5);
	rig_say(&r, "Response: Error\nActionID: @Setvar\nMessage: Variable not set\n\n");
	assert_string_equal(rig_told(&r), "7 written 5 refused: Variable not set\n");
	write(&r, PROFILE_AWAY, 6);
	write(&r, PROFILE_BUSY, 7);
	assert_string_equal(rig_told(&r), "7 written 6 unsure: a newer one took its place\n");
	rig_say(&r, "Response: Success\nActionID: 9\nMessage: of the one before\n\n");
	assert_string_equal(rig_told(&r), "");
	rig_say(&r, "Response: Success\nActionID: @Setvar\nMessage: Variable Set\n\n");
	assert_string_equal(rig_told(&r), "7 written 7 accepted\n");
	write(&r, PROFILE_AWAY, 8);
	rig_feed(&r, FEED_CLOSED, "");
	rig_told(&r);
	write(&r, PROFILE_AWAY, 9);
	assert_string_equal(rig_told(&r), "7 written 9 unsure: not connected\n");
	rig_close(&r);
	open_one(&r, NULL, "Challenge: x\nExtensionStateList: x\nDeviceStateList: x\nPresenceStateList: x\n");
	write(&r, PROFILE_AWAY, 5);
	assert_string_equal(rig_told(&r), "7 written 5 refused: the account lacks the right write=call\n");
	rig_close(&r);
}

/* An extension's name must not become part of a function call. */
static void test_odd_numbers(void **state)
{
	static const char *const odd[] = { "20)1", "2,0", "${X}", "2&1", "2 1", "2(1" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(odd); i++) {
		struct rig r;

		rig_open(&r, NULL);
		rig_line(&r, 7, odd[i]);
		rig_up(&r, NULL);
		rig_lists(&r, "", "", "");
		rig_told(&r);
		write(&r, PROFILE_AWAY, 5);
		assert_string_equal(
			rig_told(&r),
			"7 written 5 refused: this extension cannot be named to the pbx\n");
		rig_close(&r);
	}
}

/* Answers the steps of one write as they are sent; returns how many there were. */
static int answer_all(struct rig *r)
{
	int n = 0;

	for (;;) {
		const char *id = strstr(buf_cstr(&r->sent), "ActionID: ");
		char text[128];

		if (!id)
			return n;
		snprintf(text, sizeof(text), "Response: Success\nActionID: %.*s\n\n",
			 (int)strcspn(id + 10, "\r"), id + 10);
		buf_fmt(&r->told, "sent %s\n", buf_cstr(&r->sent));
		buf_reset(&r->sent);
		rig_say(r, text);
		n++;
	}
}

#define EVENT_MEETING RIG_PRESENCE("CustomPresence:201", "dnd", "meeting-dnd") "\n"
#define EVENT_SWITCH(state) RIG_DEVICE("Custom:DND201", state) "\n"

static void switch_on(struct rig *r)
{
	write(r, PROFILE_MEETING, 5);
	assert_int_equal(answer_all(r), 4);
	const char *told = rig_told(r);
	assert_non_null(strstr(told, "Value: dnd,meeting-dnd,\r\n"));
	assert_non_null(strstr(told, "Action: DBPut\r\n"));
	assert_non_null(strstr(told, "Family: DND\r\nKey: 201\r\nVal: YES\r\n"));
	assert_non_null(strstr(told, "Variable: DEVICE_STATE(Custom:DND201)\r\nValue: BUSY\r\n"));
	assert_non_null(strstr(told, "Variable: DEVICE_STATE(Custom:DEVDND201)\r\nValue: BUSY\r\n"));
	assert_non_null(strstr(told, "7 dnd on\n"));
	assert_non_null(strstr(told, "7 written 5 accepted\n"));
}

static void is_switched_off(const char *told)
{
	assert_non_null(strstr(told, "Action: DBDel\r\n"));
	assert_null(strstr(told, "Val: "));
	assert_non_null(strstr(told, "Variable: DEVICE_STATE(Custom:DND201)\r\nValue: UNAVAILABLE\r\n"));
	assert_non_null(strstr(told, "Variable: DEVICE_STATE(Custom:DEVDND201)\r\nValue: UNAVAILABLE\r\n"));
}

/* On with the meeting, off with its end, though no event has come yet. */
static void test_three_places(void **state)
{
	struct rig r;

	(void)state;
	open_one(&r, &with_dnd, NULL);
	switch_on(&r);
	write(&r, PROFILE_AVAILABLE, 6);
	assert_int_equal(answer_all(&r), 4);
	const char *told = rig_told(&r);
	assert_non_null(strstr(told, "Value: available,,\r\n"));
	is_switched_off(told);
	assert_non_null(strstr(told, "7 written 6 accepted\n"));
	rig_close(&r);
}

/* After a restart of ours the word at the PBX tells whose it is. */
static void test_known_after_a_restart(void **state)
{
	struct rig r;

	(void)state;
	rig_open(&r, &with_dnd);
	rig_line(&r, 7, "201");
	rig_up(&r, NULL);
	rig_lists(&r, RIG_HINT("201", "2"),
		  RIG_DEVICE("PJSIP/201", "NOT_INUSE") RIG_DEVICE("Custom:DND201", "BUSY"),
		  RIG_PRESENCE("CustomPresence:201", "dnd", "meeting-dnd"));
	rig_told(&r);
	rig_sent(&r);
	write(&r, PROFILE_AWAY, 6);
	assert_int_equal(answer_all(&r), 4);
	is_switched_off(rig_told(&r));
	rig_close(&r);
}

/* The word is another one by now: the engine tells. */
static void test_told_after_a_restart(void **state)
{
	const struct profile_write w = { .state = PROFILE_AWAY, .until_wall_ms = TIME_NEVER,
					 .generation = 6, .dnd_ours = true };
	struct rig r;

	(void)state;
	rig_open(&r, &with_dnd);
	rig_line(&r, 7, "201");
	rig_up(&r, NULL);
	rig_lists(&r, RIG_HINT("201", "2"),
		  RIG_DEVICE("PJSIP/201", "NOT_INUSE") RIG_DEVICE("Custom:DND201", "BUSY"),
		  RIG_PRESENCE("CustomPresence:201", "away", ""));
	rig_told(&r);
	rig_sent(&r);
	ami_source_ops.write_profile(r.s, 7, &w);
	rig_pass(&r, 0);
	assert_int_equal(answer_all(&r), 4);
	is_switched_off(rig_told(&r));
	rig_close(&r);
}

static void test_a_persons_dnd_is_left_alone(void **state)
{
	struct rig r;

	(void)state;
	open_one(&r, &with_dnd, NULL);
	rig_say(&r, EVENT_SWITCH("BUSY"));
	write(&r, PROFILE_MEETING, 5);
	assert_int_equal(answer_all(&r), 1);
	write(&r, PROFILE_AVAILABLE, 6);
	assert_int_equal(answer_all(&r), 1);
	rig_close(&r);
}

/* The person ends the meeting at the phone: seen by a list, so that no old event is taken for it. */
static void test_ended_at_the_phone(void **state)
{
	struct rig r;

	(void)state;
	open_one(&r, &with_dnd, NULL);
	switch_on(&r);
	rig_say(&r, EVENT_MEETING EVENT_SWITCH("BUSY"));
	rig_say(&r, RIG_PRESENCE("CustomPresence:201", "available", "") "\n");
	rig_told(&r);
	rig_sent(&r);
	rig_pass(&r, 1001);
	rig_lists(&r, RIG_HINT("201", "2"),
		  RIG_DEVICE("PJSIP/201", "NOT_INUSE") RIG_DEVICE("Custom:DND201", "BUSY"),
		  RIG_PRESENCE("CustomPresence:201", "available", ""));
	rig_say(&r, "Response: Error\nActionID: @DBDel\nMessage: Database entry not found\n\n");
	rig_say(&r, "Response: Success\nActionID: @Setvar\n\n");
	assert_null(strstr(rig_told(&r), "written"));
	is_switched_off(rig_sent(&r));
	rig_close(&r);
}

static void test_right_for_dnd_missing(void **state)
{
	struct rig r;

	(void)state;
	open_one(&r, &with_dnd, NULL);
	write(&r, PROFILE_MEETING, 5);
	rig_say(&r, "Response: Success\nActionID: @Setvar\n\n");
	rig_say(&r, "Response: Error\nActionID: @DBPut\nMessage: Permission denied\n\n");
	assert_string_equal(rig_told(&r),
			    "7 written 5 refused: profile set, Do Not Disturb refused: Permission denied\n");
	rig_close(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_profile),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_odd_numbers),
		cmocka_unit_test(test_three_places),
		cmocka_unit_test(test_known_after_a_restart),
		cmocka_unit_test(test_told_after_a_restart),
		cmocka_unit_test(test_a_persons_dnd_is_left_alone),
		cmocka_unit_test(test_ended_at_the_phone),
		cmocka_unit_test(test_right_for_dnd_missing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
