#include "proto/sip/msg.h"

#include "test.h"

static const char request[] = "NOTIFY sip:w@10.0.0.1:5062 SIP/2.0\r\n"
			      "Via: SIP/2.0/UDP pbx:5060;rport;branch=z9hG4bK1;x=\"a;b\", "
			      "SIP/2.0/UDP far;branch=z9hG4bK0\r\n"
			      "Via: SIP/2.0/TCP other;branch=z9hG4bK2\r\n"
			      "From: <sip:201@pbx>;tag=f\r\nTo: <sip:w@pbx>\r\nCall-ID: c\r\nCSeq: "
			      "5 NOTIFY\r\nContent-Length: 0\r\n\r\n";

static void test_answer(void **state)
{
	struct sip_msg m, back;
	struct buf b;

	(void)state;
	buf_init(&b, 4096);
	assert_int_equal(sip_msg_parse(slice_str(request), &m), ERR_OK);
	sip_put_answer(&b, &m, 481, NULL, "own",
		       (struct sip_origin){ SLICE_LIT("10.9.9.9"), 4000 });
	sip_put_end(&b, NULL, SLICE_NONE);
	assert_string_equal(
		buf_cstr(&b),
		"SIP/2.0 481 Call/Transaction Does Not Exist\r\n"
		"Via: SIP/2.0/UDP pbx:5060;branch=z9hG4bK1;x=\"a;b\";received=10.9.9.9;rport=4000, "
		"SIP/2.0/UDP far;branch=z9hG4bK0\r\n"
		"Via: SIP/2.0/TCP other;branch=z9hG4bK2\r\n"
		"From: <sip:201@pbx>;tag=f\r\nTo: <sip:w@pbx>;tag=own\r\nCall-ID: c\r\nCSeq: 5 "
		"NOTIFY\r\n"
		"Content-Length: 0\r\n\r\n");
	assert_int_equal(sip_msg_parse(buf_view(&b), &back), ERR_OK);
	assert_null(back.defect);
	assert_int_equal(back.status, 481);
	assert_slice(back.to_tag, "own");
	buf_fini(&b);
}

static void test_answer_without_origin(void **state)
{
	struct sip_msg m;
	struct buf b;

	(void)state;
	buf_init(&b, 4096);
	assert_int_equal(sip_msg_parse(SLICE_LIT("FOO x SIP/2.0\r\nVia: junk\r\n\r\n"), &m),
			 ERR_OK);
	sip_put_answer(&b, &m, 400, m.defect, "t", (struct sip_origin){ SLICE_LIT("1.2.3.4"), 1 });
	sip_put_end(&b, NULL, SLICE_NONE);
	assert_string_equal(buf_cstr(&b),
			    "SIP/2.0 400 Missing Header\r\nVia: junk\r\nContent-Length: 0\r\n\r\n");
	buf_fini(&b);
}

static void test_request(void **state)
{
	struct sip_msg m;
	struct buf b;

	(void)state;
	buf_init(&b, 4096);
	sip_put_request(&b, "SUBSCRIBE", SLICE_LIT("sip:201@pbx"));
	sip_put(&b, "Via", SLICE_LIT("SIP/2.0/UDP h;branch=z9hG4bK9"));
	sip_put(&b, "From", SLICE_LIT("<sip:a@b>;tag=1"));
	sip_put(&b, "To", SLICE_LIT("<sip:201@pbx>"));
	sip_put(&b, "Call-ID", SLICE_LIT("x"));
	sip_put_fmt(&b, "CSeq", "%u SUBSCRIBE", 3u);
	sip_put_end(&b, "text/plain", SLICE_LIT("hello"));
	assert_int_equal(sip_msg_parse(buf_view(&b), &m), ERR_OK);
	assert_null(m.defect);
	assert_int_equal(m.cseq, 3);
	assert_slice(m.body, "hello");
	assert_slice(sip_msg_header(&m, SIP_CONTENT_TYPE), "text/plain");
	buf_fini(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_answer),
		cmocka_unit_test(test_answer_without_origin),
		cmocka_unit_test(test_request),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
