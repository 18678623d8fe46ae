#include "rig.h"

#include <stdio.h>
#include <stdlib.h>

static struct rig r;
static const char *const lists[] = { "sip:lines@pbx.test", "sip:more@pbx.test" };

static void start(uint32_t lists_n, uint32_t lines)
{
	rig_open(&r, &(struct rig_options){ .lists = lists, .lists_n = lists_n });
	for (uint32_t i = 0; i < lines; i++) {
		char number[8];

		snprintf(number, sizeof(number), "%u", 1001 + i);
		rig_add(&r, i, number);
	}
	rig_connect(&r);
}

/* A list document: users "1001=confirmed 1002=- 1003!" ('-': no dialog, '!': resource terminated,
 * '?': no body). */
static const char *document(unsigned version, bool full, const char *users)
{
	static char text[16384];
	struct buf rlmi, parts;
	struct slice rest = slice_str(users), word;
	unsigned n = 0;

	buf_init(&rlmi, 8192);
	buf_init(&parts, 8192);
	while (slice_split(&rest, ' ', &word)) {
		size_t eq = slice_find(word, '=');
		bool gone = word.p[word.n - 1] == '!', none = word.p[word.n - 1] == '?';
		struct slice user =
			gone || none ? slice_sub(word, 0, word.n - 1) : slice_sub(word, 0, eq);
		struct slice state = slice_sub(word, eq + 1, word.n);

		n++;
		buf_fmt(&rlmi,
			"<resource uri=\"sip:%.*s@10.0.0.1:5060\"><instance id=\"i%u\" "
			"state=\"%s\"",
			SLICE_ARG(user), n, gone ? "terminated" : "active");
		buf_fmt(&rlmi, gone || none ? "/></resource>" : " cid=\"c%u@h\"/></resource>", n);
		if (gone || none)
			continue;
		buf_fmt(&parts,
			"--b\r\nContent-ID: <c%u@h>\r\nContent-Type: "
			"application/dialog-info+xml\r\n\r\n",
			n);
		buf_fmt(&parts,
			"<dialog-info xmlns=\"urn:ietf:params:xml:ns:dialog-info\" version=\"%u\" "
			"state=\"full\" "
			"entity=\"sip:%.*s@h\">",
			version, SLICE_ARG(user));
		if (!slice_is(state, "-"))
			buf_fmt(&parts,
				"<dialog id=\"x\" "
				"direction=\"recipient\"><state>%.*s</state></dialog>",
				SLICE_ARG(state));
		buf_str(&parts, "</dialog-info>\r\n");
	}
	snprintf(text, sizeof(text),
		 "\r\n--b\r\nContent-ID: <r@h>\r\nContent-Type: application/rlmi+xml\r\n\r\n"
		 "<list xmlns=\"urn:ietf:params:xml:ns:rlmi\" uri=\"sip:lines@pbx.test\" "
		 "version=\"%u\" fullState=\"%s\">%s"
		 "</list>\r\n%s--b--\r\n",
		 version, full ? "true" : "false", buf_cstr(&rlmi), buf_cstr(&parts));
	buf_fini(&rlmi);
	buf_fini(&parts);
	return text;
}

#define TYPE "multipart/related;type=\"application/rlmi+xml\";boundary=b"

static uint16_t tell(struct rig_dialog *d, unsigned version, bool full, const char *users)
{
	return rig_notify(&r, d, SUBSTATE, TYPE, document(version, full, users));
}

static struct rig_dialog accept_list(void)
{
	struct rig_request *q = rig_take(&r, "SUBSCRIBE");

	rig_reply(&r, q, 200, "Expires: 3600\r\nRequire: eventlist\r\n");
	return rig_dialog(q, "pbxtag");
}

static void test_one_list(void **state)
{
	(void)state;
	start(1, 4);
	struct rig_request *q = rig_take(&r, "SUBSCRIBE");
	assert_slice(q->m.uri, "sip:lines@pbx.test");
	assert_string_equal(rig_header(q, "Supported"), "eventlist");
	assert_string_equal(rig_header(q, "Accept"),
			    "application/dialog-info+xml, multipart/related, application/rlmi+xml");
	rig_reply(&r, q, 200, "Expires: 3600\r\n");
	assert_true(rig_quiet(&r)); /* the lines wait for it */
	struct rig_dialog d = rig_dialog(q, "pbxtag");
	assert_int_equal(tell(&d, 0, true, "1001=confirmed 1002=- 9999=confirmed 1003=early"), 200);
	assert_int_equal(r.obs_n, 3); /* 9999 is not ours */
	assert_int_equal(rig_call(&r, 0), CALL_TALKING);
	assert_int_equal(rig_call(&r, 1), CALL_GONE);
	assert_int_equal(rig_call(&r, 2), CALL_RINGING);
	for (uint32_t i = 0; i < 3; i++) {
		assert_int_equal(rig_view(&r, i).link, LINE_LIVE);
		assert_true(rig_view(&r, i).in_list);
	}
	/* the fourth stands in no list: singly */
	assert_slice(rig_take(&r, "SUBSCRIBE")->m.uri, "sip:1004@pbx.test");
	assert_true(rig_quiet(&r));
	/* a change */
	rig_forget(&r);
	assert_int_equal(tell(&d, 1, false, "1002=confirmed"), 200);
	assert_int_equal(r.obs_n, 1);
	assert_int_equal(rig_call(&r, 1), CALL_TALKING);
	assert_int_equal(rig_source(&r).live, 3);
	rig_close(&r);
}

/* A list speaks in the connector's package: a line in the other one is subscribed singly, named there or
 * not. */
static void test_line_of_another_package(void **state)
{
	(void)state;
	rig_open(&r, &(struct rig_options){ .lists = lists,
					    .lists_n = 1,
					    .packages = { "1002=presence" } });
	rig_add(&r, 0, "1001");
	rig_add(&r, 1, "1002");
	rig_connect(&r);
	struct rig_dialog d = accept_list();
	assert_int_equal(tell(&d, 0, true, "1001=confirmed 1002=confirmed"), 200);
	assert_int_equal(rig_call(&r, 0), CALL_TALKING);
	assert_int_equal(rig_call(&r, 1), -1);
	struct rig_request *q = rig_take(&r, "SUBSCRIBE");
	assert_slice(q->m.uri, "sip:1002@pbx.test");
	assert_string_equal(rig_header(q, "Event"), "presence");
	assert_false(rig_view(&r, 1).in_list);
	rig_close(&r);
}

static void test_recorded_lists(void **state)
{
	static const struct {
		const char *full, *change;
	} rows[] = {
		{ "asterisk22-23-notify-rls-dialog-full",
		  "asterisk22-24-notify-rls-dialog-change" },
		{ "asterisk16-22-notify-rls-dialog-full",
		  "asterisk16-23-notify-rls-dialog-change" },
	};
	static char bytes[2][65536];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		start(1, 10);
		struct rig_dialog d = accept_list();
		for (int j = 0; j < 2; j++) {
			static struct sip_msg m;
			char path[4096], type[256];
			const char *root = getenv("OFFHOOK_SOURCE");

			snprintf(path, sizeof(path), "%s/tests/vectors/sip/%s.sip",
				 root ? root : ".", j ? rows[i].change : rows[i].full);
			FILE *f = fopen(path, "rb");
			assert_non_null(f);
			size_t n = fread(bytes[j], 1, sizeof(bytes[j]) - 1, f);
			fclose(f);
			bytes[j][n] = '\0';
			assert_int_equal(sip_msg_parse(slice_of(bytes[j], n), &m), ERR_OK);
			snprintf(type, sizeof(type), "%.*s",
				 SLICE_ARG(sip_msg_header(&m, SIP_CONTENT_TYPE)));
			rig_forget(&r);
			assert_int_equal(rig_notify(&r, &d, SUBSTATE, type, m.body.p), 200);
			assert_in_range(r.obs_n, 1, 20);
			if (j == 0)
				assert_int_equal(r.obs_n, 10);
		}
		for (uint32_t line = 0; line < 10; line++)
			assert_true(rig_view(&r, line).in_list);
		assert_true(rig_quiet(&r));
		assert_int_equal(r.notes[NOTE_BAD_BODY], 0);
		rig_close(&r);
	}
}

/* 200, and then silence: Asterisk with a list above its buffer. */
static void test_too_large(void **state)
{
	(void)state;
	start(1, 3);
	accept_list();
	rig_run(&r, 31900);
	assert_int_equal(r.notes[NOTE_LIST_TOO_LARGE], 0);
	rig_forget(&r);
	rig_run(&r, 200);
	assert_int_equal(r.notes[NOTE_LIST_TOO_LARGE], 1);
	assert_string_equal(r.note_text[NOTE_LIST_TOO_LARGE], "sip:lines@pbx.test");
	unsigned single = 0;
	while (!rig_quiet(&r)) {
		struct rig_request *q = rig_take(&r, NULL);

		if (!slice_is(q->m.method, "SUBSCRIBE"))
			continue;
		if (!slice_starts(q->m.uri, "sip:100"))
			assert_string_equal(rig_header(q, "Expires"), "0");
		else
			single++;
	}
	assert_int_equal(single, 3);
	rig_close(&r);
}

static void test_refused(void **state)
{
	static const uint16_t codes[] = { 403, 404, 489, 500 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(codes); i++) {
		start(1, 2);
		rig_reply(&r, rig_take(&r, "SUBSCRIBE"), codes[i], "");
		assert_int_equal(r.notes[NOTE_LIST_REFUSED], codes[i] < 500);
		struct rig_request *q = rig_take(&r, "SUBSCRIBE");
		assert_slice(q->m.uri, "sip:1001@pbx.test");
		rig_reply(&r, q, 200, "Expires: 3600\r\n");
		assert_slice(rig_take(&r, "SUBSCRIBE")->m.uri, "sip:1002@pbx.test");
		rig_close(&r);
	}
}

/* Not a list after all, or one that cannot be read. */
static void test_unreadable(void **state)
{
	static const struct {
		const char *type, *body;
		uint16_t status;
	} rows[] = {
		{ "application/dialog-info+xml", "<dialog-info/>", 415 },
		{ "multipart/related", "--b--", 400 },
		{ TYPE, "--b\r\nContent-Type: text/plain\r\n\r\nhello\r\n--b--\r\n", 400 },
		{ TYPE, "--b\r\nContent-Type: application/rlmi+xml\r\n\r\n<list\r\n--b--\r\n",
		  400 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		start(1, 1);
		struct rig_dialog d = accept_list();
		assert_int_equal(rig_notify(&r, &d, SUBSTATE, rows[i].type, rows[i].body),
				 rows[i].status);
		rig_reply(&r, rig_take(&r, "SUBSCRIBE"), 200,
			  "Expires: 0\r\n"); /* the list is let go ... */
		assert_slice(rig_take(&r, "SUBSCRIBE")->m.uri,
			     "sip:1001@pbx.test"); /* ... its lines asked for */
		rig_close(&r);
	}
}

/* One bad body costs that line its place, the list nothing. */
static void test_one_bad_body(void **state)
{
	(void)state;
	start(1, 2);
	struct rig_dialog d = accept_list();
	char text[16384];
	snprintf(text, sizeof(text), "%s", document(0, true, "1001=confirmed 1002=-"));
	char *at = strstr(text, "<dialog-info");
	memcpy(at, "<diaXog", 7);
	assert_int_equal(rig_notify(&r, &d, SUBSTATE, TYPE, text), 200);
	assert_int_equal(r.notes[NOTE_BAD_BODY], 1);
	assert_int_equal(rig_call(&r, 0), -1);
	assert_int_equal(rig_call(&r, 1), CALL_GONE);
	assert_slice(rig_take(&r, "SUBSCRIBE")->m.uri, "sip:1001@pbx.test");
	rig_close(&r);
}

/* Lines come to a list and leave it; each is reported by one subscription, all the time. */
static void test_come_and_go(void **state)
{
	(void)state;
	start(1, 3);
	struct rig_dialog d = accept_list();
	tell(&d, 0, true, "1001=confirmed 1002=-");
	struct rig_dialog single = rig_live(&r, ""); /* 1003 */
	rig_forget(&r);
	/* the list takes 1003 over: its own subscription ends */
	tell(&d, 1, false, "1003=confirmed");
	assert_true(rig_view(&r, 2).in_list);
	struct rig_request *q = rig_take(&r, "SUBSCRIBE");
	assert_string_equal(rig_header(q, "Expires"), "0");
	rig_reply(&r, q, 200, "Expires: 0\r\n");
	rig_forget(&r);
	assert_int_equal(rig_notify(&r, &single, "terminated", NULL, ""), 200);
	assert_int_equal(r.obs_n, 0);
	/* terminated in the list: singly again */
	tell(&d, 2, false, "1001!");
	assert_false(rig_view(&r, 0).in_list);
	assert_int_equal(r.lost_n, 1);
	assert_int_equal(r.lost[0], 0);
	assert_slice(rig_take(&r, "SUBSCRIBE")->m.uri, "sip:1001@pbx.test");
	/* missing in a whole document: singly too; without a body there: still in it */
	rig_forget(&r);
	tell(&d, 3, true, "1003?");
	assert_false(rig_view(&r, 1).in_list);
	assert_true(rig_view(&r, 2).in_list);
	assert_int_equal(r.lost_n, 1);
	assert_slice(rig_take(&r, "SUBSCRIBE")->m.uri, "sip:1002@pbx.test");
	rig_close(&r);
}

static void test_version_gap(void **state)
{
	(void)state;
	start(1, 2);
	struct rig_dialog d = accept_list();
	tell(&d, 0, true, "1001=- 1002=-");
	rig_idle(&r, 20000);
	tell(&d, 1, false, "1001=confirmed");
	assert_true(rig_quiet(&r));
	tell(&d, 3, false, "1001=-");
	struct rig_request *q = rig_take(&r, "SUBSCRIBE");
	assert_slice(q->m.uri, "sip:lines@pbx.test");
	assert_int_equal(q->m.to_tag.n, 0);
	rig_close(&r);
}

/* To question one line is to ask its list anew; many questions are one. */
static void test_resync(void **state)
{
	(void)state;
	start(1, 3);
	struct rig_dialog d = accept_list();
	tell(&d, 0, true, "1001=confirmed 1002=confirmed 1003=confirmed");
	rig_idle(&r, 20000);
	rig_forget(&r);
	for (uint32_t i = 0; i < 3; i++)
		rig_resync(&r, i);
	struct rig_dialog fresh = accept_list();
	assert_true(rig_quiet(&r));
	assert_int_equal(tell(&fresh, 0, true, "1001=confirmed 1002=- 1003=confirmed"), 200);
	assert_int_equal(r.obs_n, 3);
	assert_int_equal(rig_call(&r, 1), CALL_GONE);
	assert_int_equal(r.lost_n, 0);
	assert_string_equal(rig_header(rig_take(&r, "SUBSCRIBE"), "Expires"), "0");
	rig_close(&r);
}

static void test_list_ends(void **state)
{
	(void)state;
	start(1, 2);
	struct rig_dialog d = accept_list();
	tell(&d, 0, true, "1001=confirmed 1002=-");
	rig_forget(&r);
	/* at once again: its lines wait for it */
	rig_notify(&r, &d, "terminated;reason=deactivated", NULL, "");
	assert_int_equal(r.lost_n, 2);
	d = accept_list();
	assert_true(rig_quiet(&r));
	tell(&d, 0, true, "1001=confirmed 1002=-");
	assert_int_equal(rig_call(&r, 0), CALL_TALKING);
	/* for good: singly */
	rig_notify(&r, &d, "terminated;reason=rejected", NULL, "");
	rig_take(&r, "SUBSCRIBE");
	rig_take(&r, "SUBSCRIBE");
	assert_false(rig_view(&r, 0).in_list);
	rig_close(&r);
}

static void test_two_lists(void **state)
{
	(void)state;
	start(2, 3);
	struct rig_dialog a = accept_list();
	tell(&a, 0, true, "1001=confirmed");
	struct rig_dialog b = accept_list(); /* the single ones wait for the last list */
	assert_true(rig_quiet(&r));
	tell(&b, 0, true, "1001=- 1002=confirmed");
	/* 1001 belongs to the first that told of it */
	assert_int_equal(rig_call(&r, 0), CALL_TALKING);
	assert_int_equal(rig_call(&r, 1), CALL_TALKING);
	assert_slice(rig_take(&r, "SUBSCRIBE")->m.uri, "sip:1003@pbx.test");
	rig_close(&r);
}

/* Where two numbers share a user part, the host tells them apart. */
static void test_hosts(void **state)
{
	(void)state;
	rig_open(&r, &(struct rig_options){ .lists = lists, .lists_n = 1 });
	rig_add(&r, 0, "1001@10.0.0.1");
	rig_add(&r, 1, "1001@other.test");
	rig_add(&r, 2, "1002");
	rig_connect(&r);
	struct rig_dialog d = accept_list();
	tell(&d, 0, true, "1001=confirmed 1002=confirmed");
	assert_int_equal(rig_call(&r, 0), CALL_TALKING);
	assert_int_equal(rig_call(&r, 1), -1);
	assert_int_equal(rig_call(&r, 2), CALL_TALKING); /* alone with its number: any host */
	assert_slice(rig_take(&r, "SUBSCRIBE")->m.uri, "sip:1001@other.test");
	/* one of the two leaves: the other is found by its number alone */
	rig_remove(&r, 0);
	rig_forget(&r);
	tell(&d, 1, false, "1001=-");
	assert_int_equal(rig_call(&r, 1), CALL_GONE);
	rig_close(&r);
}

/* A list within the list (RFC 4662 5.5). */
static void test_nested(void **state)
{
	char text[16384], inner[8192];

	(void)state;
	start(1, 2);
	struct rig_dialog d = accept_list();
	snprintf(inner, sizeof(inner), "%s", document(0, true, "1002=confirmed"));
	/* the inner one gets a boundary of its own */
	for (char *p = inner; (p = strstr(p, "--b"));)
		p[2] = 'i';
	snprintf(text, sizeof(text),
		 "--b\r\nContent-Type: application/rlmi+xml\r\n\r\n<list "
		 "xmlns='urn:ietf:params:xml:ns:rlmi' uri='sip:lines@h' "
		 "version='0' fullState='true'><resource uri='sip:sub@h'><instance id='1' "
		 "state='active' cid='n@h'/>"
		 "</resource></list>\r\n--b\r\nContent-ID: <n@h>\r\n"
		 "Content-Type: "
		 "multipart/related;type=\"application/"
		 "rlmi+xml\";boundary=\"i\"\r\n\r\n%s\r\n--b--\r\n",
		 inner);
	assert_int_equal(rig_notify(&r, &d, SUBSTATE, TYPE, text), 200);
	assert_int_equal(rig_call(&r, 1), CALL_TALKING);
	assert_true(rig_view(&r, 1).in_list);
	assert_slice(rig_take(&r, "SUBSCRIBE")->m.uri, "sip:1001@pbx.test");
	rig_close(&r);
}

static void test_no_forks(void **state)
{
	(void)state;
	start(1, 1);
	struct rig_request *q = rig_take(&r, "SUBSCRIBE");
	rig_reply(&r, q, 200, "Expires: 3600\r\n");
	struct rig_dialog d = rig_dialog(q, "pbxtag"), other = rig_dialog(q, "other");
	tell(&d, 0, true, "1001=confirmed");
	rig_forget(&r);
	assert_int_equal(tell(&other, 0, true, "1001=-"), 481);
	assert_int_equal(r.obs_n, 0);
	rig_close(&r);
}

static void test_link_lost(void **state)
{
	(void)state;
	start(1, 2);
	struct rig_dialog d = accept_list();
	tell(&d, 0, true, "1001=confirmed 1002=-");
	rig_drop(&r, "gone");
	assert_int_equal(r.downs, 1);
	assert_int_equal(r.lost_n, 0); /* DOWN says it for all of them */
	assert_false(rig_view(&r, 0).in_list);
	rig_run(&r, 1100);
	rig_connect(&r);
	d = accept_list();
	rig_forget(&r);
	tell(&d, 0, true, "1001=confirmed 1002=-");
	assert_int_equal(r.obs_n, 2);
	rig_remove(&r, 0); /* a member goes; the list stays */
	assert_true(rig_quiet(&r));
	tell(&d, 1, true, "1001=confirmed 1002=confirmed");
	assert_int_equal(rig_call(&r, 1), CALL_TALKING);
	rig_close(&r);
}

static void test_line_added_later(void **state)
{
	(void)state;
	start(1, 1);
	struct rig_dialog d = accept_list();
	rig_add(&r, 5, "1005"); /* before the list has told: waits */
	assert_true(rig_quiet(&r));
	assert_int_equal(rig_view(&r, 5).link, LINE_IDLE);
	tell(&d, 0, true, "1001=-");
	assert_slice(rig_take(&r, "SUBSCRIBE")->m.uri, "sip:1005@pbx.test");
	rig_add(&r, 6, "1006"); /* after: singly at once */
	assert_slice(rig_take(&r, "SUBSCRIBE")->m.uri, "sip:1006@pbx.test");
	rig_close(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_line_of_another_package),
		cmocka_unit_test(test_one_list),	 cmocka_unit_test(test_recorded_lists),
		cmocka_unit_test(test_too_large),	 cmocka_unit_test(test_refused),
		cmocka_unit_test(test_unreadable),	 cmocka_unit_test(test_one_bad_body),
		cmocka_unit_test(test_come_and_go),	 cmocka_unit_test(test_version_gap),
		cmocka_unit_test(test_resync),		 cmocka_unit_test(test_list_ends),
		cmocka_unit_test(test_two_lists),	 cmocka_unit_test(test_hosts),
		cmocka_unit_test(test_nested),		 cmocka_unit_test(test_link_lost),
		cmocka_unit_test(test_line_added_later), cmocka_unit_test(test_no_forks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
