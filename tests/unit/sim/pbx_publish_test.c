/* PUBLISH at the simulated PBX, as Kamailio 5.6 was seen to answer it
 * (tests/e2e/profile_kamailio_test.py). */
#include "pbx_world.h"
#include "proto/xml/pidf.h"

static const struct pbx_config kamailio = {.style = PBX_KAMAILIO};

/* One PUBLISH of 201 under an id; activity NULL: no body. Its status; the new tag goes to ret_tag. */
static int publish(const char *tag, const char *activity, int expires, char ret_tag[64])
{
	static int branch;
	char body[1024] = "";
	int before = w.n;

	branch++;
	if (activity)
		snprintf(body, sizeof(body),
			 "<presence xmlns=\"urn:ietf:params:xml:ns:pidf\"><tuple "
			 "id=\"offhook-1\"><status><basic>"
			 "open</basic></status></tuple><person "
			 "id=\"offhook-1-person\"><activities>%s"
			 "</activities></person></presence>",
			 activity);
	snprintf(w.request, sizeof(w.request),
		 "PUBLISH sip:201@10.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP "
		 "192.0.2.7:5099;branch=z9hG4bKp%d\r\n"
		 "From: <sip:w@10.0.0.1>;tag=w\r\nTo: <sip:201@10.0.0.1>\r\nCall-ID: p\r\nCSeq: %d "
		 "PUBLISH\r\n"
		 "Event: presence\r\nExpires: %d\r\n%s%s%sContent-Length: %zu\r\n\r\n%s",
		 branch, branch, expires, tag ? "SIP-If-Match: " : "", tag ? tag : "",
		 tag ? "\r\n" : "", strlen(body), body);
	feed_text(w.request);
	for (int i = before; i < w.n; i++) {
		struct slice etag = sip_msg_header_named(&w.got[i].m, "SIP-ETag");

		if (w.got[i].m.request)
			continue;
		if (w.got[i].m.status == 200)
			assert_int_equal(slice_copy(etag, ret_tag, 64), ERR_OK);
		return w.got[i].m.status;
	}
	return 0;
}

/* What the last NOTIFY since clear() says. */
static struct pidf said(void)
{
	struct pidf p = {0};
	int n = notifies();

	assert_true(n > 0);
	assert_int_equal(pidf_read(w.reader, notify(n - 1)->m.body, "offhook-1", &p), ERR_OK);
	clear();
	return p;
}

static enum pbx_profile shown(void)
{
	struct pbx_phone ph;

	assert_true(pbx_phone(w.pbx, 0, &ph));
	return (enum pbx_profile)ph.profile;
}

static void a_publication_is_told_changed_refreshed_and_taken_back(void **state)
{
	char tag[64] = "", old[64];
	(void)state;

	start(kamailio);
	assert_int_equal(subscribe((struct ask){.user = "201", .event = "presence"}), 200);
	clear();
	assert_int_equal(publish(NULL, "<rpid:away/>", 600, tag), 200);
	assert_int_equal(said().own, PIDF_AWAY);
	assert_int_equal(shown(), PBX_AWAY);
	memcpy(old, tag, sizeof(old));
	assert_int_equal(publish(tag, "<rpid:busy/>", 600, tag), 200);
	assert_string_not_equal(old, tag);
	assert_int_equal(said().own, PIDF_BUSY);
	assert_int_equal(publish(tag, NULL, 600, tag), 200);
	assert_int_equal(notifies(), 0);
	assert_int_equal(publish(old, NULL, 600, tag), 412);
	assert_int_equal(publish("garbage", NULL, 600, tag), 500);
	clear();
	assert_int_equal(publish(tag, NULL, 0, tag), 200);
	struct pidf p = said();
	assert_int_equal(p.own, PIDF_NOTHING); /* closed, once */
	assert_int_equal(shown(), PBX_AVAILABLE);
	assert_int_equal(publish(tag, NULL, 600, tag), 412);
}

static void the_last_statement_is_the_truth(void **state)
{
	char tag[64];
	(void)state;

	start(kamailio);
	subscribe((struct ask){.user = "201", .event = "presence"});
	assert_int_equal(publish(NULL, "<rpid:busy/>", 600, tag), 200);
	pbx_set_profile(w.pbx, w.now_ms, 0, PBX_AWAY);
	drain();
	struct pidf p = said();
	assert_int_equal(p.own, PIDF_BUSY);
	assert_int_equal(p.others, PIDF_AWAY);
	assert_int_equal(shown(), PBX_AWAY);
	publish(tag, "<rpid:meeting/>", 600, tag);
	assert_int_equal(shown(), PBX_MEETING);
	/* it is not refreshed */
	clear();
	pass(600000);
	assert_int_equal(shown(), PBX_AWAY);
}

static void faults_lose_it(void **state)
{
	char tag[64];
	(void)state;

	start(kamailio);
	publish(NULL, "<rpid:busy/>", 600, tag);
	fault((struct pbx_fault){.kind = PBX_FAULT_ODD_TAG, .phone = PBX_EXTERNAL, .count = 1});
	assert_int_equal(publish(tag, NULL, 600, tag), 500);
	assert_int_equal(publish(tag, NULL, 600, tag), 200);
	fault((struct pbx_fault){.kind = PBX_FAULT_UNPUBLISH});
	assert_int_equal(publish(tag, NULL, 600, tag), 412);
	assert_int_equal(shown(), PBX_AVAILABLE);
	assert_int_equal(publish(NULL, "<rpid:busy/>", 600, tag), 200);
	pbx_restart(w.pbx, w.now_ms, PBX_RESTART_FORGET, 1000, false);
	pass(2000);
	assert_int_equal(publish(tag, NULL, 600, tag), 412);
	fault((struct pbx_fault){.kind = PBX_FAULT_BUSY, .phone = PBX_EXTERNAL, .count = 1});
	assert_int_equal(publish(NULL, "<rpid:busy/>", 600, tag), 503);
}

static void what_no_pbx_takes(void **state)
{
	char tag[64];
	(void)state;

	start((struct pbx_config){.style = PBX_ASTERISK});
	assert_int_equal(publish(NULL, "<rpid:busy/>", 600, tag), 489);
	finish(NULL);
	start(kamailio);
	assert_int_equal(publish(NULL, "<rpid:busy/>", 5, tag), 423);
	assert_int_equal(publish(NULL, NULL, 600, tag), 400);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(a_publication_is_told_changed_refreshed_and_taken_back, finish),
		cmocka_unit_test_teardown(the_last_statement_is_the_truth, finish),
		cmocka_unit_test_teardown(faults_lose_it, finish),
		cmocka_unit_test_teardown(what_no_pbx_takes, finish),
	};
	return cmocka_run_group_tests_name("sim/pbx_publish", tests, NULL, NULL);
}
