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

#define FLAG(field, letter) \
	if (p->field)       \
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
		if (pidf_read(reader, vector.body, &p))
			fail_msg("%s is refused", rows[i].file);
		if (strcmp(flags(&p), rows[i].flags) != 0)
			fail_msg("%s reads as %s, not %s", rows[i].file, flags(&p), rows[i].flags);
	}
}

#define ROOT                                                                              \
	"<presence xmlns=\"urn:ietf:params:xml:ns:pidf\" entity=\"pres:1@x\" "            \
	"xmlns:dm=\"urn:ietf:params:xml:ns:pidf:data-model\" "                            \
	"xmlns:r=\"urn:ietf:params:xml:ns:pidf:rpid\" "                                   \
	"xmlns:e=\"urn:ietf:params:xml:ns:pidf:status:rpid\" xmlns:x=\"urn:foreign\" "    \
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

		assert_int_equal(pidf_read(reader, slice_str(rows[i].xml), &p), ERR_OK);
		if (strcmp(flags(&p), rows[i].flags) != 0)
			fail_msg("row %zu reads as %s, not %s", i, flags(&p), rows[i].flags);
	}
}

static void what_is_no_pidf_is_refused(void **state)
{
	static const char *const bad[] = {
		"", "<presence>", "<dialog-info/>", "<x:presence xmlns:x=\"urn:foreign\"/>",
		"<!DOCTYPE presence><presence/>", "<tuple/>", "<presence/>x",
	};
	struct pidf p = { .dnd = true };
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_int_equal(pidf_read(reader, slice_str(bad[i]), &p), ERR_MALFORMED);
	assert_true(p.dnd && !p.open);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(recorded_documents_read_as_they_were_meant),
		cmocka_unit_test(forms_of_several_makers),
		cmocka_unit_test(what_is_no_pidf_is_refused),
	};
	return cmocka_run_group_tests_name("proto/xml/pidf", tests, set_up, tear_down);
}
