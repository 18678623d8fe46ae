/* The profile as a publication (RFC 3903): what goes out, and what becomes of the answers. */
#include "rig.h"

#include <stdio.h>

static struct rig r;

static const struct rig_options writes = { .writes_profile = true };

/* A line whose calls are watched, nothing else going on. */
static void start(const struct rig_options *o)
{
	rig_open(&r, o);
	rig_add(&r, 7, "201");
	rig_connect(&r);
	rig_live(&r, "");
	rig_forget(&r);
}

static const char *body_of(const struct rig_request *q)
{
	static char text[4096];

	assert_true(q->m.body.n < sizeof(text));
	memcpy(text, q->m.body.p ? q->m.body.p : "", q->m.body.n);
	text[q->m.body.n] = '\0';
	return text;
}

/* Written and taken: the PBX holds it under that tag. */
static void hold(int profile, const char *etag)
{
	char headers[128];

	rig_write(&r, 7, profile, 1);
	snprintf(headers, sizeof(headers), "SIP-ETag: %s\r\nExpires: 3600\r\n", etag);
	rig_reply(&r, rig_take(&r, "PUBLISH"), 200, headers);
	assert_int_equal(rig_written(&r)->result, WRITE_ACCEPTED);
	rig_forget(&r);
}

/* Lets time pass, the subscription living on, until the next PUBLISH. */
static struct rig_request *next_publish(int64_t limit_ms)
{
	for (int64_t end = r.now + limit_ms; r.now < end; rig_run(&r, 100)) {
		while (!rig_quiet(&r)) {
			struct rig_request *q = rig_take(&r, NULL);

			if (slice_is(q->m.method, "PUBLISH"))
				return q;
			rig_reply(&r, q, 200,
				  slice_is(q->m.method, "SUBSCRIBE") ? "Expires: 3600\r\n" : "");
		}
	}
	fail_msg("no PUBLISH within %lld ms", (long long)limit_ms);
	return NULL;
}

static void test_first(void **state)
{
	static const struct {
		int profile;
		const char *basic, *activity, *note;
	} rows[] = {
		{ PROFILE_AVAILABLE, ">open<", NULL, "<note>Available</note>" },
		{ PROFILE_AWAY, ">open<", "<rpid:away/>", "<dm:note>Away</dm:note>" },
		{ PROFILE_BUSY, ">open<", "<rpid:busy/>", "<dm:note>Busy</dm:note>" },
		{ PROFILE_MEETING, ">open<", "<rpid:meeting/>", "<dm:note>Meeting</dm:note>" },
		{ PROFILE_NOT_AVAILABLE, ">closed<", "<rpid:other/>",
		  "<note>Not available</note>" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		start(&writes);
		rig_write(&r, 7, rows[i].profile, 40 + (uint32_t)i);
		struct rig_request *q = rig_take(&r, "PUBLISH");
		assert_slice(q->m.uri, "sip:201@pbx.test");
		assert_string_equal(rig_header(q, "To"), "<sip:201@pbx.test>");
		assert_string_equal(rig_header(q, "Event"), "presence");
		assert_string_equal(rig_header(q, "Expires"), "900");
		assert_string_equal(rig_header(q, "SIP-If-Match"), "");
		assert_string_equal(rig_header(q, "Content-Type"), "application/pidf+xml");
		assert_non_null(strstr(body_of(q), "entity=\"sip:201@pbx.test\""));
		assert_non_null(strstr(body_of(q), rows[i].basic));
		assert_non_null(strstr(body_of(q), rows[i].note));
		if (rows[i].activity)
			assert_non_null(strstr(body_of(q), rows[i].activity));
		else
			assert_null(strstr(body_of(q), "activities"));
		assert_int_equal(r.written_n, 0);
		rig_reply(&r, q, 200, "SIP-ETag: t1\r\nExpires: 600\r\n");
		assert_int_equal(rig_written(&r)->line, 7);
		assert_int_equal(rig_written(&r)->generation, 40 + i);
		assert_int_equal(rig_written(&r)->result, WRITE_ACCEPTED);
		assert_true(rig_quiet(&r));
		rig_close(&r);
	}
}

/* RFC 3903 4.1: refresh without a body, modify with one, each under the tag of the last 200. */
static void test_refresh_and_modify(void **state)
{
	(void)state;
	start(&writes);
	hold(PROFILE_AWAY, "t1");
	int64_t then = r.now;
	struct rig_request *q = next_publish(3600000);
	assert_in_range(r.now - then, 675000, 804000);
	assert_string_equal(rig_header(q, "SIP-If-Match"), "t1");
	assert_string_equal(rig_header(q, "Expires"), "900");
	assert_int_equal(q->m.body.n, 0);
	rig_reply(&r, q, 200, "SIP-ETag: t2\r\nExpires: 3600\r\n");
	assert_int_equal(r.written_n, 0); /* nobody asked */
	rig_write(&r, 7, PROFILE_BUSY, 2);
	q = rig_take(&r, "PUBLISH");
	assert_string_equal(rig_header(q, "SIP-If-Match"), "t2");
	assert_non_null(strstr(body_of(q), "<rpid:busy/>"));
	rig_reply(&r, q, 200, "SIP-ETag: t3\r\n");
	assert_int_equal(rig_written(&r)->result, WRITE_ACCEPTED);
	rig_close(&r);
}

/* 412 and Kamailio's 500, and whatever else a PBX may say to a tag it has lost. */
static void test_afresh(void **state)
{
	static const uint16_t statuses[] = { 412, 500, 404, 481, 400 };

	(void)state;
	for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++) {
		start(&writes);
		hold(PROFILE_AWAY, "t1");
		struct rig_request *q = next_publish(3600000);
		rig_reply(&r, q, statuses[i], "");
		q = rig_take(&r, "PUBLISH");
		assert_string_equal(rig_header(q, "SIP-If-Match"), "");
		assert_non_null(strstr(body_of(q), "<rpid:away/>"));
		rig_reply(&r, q, 200, "SIP-ETag: t2\r\n");
		assert_int_equal(r.written_n, 0);
		/* the same to a write: one answer, that of the second attempt */
		rig_write(&r, 7, PROFILE_BUSY, 3);
		rig_reply(&r, rig_take(&r, "PUBLISH"), statuses[i], "");
		assert_int_equal(r.written_n, 0);
		rig_reply(&r, rig_take(&r, "PUBLISH"), 200, "SIP-ETag: t3\r\n");
		assert_int_equal(rig_written(&r)->generation, 3);
		assert_int_equal(rig_written(&r)->result, WRITE_ACCEPTED);
		rig_close(&r);
	}
}

static void test_refused(void **state)
{
	static const struct {
		uint16_t status;
		const char *words;
	} rows[] = {
		{ 489, "the pbx takes no published presence (489 Bad Event)" },
		{ 405, "the pbx takes no published presence (405 Method Not Allowed)" },
		{ 501, "the pbx takes no published presence (501 Not Implemented)" },
		{ 403, "the pbx does not let this account publish for the line (403 Forbidden)" },
		{ 404, "the pbx does not know the line (404 Not Found)" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		start(&writes);
		rig_write(&r, 7, PROFILE_AWAY, 5);
		rig_reply(&r, rig_take(&r, "PUBLISH"), rows[i].status, "");
		assert_int_equal(rig_written(&r)->result, WRITE_REFUSED);
		assert_string_equal(rig_written(&r)->text, rows[i].words);
		assert_int_equal(r.notes[NOTE_WRITE_REFUSED], 1);
		assert_int_equal(rig_source(&r).missing[0] != '\0', rows[i].status != 404);
		/* not tried again by itself */
		rig_idle(&r, 280000);
		/* taken later: nothing is missing any more */
		rig_forget(&r);
		hold(PROFILE_AWAY, "t");
		assert_string_equal(rig_source(&r).missing, "");
		rig_close(&r);
	}
}

static void test_interval_too_brief(void **state)
{
	(void)state;
	start(&writes);
	rig_write(&r, 7, PROFILE_AWAY, 1);
	rig_reply(&r, rig_take(&r, "PUBLISH"), 423, "Min-Expires: 7200\r\n");
	struct rig_request *q = rig_take(&r, "PUBLISH");
	assert_string_equal(rig_header(q, "Expires"), "7200");
	assert_int_equal(r.written_n, 0);
	/* a PBX that is never content */
	rig_reply(&r, q, 423, "Min-Expires: 9000\r\n");
	rig_reply(&r, rig_take(&r, "PUBLISH"), 423, "Min-Expires: 10000\r\n");
	assert_int_equal(rig_written(&r)->result, WRITE_UNSURE);
	rig_close(&r);
}

static void test_unsure(void **state)
{
	(void)state;
	start(&writes);
	rig_write(&r, 7, PROFILE_AWAY, 1);
	rig_reply(&r, rig_take(&r, "PUBLISH"), 503, "");
	assert_int_equal(rig_written(&r)->result, WRITE_UNSURE);
	rig_forget(&r);
	/* and tried again, whether the engine asks or not */
	struct rig_request *q = next_publish(10000);
	assert_non_null(strstr(body_of(q), "<rpid:away/>"));
	rig_reply(&r, q, 200, "SIP-ETag: t1\r\n");
	assert_int_equal(r.written_n, 0);
	rig_close(&r);
}

/* Another write while one is in flight: the answer to the first says nothing of the second. */
static void test_overtaken(void **state)
{
	(void)state;
	start(&writes);
	rig_write(&r, 7, PROFILE_AWAY, 1);
	struct rig_request *q = rig_take(&r, "PUBLISH");
	rig_write(&r, 7, PROFILE_MEETING, 2);
	assert_true(rig_quiet(&r));
	assert_int_equal(rig_written(&r)->generation, 1);
	assert_int_equal(rig_written(&r)->result, WRITE_UNSURE);
	r.written_n = 0;
	rig_reply(&r, q, 200, "SIP-ETag: t1\r\n");
	assert_int_equal(r.written_n, 0);
	q = rig_take(&r, "PUBLISH");
	assert_string_equal(rig_header(q, "SIP-If-Match"), "t1");
	assert_non_null(strstr(body_of(q), "<rpid:meeting/>"));
	rig_reply(&r, q, 200, "SIP-ETag: t2\r\n");
	assert_int_equal(rig_written(&r)->generation, 2);
	assert_int_equal(rig_written(&r)->result, WRITE_ACCEPTED);
	rig_close(&r);
}

static void test_digest(void **state)
{
	(void)state;
	start(&writes);
	rig_write(&r, 7, PROFILE_AWAY, 1);
	rig_reply(&r, rig_take(&r, "PUBLISH"), 407,
		  "Proxy-Authenticate: Digest realm=\"peer.test\", nonce=\"n1\", qop=\"auth\"\r\n");
	struct rig_request *q = rig_take(&r, "PUBLISH");
	assert_non_null(strstr(rig_header(q, "Proxy-Authorization"), "uri=\"sip:201@pbx.test\""));
	assert_non_null(strstr(body_of(q), "<rpid:away/>"));
	rig_reply(&r, q, 200, "SIP-ETag: t1\r\n");
	assert_int_equal(rig_written(&r)->result, WRITE_ACCEPTED);
	rig_close(&r);
}

/* Soft state: what was held is published again when the link is back. */
static void test_link_lost(void **state)
{
	(void)state;
	start(&writes);
	hold(PROFILE_AWAY, "t1");
	rig_write(&r, 7, PROFILE_BUSY, 2);
	rig_take(&r, "PUBLISH");
	rig_drop(&r, "gone");
	assert_int_equal(r.written_n, 0); /* OUT_DOWN says it */
	rig_run(&r, 5000);
	rig_connect(&r);
	rig_live(&r, "");
	struct rig_request *q = next_publish(10000);
	assert_string_equal(rig_header(q, "SIP-If-Match"), "t1");
	assert_non_null(strstr(body_of(q), "<rpid:busy/>"));
	rig_reply(&r, q, 412, "");
	q = rig_take(&r, "PUBLISH");
	assert_string_equal(rig_header(q, "SIP-If-Match"), "");
	rig_reply(&r, q, 200, "SIP-ETag: t5\r\n");
	assert_int_equal(r.written_n, 0);
	rig_close(&r);
}

static void test_no_answer(void **state)
{
	(void)state;
	rig_open(&r, &(struct rig_options){ .writes_profile = true,
					    .server = "sip:pbx.test;transport=tcp" });
	rig_add(&r, 7, "201");
	rig_connect(&r);
	struct rig_dialog d = rig_live(&r, "");
	rig_forget(&r);
	rig_write(&r, 7, PROFILE_AWAY, 1);
	rig_take(&r, "PUBLISH");
	/* the PBX is heard, but says nothing to this */
	rig_run(&r, 20000);
	rig_notify_dialog(&r, &d, "");
	rig_run(&r, 15000);
	assert_int_equal(rig_written(&r)->result, WRITE_UNSURE);
	rig_close(&r);
}

/* A line removed takes its publication back; so does one whose PUBLISH is still under way. */
static void test_removed(void **state)
{
	(void)state;
	start(&writes);
	hold(PROFILE_AWAY, "t1");
	rig_remove(&r, 7);
	rig_take(&r, "SUBSCRIBE"); /* Expires: 0 */
	struct rig_request *q = rig_take(&r, "PUBLISH");
	assert_string_equal(rig_header(q, "SIP-If-Match"), "t1");
	assert_string_equal(rig_header(q, "Expires"), "0");
	assert_int_equal(q->m.body.n, 0);
	rig_reply(&r, q, 200, "SIP-ETag: t2\r\n");
	assert_true(rig_quiet(&r));
	rig_close(&r);

	start(&writes);
	rig_write(&r, 7, PROFILE_AWAY, 1);
	q = rig_take(&r, "PUBLISH");
	rig_remove(&r, 7);
	rig_take(&r, "SUBSCRIBE");
	rig_reply(&r, q, 200, "SIP-ETag: t1\r\n");
	q = rig_take(&r, "PUBLISH");
	assert_string_equal(rig_header(q, "Expires"), "0");
	rig_reply(&r, q, 412, "");
	assert_true(rig_quiet(&r));
	assert_int_equal(r.written_n, 0);
	rig_close(&r);

	/* never published: nothing to take back */
	start(&writes);
	rig_remove(&r, 7);
	rig_take(&r, "SUBSCRIBE");
	assert_true(rig_quiet(&r));
	rig_close(&r);
}

/* Not more at a time than `outstanding` allows. */
static void test_bounded(void **state)
{
	(void)state;
	rig_open(&r, &(struct rig_options){ .writes_profile = true,
					    .tuning = { .outstanding_max = 2 } });
	for (uint32_t i = 0; i < 5; i++) {
		char number[8];

		snprintf(number, sizeof(number), "30%u", i);
		rig_add(&r, 10 + i, number);
	}
	rig_connect(&r);
	for (int i = 0; i < 5; i++)
		rig_live(&r, "");
	rig_forget(&r);
	for (uint32_t i = 0; i < 5; i++)
		rig_write(&r, 10 + i, PROFILE_AWAY, 1);
	assert_int_equal(r.sent_n, 2);
	for (uint32_t i = 0; i < 5; i++)
		rig_reply(&r, rig_take(&r, "PUBLISH"), 200, "SIP-ETag: t\r\n");
	assert_int_equal(r.written_n, 5);
	rig_close(&r);
}

/* ---- the lamp of the line's user: another publication, under a name of its own ---- */

static const struct rig_options shows = { .lamps = true };

static const char *dialog_of(const struct rig_request *q)
{
	static char id[80];
	const char *at = strstr(body_of(q), "<dialog id=\"");

	assert_non_null(at);
	snprintf(id, sizeof(id), "%.*s", (int)strcspn(at + 12, "\""), at + 12);
	return id;
}

static void test_lamp(void **state)
{
	char lit[80], ended[80];

	(void)state;
	start(&shows);
	rig_lamp(&r, 7, LAMP_DARK);
	assert_true(rig_quiet(&r)); /* dark costs nothing */
	rig_lamp(&r, 7, LAMP_MEETING);
	struct rig_request *q = rig_take(&r, "PUBLISH");
	assert_slice(q->m.uri, "sip:teams-201@pbx.test");
	assert_string_equal(rig_header(q, "Event"), "dialog");
	assert_string_equal(rig_header(q, "Expires"), "300");
	assert_string_equal(rig_header(q, "Content-Type"), "application/dialog-info+xml");
	assert_non_null(strstr(body_of(q), "entity=\"sip:teams-201@pbx.test\""));
	assert_non_null(strstr(body_of(q), "<state>confirmed</state>"));
	snprintf(lit, sizeof(lit), "%s", dialog_of(q));
	assert_string_equal(rig_view(&r, 7).lamp, "sip:teams-201@pbx.test: not known");
	rig_reply(&r, q, 200, "SIP-ETag: t1\r\nExpires: 300\r\n");
	assert_string_equal(rig_view(&r, 7).lamp, "sip:teams-201@pbx.test: confirmed");
	rig_lamp(&r, 7, LAMP_CALL); /* lit as before */
	assert_true(rig_quiet(&r));
	int64_t then = r.now;
	q = next_publish(3600000);
	assert_in_range(r.now - then, 225000, 268000);
	assert_string_equal(rig_header(q, "SIP-If-Match"), "t1");
	assert_int_equal(q->m.body.n, 0);
	rig_reply(&r, q, 200, "SIP-ETag: t2\r\nExpires: 300\r\n");
	rig_lamp(&r, 7, LAMP_DARK); /* said, then left to end by itself */
	q = rig_take(&r, "PUBLISH");
	assert_string_equal(rig_header(q, "Expires"), "300");
	assert_string_equal(rig_header(q, "SIP-If-Match"), "t2");
	assert_non_null(strstr(body_of(q), "<state>terminated</state>"));
	assert_string_equal(dialog_of(q), lit);
	snprintf(ended, sizeof(ended), "%s", dialog_of(q));
	rig_reply(&r, q, 200, "SIP-ETag: t3\r\nExpires: 300\r\n");
	assert_string_equal(rig_view(&r, 7).lamp, "sip:teams-201@pbx.test: terminated");
	rig_lamp(&r, 7, LAMP_DND); /* it still stands, and is left alone */
	q = rig_take(&r, "PUBLISH");
	assert_string_equal(rig_header(q, "SIP-If-Match"), "");
	assert_non_null(strstr(body_of(q), "<state>confirmed</state>"));
	assert_string_not_equal(dialog_of(q), ended); /* another call is another dialog */
	rig_reply(&r, q, 200, "SIP-ETag: t4\r\nExpires: 300\r\n");
	rig_lamp(&r, 7, LAMP_DARK);
	rig_reply(&r, rig_take(&r, "PUBLISH"), 200, "SIP-ETag: t5\r\nExpires: 300\r\n");
	for (int64_t end = r.now + 600000; r.now < end; rig_run(&r, 1000)) /* not refreshed */
		while (!rig_quiet(&r)) {
			q = rig_take(&r, NULL);
			assert_false(slice_is(q->m.method, "PUBLISH"));
			rig_reply(&r, q, 200,
				  slice_is(q->m.method, "SUBSCRIBE") ? "Expires: 3600\r\n" : "");
		}
	rig_lamp(&r, 7, LAMP_DND); /* afresh */
	q = rig_take(&r, "PUBLISH");
	assert_string_equal(rig_header(q, "SIP-If-Match"), "");
	assert_int_equal(r.written_n, 0); /* nobody asked for a profile */
	rig_close(&r);
}

/* It goes out while the PUBLISH that lit it is under way, and lights again while the end of it is. */
static void test_lamp_overtaken(void **state)
{
	(void)state;
	start(&shows);
	rig_lamp(&r, 7, LAMP_CALL);
	struct rig_request *q = rig_take(&r, "PUBLISH");
	rig_lamp(&r, 7, LAMP_DARK);
	assert_true(rig_quiet(&r));
	rig_reply(&r, q, 200, "SIP-ETag: t1\r\n");
	q = rig_take(&r, "PUBLISH");
	assert_non_null(strstr(body_of(q), "<state>terminated</state>"));
	rig_lamp(&r, 7, LAMP_CALL);
	rig_reply(&r, q, 412, "");
	q = rig_take(&r, "PUBLISH");
	assert_string_equal(rig_header(q, "Expires"), "300");
	assert_string_equal(rig_header(q, "SIP-If-Match"), "");
	rig_lamp(&r, 7, LAMP_OFF); /* its person has no lamp any more; the PBX would not have it either */
	rig_reply(&r, q, 405, "");
	assert_true(rig_quiet(&r));
	rig_close(&r);
}

/* Refused: told once, tried again over the next link. A line taken away takes it along. */
static void test_lamp_refused_and_removed(void **state)
{
	(void)state;
	start(&shows);
	rig_lamp(&r, 7, LAMP_CALL);
	rig_reply(&r, rig_take(&r, "PUBLISH"), 489, "");
	assert_true(rig_quiet(&r));
	assert_string_equal(rig_view(&r, 7).lamp_refusal, "the pbx refused its PUBLISH");
	rig_drop(&r, "gone");
	rig_run(&r, 5000);
	rig_connect(&r);
	rig_live(&r, "");
	struct rig_request *q = next_publish(10000);
	assert_string_equal(rig_header(q, "Event"), "dialog");
	rig_reply(&r, q, 200, "SIP-ETag: t1\r\n");
	rig_forget(&r);
	rig_remove(&r, 7);
	q = next_publish(1000);
	assert_non_null(strstr(body_of(q), "<state>terminated</state>"));
	assert_string_equal(rig_header(q, "SIP-If-Match"), "t1");
	rig_reply(&r, q, 200, "SIP-ETag: t2\r\n");
	rig_run(&r, 600000);
	rig_close(&r);
}

/* What lights a lamp is kept, by its newest tag, until it is dark. */
static void test_lamp_is_kept(void **state)
{
	(void)state;
	start(&shows);
	rig_lamp(&r, 7, LAMP_CALL);
	assert_int_equal(r.kept_n, 0);
	rig_reply(&r, rig_take(&r, "PUBLISH"), 200, "SIP-ETag: t1\r\nExpires: 300\r\n");
	assert_true(slice_starts(slice_str(r.kept), "t1 "));
	rig_reply(&r, next_publish(3600000), 200, "SIP-ETag: t2\r\nExpires: 300\r\n");
	assert_true(slice_starts(slice_str(r.kept), "t2 "));
	rig_lamp(&r, 7, LAMP_DARK);
	rig_reply(&r, rig_take(&r, "PUBLISH"), 200, "SIP-ETag: t3\r\nExpires: 300\r\n");
	assert_string_equal(r.kept, "");
	assert_int_equal(r.kept_n, 3);
	rig_close(&r);
}

static void anew(void)
{
	rig_open(&r, &shows);
	rig_add(&r, 7, "201");
	rig_lamp(&r, 7, LAMP_OFF); /* as at every start */
	rig_restore_lamp(&r, 7, "t9 00000000000000ab");
	assert_string_equal(rig_view(&r, 7).lamp, "sip:teams-201@pbx.test: confirmed");
	rig_connect(&r);
	rig_live(&r, "");
	rig_forget(&r);
}

/* The next process: untouched before Teams is read, then put out at once, or refreshed. */
static void test_lamp_of_an_earlier_process(void **state)
{
	struct rig_request *q;
	(void)state;

	anew();
	for (int64_t end = r.now + 60000; r.now < end; rig_run(&r, 1000))
		while (!rig_quiet(&r)) {
			q = rig_take(&r, NULL);
			assert_false(slice_is(q->m.method, "PUBLISH"));
			rig_reply(&r, q, 200, "");
		}
	rig_lamp(&r, 7, LAMP_DARK);
	q = rig_take(&r, "PUBLISH");
	assert_string_equal(rig_header(q, "SIP-If-Match"), "t9");
	assert_non_null(strstr(body_of(q), "<state>terminated</state>"));
	assert_string_equal(dialog_of(q), "offhook-00000000000000ab");
	rig_reply(&r, q, 200, "SIP-ETag: t10\r\nExpires: 300\r\n");
	assert_string_equal(r.kept, "");
	assert_int_equal(r.kept_n, 1);
	rig_close(&r);

	anew();
	rig_lamp(&r, 7, LAMP_MEETING);
	q = rig_take(&r, "PUBLISH");
	assert_string_equal(rig_header(q, "SIP-If-Match"), "t9");
	assert_int_equal(q->m.body.n, 0); /* as it was */
	rig_reply(&r, q, 200, "SIP-ETag: t10\r\nExpires: 300\r\n");
	assert_string_equal(r.kept, "t10 00000000000000ab");
	rig_lamp(&r, 7, LAMP_DARK);
	q = rig_take(&r, "PUBLISH");
	assert_string_equal(rig_header(q, "SIP-If-Match"), "t10");
	rig_close(&r);
}

/* It has ended meanwhile, or the PBX has forgotten it: 412. */
static void test_lamp_of_an_earlier_process_is_gone(void **state)
{
	struct rig_request *q;
	(void)state;

	anew();
	rig_lamp(&r, 7, LAMP_DARK);
	rig_reply(&r, rig_take(&r, "PUBLISH"), 412, "");
	assert_true(rig_quiet(&r));
	assert_string_equal(rig_view(&r, 7).lamp, "");
	rig_close(&r);

	anew();
	rig_lamp(&r, 7, LAMP_CALL);
	rig_reply(&r, rig_take(&r, "PUBLISH"), 412, "");
	q = rig_take(&r, "PUBLISH");
	assert_string_equal(rig_header(q, "SIP-If-Match"), "");
	assert_non_null(strstr(body_of(q), "<state>confirmed</state>"));
	rig_close(&r);
}

/* Its line goes, the link is lost, or the name is none. */
static void test_lamp_of_an_earlier_process_otherwise(void **state)
{
	struct rig_request *q;
	(void)state;

	anew();
	rig_remove(&r, 7);
	q = next_publish(1000);
	assert_string_equal(rig_header(q, "SIP-If-Match"), "t9");
	assert_non_null(strstr(body_of(q), "<state>terminated</state>"));
	rig_close(&r);

	anew();
	rig_drop(&r, "gone");
	rig_lamp(&r, 7, LAMP_CALL);
	rig_run(&r, 5000);
	rig_connect(&r);
	rig_live(&r, "");
	q = next_publish(10000);
	assert_string_equal(rig_header(q, "SIP-If-Match"), "t9");
	assert_non_null(strstr(body_of(q), "<state>confirmed</state>"));
	rig_close(&r);

	rig_open(&r, &shows);
	rig_add(&r, 7, "201");
	rig_restore_lamp(&r, 7, "t9");
	rig_restore_lamp(&r, 7, "t9 notanid");
	rig_restore_lamp(&r, 7, "a,b 00000000000000ab");
	assert_string_equal(rig_view(&r, 7).lamp, "");
	rig_close(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_first),
		cmocka_unit_test(test_refresh_and_modify),
		cmocka_unit_test(test_afresh),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_interval_too_brief),
		cmocka_unit_test(test_unsure),
		cmocka_unit_test(test_overtaken),
		cmocka_unit_test(test_digest),
		cmocka_unit_test(test_link_lost),
		cmocka_unit_test(test_no_answer),
		cmocka_unit_test(test_removed),
		cmocka_unit_test(test_bounded),
		cmocka_unit_test(test_lamp),
		cmocka_unit_test(test_lamp_overtaken),
		cmocka_unit_test(test_lamp_refused_and_removed),
		cmocka_unit_test(test_lamp_is_kept),
		cmocka_unit_test(test_lamp_of_an_earlier_process),
		cmocka_unit_test(test_lamp_of_an_earlier_process_is_gone),
		cmocka_unit_test(test_lamp_of_an_earlier_process_otherwise),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
