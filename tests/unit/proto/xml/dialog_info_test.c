#include "proto/xml/dialog_info.h"

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

static enum err read_text(const char *xml, struct dialog_info *ret)
{
	return dialog_info_read(reader, slice_str(xml), ret);
}

static struct dialog_info must_read(const char *xml)
{
	struct dialog_info d;

	assert_int_equal(read_text(xml, &d), ERR_OK);
	return d;
}

#define ROOT                                                                                       \
	"<dialog-info xmlns=\"urn:ietf:params:xml:ns:dialog-info\" version=\"3\" state=\"full\" "  \
	"entity=\"sip:1@x\">"
#define END "</dialog-info>"

/* What each recorded document says: file, version, dialogs, state, initiator, recipient, held. */
struct row {
	const char *file;
	uint32_t version, n;
	uint8_t state;
	bool initiator, recipient, held;
};

static void recorded_documents_read_as_they_were_meant(void **state)
{
	static const struct row rows[] = {
		{ "asterisk-22/03-notify-dialog-idle.sip", 0, 1, DIALOG_TERMINATED, 0, 0, 0 },
		{ "asterisk-22/04-notify-dialog-ringing.sip", 1, 1, DIALOG_EARLY, 0, 1, 0 },
		{ "asterisk-22/08-notify-dialog-ringing.sip", 1, 1, DIALOG_EARLY, 0, 1, 0 },
		{ "asterisk-22/10-notify-dialog-ringinuse.sip", 2, 1, DIALOG_CONFIRMED, 0, 0, 0 },
		{ "asterisk-22/13-notify-dialog-inuse.sip", 3, 1, DIALOG_CONFIRMED, 0, 0, 0 },
		{ "asterisk-22/14-notify-dialog-onhold.sip", 4, 1, DIALOG_CONFIRMED, 0, 0, 1 },
		{ "asterisk-22/16-notify-dialog-busy.sip", 5, 1, DIALOG_CONFIRMED, 0, 0, 0 },
		{ "asterisk-22/18-notify-dialog-unavailable.sip", 6, 1, DIALOG_TERMINATED, 0, 0, 0 },
		{ "asterisk-16/13-notify-dialog-onhold.sip", 4, 1, DIALOG_CONFIRMED, 0, 0, 1 },
		{ "asterisk-16/17-notify-dialog-unavailable.sip", 6, 1, DIALOG_TERMINATED, 0, 0, 0 },
		{ "kamailio-5.6/05-notify-dialog-early.sip", 2, 1, DIALOG_EARLY, 0, 1, 0 },
		{ "kamailio-5.6/21-notify-call-1001-early.sip", 2, 1, DIALOG_EARLY, 1, 0, 0 },
		{ "kamailio-5.6/22-notify-call-1001-Trying.sip", 3, 1, DIALOG_TRYING, 1, 0, 0 },
		{ "kamailio-5.6/25-notify-call-1002-confirmed.sip", 3, 1, DIALOG_CONFIRMED, 0, 1, 0 },
		{ "kamailio-5.6/27-notify-call-1001-terminated.sip", 5, 1, DIALOG_TERMINATED, 1, 0, 0 },
		{ "kamailio-5.6/07-notify-dialog-two.sip", 4, 2, DIALOG_TRYING, 1, 0, 0 },
	};
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct dialog_info d;

		vector_load(&vector, rows[i].file);
		if (dialog_info_read(reader, vector.body, &d))
			fail_msg("%s is refused", rows[i].file);
		assert_true(d.full && d.has_version && !d.overflow);
		assert_int_equal(d.version, rows[i].version);
		assert_int_equal(d.n, rows[i].n);
		assert_int_equal(d.list[0].state, rows[i].state);
		assert_int_equal(d.list[0].initiator, rows[i].initiator);
		assert_int_equal(d.list[0].recipient, rows[i].recipient);
		assert_int_equal(d.list[0].held, rows[i].held);
		assert_true(d.list[0].key != 0);
	}
}

static void a_call_keeps_its_key_from_document_to_document(void **state)
{
	struct dialog_info early, confirmed, two;
	(void)state;

	vector_load(&vector, "kamailio-5.6/05-notify-dialog-early.sip");
	assert_int_equal(dialog_info_read(reader, vector.body, &early), ERR_OK);
	vector_load(&vector, "kamailio-5.6/06-notify-dialog-confirmed.sip");
	assert_int_equal(dialog_info_read(reader, vector.body, &confirmed), ERR_OK);
	vector_load(&vector, "kamailio-5.6/07-notify-dialog-two.sip");
	assert_int_equal(dialog_info_read(reader, vector.body, &two), ERR_OK);
	assert_true(early.list[0].key == confirmed.list[0].key);
	assert_true(two.list[1].key == early.list[0].key);
	assert_true(two.list[0].key != early.list[0].key);
}

static void a_long_recorded_list_of_ended_calls_keeps_the_one_that_talks(void **state)
{
	struct dialog_info d;
	uint32_t talking = 0;
	(void)state;

	vector_load(&vector, "kamailio-5.6/31-notify-race-cseq73-version72.sip");
	assert_int_equal(dialog_info_read(reader, vector.body, &d), ERR_OK);
	for (uint32_t i = 0; i < d.n; i++)
		talking += d.list[i].state == DIALOG_CONFIRMED;
	assert_int_equal(talking, 1);
}

static void every_state_word_is_read_in_any_case(void **state)
{
	static const struct {
		const char *word;
		enum dialog_state is;
	} rows[] = {
		{ "trying", DIALOG_TRYING },
		{ "Trying", DIALOG_TRYING },
		{ "PROCEEDING", DIALOG_PROCEEDING },
		{ " early\n ", DIALOG_EARLY },
		{ "Confirmed", DIALOG_CONFIRMED },
		{ "terminated", DIALOG_TERMINATED },
		{ "hibernating", DIALOG_OTHER },
		{ "", DIALOG_OTHER },
		{ "other", DIALOG_OTHER },
		{ "earl&#121;", DIALOG_EARLY },
		{ "<![CDATA[early]]>", DIALOG_EARLY },
		{ "confirmedxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
		  DIALOG_OTHER },
	};
	char xml[512];
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		snprintf(xml, sizeof(xml), ROOT "<dialog id=\"a\"><state>%s</state></dialog>" END,
			 rows[i].word);
		struct dialog_info d = must_read(xml);

		assert_int_equal(d.n, 1);
		assert_int_equal(d.list[0].state, rows[i].is);
	}
}

static void hold_is_read_from_the_local_target_only(void **state)
{
#define TARGET(side, v)                                                                            \
	"<" side "><target uri=\"sip:1@x\"><param pname=\"+sip.rendering\" " v                     \
	"/></target></" side ">"
	static const struct {
		const char *xml;
		bool held;
	} rows[] = {
		{ TARGET("local", "pvalue=\"no\""), true },	{ TARGET("local", "pval=\"no\""), true },
		{ TARGET("local", "pvalue=\"yes\""), false },	{ TARGET("remote", "pvalue=\"no\""), false },
		{ TARGET("local", "pvalue=\"No\""), true },	{ TARGET("local", "pother=\"no\""), false },
	};
	char xml[1024];
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		snprintf(xml, sizeof(xml), ROOT "<dialog id=\"a\"><state>confirmed</state>%s</dialog>" END,
			 rows[i].xml);
		assert_int_equal(must_read(xml).list[0].held, rows[i].held);
	}
}

static void foreign_and_unknown_elements_are_skipped(void **state)
{
	struct dialog_info d = must_read(
		"<?xml version=\"1.0\"?><d:dialog-info xmlns:d=\"urn:ietf:params:xml:ns:dialog-info\""
		" xmlns:sa=\"urn:x\" version=\"0\" state=\"partial\" entity=\"sip:1@x\">"
		"<sa:dialog id=\"z\"><d:state>confirmed</d:state></sa:dialog>"
		"<d:dialog id=\"a\" direction=\"initiator\"><sa:exclusive>true</sa:exclusive>"
		"<d:duration>7</d:duration><d:state event=\"x\">early<sa:state>confirmed</sa:state></d:state>"
		"<d:remote><d:identity display=\"B&amp;B\">sip:2@x</d:identity>"
		"<d:target uri=\"sip:2@x\"><d:param pname=\"isfocus\" pval=\"true\"/></d:target></d:remote>"
		"</d:dialog></d:dialog-info>");
	(void)state;

	assert_false(d.full);
	assert_int_equal(d.n, 1);
	assert_int_equal(d.list[0].state, DIALOG_EARLY);
	assert_true(d.list[0].initiator && d.list[0].focus && !d.list[0].held);
}

static void a_missing_namespace_and_version_are_taken(void **state)
{
	struct dialog_info d = must_read("\r\n<dialog-info state=\"full\"><dialog><state>early</state>"
					 "</dialog><dialog><state>trying</state></dialog></dialog-info>\n");
	(void)state;

	assert_true(d.full && !d.has_version);
	assert_int_equal(d.n, 2);
	assert_true(d.list[0].key != d.list[1].key);
	d = must_read("<dialog-info version=\"4294967296\"/>");
	assert_true(d.full && !d.has_version && d.n == 0);
}

static void of_one_id_twice_the_busier_stays(void **state)
{
	(void)state;
	struct dialog_info d = must_read(ROOT "<dialog id=\"a\"><state>confirmed</state></dialog>"
					      "<dialog id=\"a\"><state>terminated</state></dialog>" END);
	assert_int_equal(d.n, 1);
	assert_int_equal(d.list[0].state, DIALOG_CONFIRMED);
	d = must_read(ROOT "<dialog id=\"a\"><state>terminated</state></dialog>"
			   "<dialog id=\"a\"><state>early</state></dialog>" END);
	assert_int_equal(d.n, 1);
	assert_int_equal(d.list[0].state, DIALOG_EARLY);
}

static void too_many_dialogs_keep_the_busiest(void **state)
{
	char xml[32768];
	size_t n = 0;
	uint32_t talking = 0;
	(void)state;

	n += (size_t)snprintf(xml + n, sizeof(xml) - n, ROOT);
	for (int i = 0; i < 100; i++)
		n += (size_t)snprintf(xml + n, sizeof(xml) - n,
				      "<dialog id=\"%d\"><state>%s</state></dialog>", i,
				      i == 98 ? "confirmed"
				      : i % 2 ? "terminated"
					      : "nonsense");
	snprintf(xml + n, sizeof(xml) - n, END);
	struct dialog_info d = must_read(xml);
	assert_int_equal(d.n, DIALOG_INFO_MAX);
	assert_true(d.overflow);
	for (uint32_t i = 0; i < d.n; i++)
		talking += d.list[i].state == DIALOG_CONFIRMED;
	assert_int_equal(talking, 1);
}

static void what_is_no_dialog_info_is_refused_and_leaves_ret_alone(void **state)
{
	static const char *const bad[] = {
		"",
		" \r\n ",
		"hello",
		"<dialog-info",
		"<dialog-info>",
		"<dialog-info></dialog-inf>",
		"<dialog-info/><dialog-info/>",
		"<presence/>",
		"<x:dialog-info xmlns:x=\"urn:other\"/>",
		"<!DOCTYPE dialog-info><dialog-info/>",
		"<!DOCTYPE d [<!ENTITY a \"b\"><!ENTITY c \"&a;&a;\">]><dialog-info>&c;</dialog-info>",
		"<!DOCTYPE d SYSTEM \"file:///etc/passwd\"><dialog-info/>",
		"<dialog-info>&undefined;</dialog-info>",
		"<dialog-info>\x01</dialog-info>",
		"<dialog-info>\xff\xfe</dialog-info>",
		"<dialog-info a=\"1\" a=\"2\"/>",
	};
	struct dialog_info d = { .version = 77 };
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		if (read_text(bad[i], &d) != ERR_MALFORMED)
			fail_msg("taken: %s", bad[i]);
	assert_int_equal(d.version, 77);
	assert_int_equal(read_text(ROOT END, &d), ERR_OK); /* the reader still works after all that */
	assert_int_equal(d.version, 3);
}

static char *nested(size_t depth)
{
	char *xml = malloc(depth * 8 + 64), *p = xml;

	p = stpcpy(p, "<dialog-info>");
	for (size_t i = 1; i < depth; i++)
		p = stpcpy(p, "<a>");
	for (size_t i = 1; i < depth; i++)
		p = stpcpy(p, "</a>");
	stpcpy(p, "</dialog-info>");
	return xml;
}

static void depth_and_size_are_capped(void **state)
{
	static const size_t depths[] = { XML_DEPTH_MAX, XML_DEPTH_MAX + 1, 10000 };
	struct dialog_info d;
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(depths); i++) {
		char *xml = nested(depths[i]);

		assert_int_equal(read_text(xml, &d), depths[i] > XML_DEPTH_MAX ? ERR_LIMIT : ERR_OK);
		free(xml);
	}
	char *big = malloc(XML_BODY_MAX + 2);
	memset(big, ' ', XML_BODY_MAX + 1);
	memcpy(big, "<dialog-info/>", 14);
	assert_int_equal(dialog_info_read(reader, slice_of(big, XML_BODY_MAX), &d), ERR_OK);
	assert_int_equal(dialog_info_read(reader, slice_of(big, XML_BODY_MAX + 1), &d), ERR_LIMIT);
	free(big);
}

static void names_and_ranks_cover_every_state(void **state)
{
	(void)state;
	for (int s = 0; s < DIALOG_STATE_COUNT; s++)
		assert_true(dialog_state_name((enum dialog_state)s)[0]);
	assert_true(dialog_state_rank(DIALOG_CONFIRMED) > dialog_state_rank(DIALOG_EARLY));
	assert_true(dialog_state_rank(DIALOG_EARLY) > dialog_state_rank(DIALOG_PROCEEDING));
	assert_true(dialog_state_rank(DIALOG_PROCEEDING) > dialog_state_rank(DIALOG_TRYING));
	assert_true(dialog_state_rank(DIALOG_TRYING) > dialog_state_rank(DIALOG_TERMINATED));
	assert_int_equal(dialog_state_rank(DIALOG_OTHER), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(recorded_documents_read_as_they_were_meant),
		cmocka_unit_test(a_call_keeps_its_key_from_document_to_document),
		cmocka_unit_test(a_long_recorded_list_of_ended_calls_keeps_the_one_that_talks),
		cmocka_unit_test(every_state_word_is_read_in_any_case),
		cmocka_unit_test(hold_is_read_from_the_local_target_only),
		cmocka_unit_test(foreign_and_unknown_elements_are_skipped),
		cmocka_unit_test(a_missing_namespace_and_version_are_taken),
		cmocka_unit_test(of_one_id_twice_the_busier_stays),
		cmocka_unit_test(too_many_dialogs_keep_the_busiest),
		cmocka_unit_test(what_is_no_dialog_info_is_refused_and_leaves_ret_alone),
		cmocka_unit_test(depth_and_size_are_capped),
		cmocka_unit_test(names_and_ranks_cover_every_state),
	};
	return cmocka_run_group_tests_name("proto/xml/dialog_info", tests, set_up, tear_down);
}
