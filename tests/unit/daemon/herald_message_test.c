#include "test.h"

#include <jansson.h>
#include <stdio.h>

#include "daemon/herald_message.h"

#define SINCE INT64_C(1795900000000) /* 2026-11-28T21:06:40Z */

static struct buf out;

static int set_up(void **state)
{
	(void)state;
	buf_init(&out, 1 << 20);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	buf_fini(&out);
	return 0;
}

static struct herald_item item(enum alarm_kind kind, const char *account, const char *connector,
			       const char *detail, bool gone)
{
	struct herald_item x = { .gone = gone };

	x.alarm.kind = (uint8_t)kind;
	x.alarm.since_wall_ms = SINCE;
	snprintf(x.alarm.account, sizeof(x.alarm.account), "%s", account);
	snprintf(x.alarm.connector, sizeof(x.alarm.connector), "%s", connector);
	snprintf(x.alarm.detail, sizeof(x.alarm.detail), "%s", detail);
	return x;
}

static const char *text(json_t *o, const char *key)
{
	return json_string_value(json_object_get(o, key));
}

static void a_webhook_has_all_of_it(void **state)
{
	const struct herald_item list[] = {
		item(ALARM_CONNECTOR_DOWN, "acme", "hq", "no \"route\"\nto host", false),
		item(ALARM_TOKEN_REFUSED, "acme", "", "", true),
	};
	const struct alarm_row *row = &alarm_rows[ALARM_CONNECTOR_DOWN];
	(void)state;

	herald_json(list, 2, &out);
	json_t *doc = json_loadb(out.p, out.n, JSON_REJECT_DUPLICATES, NULL),
	       *all = json_object_get(doc, "alarms");
	assert_int_equal(json_array_size(all), 2);
	json_t *a = json_array_get(all, 0), *b = json_array_get(all, 1);
	assert_string_equal(text(a, "state"), "raised");
	assert_string_equal(text(a, "id"), row->name);
	assert_string_equal(text(a, "severity"), severity_name((enum severity)row->severity));
	assert_string_equal(text(a, "account"), "acme");
	assert_string_equal(text(a, "connector"), "hq");
	assert_string_equal(text(a, "detail"), "no \"route\"\nto host");
	assert_string_equal(text(a, "text"), row->text);
	assert_string_equal(text(a, "fix"), row->fix);
	assert_string_equal(text(a, "since"), "2026-11-28T21:06:40Z");
	assert_string_equal(text(b, "state"), "over");
	assert_true(json_is_null(json_object_get(b, "connector")));
	json_decref(doc);
}

static const char *mail(const struct herald_item *list, uint32_t n)
{
	static const char *const to[] = { "one@acme.example", "two@acme.example" };

	herald_mail(list, n, "offhook@acme.example", to, 2, SINCE + 86400000, &out);
	return buf_cstr(&out);
}

static void a_mail_says_what_to_do(void **state)
{
	const struct herald_item list[] = {
		item(ALARM_CONNECTOR_DOWN, "acme", "hq", "no route to host", false),
		item(ALARM_STORE, "", "", "", true),
	};
	char line[400];
	const char *got = mail(list, 2);
	(void)state;

	assert_non_null(strstr(got, "Date: Sun, 29 Nov 2026 21:06:40 +0000\r\n"));
	assert_non_null(strstr(got, "From: <offhook@acme.example>\r\n"));
	assert_non_null(strstr(got, "To: <one@acme.example>, <two@acme.example>\r\n"));
	snprintf(line, sizeof(line), "Subject: [offhook] acme/hq: %s (and 1 more)\r\n",
		 alarm_rows[ALARM_CONNECTOR_DOWN].text);
	assert_non_null(strstr(got, line));
	snprintf(line, sizeof(line),
		 "  no route to host\r\n  what to do: %s\r\n  since 2026-11-28T21:06:40Z\r\n",
		 alarm_rows[ALARM_CONNECTOR_DOWN].fix);
	assert_non_null(strstr(got, line));
	snprintf(line, sizeof(line), "over: offhookd: %s\r\n  since ", alarm_rows[ALARM_STORE].text);
	assert_non_null(strstr(got, line));
	for (const char *p = got; (p = strchr(p, '\n')); p++)
		assert_int_equal(p[-1], '\r');
}

/* What comes from a PBX begins no header, and ends no mail, of its own. */
static void nothing_is_slipped_in(void **state)
{
	const struct herald_item x =
		item(ALARM_CONNECTOR_DOWN, "acme\r\nBcc: all@acme.example", "h\nq", "a\r\n.\r\nQUIT\x01",
		     false);
	const char *got = mail(&x, 1), *head_end = strstr(got, "\r\n\r\n");
	(void)state;

	assert_non_null(head_end);
	assert_null(strstr(got, "\nBcc:"));
	assert_null(strstr(got, "\r\n.\r\n"));
	assert_non_null(strstr(got, "acme  Bcc: all@acme.example/h q:"));
	assert_non_null(strstr(got, "  a  .  QUIT \r\n"));
}

static void one_that_is_over_says_so_first(void **state)
{
	const struct herald_item x = item(ALARM_CONNECTOR_DOWN, "acme", "hq", "", true);
	(void)state;

	assert_non_null(strstr(mail(&x, 1), "Subject: [offhook] over: acme/hq: "));
	assert_null(strstr(buf_cstr(&out), "what to do"));
	assert_null(strstr(buf_cstr(&out), "more)"));
}

/* RFC 4231, test case 2, in Base64. */
static void a_body_is_signed(void **state)
{
	char got[HERALD_SIGNATURE_MAX];
	struct secret key = { 0 };
	(void)state;

	assert_int_equal(secret_set(&key, SLICE_LIT("Jefe")), ERR_OK);
	herald_sign(&key, SLICE_LIT("what do ya want for nothing?"), got);
	assert_string_equal(got, "W9zBRr9gdU5qBCQmCJV1x1oAPwidJzmDnexYuWTsOEM=");
	secret_fini(&key);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(a_webhook_has_all_of_it),	  CASE(a_mail_says_what_to_do),
		CASE(nothing_is_slipped_in),	  CASE(one_that_is_over_says_so_first),
		CASE(a_body_is_signed),
	};
	return cmocka_run_group_tests_name("daemon/herald_message", tests, NULL, NULL);
}
