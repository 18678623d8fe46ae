/* What a line is watched for beside its calls: the profile by package presence, DND by
 * as-feature-event. */
#include "rig.h"

#include <stdio.h>

static struct rig r;

#define PIDF_TYPE "application/pidf+xml"
#define FEATURE_TYPE "application/x-as-feature-event+xml"

/* Told by the last PUBLISH; before, of an earlier run. */
static char own_id[40] = "offhook-0";

static const char *merged(const char *own, const char *others)
{
	static char text[2048];

	snprintf(text, sizeof(text),
		 "<presence xmlns='urn:ietf:params:xml:ns:pidf' "
		 "xmlns:dm='urn:ietf:params:xml:ns:pidf:data-model' "
		 "xmlns:rpid='urn:ietf:params:xml:ns:pidf:rpid' entity='sip:201@h'>");
	if (own)
		snprintf(text + strlen(text), sizeof(text) - strlen(text),
			 "<tuple id='%s'><status><basic>open</basic></status></tuple>"
			 "<dm:person id='%s-person'><rpid:activities>%s</rpid:activities>"
			 "</dm:person>",
			 own_id, own_id, own);
	if (others)
		snprintf(text + strlen(text), sizeof(text) - strlen(text),
			 "<tuple id='t'><status><basic>open</basic></status></tuple>"
			 "<dm:person id='p'><rpid:activities>%s</rpid:activities></dm:person>",
			 others);
	snprintf(text + strlen(text), sizeof(text) - strlen(text), "</presence>");
	return text;
}

/* The only obs since rig_forget that is a profile; -1: none. */
static int profile_of(bool *full)
{
	int found = -1;

	for (uint32_t i = 0; i < r.obs_n; i++) {
		if (r.obs[i].kind != OBS_PROFILE)
			continue;
		assert_int_equal(found, -1);
		assert_int_equal(r.obs[i].line, 7);
		found = r.obs[i].profile.state;
		*full = r.obs[i].scope == SCOPE_FULL;
	}
	return found;
}

static void says(struct rig_dialog *d, const char *body, int profile, bool full)
{
	bool is_full = false;

	rig_forget(&r);
	assert_int_equal(rig_notify_event(&r, d, "presence", PIDF_TYPE, body), 200);
	assert_int_equal(profile_of(&is_full), profile);
	if (profile >= 0)
		assert_int_equal(is_full, full);
	for (uint32_t i = 0; i < r.obs_n; i++)
		assert_int_not_equal(r.obs[i].kind, OBS_CALL);
}

static struct rig_dialog start(const struct rig_options *o, const char *body)
{
	rig_open(&r, o);
	rig_add(&r, 7, "201");
	rig_connect(&r);
	rig_live(&r, rig_info(0, "x", "initiator", "confirmed"));
	assert_int_equal(rig_call(&r, 7), CALL_TALKING);
	return rig_live_side(&r, "presence", PIDF_TYPE, body);
}

static const struct rig_options both = { .reads_profile = true, .writes_profile = true };

/* package: dialog, profile: read: the calls come by one subscription, the profile by another. */
static void test_beside_dialog(void **state)
{
	bool full = false;

	(void)state;
	struct rig_dialog d =
		start(&(struct rig_options){ .reads_profile = true }, merged(NULL, "<rpid:away/>"));
	assert_int_equal(profile_of(&full), PROFILE_AWAY);
	assert_true(full);
	assert_int_equal(rig_source(&r).live, 1);
	assert_int_equal(rig_source(&r).lines, 1);
	says(&d, merged(NULL, "<rpid:busy/>"), PROFILE_BUSY, false);
	says(&d, merged(NULL, "<rpid:busy/>"), PROFILE_BUSY, false);
	says(&d, merged(NULL, ""), PROFILE_AVAILABLE, false);
	/* a call is no statement: the last one stands */
	says(&d, merged(NULL, "<rpid:on-the-phone/>"), PROFILE_AVAILABLE, false);
	says(&d, "", PROFILE_NONE, true);
	says(&d, merged(NULL, "<rpid:on-the-phone/>"), -1, false);
	assert_int_equal(r.lost_n, 0);
	rig_close(&r);
}

/* From Away to Do Not Disturb and back; of another profile DND says nothing, nor what began before the
 * subscription. */
static void test_dnd_ends_away(void **state)
{
	static const char dnd[] =
		"<rpid:busy/></rpid:activities><note>Do Not Disturb</note><rpid:activities>";

	(void)state;
	struct rig_dialog d =
		start(&(struct rig_options){ .reads_profile = true }, merged(NULL, "<rpid:away/>"));
	says(&d, merged(NULL, dnd), PROFILE_AVAILABLE, false);
	says(&d, merged(NULL, "<rpid:away/>"), PROFILE_AWAY, false);
	says(&d, merged(NULL, "<rpid:meeting/>"), PROFILE_MEETING, false);
	says(&d, merged(NULL, dnd), PROFILE_MEETING, false);
	rig_close(&r);
	d = start(&(struct rig_options){ .reads_profile = true }, merged(NULL, dnd));
	says(&d, merged(NULL, dnd), -1, false);
	rig_close(&r);
}

/* `packages`: a line by presence, and one by dialog with its profile beside, over one connection. */
static void test_package_of_a_line(void **state)
{
	(void)state;
	for (int presence = 0; presence < 2; presence++) {
		const struct rig_options o = {
			.package = presence ? "presence" : "dialog",
			.packages = { presence ? "20*=dialog" : "7*=presence" },
			.reads_profile = true,
			.lines_max = 2,
		};
		const char *phone = merged(NULL, "<rpid:on-the-phone/>");

		rig_open(&r, &o);
		rig_add(&r, 7, "201");
		rig_add(&r, 8, "7001");
		rig_connect(&r);
		struct rig_request *q = rig_take(&r, "SUBSCRIBE");
		assert_string_equal(rig_header(q, "Event"), "dialog");
		struct rig_dialog d = rig_dialog(q, "n1");
		rig_reply(&r, q, 200, "Expires: 3600\r\n");
		assert_int_equal(rig_notify_event(&r, &d, "dialog", "application/dialog-info+xml",
						  rig_info(0, "x", "initiator", "confirmed")),
				 200);
		struct rig_dialog p = rig_live_side(&r, "presence", PIDF_TYPE, phone);
		assert_int_equal(rig_call(&r, 7), CALL_TALKING);
		assert_int_equal(rig_call(&r, 8), CALL_TALKING);
		rig_live_side(&r, "presence", PIDF_TYPE, merged(NULL, "<rpid:away/>"));
		assert_int_equal(rig_source(&r).live, 2);
		assert_true(rig_quiet(&r));
		rig_forget(&r);
		assert_int_equal(rig_notify_event(&r, &p, "presence", PIDF_TYPE, merged(NULL, "")), 200);
		assert_int_equal(rig_call(&r, 8), CALL_GONE);
		assert_int_equal(rig_call(&r, 7), -1);
		rig_close(&r);
	}
}

/* Its end costs the line nothing, and what the PBX refuses is told. */
static void test_refused_beside_dialog(void **state)
{
	(void)state;
	rig_open(&r, &(struct rig_options){ .reads_profile = true });
	rig_add(&r, 7, "201");
	rig_connect(&r);
	rig_live(&r, "");
	struct rig_request *q = rig_take(&r, "SUBSCRIBE");
	rig_reply(&r, q, 489, "");
	assert_int_equal(r.lost_n, 0);
	assert_int_equal(rig_view(&r, 7).link, LINE_LIVE);
	assert_string_equal(rig_source(&r).missing,
			    "reading the profile: SUBSCRIBE to presence refused (489 Bad Event)");
	rig_remove(&r, 7);
	rig_add(&r, 8, "202");
	rig_take(&r, "SUBSCRIBE");
	rig_close(&r);
}

/* One FULL report after each link-up, also while a call hides what was stated. */
static void test_full_after_link_up(void **state)
{
	bool full = false;

	(void)state;
	start(&(struct rig_options){ .reads_profile = true }, merged(NULL, "<rpid:away/>"));
	rig_drop(&r, "gone");
	rig_run(&r, 5000);
	rig_forget(&r);
	rig_connect(&r);
	rig_live(&r, "");
	rig_live_side(&r, "presence", PIDF_TYPE, merged(NULL, "<rpid:on-the-phone/>"));
	assert_int_equal(profile_of(&full), PROFILE_AWAY);
	assert_true(full);
	rig_close(&r);
	start(&(struct rig_options){ .reads_profile = true }, merged(NULL, "<rpid:on-the-phone/>"));
	assert_int_equal(profile_of(&full), PROFILE_NONE);
	assert_true(full);
	rig_close(&r);
}

static void publish(int profile, const char *etag)
{
	char headers[64];

	rig_write(&r, 7, profile, 1);
	snprintf(headers, sizeof(headers), "SIP-ETag: %s\r\n", etag);
	struct rig_request *q = rig_take(&r, "PUBLISH");
	struct slice id = slice_sub(
		q->m.body, slice_find_str(q->m.body, SLICE_LIT("tuple id=\"")) + 10, q->m.body.n);
	assert_int_equal(slice_copy(slice_sub(id, 0, slice_find(id, '"')), own_id, sizeof(own_id)),
			 ERR_OK);
	rig_reply(&r, q, 200, headers);
	assert_int_equal(rig_written(&r)->result, WRITE_ACCEPTED);
}

/* What we published comes back: it is reported, and who spoke last counts. */
static void test_own_and_others(void **state)
{
	(void)state;
	struct rig_dialog d = start(&both, "");
	rig_forget(&r);
	publish(PROFILE_AWAY, "t1");
	says(&d, merged("<rpid:away/>", NULL), PROFILE_AWAY, false);
	says(&d, merged("<rpid:away/>", "<rpid:on-the-phone/>"), PROFILE_AWAY, false);
	/* the user's own program speaks: newer, and ours is taken back */
	says(&d, merged("<rpid:away/>", "<rpid:busy/>"), PROFILE_BUSY, false);
	struct rig_request *q = rig_take(&r, "PUBLISH");
	assert_string_equal(rig_header(q, "Expires"), "0");
	assert_string_equal(rig_header(q, "SIP-If-Match"), "t1");
	rig_reply(&r, q, 200, "SIP-ETag: t2\r\n");
	says(&d, merged(NULL, "<rpid:busy/>"), PROFILE_BUSY, false);
	/* then we do, beside it */
	publish(PROFILE_AVAILABLE, "t3");
	says(&d, merged("", "<rpid:busy/>"), PROFILE_AVAILABLE, false);
	says(&d, merged("", "<rpid:busy/><rpid:on-the-phone/>"), PROFILE_AVAILABLE, false);
	assert_true(rig_quiet(&r));
	rig_close(&r);
}

/* A publication from before our restart speaks on, beside a program that has been open all the
 * while, and is published anew since nobody can refresh it. */
static void test_orphan(void **state)
{
	bool full = false;

	(void)state;
	snprintf(own_id, sizeof(own_id), "offhook-0");
	struct rig_dialog d = start(&both, merged("<rpid:away/>", ""));
	assert_int_equal(profile_of(&full), PROFILE_AWAY);
	assert_true(full);
	struct rig_request *q = rig_take(&r, "PUBLISH");
	assert_true(slice_find_str(q->m.body, SLICE_LIT("<rpid:away/>")) < q->m.body.n);
	says(&d, merged("<rpid:away/>", "<rpid:on-the-phone/>"), PROFILE_AWAY, false);
	rig_reply(&r, q, 200, "SIP-ETag: t1\r\n");
	assert_int_equal(r.written_n, 0);
	says(&d, merged("<rpid:away/>", "<rpid:meeting/>"), PROFILE_MEETING, false);
	rig_take(&r, "PUBLISH"); /* taken back */
	rig_close(&r);

	/* who does not write leaves it to end */
	start(&(struct rig_options){ .reads_profile = true }, merged("<rpid:away/>", NULL));
	assert_int_equal(profile_of(&full), PROFILE_NONE);
	assert_true(rig_quiet(&r));
	rig_close(&r);
}

/* A PBX started anew has lost it; a program that has been open all the while changes nothing. */
static void test_lost_by_the_pbx(void **state)
{
	bool full = false;

	(void)state;
	struct rig_dialog d = start(&both, merged(NULL, ""));
	rig_forget(&r);
	publish(PROFILE_AWAY, "t1");
	says(&d, merged("<rpid:away/>", ""), PROFILE_AWAY, false);
	rig_drop(&r, "gone");
	rig_run(&r, 5000);
	rig_forget(&r);
	rig_connect(&r);
	rig_live(&r, "");
	d = rig_live_side(&r, "presence", PIDF_TYPE, merged(NULL, ""));
	assert_int_equal(profile_of(&full), PROFILE_AWAY);
	assert_true(full);
	rig_run(&r, 10000);
	rig_reply(&r, rig_take(&r, "PUBLISH"), 412, "");
	rig_reply(&r, rig_take(&r, "PUBLISH"), 200, "SIP-ETag: t2\r\n");
	/* lost while the link stands: said as it is */
	says(&d, merged(NULL, ""), PROFILE_AVAILABLE, false);
	rig_close(&r);
}

/* package: presence: what we publish is neither a call, nor DND, nor a phone that is gone. */
static void test_own_is_no_phone(void **state)
{
	(void)state;
	rig_open(&r, &(struct rig_options){ .package = "presence", .writes_profile = true });
	rig_add(&r, 7, "201");
	rig_connect(&r);
	struct rig_dialog d = rig_live(&r, "");
	rig_forget(&r);
	rig_notify_dialog(&r, &d,
			  "<presence xmlns='urn:ietf:params:xml:ns:pidf'><tuple "
			  "id='offhook'><status><basic>closed"
			  "</basic></status><note>On the phone</note></tuple></presence>");
	assert_int_equal(rig_call(&r, 7), CALL_GONE);
	for (uint32_t i = 0; i < r.obs_n; i++) {
		assert_int_not_equal(r.obs[i].kind, OBS_PROFILE);
		if (r.obs[i].kind == OBS_REGISTRATION)
			assert_true(r.obs[i].registered);
	}
	rig_close(&r);
}

/* ---- as-feature-event ---- */

static const char *dnd(bool on)
{
	return on ? "<DoNotDisturbEvent "
		    "xmlns='http://www.ecma-international.org/standards/ecma-323/csta/ed3'>"
		    "<device>201</device><doNotDisturbOn>true</doNotDisturbOn></DoNotDisturbEvent>"
		  : "<DoNotDisturbEvent "
		    "xmlns='http://www.ecma-international.org/standards/ecma-323/csta/ed3'>"
		    "<device>201</device><doNotDisturbOn>false</doNotDisturbOn></"
		    "DoNotDisturbEvent>";
}

static int flag_of(enum obs_kind kind)
{
	int found = -1;

	for (uint32_t i = 0; i < r.obs_n; i++)
		if (r.obs[i].kind == kind)
			found = kind == OBS_DND ? r.obs[i].on : r.obs[i].forward;
	return found;
}

static struct rig_dialog start_features(const struct rig_options *o, const char *body)
{
	rig_open(&r, o);
	rig_add(&r, 7, "201");
	rig_connect(&r);
	rig_live(&r, "");
	return rig_live_side(&r, "as-feature-event", FEATURE_TYPE, body);
}

static void test_features(void **state)
{
	(void)state;
	struct rig_dialog d =
		start_features(&(struct rig_options){ .feature_events = true }, dnd(true));
	assert_int_equal(flag_of(OBS_DND), 1);
	rig_forget(&r);
	assert_int_equal(rig_notify_event(&r, &d, "as-feature-event", FEATURE_TYPE, dnd(false)),
			 200);
	assert_int_equal(flag_of(OBS_DND), 0);
	assert_int_equal(rig_call(&r, 7), -1);
	rig_forget(&r);
	assert_int_equal(
		rig_notify_event(
			&r, &d, "as-feature-event", "multipart/mixed; boundary=\"b1\"",
			"--b1\r\nContent-Type: application/x-as-feature-event+xml\r\n\r\n"
			"<DoNotDisturbEvent><doNotDisturbOn>true</doNotDisturbOn></"
			"DoNotDisturbEvent>\r\n"
			"--b1\r\nContent-Type: application/x-as-feature-event+xml\r\n\r\n"
			"<ForwardingEvent><forwardingType>forwardImmediate</forwardingType>"
			"<forwardStatus>true</forwardStatus><forwardTo>+49301234</forwardTo>"
			"</ForwardingEvent>\r\n"
			"--b1\r\nContent-Type: application/x-as-feature-event+xml\r\n\r\n"
			"<ForwardingEvent><forwardingType>forwardBusy</forwardingType>"
			"<forwardStatus>false</forwardStatus></ForwardingEvent>\r\n--b1--\r\n"),
		200);
	assert_int_equal(flag_of(OBS_DND), 1);
	assert_int_equal(flag_of(OBS_FORWARD), FORWARD_EXTERNAL);
	assert_int_equal(rig_notify_event(&r, &d, "as-feature-event", "text/plain", "x"), 415);
	rig_close(&r);
}

static const struct rig_options switches = { .writes_profile = true,
					     .feature_events = true,
					     .dnd_while = "meeting" };

static struct rig_request *wish(const char *on)
{
	struct rig_request *q = rig_take(&r, "SUBSCRIBE");
	char text[64];

	snprintf(text, sizeof(text), "<doNotDisturbOn>%s</doNotDisturbOn>", on);
	assert_string_equal(rig_header(q, "Content-Type"), FEATURE_TYPE);
	assert_true(q->m.to_tag.n > 0);
	assert_true(slice_find_str(q->m.body, slice_str(text)) < q->m.body.n);
	return q;
}

static void write_and_take(int profile)
{
	rig_write(&r, 7, profile, 1);
}

/* DND goes with the profile, and only what we switched on is switched off. */
static void test_dnd_while(void **state)
{
	(void)state;
	struct rig_dialog d = start_features(&switches, dnd(false));
	rig_forget(&r);
	write_and_take(PROFILE_MEETING);
	rig_reply(&r, wish("true"), 200, "Expires: 3600\r\n");
	rig_reply(&r, rig_take(&r, "PUBLISH"), 200, "SIP-ETag: t1\r\n");
	rig_notify_event(&r, &d, "as-feature-event", FEATURE_TYPE, dnd(true));
	write_and_take(PROFILE_AWAY);
	rig_reply(&r, wish("false"), 200, "Expires: 3600\r\n");
	rig_reply(&r, rig_take(&r, "PUBLISH"), 200, "SIP-ETag: t2\r\n");
	rig_notify_event(&r, &d, "as-feature-event", FEATURE_TYPE, dnd(false));
	/* switched on at the phone: left alone */
	rig_notify_event(&r, &d, "as-feature-event", FEATURE_TYPE, dnd(true));
	write_and_take(PROFILE_MEETING);
	rig_reply(&r, rig_take(&r, "PUBLISH"), 200, "SIP-ETag: t3\r\n");
	write_and_take(PROFILE_AVAILABLE);
	rig_reply(&r, rig_take(&r, "PUBLISH"), 200, "SIP-ETag: t4\r\n");
	assert_true(rig_quiet(&r));
	rig_close(&r);
}

/* After a restart the engine tells whose it is. */
static void test_dnd_from_before(void **state)
{
	(void)state;
	start_features(&switches, dnd(true));
	rig_forget(&r);
	r.dnd_ours = true;
	write_and_take(PROFILE_AWAY);
	rig_reply(&r, wish("false"), 200, "Expires: 3600\r\n");
	rig_reply(&r, rig_take(&r, "PUBLISH"), 200, "SIP-ETag: t1\r\n");
	rig_close(&r);
}

static void test_dnd_refused(void **state)
{
	(void)state;
	start_features(&switches, dnd(false));
	rig_forget(&r);
	write_and_take(PROFILE_MEETING);
	rig_reply(&r, wish("true"), 403, "");
	assert_int_equal(r.notes[NOTE_WRITE_REFUSED], 1);
	rig_reply(&r, rig_take(&r, "PUBLISH"), 200, "SIP-ETag: t1\r\n");
	rig_close(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_beside_dialog),
		cmocka_unit_test(test_package_of_a_line),
		cmocka_unit_test(test_dnd_ends_away),
		cmocka_unit_test(test_refused_beside_dialog),
		cmocka_unit_test(test_full_after_link_up),
		cmocka_unit_test(test_own_and_others),
		cmocka_unit_test(test_orphan),
		cmocka_unit_test(test_own_is_no_phone),
		cmocka_unit_test(test_lost_by_the_pbx),
		cmocka_unit_test(test_features),
		cmocka_unit_test(test_dnd_while),
		cmocka_unit_test(test_dnd_from_before),
		cmocka_unit_test(test_dnd_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
