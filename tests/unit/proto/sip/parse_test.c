#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

#include "proto/sip/msg.h"
#include "proto/sip/uri.h"

#include "test.h"

static struct sip_msg msg;

static struct sip_msg *parsed(const char *text)
{
	assert_int_equal(sip_msg_parse(slice_str(text), &msg), ERR_OK);
	return &msg;
}

/* A heap copy of exact size, so that the sanitizer sees a read past its end. */
static char *load(const char *name, size_t *ret_n)
{
	char path[4096];
	const char *root = getenv("OFFHOOK_SOURCE");

	snprintf(path, sizeof(path), "%s/tests/vectors/sip/%s", root ? root : ".", name);
	FILE *f = fopen(path, "rb");
	assert_non_null(f);
	char *p = malloc(SIP_MSG_MAX);
	*ret_n = fread(p, 1, SIP_MSG_MAX, f);
	fclose(f);
	return realloc(p, *ret_n);
}

/* Every message that a real product sent is sound, with the five headers and its whole body. */
static void test_all_captures(void **state)
{
	char path[4096];
	const char *root = getenv("OFFHOOK_SOURCE");
	int seen = 0;

	(void)state;
	snprintf(path, sizeof(path), "%s/tests/vectors/sip", root ? root : ".");
	DIR *dir = opendir(path);
	assert_non_null(dir);
	for (struct dirent *e; (e = readdir(dir));) {
		size_t n;
		uint64_t length;

		if (e->d_name[0] == '.')
			continue;
		char *p = load(e->d_name, &n);
		assert_int_equal(sip_msg_parse(slice_of(p, n), &msg), ERR_OK);
		assert_null(msg.defect);
		assert_true(sip_msg_number(&msg, SIP_CONTENT_LENGTH, 1 << 20, &length));
		assert_int_equal(length, msg.body.n);
		assert_int_equal(msg.via.branch.n > 0, 1);
		assert_int_equal(msg.from_tag.n > 0, 1);
		seen++;
		free(p);
	}
	closedir(dir);
	assert_true(seen >= 90);
}

/* Every prefix of a real message is refused or read without a step past its end. */
static void test_cut_everywhere(void **state)
{
	size_t n;
	char *p = load("asterisk22-03-notify-dialog-idle.sip", &n);

	(void)state;
	for (size_t cut = 0; cut < n; cut++) {
		char *q = malloc(cut ? cut : 1);

		memcpy(q, p, cut);
		if (sip_msg_parse(slice_of(q, cut), &msg) == ERR_OK)
			assert_non_null(msg.defect);
		free(q);
	}
	free(p);
}

static void test_asterisk_notify(void **state)
{
	size_t n;
	char *p = load("asterisk22-03-notify-dialog-idle.sip", &n);

	(void)state;
	assert_int_equal(sip_msg_parse(slice_of(p, n), &msg), ERR_OK);
	assert_true(msg.request);
	assert_slice(msg.method, "NOTIFY");
	assert_slice(msg.uri, "sip:bridge@127.0.0.1:40862");
	assert_slice(msg.via.transport, "UDP");
	assert_slice(msg.via.host, "127.0.0.1");
	assert_int_equal(msg.via.port, 15060);
	assert_true(msg.via.rport);
	assert_slice(msg.via.branch, "z9hG4bKPj01b7c61f-ea60-4a31-88d6-15f146e9eb95");
	assert_slice(msg.call_id, "f71730d49a5d699e@w");
	assert_slice(msg.from_tag, "d4d273e2-8ef0-4a7d-b37e-defbfa205019");
	assert_slice(msg.to_tag, "4dd810b");
	assert_int_equal(msg.cseq, 12173);
	assert_int_equal(msg.body.n, 229);
	free(p);
}

/* RFC 4475 3.1.1.1, a short tortuous INVITE, with its odd blanks, folds and compact forms */
static void test_tortuous(void **state)
{
	struct sip_msg *m = parsed(
		"INVITE sip:vivekg@chair-dnrc.example.com;unknownparam SIP/2.0\r\n"
		"TO :\r\n sip:vivekg@chair-dnrc.example.com ;   tag    = 1918181833n\r\n"
		"from   : \"J Rosenberg \\\\\\\"\"       <sip:jdrosen@example.com>\r\n  ;\r\n  tag "
		"= 98asjd8\r\n"
		"MaX-fOrWaRdS: 0068\r\n"
		"Call-ID: wsinv.ndaksdj@192.0.2.1\r\n"
		"Content-Length   : 3\r\n"
		"cseq: 0009\r\n  INVITE\r\n"
		"Via  : SIP  /   2.0\r\n /UDP\r\n    192.0.2.2;branch=390skdjuw\r\n"
		"s :\r\n"
		"NewFangledHeader:   newfangled value\r\n continued newfangled value\r\n"
		"UnknownHeaderWithUnusualValue: ;;,,;;,;\r\n"
		"Content-Type: application/sdp\r\n"
		"Route:\r\n <sip:services.example.com;lr;unknownwith=value;unknown-no-value>\r\n"
		"v:  SIP  / 2.0  / TCP     spindle.example.com   ;\r\n  branch  =   z9hG4bK9ikj8  "
		",\r\n"
		" SIP  /    2.0   / UDP  192.168.255.111   ; branch=\r\n z9hG4bK30239\r\n"
		"m:\"Quoted string \\\"\\\"\" <sip:jdrosen@example.com> ; newparam =\r\n      "
		"newvalue ;\r\n"
		"  secondparam ; q = 0.33\r\n"
		"\r\nv=0");

	(void)state;
	assert_null(m->defect);
	assert_slice(m->to_tag, "1918181833n");
	assert_slice(m->from_tag, "98asjd8");
	assert_int_equal(m->cseq, 9);
	assert_slice(m->cseq_method, "INVITE");
	assert_slice(m->via.host, "192.0.2.2");
	assert_slice(m->via.branch, "390skdjuw");
	assert_slice(m->body, "v=0");
	assert_slice(sip_msg_header_named(m, "newfangledheader"),
		     "newfangled value\r\n continued newfangled value");
	const struct sip_header *v = sip_msg_next(m, SIP_VIA, NULL);
	v = sip_msg_next(m, SIP_VIA, v);
	assert_non_null(v);
	assert_null(sip_msg_next(m, SIP_VIA, v));
	uint64_t n;
	assert_true(sip_msg_number(m, SIP_MAX_FORWARDS, 255, &n));
	assert_int_equal(n, 68);
}

static void test_compact_names(void **state)
{
	struct sip_msg *m = parsed(
		"NOTIFY sip:a@b SIP/2.0\r\nv: SIP/2.0/TLS [2001:db8::1]:5061;branch=z9hG4bKx\r\n"
		"f: <sip:c@d>;tag=1\r\nt: <sip:a@b>;tag=2\r\ni: id\r\nCSeq: 7 NOTIFY\r\n"
		"m: <sip:c@d>\r\no: dialog\r\nk: eventlist\r\nu: dialog\r\nc: text/plain\r\n"
		"l:    2\r\n\r\nabtail");

	(void)state;
	assert_null(m->defect);
	assert_slice(m->via.host, "2001:db8::1");
	assert_int_equal(m->via.port, 5061);
	assert_slice(sip_msg_header(m, SIP_EVENT), "dialog");
	assert_slice(sip_msg_header(m, SIP_CONTENT_TYPE), "text/plain");
	assert_slice(sip_msg_header(m, SIP_SUPPORTED), "eventlist");
	assert_slice(m->body, "ab");
}

static void test_body_without_length(void **state)
{
	struct sip_msg *m =
		parsed("SIP/2.0 200 OK\nVia: SIP/2.0/UDP h\nFrom: a:b\nFrom: x\n\nrest of it");

	(void)state;
	assert_slice(m->body, "rest of it");
	assert_non_null(m->defect);
}

static void test_defects(void **state)
{
#define HEAD "NOTIFY sip:a@b SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK1\r\n"
#define REST "From: <sip:a@b>;tag=1\r\nTo: <sip:a@b>\r\nCall-ID: i\r\n"
	static const struct {
		const char *text;
		uint16_t status;
	} cases[] = {
		{ HEAD REST "CSeq: 1 NOTIFY\r\n\r\n", 0 },
		{ HEAD REST "CSeq: 1 SUBSCRIBE\r\n\r\n", 400 },
		{ HEAD REST "CSeq: 36893488147419103232 NOTIFY\r\n\r\n", 400 },
		{ HEAD REST "CSeq: x NOTIFY\r\n\r\n", 400 },
		{ HEAD REST "CSeq: 1\r\n\r\n", 400 },
		{ HEAD REST "\r\n", 400 },
		{ HEAD REST "CSeq: 1 NOTIFY\r\nCSeq: 2 NOTIFY\r\n\r\n", 400 },
		{ HEAD REST "CSeq: 1 NOTIFY\r\nTo: <sip:a@b>\r\n\r\n", 400 },
		{ HEAD REST "CSeq: 1 NOTIFY\r\nContent-Length: 5\r\n\r\nabc", 400 },
		{ HEAD REST "CSeq: 1 NOTIFY\r\nContent-Length: -5\r\n\r\nabc", 400 },
		{ HEAD REST "CSeq: 1 NOTIFY\r\nl: 3\r\nContent-Length: 2\r\n\r\nabc", 400 },
		{ HEAD "To: <sip:a@b>\r\nCall-ID: i\r\nCSeq: 1 NOTIFY\r\n\r\n", 400 },
		{ HEAD
		  "From: \"open <sip:a@b>\r\nTo: <sip:a@b>\r\nCall-ID: i\r\nCSeq: 1 NOTIFY\r\n\r\n",
		  400 },
		{ HEAD "From: <sip:a@b\r\nTo: <sip:a@b>\r\nCall-ID: i\r\nCSeq: 1 NOTIFY\r\n\r\n",
		  400 },
		{ HEAD "From: <sip:a@b>\r\nTo: <sip:a@b>\r\nCall-ID:\r\nCSeq: 1 NOTIFY\r\n\r\n",
		  400 },
		{ "NOTIFY sip:a@b SIP/2.0\r\n" REST "CSeq: 1 NOTIFY\r\n\r\n", 400 },
		{ "NOTIFY sip:a@b SIP/2.0\r\nVia: SIP/2.0/UDP\r\n" REST "CSeq: 1 NOTIFY\r\n\r\n",
		  400 },
		{ "NOTIFY sip:a@b SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9\"x\r\n" REST
		  "CSeq: 1 NOTIFY\r\n\r\n",
		  400 },
		{ "NOTIFY sip:a@b SIP/2.0\r\nVia: nonsense\r\n" REST "CSeq: 1 NOTIFY\r\n\r\n",
		  400 },
		{ "NOTIFY sip:a@b SIP/7.0\r\nVia: SIP/2.0/UDP h\r\n" REST "CSeq: 1 NOTIFY\r\n\r\n",
		  505 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct sip_msg *m = parsed(cases[i].text);

		assert_int_equal(m->defect ? m->defect_status : 0, cases[i].status);
	}
}

static void test_not_sip(void **state)
{
	static const char *const cases[] = {
		"",
		"\r\n",
		"\r\n\r\n",
		"GET / HTTP/1.1\r\n\r\n",
		"NOTIFY sip:a@b SIP/2.0\r\n",
		"NOTIFY sip:a@b SIP/2.0",
		"NOTIFY  sip:a@b SIP/2.0\r\n\r\n",
		"NOTIFY sip:a@b\r\n\r\n",
		"NO\tTIFY sip:a@b SIP/2.0\r\n\r\n",
		"SIP/2.0 20 OK\r\n\r\n",
		"SIP/2.0 2000 OK\r\n\r\n",
		"SIP/2.0 099 OK\r\n\r\n",
		"SIP/2.0 700 OK\r\n\r\n",
		"SIP/3.0 200 OK\r\n\r\n",
		"NOTIFY sip:a@b SIP/2.0\r\nno colon here\r\n\r\n",
		"NOTIFY sip:a@b SIP/2.0\r\n: no name\r\n\r\n",
		"NOTIFY sip:a@b SIP/2.0\r\nVia: x\r\nhalf",
		"NOTIFY sip:a@b SIP/2.0\r\nVia: x\rInjected: y\r\n\r\n",
		"NOTIFY sip:a@b SIP/2.0\r\nVia: \x1b[2J\r\n\r\n",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_int_equal(sip_msg_parse(slice_str(cases[i]), &msg), ERR_MALFORMED);
	const char zero[] = "NOTIFY sip:a@b SIP/2.0\r\nVia: a\0b\r\n\r\n";
	assert_int_equal(sip_msg_parse(slice_of(zero, sizeof(zero) - 1), &msg), ERR_MALFORMED);
}

/* RFC 3261 25.1, every byte value */
static void test_token(void **state)
{
	(void)state;
	for (int c = 0; c < 256; c++) {
		char byte = (char)c;
		bool want = c && strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
					"0123456789-.!%*_+`'~",
					c);

		assert_int_equal(sip_is_token(slice_of(&byte, 1)), want);
	}
	assert_false(sip_is_token(SLICE_NONE));
}

static void test_limits(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 1 << 20);
	sip_put_request(&b, "NOTIFY", SLICE_LIT("sip:a@b"));
	for (int i = 0; i < SIP_HEADERS_MAX; i++)
		buf_str(&b, "X: y\r\n");
	size_t full = b.n;
	buf_str(&b, "\r\n");
	assert_int_equal(sip_msg_parse(buf_view(&b), &msg), ERR_OK);
	assert_int_equal(msg.n, SIP_HEADERS_MAX);
	b.n = full;
	buf_str(&b, "X: y\r\n\r\n");
	assert_int_equal(sip_msg_parse(buf_view(&b), &msg), ERR_LIMIT);
	while (b.n <= SIP_MSG_MAX)
		buf_char(&b, 'x');
	assert_int_equal(sip_msg_parse(buf_view(&b), &msg), ERR_LIMIT);
	buf_fini(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_captures),	cmocka_unit_test(test_cut_everywhere),
		cmocka_unit_test(test_asterisk_notify), cmocka_unit_test(test_tortuous),
		cmocka_unit_test(test_compact_names),	cmocka_unit_test(test_body_without_length),
		cmocka_unit_test(test_defects),		cmocka_unit_test(test_not_sip),
		cmocka_unit_test(test_token),
		cmocka_unit_test(test_limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
