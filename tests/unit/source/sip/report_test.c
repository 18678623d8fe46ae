#include "rig.h"

#include <stdio.h>
#include <stdlib.h>

static struct rig r;

static struct rig_dialog start(const struct rig_options *o, const char *body)
{
	rig_open(&r, o);
	rig_add(&r, 7, "201");
	rig_connect(&r);
	return rig_live(&r, body);
}

/* The body of a recorded message. */
static const char *recorded(const char *name)
{
	static char bytes[65536];
	static struct sip_msg m;
	char path[4096];
	const char *root = getenv("OFFHOOK_SOURCE");

	snprintf(path, sizeof(path), "%s/tests/vectors/sip/%s.sip", root ? root : ".", name);
	FILE *f = fopen(path, "rb");
	assert_non_null(f);
	size_t n = fread(bytes, 1, sizeof(bytes) - 1, f);
	fclose(f);
	bytes[n] = '\0';
	assert_int_equal(sip_msg_parse(slice_of(bytes, n), &m), ERR_OK);
	return m.body.n ? m.body.p : "";
}

/* RFC 4235 3.7.1 against direction, whole. */
static void test_every_state(void **state)
{
	static const char *const directions[] = { NULL, "initiator", "recipient" };
	static const struct {
		const char *word;
		int call[3];
	} rows[] = {
		{ "trying", { CALL_RINGING, CALL_DIALING, CALL_RINGING } },
		{ "proceeding", { CALL_RINGING, CALL_DIALING, CALL_RINGING } },
		{ "early", { CALL_RINGING, CALL_DIALING, CALL_RINGING } },
		{ "confirmed", { CALL_TALKING, CALL_TALKING, CALL_TALKING } },
		{ "terminated", { CALL_GONE, CALL_GONE, CALL_GONE } },
		{ "waiting-for-coffee", { CALL_GONE, CALL_GONE, CALL_GONE } },
		{ "Trying", { CALL_RINGING, CALL_DIALING, CALL_RINGING } },
		{ "CONFIRMED", { CALL_TALKING, CALL_TALKING, CALL_TALKING } },
	};

	(void)state;
	struct rig_dialog d = start(&(struct rig_options){ 0 }, "");
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		for (size_t j = 0; j < 3; j++) {
			rig_forget(&r);
			assert_int_equal(
				rig_notify_dialog(&r, &d,
						  rig_info(0, "x", directions[j], rows[i].word)),
				200);
			assert_int_equal(r.obs_n, 1);
			assert_int_equal(r.obs[0].scope, SCOPE_FULL);
			assert_int_equal(r.obs[0].call, rows[i].call[j]);
			if (rows[i].call[j] == CALL_GONE)
				assert_int_equal(r.obs[0].call_key, 0);
		}
	}
	rig_close(&r);
}

/* What real PBXs sent, in the order of the recordings. */
static void test_recorded_dialogs(void **state)
{
	static const struct {
		const char *name;
		int call;
	} rows[] = {
		{ "asterisk22-03-notify-dialog-idle", CALL_GONE },
		{ "asterisk22-04-notify-dialog-ringing", CALL_RINGING },
		{ "asterisk22-05-notify-dialog-talking", CALL_TALKING },
		{ "asterisk22-06-notify-dialog-hungup", CALL_GONE },
		{ "asterisk22-10-notify-dialog-ringinuse", CALL_TALKING },
		{ "asterisk22-13-notify-dialog-inuse", CALL_TALKING },
		{ "asterisk22-14-notify-dialog-onhold", CALL_HELD },
		{ "asterisk22-16-notify-dialog-busy", CALL_TALKING },
		{ "asterisk22-18-notify-dialog-unavailable", CALL_GONE },
		{ "asterisk16-13-notify-dialog-onhold", CALL_HELD },
		{ "kamailio56-03-notify-dialog-first", CALL_GONE },
		{ "kamailio56-05-notify-dialog-early", CALL_RINGING },
		{ "kamailio56-06-notify-dialog-confirmed", CALL_TALKING },
		{ "kamailio56-21-notify-call-1001-early", CALL_DIALING },
		{ "kamailio56-22-notify-call-1001-Trying", CALL_DIALING },
		{ "kamailio56-23-notify-call-1002-early", CALL_RINGING },
		{ "kamailio56-24-notify-call-1001-confirmed", CALL_TALKING },
		{ "kamailio56-27-notify-call-1001-terminated", CALL_GONE },
	};

	(void)state;
	struct rig_dialog d = start(&(struct rig_options){ 0 }, "");
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		rig_forget(&r);
		assert_int_equal(rig_notify_dialog(&r, &d, recorded(rows[i].name)), 200);
		assert_int_equal(r.obs[0].scope, SCOPE_FULL);
		assert_int_equal(r.obs[0].call, rows[i].call);
	}
	rig_close(&r);
}

/* pbx.md 2, rule 5: one call ended among others does not free the line. */
static void test_two_calls(void **state)
{
	(void)state;
	struct rig_dialog d = start(&(struct rig_options){ 0 }, "");
	rig_forget(&r);
	rig_notify_dialog(&r, &d, recorded("kamailio56-07-notify-dialog-two"));
	assert_int_equal(r.obs_n, 2);
	assert_int_equal(r.obs[0].scope, SCOPE_FULL);
	assert_int_equal(r.obs[0].call, CALL_TALKING);
	assert_int_equal(r.obs[1].scope, SCOPE_PARTIAL);
	assert_true(r.obs[0].call_key != r.obs[1].call_key);
	rig_forget(&r);
	rig_notify_dialog(&r, &d, recorded("kamailio56-08-notify-dialog-one-terminated"));
	assert_int_equal(r.obs_n, 1);
	assert_int_equal(r.obs[0].call, CALL_DIALING);
	rig_close(&r);
}

static const char *partial(unsigned version, const char *dialogs)
{
	static char text[2048];

	snprintf(text, sizeof(text),
		 "<dialog-info xmlns='urn:ietf:params:xml:ns:dialog-info' version='%u' "
		 "state='partial' entity='sip:201@h'>"
		 "%s</dialog-info>",
		 version, dialogs);
	return text;
}

static void test_partial(void **state)
{
	(void)state;
	struct rig_dialog d =
		start(&(struct rig_options){ 0 }, rig_info(4, "a", "recipient", "confirmed"));
	uint64_t key = r.obs[0].call_key;
	rig_idle(&r, 20000);
	rig_forget(&r);
	rig_notify_dialog(
		&r, &d,
		partial(5, "<dialog id='a'><state>terminated</state></dialog>"
			   "<dialog id='b' direction='initiator'><state>early</state></dialog>"));
	/* the new call before the end of the old one, so that the line is never free in between */
	assert_int_equal(r.obs_n, 2);
	assert_int_equal(r.obs[0].scope, SCOPE_PARTIAL);
	assert_int_equal(r.obs[0].call, CALL_DIALING);
	assert_int_equal(r.obs[1].scope, SCOPE_GONE);
	assert_true(r.obs[1].call_key == key);
	assert_true(rig_quiet(&r));
	/* a version left out: taken, and the whole is asked for */
	rig_notify_dialog(&r, &d, partial(8, "<dialog id='b'><state>confirmed</state></dialog>"));
	assert_int_equal(rig_call(&r, 7), CALL_TALKING);
	struct rig_request *q = rig_take(&r, "SUBSCRIBE");
	assert_int_equal(q->m.to_tag.n, 0);
	/* an old one: not taken */
	rig_forget(&r);
	rig_notify_dialog(&r, &d, partial(6, "<dialog id='b'><state>terminated</state></dialog>"));
	assert_int_equal(r.obs_n, 0);
	rig_close(&r);
}

/* The first document is whole by definition, whatever it says of itself. */
static void test_first_partial(void **state)
{
	(void)state;
	start(&(struct rig_options){ 0 },
	      partial(0, "<dialog id='a'><state>confirmed</state></dialog>"));
	assert_int_equal(r.obs[0].scope, SCOPE_FULL);
	assert_int_equal(r.obs[0].call, CALL_TALKING);
	rig_close(&r);
}

static void test_conference(void **state)
{
	(void)state;
	start(&(struct rig_options){ 0 }, "<dialog-info xmlns='urn:ietf:params:xml:ns:dialog-info' "
					  "version='1' state='full' entity='sip:201@h'>"
					  "<dialog id='a'><state>confirmed</state><remote><target "
					  "uri='sip:c@h'><param pname='isfocus' pvalue='true'/>"
					  "</target></remote></dialog></dialog-info>");
	assert_int_equal(r.obs[0].call, CALL_CONFERENCE);
	rig_close(&r);
}

/* ---- package presence ---- */

static const struct rig_options presence = { .package = "presence" };

static bool flag_of(enum obs_kind kind)
{
	for (uint32_t i = r.obs_n; i-- > 0;)
		if (r.obs[i].kind == kind)
			return kind == OBS_DND ? r.obs[i].on : r.obs[i].registered;
	fail_msg("no such obs");
	return false;
}

static void test_recorded_presence(void **state)
{
	static const struct {
		const char *name;
		int call;
		bool registered;
	} rows[] = {
		{ "asterisk22-20-notify-pidf-not_inuse", CALL_GONE, true },
		{ "asterisk22-09-notify-pidf-ringing", CALL_RINGING, true },
		{ "asterisk22-12-notify-pidf-inuse", CALL_TALKING, true },
		{ "asterisk22-11-notify-pidf-ringinuse", CALL_TALKING,
		  true }, /* a second call rings: still in the first */
		{ "asterisk22-15-notify-pidf-onhold", CALL_HELD, true },
		{ "asterisk22-17-notify-pidf-busy", CALL_TALKING, true },
		{ "asterisk22-19-notify-pidf-unavailable", CALL_GONE, false },
		{ "asterisk22-20-notify-pidf-not_inuse", CALL_GONE, true },
	};

	(void)state;
	struct rig_dialog d = start(&presence, "");
	assert_int_equal(rig_call(&r, 7), CALL_GONE);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		rig_forget(&r);
		assert_int_equal(rig_notify_dialog(&r, &d, recorded(rows[i].name)), 200);
		assert_int_equal(rig_call(&r, 7), rows[i].call);
		assert_int_equal(flag_of(OBS_REGISTRATION), rows[i].registered);
		assert_false(flag_of(OBS_DND));
		for (uint32_t j = 0; j < r.obs_n; j++)
			assert_int_not_equal(r.obs[j].kind, OBS_PROFILE);
	}
	rig_close(&r);
}

static void test_presence_subscribe(void **state)
{
	(void)state;
	rig_open(&r, &presence);
	rig_add(&r, 7, "201");
	rig_connect(&r);
	struct rig_request *q = rig_take(&r, "SUBSCRIBE");
	assert_string_equal(rig_header(q, "Event"), "presence");
	assert_string_equal(rig_header(q, "Accept"), "application/pidf+xml");
	rig_close(&r);
}

static const char *pidf(const char *person)
{
	static char text[2048];

	snprintf(text, sizeof(text),
		 "<presence xmlns='urn:ietf:params:xml:ns:pidf' "
		 "xmlns:dm='urn:ietf:params:xml:ns:pidf:data-model' "
		 "xmlns:rpid='urn:ietf:params:xml:ns:pidf:rpid' "
		 "xmlns:ce='urn:cisco:params:xml:ns:pidf:rpid' "
		 "entity='sip:201@h'><tuple id='a'><status><basic>open</basic></status></tuple>"
		 "<dm:person id='p'><rpid:activities>%s</rpid:activities></dm:person></presence>",
		 person);
	return text;
}

/* DND rises before the call report and falls after it: nothing lower shows in between. */
static void test_dnd_order(void **state)
{
	(void)state;
	struct rig_dialog d = start(&presence, "");
	rig_forget(&r);
	rig_notify_dialog(&r, &d, pidf("<ce:dnd/>"));
	assert_int_equal(r.obs[1].kind, OBS_DND);
	assert_true(r.obs[1].on);
	assert_int_equal(r.obs[2].kind, OBS_CALL);
	rig_forget(&r);
	rig_notify_dialog(&r, &d, pidf("<rpid:on-the-phone/>"));
	assert_int_equal(r.obs[1].kind, OBS_CALL);
	assert_int_equal(r.obs[1].call, CALL_TALKING);
	assert_int_equal(r.obs[2].kind, OBS_DND);
	assert_false(r.obs[2].on);
	rig_close(&r);
}

static int profile_of(void)
{
	for (uint32_t i = r.obs_n; i-- > 0;)
		if (r.obs[i].kind == OBS_PROFILE)
			return r.obs[i].profile.state;
	return -1;
}

static void test_profile(void **state)
{
	(void)state;
	struct rig_dialog d =
		start(&(struct rig_options){ .package = "presence", .reads_profile = true },
		      pidf("<rpid:away/>"));
	assert_int_equal(profile_of(), PROFILE_AWAY);
	assert_int_equal(r.obs[2].kind, OBS_CALL);
	rig_forget(&r);
	rig_notify_dialog(&r, &d, pidf("<rpid:away/>"));
	assert_int_equal(profile_of(), PROFILE_AWAY); /* the engine knows what is no news */
	rig_notify_dialog(&r, &d, pidf("<rpid:meeting/>"));
	assert_int_equal(profile_of(), PROFILE_MEETING);
	rig_notify_dialog(&r, &d, pidf("<rpid:busy/>"));
	assert_int_equal(profile_of(), PROFILE_BUSY);
	/* busy on the phone is the line's matter: what was stated before it stands */
	rig_notify_dialog(&r, &d, pidf("<rpid:on-the-phone/><rpid:busy/>"));
	assert_int_equal(profile_of(), PROFILE_BUSY);
	rig_notify_dialog(&r, &d, pidf(""));
	assert_int_equal(profile_of(), PROFILE_AVAILABLE);
	rig_forget(&r);
	rig_notify_dialog(&r, &d, "");
	assert_int_equal(profile_of(), PROFILE_NONE);
	rig_close(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_state),	  cmocka_unit_test(test_recorded_dialogs),
		cmocka_unit_test(test_two_calls),	  cmocka_unit_test(test_partial),
		cmocka_unit_test(test_first_partial),	  cmocka_unit_test(test_conference),
		cmocka_unit_test(test_recorded_presence), cmocka_unit_test(test_presence_subscribe),
		cmocka_unit_test(test_dnd_order),	  cmocka_unit_test(test_profile),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
