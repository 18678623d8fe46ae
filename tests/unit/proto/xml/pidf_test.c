#include "proto/xml/pidf.h"

#include "vector.h"

static struct xml_reader *reader;
static struct vector vector;

static int set_up(void **state)
{
	(void)state;
	return xml_reader_new(&reader, 42) != ERR_OK;
}

static int tear_down(void **state)
{
	(void)state;
	xml_reader_free(reader);
	return 0;
}

/* The flags as a word, so that a row can be read: o c R P h B M A D u. */
static const char *flags(const struct pidf *p)
{
	static char s[16];
	size_t n = 0;

#define FLAG(field, letter)                                                                        \
	if (p->field)                                                                              \
	s[n++] = letter
	FLAG(open, 'o');
	FLAG(closed, 'c');
	FLAG(ringing, 'R');
	FLAG(on_the_phone, 'P');
	FLAG(held, 'h');
	FLAG(busy, 'B');
	FLAG(meeting, 'M');
	FLAG(away, 'A');
	FLAG(dnd, 'D');
	FLAG(unavailable, 'u');
	s[n] = '\0';
	return s;
}

static void recorded_documents_read_as_they_were_meant(void **state)
{
	static const struct {
		const char *file, *flags;
	} rows[] = {
		{ "asterisk-22/09-notify-pidf-ringing.sip", "oRP" },
		{ "asterisk-22/11-notify-pidf-ringinuse.sip", "oRP" },
		{ "asterisk-22/12-notify-pidf-inuse.sip", "oP" },
		{ "asterisk-22/15-notify-pidf-onhold.sip", "oPh" },
		{ "asterisk-22/17-notify-pidf-busy.sip", "oP" },
		{ "asterisk-22/19-notify-pidf-unavailable.sip", "cu" },
		{ "asterisk-22/20-notify-pidf-not_inuse.sip", "o" },
		{ "asterisk-16/08-notify-pidf-ringing.sip", "oRP" },
		{ "asterisk-16/14-notify-pidf-onhold.sip", "oPh" },
		{ "asterisk-16/18-notify-pidf-unavailable.sip", "cu" },
		{ "kamailio-5.6/11-notify-pidf-meeting.sip", "oM" },
		{ "kamailio-5.6/12-notify-pidf-two-sources.sip", "oPM" },
	};
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct pidf p;

		vector_load(&vector, rows[i].file);
		if (pidf_read(reader, vector.body, "offhook-1", &p))
			fail_msg("%s is refused", rows[i].file);
		if (strcmp(flags(&p), rows[i].flags) != 0)
			fail_msg("%s reads as %s, not %s", rows[i].file, flags(&p), rows[i].flags);
	}
}

#define ROOT                                                                                       \
	"<presence xmlns=\"urn:ietf:params:xml:ns:pidf\" entity=\"pres:1@x\" "                     \
	"xmlns:dm=\"urn:ietf:params:xml:ns:pidf:data-model\" "                                     \
	"xmlns:r=\"urn:ietf:params:xml:ns:pidf:rpid\" "                                            \
	"xmlns:e=\"urn:ietf:params:xml:ns:pidf:status:rpid\" xmlns:x=\"urn:foreign\" "             \
	"xmlns:ce=\"urn:cisco:params:xml:ns:pidf:rpid\">"
#define END "</presence>"
#define PERSON(s) "<dm:person id=\"p\">" s "</dm:person>"
#define ACTIVITY(s) PERSON("<r:activities>" s "</r:activities>")
#define BASIC(s) "<tuple id=\"t\"><status><basic>" s "</basic></status></tuple>"

static void forms_of_several_makers(void **state)
{
	static const struct {
		const char *xml, *flags;
	} rows[] = {
		{ ROOT END, "" },
		{ ROOT BASIC("open") END, "o" },
		{ ROOT BASIC(" CLOSED ") END, "c" },
		{ ROOT BASIC("open") BASIC("closed") END, "oc" },
		{ ROOT BASIC("ajar") END, "" },
		{ ROOT ACTIVITY("<r:on-the-phone/>") END, "P" },
		{ ROOT ACTIVITY("<r:meeting/><r:away/><r:busy/>") END, "BMA" },
		{ ROOT ACTIVITY("<r:vacation/>") END, "A" },
		{ ROOT ACTIVITY("<r:worship/><r:unknown/><r:other>busy</r:other>") END, "" },
		{ ROOT ACTIVITY("<x:busy/>") END, "" },
		{ ROOT "<x:person><r:activities><r:busy/></r:activities></x:person>" END, "" },
		/* CUCM: the old draft's namespace, in the person and in the tuple's status */
		{ ROOT PERSON(
			  "<status><basic>open</basic></status><e:activities><e:on-the-phone/></"
			  "e:activities>") "<tuple "
					   "id=\"t\"><status><basic>open</"
					   "basic><e:activities><e:on-the-phone/></e:activities>"
					   "</status></tuple>" END,
		  "oP" },
		{ ROOT ACTIVITY("<ce:alerting/>") END, "R" },
		{ ROOT ACTIVITY("<ce:available/>") BASIC("open") END, "o" },
		{ ROOT PERSON("<e:activities><ce:dnd/></e:activities>") END, "D" },
		{ ROOT PERSON("<ce:dnd/>") END, "D" },
		/* FreeSWITCH keeps DND in the note only */
		{ ROOT PERSON(
			  "<r:activities><r:busy/></r:activities><dm:note>Do Not Disturb</dm:note>")
			  END,
		  "BD" },
		{ ROOT "<note>Ringing, or so</note>" END, "" },
		{ ROOT "<tuple id=\"t\"><status><basic>open</basic></status><note>On the "
		       "phone</note></tuple>" END,
		  "oP" },
		{ "<presence><tuple><status><basic>open</basic></status></tuple></presence>", "o" },
	};
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct pidf p;

		assert_int_equal(pidf_read(reader, slice_str(rows[i].xml), "offhook-1", &p), ERR_OK);
		if (strcmp(flags(&p), rows[i].flags) != 0)
			fail_msg("row %zu reads as %s, not %s", i, flags(&p), rows[i].flags);
	}
}

/* What the document says about its user, and not about a phone. */
static void statements_of_users(void **state)
{
	static const struct {
		const char *xml;
		enum pidf_stand others;
	} rows[] = {
		{ ROOT END, PIDF_NOTHING },
		{ ROOT PERSON("") END, PIDF_NOTHING },
		{ ROOT BASIC("open") END, PIDF_AVAILABLE },
		/* Kamailio, once, when a publication has ended */
		{ ROOT BASIC("closed") END, PIDF_NOTHING },
		{ ROOT "<tuple id=\"t\"><status><basic>closed</basic></status><note>Gone</note></tuple>" END,
		  PIDF_NOT_AVAILABLE },
		{ ROOT "<dm:person id=\"p\"><status><basic>closed</basic></status><r:activities><r:other/>"
		       "</r:activities></dm:person>" END,
		  PIDF_NOT_AVAILABLE },
		{ ROOT BASIC("closed") BASIC("open") END, PIDF_AVAILABLE },
		{ ROOT BASIC("closed") ACTIVITY("<r:other/>") END, PIDF_NOT_AVAILABLE },
		{ ROOT BASIC("open") ACTIVITY("<r:permanent-absence/>") END, PIDF_NOT_AVAILABLE },
		{ ROOT BASIC("open") PERSON("<dm:note>Not available</dm:note>") END, PIDF_NOT_AVAILABLE },
		{ ROOT BASIC("closed") ACTIVITY("<r:on-the-phone/>") END, PIDF_UNSAID },
		{ ROOT BASIC("open") ACTIVITY("<r:away/>") END, PIDF_AWAY },
		{ ROOT BASIC("open") ACTIVITY("<r:busy/><r:away/>") END, PIDF_BUSY },
		{ ROOT BASIC("closed") ACTIVITY("<e:meeting/>") END, PIDF_MEETING },
		{ ROOT BASIC("open") ACTIVITY("<ce:available/>") END, PIDF_AVAILABLE },
		/* a call is the line's matter */
		{ ROOT BASIC("open") ACTIVITY("<r:on-the-phone/>") END, PIDF_UNSAID },
		{ ROOT BASIC("open") ACTIVITY("<r:on-the-phone/><r:busy/>") END, PIDF_UNSAID },
		{ ROOT BASIC("open") ACTIVITY("<ce:alerting/>") END, PIDF_UNSAID },
		{ ROOT BASIC("open") ACTIVITY("<r:on-the-phone/><r:away/>") END, PIDF_AWAY },
		{ ROOT ACTIVITY("<r:on-the-phone/>") ACTIVITY("<r:busy/>") END, PIDF_BUSY },
		{ ROOT BASIC("open") ACTIVITY("<r:on-the-phone/>") ACTIVITY("<r:meeting/>") END,
		  PIDF_MEETING },
		/* so is DND */
		{ ROOT BASIC("open") PERSON("<e:activities><ce:dnd/></e:activities>") END,
		  PIDF_UNSAID },
		{ ROOT PERSON("<r:activities><r:busy/></r:activities><dm:note>DND</dm:note>") END,
		  PIDF_UNSAID },
		/* Asterisk: a phone that is there, or not, whatever its user is */
		{ ROOT "<note>Ready</note>" BASIC("open") PERSON("") END, PIDF_UNSAID },
		{ ROOT "<note>Unavailable</note>" BASIC("closed") END, PIDF_UNSAID },
		{ ROOT "<note>Online</note>" BASIC("open") END, PIDF_AVAILABLE },
	};
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct pidf p;

		assert_int_equal(pidf_read(reader, slice_str(rows[i].xml), "offhook-1", &p), ERR_OK);
		assert_int_equal(p.own, PIDF_NOTHING);
		if (p.others != rows[i].others)
			fail_msg("row %zu states %d, not %d", i, p.others, rows[i].others);
	}
}

static void an_end_is_the_highest_statement_s(void **state)
{
	struct pidf p;
	(void)state;

	assert_int_equal(
		pidf_read(
			reader,
			SLICE_LIT(
				ROOT
				"<dm:person id=\"a\"><r:activities until=\"2026-11-24T14:00:00Z\">"
				"<r:busy/></r:activities></dm:person>"
				"<dm:person id=\"b\"><r:activities until=\"2026-11-25T14:00:00Z\">"
				"<r:away/></r:activities></dm:person>" END),
			"offhook-1", &p),
		ERR_OK);
	assert_int_equal(p.others, PIDF_BUSY);
	assert_true(p.others_until_ms == 1795528800000);
	assert_true(p.own_until_ms == INT64_MAX);
}

static void put(struct buf *b, enum pidf_stand stand, int64_t until_ms)
{
	const struct pidf_statement s = { "offhook-1", (uint8_t)stand, SLICE_LIT("A & <B>"), until_ms };

	buf_reset(b);
	pidf_put(b, SLICE_LIT("sip:a&b\"c@x"), &s);
	assert_int_equal(buf_err(b), ERR_OK);
}

/* Ours is told apart, alone and merged with a softphone's, and says nothing of the phone. */
static void what_we_publish_is_known_again(void **state)
{
	struct buf b, merged;
	struct pidf p;
	(void)state;

	buf_init(&b, 4096);
	buf_init(&merged, 8192);
	for (int stand = PIDF_AVAILABLE; stand < PIDF_STAND_COUNT; stand++) {
		int64_t until = stand == PIDF_AWAY ? 1795528800000 : INT64_MAX;

		put(&b, (enum pidf_stand)stand, until);
		assert_int_equal(pidf_read(reader, buf_view(&b), "offhook-1", &p), ERR_OK);
		assert_string_equal(flags(&p), "");
		assert_int_equal(p.others, PIDF_NOTHING);
		assert_int_equal(p.own, stand);
		assert_true(p.own_until_ms == until);

		/* to a later run it is a leftover */
		assert_int_equal(pidf_read(reader, buf_view(&b), "offhook-2", &p), ERR_OK);
		assert_string_equal(flags(&p), "");
		assert_int_equal(p.others, PIDF_NOTHING);
		assert_int_equal(p.own, PIDF_NOTHING);
		assert_int_equal(p.stale, stand);
		assert_true(p.stale_until_ms == until);

		/* as Kamailio merges: our elements into another's document */
		struct slice ours = buf_view(&b);
		size_t at = slice_find(slice_sub(ours, 60, ours.n), '>') + 61;
		buf_reset(&merged);
		buf_str(&merged, "<presence xmlns=\"urn:ietf:params:xml:ns:pidf\" "
				 "xmlns:dm=\"urn:ietf:params:xml:ns:pidf:data-model\" "
				 "xmlns:rpid=\"urn:ietf:params:xml:ns:pidf:rpid\">"
				 "<tuple id=\"t\"><status><basic>open</basic></status></tuple>"
				 "<dm:person id=\"p\"><rpid:activities><rpid:on-the-phone/>"
				 "</rpid:activities></dm:person>");
		buf_slice(&merged, slice_sub(ours, at, ours.n));
		assert_int_equal(pidf_read(reader, buf_view(&merged), "offhook-1", &p), ERR_OK);
		assert_string_equal(flags(&p), "oP");
		assert_int_equal(p.others, PIDF_UNSAID);
		assert_int_equal(p.own, stand);
	}
	buf_fini(&b);
	buf_fini(&merged);
}

static void what_is_no_pidf_is_refused(void **state)
{
	static const char *const bad[] = {
		"",
		"<presence>",
		"<dialog-info/>",
		"<x:presence xmlns:x=\"urn:foreign\"/>",
		"<!DOCTYPE presence><presence/>",
		"<tuple/>",
		"<presence/>x",
	};
	struct pidf p = { .dnd = true };
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_int_equal(pidf_read(reader, slice_str(bad[i]), "offhook-1", &p), ERR_MALFORMED);
	assert_true(p.dnd && !p.open);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(recorded_documents_read_as_they_were_meant),
		cmocka_unit_test(forms_of_several_makers),
		cmocka_unit_test(statements_of_users),
		cmocka_unit_test(an_end_is_the_highest_statement_s),
		cmocka_unit_test(what_we_publish_is_known_again),
		cmocka_unit_test(what_is_no_pidf_is_refused),
	};
	return cmocka_run_group_tests_name("proto/xml/pidf", tests, set_up, tear_down);
}
