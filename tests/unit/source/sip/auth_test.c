#include "rig.h"

#include <stdio.h>

#include "proto/sip/digest.h"

static struct rig r;

#define MD5(nonce)                                                                                 \
	"Digest realm=\"pbx\",nonce=\"" nonce "\",opaque=\"op\",algorithm=MD5,qop=\"auth\"\r\n"

static void start(const struct rig_options *o, uint32_t lines)
{
	rig_open(&r, o);
	for (uint32_t i = 0; i < lines; i++) {
		char number[8];

		snprintf(number, sizeof(number), "%u", 201 + i);
		rig_add(&r, 7 + i, number);
	}
	rig_connect(&r);
}

static struct sip_credentials credentials(const struct rig_request *q, enum sip_header_id header)
{
	struct sip_credentials c;

	assert_int_equal(sip_credentials_parse(sip_msg_header(&q->m, header), &c), ERR_OK);
	return c;
}

static void test_401(void **state)
{
	(void)state;
	start(&(struct rig_options){ 0 }, 1);
	struct rig_request *q = rig_take(&r, "SUBSCRIBE");
	struct slice call = q->m.call_id;
	rig_reply(&r, q, 401, "WWW-Authenticate: " MD5("n1"));
	q = rig_take(&r, "SUBSCRIBE");
	assert_true(slice_eq(call, q->m.call_id));
	assert_int_equal(q->m.cseq, 2);
	struct sip_credentials c = credentials(q, SIP_AUTHORIZATION);
	assert_slice(c.digest.username, "offhook");
	assert_slice(c.digest.nonce, "n1");
	assert_slice(c.digest.uri, "sip:201@pbx.test");
	assert_slice(c.opaque, "op");
	assert_int_equal(c.digest.nc, 1);
	assert_true(sip_credentials_match(&c, SLICE_LIT("SUBSCRIBE"), SLICE_LIT("geheim")));
	rig_reply(&r, q, 200, "Expires: 3600\r\n");
	/* the next request saves the round: same nonce, count one higher */
	rig_add(&r, 9, "209");
	c = credentials(rig_take(&r, "SUBSCRIBE"), SIP_AUTHORIZATION);
	assert_int_equal(c.digest.nc, 2);
	assert_slice(c.digest.nonce, "n1");
	assert_true(sip_credentials_match(&c, SLICE_LIT("SUBSCRIBE"), SLICE_LIT("geheim")));
	rig_close(&r);
}

static void test_407_and_401_behind_it(void **state)
{
	(void)state;
	start(&(struct rig_options){ 0 }, 1);
	rig_reply(&r, rig_take(&r, "SUBSCRIBE"), 407, "Proxy-Authenticate: " MD5("p1"));
	struct rig_request *q = rig_take(&r, "SUBSCRIBE");
	credentials(q, SIP_PROXY_AUTHORIZATION);
	rig_reply(&r, q, 401, "WWW-Authenticate: " MD5("w1"));
	q = rig_take(&r, "SUBSCRIBE");
	assert_slice(credentials(q, SIP_PROXY_AUTHORIZATION).digest.nonce, "p1");
	assert_slice(credentials(q, SIP_AUTHORIZATION).digest.nonce, "w1");
	rig_reply(&r, q, 200, "Expires: 3600\r\n");
	assert_int_equal(r.notes[NOTE_LOGIN_REFUSED], 0);
	rig_close(&r);
}

/* RFC 8760: several challenges, the strongest that we know; one that we do not know is no harm. */
static void test_strongest(void **state)
{
	(void)state;
	start(&(struct rig_options){ 0 }, 1);
	rig_reply(&r, rig_take(&r, "SUBSCRIBE"), 401,
		  "WWW-Authenticate: Digest "
		  "realm=\"pbx\",nonce=\"x\",algorithm=SHA-512-256,qop=\"auth\"\r\n"
		  "WWW-Authenticate: " MD5(
			  "m") "WWW-Authenticate: Digest "
			       "realm=\"pbx\",nonce=\"s\",algorithm=SHA-256,qop=\"auth\"\r\n"
			       "WWW-Authenticate: Basic realm=\"pbx\"\r\n");
	struct sip_credentials c = credentials(rig_take(&r, "SUBSCRIBE"), SIP_AUTHORIZATION);
	assert_int_equal(c.digest.algorithm, SIP_SHA256);
	assert_slice(c.digest.nonce, "s");
	assert_true(sip_credentials_match(&c, SLICE_LIT("SUBSCRIBE"), SLICE_LIT("geheim")));
	rig_close(&r);
}

static void test_without_qop(void **state)
{
	(void)state;
	start(&(struct rig_options){ 0 }, 1);
	rig_reply(&r, rig_take(&r, "SUBSCRIBE"), 401,
		  "WWW-Authenticate: Digest realm=\"pbx\",nonce=\"x\"\r\n");
	struct sip_credentials c = credentials(rig_take(&r, "SUBSCRIBE"), SIP_AUTHORIZATION);
	assert_false(c.digest.qop_auth);
	assert_true(sip_credentials_match(&c, SLICE_LIT("SUBSCRIBE"), SLICE_LIT("geheim")));
	rig_close(&r);
}

/* Two log-ins with fresh nonces, then silence for minutes, then one more. Never more, whatever the
 * number of lines and however often the link comes back. */
static void test_wrong_password(void **state)
{
	unsigned with_password = 0;
	int64_t begin;

	(void)state;
	start(&(struct rig_options){ 0 }, 20);
	begin = r.now;
	for (unsigned i = 1; !rig_quiet(&r); i++) {
		struct rig_request *q = rig_take(&r, "SUBSCRIBE");
		char h[200];

		with_password += sip_msg_has(&q->m, SIP_AUTHORIZATION);
		snprintf(h, sizeof(h),
			 "WWW-Authenticate: Digest realm=\"pbx\",nonce=\"n%u\",qop=\"auth\"\r\n",
			 i);
		rig_reply(&r, q, 401, h);
	}
	assert_int_equal(with_password, 2);
	assert_int_equal(r.notes[NOTE_LOGIN_REFUSED], 1);
	assert_int_equal(r.ups, 0);
	assert_int_equal(rig_view(&r, 7).link, LINE_WAITING);
	assert_non_null(strstr(rig_view(&r, 7).reason, "log-in"));
	assert_non_null(strstr(rig_source(&r).state, "log-in"));
	/* a new connection does not buy new tries */
	rig_drop(&r, "bye");
	rig_run(&r, 5000);
	rig_connect(&r);
	while (r.now < begin + 299000) {
		rig_run(&r, 1000);
		while (!rig_quiet(&r)) {
			struct rig_request *q = rig_take(&r, "OPTIONS");

			assert_false(sip_msg_has(&q->m, SIP_AUTHORIZATION));
			rig_reply(&r, q, 401, "WWW-Authenticate: " MD5("o"));
		}
	}
	rig_forget(&r);
	struct rig_request *q = rig_next_subscribe(&r, 65000);
	assert_false(sip_msg_has(&q->m, SIP_AUTHORIZATION));
	rig_reply(&r, q, 401, "WWW-Authenticate: " MD5("z1"));
	rig_reply(&r, rig_take(&r, "SUBSCRIBE"), 401, "WWW-Authenticate: " MD5("z2"));
	assert_true(rig_quiet(&r));
	assert_int_equal(r.notes[NOTE_LOGIN_REFUSED], 1);
	/* the password is right again at the PBX: everything goes on */
	q = rig_next_subscribe(&r, 400000);
	rig_reply(&r, q, 401, "WWW-Authenticate: " MD5("y1"));
	q = rig_take(&r, "SUBSCRIBE");
	rig_reply(&r, q, 200, "Expires: 3600\r\n");
	assert_int_equal(r.ups, 1);
	for (int i = 0; i < 19; i++)
		rig_take(&r, "SUBSCRIBE");
	rig_close(&r);
}

static void test_stale(void **state)
{
	(void)state;
	start(&(struct rig_options){ 0 }, 1);
	rig_reply(&r, rig_take(&r, "SUBSCRIBE"), 401, "WWW-Authenticate: " MD5("n1"));
	rig_reply(
		&r, rig_take(&r, "SUBSCRIBE"), 401,
		"WWW-Authenticate: Digest realm=\"pbx\",nonce=\"n2\",stale=TRUE,qop=\"auth\"\r\n");
	struct rig_request *q = rig_take(&r, "SUBSCRIBE");
	assert_slice(credentials(q, SIP_AUTHORIZATION).digest.nonce, "n2");
	assert_int_equal(credentials(q, SIP_AUTHORIZATION).digest.nc, 1);
	assert_int_equal(r.notes[NOTE_LOGIN_REFUSED], 0);
	rig_close(&r);
}

/* A PBX that calls each nonce stale is not asked for ever. */
static void test_always_stale(void **state)
{
	(void)state;
	start(&(struct rig_options){ 0 }, 1);
	int asked = 0;
	for (; !rig_quiet(&r); asked++) {
		char h[200];

		snprintf(h, sizeof(h),
			 "WWW-Authenticate: Digest realm=\"pbx\",nonce=\"n%d\",stale=true\r\n",
			 asked);
		rig_reply(&r, rig_take(&r, "SUBSCRIBE"), 401, h);
	}
	assert_in_range(asked, 3, 6);
	assert_int_equal(r.notes[NOTE_LOGIN_REFUSED], 1);
	rig_close(&r);
}

/* A cached nonce that has run out, answered 401 without stale: no wrong password. */
static void test_old_nonce_without_stale(void **state)
{
	(void)state;
	start(&(struct rig_options){ 0 }, 1);
	rig_reply(&r, rig_take(&r, "SUBSCRIBE"), 401, "WWW-Authenticate: " MD5("n1"));
	rig_reply(&r, rig_take(&r, "SUBSCRIBE"), 200, "Expires: 3600\r\n");
	for (int i = 0; i < 10; i++) {
		char number[8], h[200];

		snprintf(number, sizeof(number), "%d", 300 + i);
		rig_add(&r, (uint32_t)(100 + i), number);
		snprintf(h, sizeof(h),
			 "WWW-Authenticate: Digest realm=\"pbx\",nonce=\"k%d\",qop=\"auth\"\r\n",
			 i);
		rig_reply(&r, rig_take(&r, "SUBSCRIBE"), 401, h);
		rig_reply(&r, rig_take(&r, "SUBSCRIBE"), 200, "Expires: 3600\r\n");
	}
	assert_int_equal(r.notes[NOTE_LOGIN_REFUSED], 0);
	rig_close(&r);
}

static void test_nothing_to_answer_with(void **state)
{
	(void)state;
	start(&(struct rig_options){ 0 }, 1);
	rig_reply(&r, rig_take(&r, "SUBSCRIBE"), 401,
		  "WWW-Authenticate: Digest realm=\"pbx\",nonce=\"x\",algorithm=SHA3\r\n");
	assert_true(rig_quiet(&r));
	assert_int_equal(r.notes[NOTE_LOGIN_REFUSED], 1);
	rig_close(&r);
	start(&(struct rig_options){ .username = "" }, 1);
	rig_reply(&r, rig_take(&r, "SUBSCRIBE"), 401, "WWW-Authenticate: " MD5("n"));
	assert_true(rig_quiet(&r));
	assert_int_equal(r.notes[NOTE_LOGIN_REFUSED], 1);
	rig_close(&r);
}

/* The password never shows, neither on the wire nor in words. */
static void test_no_password_in_the_open(void **state)
{
	(void)state;
	start(&(struct rig_options){ .password = "s3cr3t-w0rd" }, 1);
	rig_reply(&r, rig_take(&r, "SUBSCRIBE"), 401, "WWW-Authenticate: " MD5("n1"));
	rig_reply(&r, rig_take(&r, "SUBSCRIBE"), 401, "WWW-Authenticate: " MD5("n2"));
	rig_reply(&r, rig_take(&r, "SUBSCRIBE"), 401, "WWW-Authenticate: " MD5("n3"));
	for (uint32_t i = 0; i < r.sent_n; i++)
		assert_null(strstr(r.sent[i].bytes, "s3cr3t"));
	for (int i = 0; i < NOTE_COUNT; i++)
		assert_null(strstr(r.note_text[i], "s3cr3t"));
	rig_close(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_401),
		cmocka_unit_test(test_407_and_401_behind_it),
		cmocka_unit_test(test_strongest),
		cmocka_unit_test(test_without_qop),
		cmocka_unit_test(test_wrong_password),
		cmocka_unit_test(test_stale),
		cmocka_unit_test(test_always_stale),
		cmocka_unit_test(test_old_nonce_without_stale),
		cmocka_unit_test(test_nothing_to_answer_with),
		cmocka_unit_test(test_no_password_in_the_open),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
