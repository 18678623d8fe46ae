/* What a capture shows and what it does not: by example, and over everything recorded from real
 * peers. */
#include "test.h"

#include <ctype.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

#include "proto/redact/redact.h"

enum { FILE_MAX = 1 << 20 };

static struct redact *r;
static struct buf out;

static int set_up(void **state)
{
	(void)state;
	buf_init(&out, 8 << 20);
	return redact_new(&r, 1);
}

static int tear_down(void **state)
{
	(void)state;
	buf_fini(&out);
	redact_free(r);
	return 0;
}

static const char *shown(enum redact_form form, const char *message)
{
	buf_reset(&out);
	redact_message(r, form, slice_str(message), &out);
	return buf_cstr(&out);
}

#define SHOWS(form, message, text) assert_string_equal(shown(form, message), text)

static void a_number_keeps_its_form_and_is_always_the_same(void **state)
{
	(void)state;
	SHOWS(REDACT_BODY, "<d>N&lt;201!98&gt;</d>", "<d>N&lt;701!71&gt;</d>");
	SHOWS(REDACT_BODY, "<d>N<202!98></d>", "<d>N<702!71></d>");
	SHOWS(REDACT_BODY, "<d>201</d><e id='+41 44 201 7'/>", "<d>701</d><e id='+72 73 701 7'/>");
	SHOWS(REDACT_AMI, "Hint: PJSIP/201&Custom:DND201,CustomPresence:201\r\n\r\n",
	      "Hint: PJSIP/701&Custom:DND701,CustomPresence:701\r\n\r\n");
	SHOWS(REDACT_BODY, "{\"201\":{\"number\":201}}", "{\"701\":{\"number\":701}}");
}

static void escapes_hide_nothing(void **state)
{
	(void)state;
	SHOWS(REDACT_BODY, "<d>201</d>", "<d>701</d>");
	SHOWS(REDACT_BODY, "<d>&#50;&#x30;&#49;</d>", "<d>701</d>");
	SHOWS(REDACT_BODY, "<d>%32%30%31 %E9va</d>", "<d>701 name-1</d>");
	SHOWS(REDACT_BODY, "{\"a\":\"\\u0032\\u00301\"}", "{\"a\":\"701\"}");
	SHOWS(REDACT_BODY, "<d><![CDATA[201]]></d><!-- 201 --><!DOCTYPE x [201]>",
	      "<d><![CDATA[701]]></d><!-- [hidden] --><![hidden]>");
	SHOWS(REDACT_ESL, "Presented: pjsip%2F201%40pbx.example%3A5060\n\n",
	      "Presented: pjsip/701%40host-1.example:7001\n\n");
	SHOWS(REDACT_ESL, "Channel-Presence-ID: 201%40pbx.example\n\n",
	      "Channel-Presence-ID: 701%40host-1.example\n\n");
}

static void words_of_states_stay_and_names_go(void **state)
{
	(void)state;
	SHOWS(REDACT_BODY,
	      "<a><localConnectionInfo>connected</localConnectionInfo><cause>newCall</cause>"
	      "<UserPresence><state>Feierabend</state></UserPresence></a>",
	      "<a><localConnectionInfo>connected</localConnectionInfo><cause>newCall</cause>"
	      "<UserPresence><state>Feierabend</state></UserPresence></a>");
	SHOWS(REDACT_BODY, "<note>On the phone with Ana Alder</note>",
	      "<note>On the phone with name-1 name-2</note>");
	SHOWS(REDACT_BODY, "<x>ALDER, B\xc3\xa9la</x>", "<x>name-2, name-3</x>");
	SHOWS(REDACT_BODY, "<displayName>Busy Meeting</displayName>",
	      "<displayName>name-4 name-5</displayName>");
	SHOWS(REDACT_SIP, "From: \"Busy Phone\" <sip:ana.alder@pbx.acme.example>;tag=1\r\n\r\n",
	      "From: \"name-4 name-6\" <sip:name-7@host-1.example>;tag=1\r\n\r\n");
	SHOWS(REDACT_ESL, "Presented: busy%40pbx.acme.example\n\n",
	      "Presented: name-4%40host-1.example\n\n");
	SHOWS(REDACT_SIP, "From: <sip:bridge@pbx.acme.example>\r\n\r\n",
	      "From: <sip:name-8@host-1.example>\r\n\r\n");
	assert_int_equal(redact_keep_words(r, slice_str("Feierabend=away")), ERR_OK);
	SHOWS(REDACT_BODY, "<x>Feierabend Ana</x>", "<x>Feierabend name-1</x>");
}

static void hosts_and_addresses_go(void **state)
{
	(void)state;
	SHOWS(REDACT_SIP,
	      "Via: SIP/2.0/TLS 10.1.2.3:5061;received=10.1.2.30\r\nContact: "
	      "<sip:pbx.acme.example>\r\n\r\n",
	      "Via: SIP/2.0/TLS 192.0.2.1:7001;received=192.0.2.2\r\nContact: "
	      "<sip:host-1.example>\r\n\r\n");
	SHOWS(REDACT_BODY, "<x>ana@acme.example [2001:db8::f5]</x>",
	      "<x>name-1@host-2.example [7002:id-1::id-2]</x>");
}

static void hardware_addresses_go(void **state)
{
	(void)state;
	SHOWS(REDACT_BODY, "<x>00:1a:2B:c3:ff:40</x>", "<x>71:id-1:id-2:id-3:name-1:72</x>");
	SHOWS(REDACT_BODY, "<x>001A2BC3FF40 N201 D1</x>", "<x>id-4 N701 id-5</x>");
}

static void secrets_go_by_the_name_of_their_place(void **state)
{
	(void)state;
	SHOWS(REDACT_BODY, "<v:password a='x'><b>busy</b></c>free</v:password><d>busy</d>",
	      "<v:password a='x'><b>[hidden]</b></c>[hidden]</v:password><d>busy</d>");
	SHOWS(REDACT_BODY, "<x userPassword=\"busy\"/>", "<x userPassword=\"[hidden]\"/>");
	SHOWS(REDACT_AMI, "Action: Login\r\nUsername: offhook\r\nKey: 0a1b\r\nSecret: busy\r\n\r\n",
	      "Action: Login\r\nUsername: name-1\r\nKey: [hidden]\r\nSecret: [hidden]\r\n\r\n");
	SHOWS(REDACT_AMI, "Response: Success\r\nChallenge: 123\r\n\r\n",
	      "Response: Success\r\nChallenge: [hidden]\r\n\r\n");
	SHOWS(REDACT_ESL, "auth busy\n\n", "auth [hidden]\n\n");
	SHOWS(REDACT_ESL, "userauth busy:idle\n\n", "userauth [hidden]\n\n");
	SHOWS(REDACT_BODY, "{\"password\":[\"a\",{\"b\":\"busy\"}],\"c\":\"busy\"}",
	      "{\"password\":[\"[hidden]\",{\"b\":\"[hidden]\"}],\"c\":\"busy\"}");
	SHOWS(REDACT_SIP,
	      "Authorization: Digest username=\"busy\", realm=\"idle\", nonce=\"1\",\r\n "
	      "response=\"busy\", "
	      "algorithm=SHA-256, qop=auth\r\nExpires: 3600\r\n\r\n",
	      "Authorization: Digest [hidden]\r\n [hidden], algorithm=SHA-256, "
	      "qop=auth\r\nExpires: 3600\r\n\r\n");
}

static void a_configured_secret_is_struck_out_anywhere(void **state)
{
	(void)state;
	assert_int_equal(redact_secret(r, slice_str("busy-idle")), ERR_OK);
	assert_int_equal(redact_secret(r, slice_str("on")), ERR_OK); /* too short to look for */
	SHOWS(REDACT_BODY, "<x a='busy-idle'>is busy-idle-busy on</x><busy-idle/>",
	      "<x a='*********'>is *********-busy on</x><*********/>");
}

static void what_stays(void **state)
{
	(void)state;
	SHOWS(REDACT_SIP,
	      "SIP/2.0 486 Busy Here\r\nServer: Asterisk PBX 22.10.1\r\nContent-Length:  512\r\n"
	      "Subscription-State: active;expires=598\r\nCSeq: 12175 NOTIFY\r\n\r\n",
	      "SIP/2.0 486 Busy name-1\r\nServer: Asterisk PBX 22.10.1\r\nContent-Length:  512\r\n"
	      "Subscription-State: active;expires=598\r\nCSeq: 12175 NOTIFY\r\n\r\n");
	SHOWS(REDACT_BODY,
	      "<a xmlns=\"http://www.ecma-international.org/standards/ecma-323/csta/ed5\" "
	      "xmlns:v='urn:x:y'/>",
	      "<a xmlns=\"http://www.ecma-international.org/standards/ecma-323/csta/ed5\" "
	      "xmlns:v='urn:x:y'/>");
	SHOWS(REDACT_BODY, "<server>pbx.acme.example</server>", "<server>host-1.example</server>");
	SHOWS(REDACT_BODY, "<a xmlns=\"http://10.0.0.5/ns\"/>",
	      "<a xmlns=\"http://192.0.2.1/ns\"/>");
	SHOWS(REDACT_BODY, "<until>2026-11-24T14:00:00.5+01:00</until><type>30008</type>",
	      "<until>2026-11-24T14:00:00.5+01:00</until><type>30008</type>");
	SHOWS(REDACT_AMI, "Asterisk Call Manager/11.0.0\r\n", "Asterisk Call Manager/11.0.0\r\n");
}

static void lines_of_the_configuration(void **state)
{
	(void)state;
	assert_int_equal(redact_line(r, slice_str("N<201>"), false), ERR_OK);
	assert_int_equal(redact_line(r, slice_str("702"), false), ERR_OK);
	assert_int_equal(redact_line(r, slice_str("203@pbx.acme.example"), true), ERR_OK);
	assert_int_equal(redact_line(r, slice_str("reception"), true), ERR_OK);
	/* 702 is somebody's number, so it is nobody's stand-in */
	SHOWS(REDACT_BODY, "<d>201 702 203 204 reception desk pbx</d>",
	      "<d>701 703 203 704 reception name-1 name-2</d>");
}

static void a_csta_head_is_shown(void **state)
{
	static const char frame[] = "\0\0\0\x12"
				    "9999<a>201</a>";
	struct slice m = slice_of(frame, sizeof(frame) - 1);
	size_t n;
	(void)state;

	assert_int_equal(redact_cut(REDACT_CSTA, slice_sub(m, 0, 7), &n), ERR_AGAIN);
	assert_int_equal(redact_cut(REDACT_CSTA, slice_sub(m, 0, 17), &n), ERR_AGAIN);
	assert_int_equal(redact_cut(REDACT_CSTA, m, &n), ERR_OK);
	assert_int_equal(n, 18);
	redact_message(r, REDACT_CSTA, m, &out);
	assert_string_equal(buf_cstr(&out), "[00 00 00 12, 9999]\n<a>701</a>");
	assert_int_equal(redact_cut(REDACT_CSTA, SLICE_LIT("<?xml"), &n), ERR_MALFORMED);
	buf_reset(&out);
	redact_shape(SLICE_LIT("<?xml a='201'>\r\x80"), &out);
	assert_string_equal(buf_cstr(&out), "<?xxx x='###'>\\x0d\\x80");
	buf_reset(&out);
	redact_message(r, REDACT_BODY, slice_of("<\0a\0>\0", 6), &out);
	assert_string_equal(buf_cstr(&out), "<\\x00x\\x00>\\x00");
}

static void cuts(enum redact_form form, const char *stream, const char *first)
{
	size_t n = 0;

	for (size_t i = 0; i < strlen(first); i++)
		assert_int_equal(redact_cut(form, slice_of(stream, i), &n), ERR_AGAIN);
	assert_int_equal(redact_cut(form, slice_str(stream), &n), ERR_OK);
	assert_int_equal(n, strlen(first));
}

static void streams_are_cut_into_messages(void **state)
{
	size_t n;
	(void)state;

	cuts(REDACT_AMI, "A: b\r\nC: d\r\n\r\nE: f\r\n", "A: b\r\nC: d\r\n\r\n");
	cuts(REDACT_AMI, "Asterisk Call Manager/2\r\nA: b\r\n\r\n", "Asterisk Call Manager/2\r\n");
	cuts(REDACT_ESL, "auth x\n\nauth y\n\n", "auth x\n\n");
	cuts(REDACT_ESL, "Content-Length: 3\n\nabcC", "Content-Length: 3\n\nabc");
	cuts(REDACT_SIP, "NOTIFY sip:a SIP/2.0\r\nl: 2\r\n\r\nabN",
	     "NOTIFY sip:a SIP/2.0\r\nl: 2\r\n\r\nab");
	assert_int_equal(redact_cut(REDACT_SIP, SLICE_LIT("\r\n\r\nN"), &n), ERR_OK);
	assert_int_equal(n, 4);
	assert_int_equal(redact_cut(REDACT_SIP, SLICE_LIT("l: x\r\n\r\n"), &n), ERR_MALFORMED);
	assert_int_equal(redact_cut(REDACT_SIP, SLICE_LIT("l: 99999999\r\n\r\n"), &n), ERR_LIMIT);
	assert_int_equal(redact_cut(REDACT_AMI, SLICE_NONE, &n), ERR_AGAIN);
}

/* More numbers than are kept apart: still none is shown. */
static void stand_ins_have_a_maximum(void **state)
{
	char text[64], number[16];
	(void)state;

	for (unsigned i = 0; i < REDACT_STAND_INS_MAX + 100; i++) {
		snprintf(number, sizeof(number), "%u", 10000000 + i * 7);
		snprintf(text, sizeof(text), "<a>%s</a>", number);
		if (strstr(shown(REDACT_BODY, text), number))
			fail_msg("%s is shown", number);
	}
	SHOWS(REDACT_BODY, "<a>98765432 Ana</a>", "<a>00000000 more</a>");
}

/* ---- everything recorded ---- */

static char text[FILE_MAX + 1];

/* Every number of seven digits and more: smaller ones may stay where lengths and times stand. */
static void none_survives(const char *path, size_t n)
{
	for (size_t i = 0, k; i < n; i += k ? k : 1) {
		char run[40], *at;

		for (k = 0; i + k < n && text[i + k] >= '0' && text[i + k] <= '9';)
			k++;
		if (k < 7 || k >= sizeof(run))
			continue;
		snprintf(run, sizeof(run), "%.*s", (int)k, text + i);
		for (at = out.p; (at = strstr(at, run)); at += k)
			if ((at == out.p || !isdigit((unsigned char)at[-1])) &&
			    !isdigit((unsigned char)at[k]) && !redact_issued(r, slice_str(run)))
				fail_msg("%s: %s is shown", path, run);
	}
}

static void one_file(const char *folder, const char *name, enum redact_form form)
{
	char path[1024];
	struct slice rest;
	size_t n, cut;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	FILE *f = fopen(path, "rb");
	assert_non_null(f);
	n = fread(text, 1, FILE_MAX, f);
	fclose(f);
	buf_reset(&out);
	for (rest = slice_of(text, n); rest.n; rest = slice_sub(rest, cut, rest.n)) {
		if (redact_cut(form, rest, &cut))
			cut = rest.n;
		redact_message(r, form, slice_sub(rest, 0, cut), &out);
	}
	assert_int_equal(buf_err(&out), ERR_OK);
	assert_true(out.n > n / 4);
	for (size_t i = 0; i < out.n; i++)
		assert_true((unsigned char)out.p[i] < 0x80);
	none_survives(path, n);
	if (strstr(buf_cstr(&out), "127.0.0.1") || strstr(buf_cstr(&out), "Sim 1"))
		fail_msg("%s: an address or a name is shown", path);
}

static unsigned every_file(const char *folder, const char *begin, const char *end,
			   enum redact_form form)
{
	char path[900];
	unsigned seen = 0;

	snprintf(path, sizeof(path), "%s/%s",
		 getenv("OFFHOOK_SOURCE") ? getenv("OFFHOOK_SOURCE") : ".", folder);
	DIR *d = opendir(path);
	for (struct dirent *e; d && (e = readdir(d));) {
		size_t n = strlen(e->d_name), m = strlen(end);

		if (n > m && strcmp(e->d_name + n - m, end) == 0 &&
		    strncmp(e->d_name, begin, strlen(begin)) == 0) {
			one_file(path, e->d_name, form);
			seen++;
		}
	}
	if (d)
		closedir(d);
	else
		printf("# SKIP %s is absent\n", folder);
	return seen;
}

static void nothing_recorded_gives_a_number_away(void **state)
{
	(void)state;
	assert_true(every_file("tests/vectors/ami/asterisk-22", "", ".txt", REDACT_AMI) > 10);
	assert_true(every_file("tests/vectors/ami/asterisk-16", "", ".txt", REDACT_AMI) > 10);
	assert_true(every_file("tests/vectors/captures/asterisk-22", "", ".sip", REDACT_SIP) > 20);
	assert_true(every_file("tests/vectors/captures/kamailio-5.6", "", ".sip", REDACT_SIP) > 5);
	every_file("../shared/peers/captures/asterisk-22", "ami-", ".txt", REDACT_AMI);
	every_file("../shared/peers/captures/asterisk-16", "ami-", ".txt", REDACT_AMI);
	every_file("../shared/peers/captures/kamailio-5.6", "", ".sip", REDACT_SIP);
	every_file("../shared/peers/captures/csta-xml-pool", "", ".xml", REDACT_BODY);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(a_number_keeps_its_form_and_is_always_the_same),
		CASE(escapes_hide_nothing),
		CASE(words_of_states_stay_and_names_go),
		CASE(hosts_and_addresses_go),
		CASE(hardware_addresses_go),
		CASE(secrets_go_by_the_name_of_their_place),
		CASE(a_configured_secret_is_struck_out_anywhere),
		CASE(what_stays),
		CASE(lines_of_the_configuration),
		CASE(a_csta_head_is_shown),
		CASE(streams_are_cut_into_messages),
		CASE(stand_ins_have_a_maximum),
		CASE(nothing_recorded_gives_a_number_away),
	};

	return cmocka_run_group_tests_name("proto/redact", tests, NULL, NULL);
}
