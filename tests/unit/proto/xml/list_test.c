/* A list notification as a whole: multipart, RLMI and the documents in it. */
#include "proto/xml/dialog_info.h"
#include "proto/xml/multipart.h"
#include "proto/xml/pidf.h"
#include "proto/xml/rlmi.h"

#include "vector.h"

static struct xml_reader *reader;
static struct vector vector;
static struct rlmi rlmi;

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

static bool reads(struct slice type, struct slice body)
{
	struct dialog_info d;
	struct pidf p;

	if (slice_is(type, "application/dialog-info+xml"))
		return dialog_info_read(reader, body, &d) == ERR_OK && d.n == 1;
	return slice_is(type, "application/pidf+xml") && pidf_read(reader, body, NULL, &p) == ERR_OK;
}

static bool named_by_cid(struct slice id)
{
	for (uint32_t i = 0; i < rlmi.n; i++)
		if (slice_is(id, rlmi_text(&rlmi, rlmi.list[i].cid)))
			return true;
	return false;
}

static void recorded_lists_hold_one_document_a_line(void **state)
{
	static const struct {
		const char *file;
		uint32_t version, n;
		bool full;
	} rows[] = {
		{ "asterisk-22/23-notify-rls-dialog-full.sip", 0, 10, true },
		{ "asterisk-22/24-notify-rls-dialog-change.sip", 1, 1, false },
		{ "asterisk-22/26-notify-rls-presence-full.sip", 0, 10, true },
		{ "asterisk-22/27-notify-rls-presence-change.sip", 1, 10, true },
		{ "asterisk-16/22-notify-rls-dialog-full.sip", 0, 10, true },
		{ "asterisk-16/25-notify-rls-presence-full.sip", 0, 10, true },
	};
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct multipart m;
		struct multipart_part part;
		uint32_t documents = 0;

		vector_load(&vector, rows[i].file);
		assert_int_equal(
			multipart_open(&m, vector_header(&vector, "Content-Type"), vector.body),
			ERR_OK);
		assert_true(multipart_next(&m, &part));
		assert_slice(part.content_type, "application/rlmi+xml");
		assert_int_equal(rlmi_read(reader, part.body, &rlmi), ERR_OK);
		assert_false(rlmi.overflow);
		assert_int_equal(rlmi.version, rows[i].version);
		assert_int_equal(rlmi.full_state, rows[i].full);
		if (rlmi.n != rows[i].n)
			fail_msg("%s has %u resources", rows[i].file, rlmi.n);
		while (multipart_next(&m, &part)) {
			documents++;
			assert_true(named_by_cid(part.content_id));
			assert_true(reads(part.content_type, part.body));
		}
		assert_int_equal(m.err, ERR_OK);
		assert_int_equal(documents, rlmi.n);
		assert_true(strncmp(rlmi_text(&rlmi, rlmi.list[0].uri), "sip:", 4) == 0);
	}
}

static void a_part_holds_every_byte_of_its_length(void **state)
{
	static const char body[] = "--b\r\nContent-Length: 12\r\n\r\nab\r\n--b\r\ncd\n\r\n--b--";
	struct multipart m;
	struct multipart_part part;
	(void)state;

	assert_int_equal(
		multipart_open(&m, SLICE_LIT("multipart/related;boundary=b"), slice_str(body)),
		ERR_OK);
	assert_true(multipart_next(&m, &part));
	assert_slice(part.body, "ab\r\n--b\r\ncd\n");
	assert_false(multipart_next(&m, &part));
	assert_int_equal(m.err, ERR_OK);
}

/* Opens body with the type given and joins the parts as "type|id|body/". */
static const char *joined(const char *type, const char *body, enum err *ret_err)
{
	static char out[512];
	struct multipart m;
	struct multipart_part p;
	size_t n = 0;

	out[0] = '\0';
	*ret_err = multipart_open(&m, slice_str(type), slice_str(body));
	if (*ret_err)
		return out;
	while (multipart_next(&m, &p))
		n += (size_t)snprintf(out + n, sizeof(out) - n, "%.*s|%.*s|%.*s/", SLICE_ARG(p.content_type),
				      SLICE_ARG(p.content_id), SLICE_ARG(p.body));
	*ret_err = m.err;
	return out;
}

static void forms_of_multipart(void **state)
{
	static const struct {
		const char *type, *body, *parts;
		enum err err;
	} rows[] = {
		{ "multipart/related;boundary=b", "--b\r\n\r\nx\r\n--b--\r\n", "||x/", ERR_OK },
		{ "Multipart/Related; type=\"a;boundary=z\" ; BOUNDARY=\"b\" ;start=\"<q>\"",
		  "--b\r\n\r\nx\r\n--b--", "||x/", ERR_OK },
		{ "multipart/mixed;boundary=b",
		  "\r\n\r\n--b\r\ncontent-type:  t; c=1\r\nContent-ID: <i@h>\r\n\r\nx\r\n--b--",
		  "t; c=1|i@h|x/", ERR_OK },
		{ "multipart/mixed;boundary=b",
		  "preamble --b\n--b  \nContent-Type:t\n\nx\ny\n--b\n\nz\n--b--\r\nepilogue",
		  "t||x\ny/||z/", ERR_OK },
		{ "multipart/mixed;boundary=b", "--b\r\n\r\n\r\n--b--", "||/", ERR_OK },
		{ "multipart/mixed;boundary=b", "--b\r\nContent-Length: 0\r\n\r\n--b--", "||/",
		  ERR_OK },
		{ "multipart/mixed;boundary=b", "--b\r\nContent-Length: 99\r\n\r\nx\r\n--b--",
		  "||x/", ERR_OK },
		{ "multipart/mixed;boundary=b", "--b\r\nContent-Length: 1\r\n\r\nxyz\r\n--b--",
		  "||xyz/", ERR_OK },
		{ "multipart/mixed;boundary=b", "--b\r\n\r\n--bc\r\n--b--", "||--bc/", ERR_OK },
		{ "multipart/mixed;boundary=b", "--b--", "", ERR_OK },
		/* cut off: what was whole is handed out, then the error */
		{ "multipart/mixed;boundary=b", "--b\r\n\r\nx\r\n--b\r\n\r\ny", "||x/",
		  ERR_MALFORMED },
		{ "multipart/mixed;boundary=b", "--b\r\n", "", ERR_MALFORMED },
		{ "multipart/mixed;boundary=b", "--b\r\nContent-Type: t", "", ERR_MALFORMED },
		{ "multipart/mixed;boundary=b", "", "", ERR_MALFORMED },
		{ "multipart/mixed;boundary=b", "x--b\r\n\r\nx\r\n--b--x", "", ERR_MALFORMED },
		{ "multipart/mixed", "--b\r\n\r\nx\r\n--b--", "", ERR_MALFORMED },
		{ "multipart/mixed;boundary=", "--\r\n\r\nx\r\n----", "", ERR_MALFORMED },
		{ "multipart/mixed;boundary=\"", "--\r\n\r\nx\r\n----", "", ERR_MALFORMED },
		{ "text/plain;boundary=b", "--b\r\n\r\nx\r\n--b--", "", ERR_MALFORMED },
		{ "", "--b", "", ERR_MALFORMED },
	};
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		enum err e;
		const char *parts = joined(rows[i].type, rows[i].body, &e);

		assert_string_equal(parts, rows[i].parts);
		if (e != rows[i].err)
			fail_msg("row %zu: %s", i, err_name(e));
	}
}

static void a_boundary_has_at_most_seventy_characters(void **state)
{
	char type[160], body[400], word[80];
	enum err e;
	(void)state;

	for (int n = 69; n <= 71; n++) {
		memset(word, 'b', sizeof(word));
		word[n] = '\0';
		snprintf(type, sizeof(type), "multipart/mixed;boundary=%s", word);
		snprintf(body, sizeof(body), "--%s\r\n\r\nx\r\n--%s--", word, word);
		assert_string_equal(joined(type, body, &e), n <= 70 ? "||x/" : "");
		assert_int_equal(e, n <= 70 ? ERR_OK : ERR_MALFORMED);
	}
}

static void parts_and_depth_are_capped(void **state)
{
	struct multipart m, inner, third;
	struct multipart_part part = { .content_type = SLICE_LIT("multipart/related;boundary=b"),
				       .body = SLICE_LIT("--b\r\n\r\nx\r\n--b--") };
	char *body = malloc(8000 * 12), *p = body;
	int n = 0;
	(void)state;

	assert_int_equal(multipart_open(&m, part.content_type, part.body), ERR_OK);
	assert_int_equal(multipart_open_nested(&inner, &m, &part), ERR_OK);
	assert_int_equal(multipart_open_nested(&third, &inner, &part), ERR_LIMIT);
	for (int i = 0; i < 8000; i++)
		p = stpcpy(p, "--b\r\n\r\nx\r\n");
	assert_int_equal(multipart_open(&m, part.content_type, slice_of(body, (size_t)(p - body))), ERR_OK);
	while (multipart_next(&m, &part))
		n++;
	assert_int_equal(n, MULTIPART_PARTS_MAX);
	assert_int_equal(m.err, ERR_LIMIT);
	free(body);
}

static enum err read_rlmi(const char *xml)
{
	return rlmi_read(reader, slice_str(xml), &rlmi);
}

static void rlmi_says_what_became_of_each_instance(void **state)
{
	(void)state;
	assert_int_equal(
		read_rlmi("<l:list xmlns:l='urn:ietf:params:xml:ns:rlmi' uri='sip:l@x' version='7' "
			  "fullState='1'>"
			  "<l:name>n</l:name>"
			  "<l:resource uri='sip:1@x'><l:instance id='a' state='terminated' "
			  "reason='noresource'/>"
			  "<l:instance id='b' state='Active' cid='cid:&lt;q@x>'/></l:resource>"
			  "<l:resource uri='sip:2@x'/><l:resource/>"
			  "<l:resource uri='sip:3@x'><l:instance id='a' "
			  "state='odd'/></l:resource></l:list>"),
		ERR_OK);
	assert_string_equal(rlmi_text(&rlmi, rlmi.uri), "sip:l@x");
	assert_int_equal(rlmi.version, 7);
	assert_true(rlmi.full_state && !rlmi.overflow);
	assert_int_equal(rlmi.n, 4);
	assert_int_equal(rlmi.list[0].state, RLMI_TERMINATED);
	assert_string_equal(rlmi_text(&rlmi, rlmi.list[0].reason), "noresource");
	assert_string_equal(rlmi_text(&rlmi, rlmi.list[0].cid), "");
	assert_string_equal(rlmi_text(&rlmi, rlmi.list[1].uri), "sip:1@x");
	assert_string_equal(rlmi_text(&rlmi, rlmi.list[1].cid), "q@x");
	assert_int_equal(rlmi.list[1].state, RLMI_ACTIVE);
	assert_int_equal(rlmi.list[2].state, RLMI_NONE);
	assert_int_equal(rlmi.list[3].state, RLMI_OTHER);
}

static void rlmi_refuses_what_is_none(void **state)
{
	(void)state;
	assert_int_equal(read_rlmi("<list xmlns='urn:ietf:params:xml:ns:rlmi'/>"), ERR_MALFORMED);
	assert_int_equal(read_rlmi("<dialog-info/>"), ERR_MALFORMED);
	assert_int_equal(read_rlmi("<!DOCTYPE list><list uri='a'/>"), ERR_MALFORMED);
	assert_int_equal(read_rlmi("<list uri='a'>"), ERR_MALFORMED);
}

static void rlmi_keeps_to_its_room(void **state)
{
	char *xml = malloc(XML_BODY_MAX + 1), *p = xml;
	(void)state;

	p = stpcpy(p, "<list uri='a'>");
	for (int i = 0; i < RLMI_MAX + 1; i++)
		p = stpcpy(p, "<resource uri='sip:1@x'><instance state='active' cid='c'/></resource>");
	stpcpy(p, "</list>");
	assert_int_equal(read_rlmi(xml), ERR_OK);
	assert_int_equal(rlmi.n, RLMI_MAX);
	assert_true(rlmi.overflow);

	p = stpcpy(xml, "<list uri='a'>");
	for (int i = 0; i < 3; i++) {
		p = stpcpy(p, "<resource uri='");
		memset(p, 'u', 30000);
		p = stpcpy(p + 30000, "'/>");
	}
	stpcpy(p, "</list>");
	assert_int_equal(read_rlmi(xml), ERR_OK);
	assert_int_equal(rlmi.n, 2);
	assert_true(rlmi.overflow);
	free(xml);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(recorded_lists_hold_one_document_a_line),
		cmocka_unit_test(a_part_holds_every_byte_of_its_length),
		cmocka_unit_test(forms_of_multipart),
		cmocka_unit_test(a_boundary_has_at_most_seventy_characters),
		cmocka_unit_test(parts_and_depth_are_capped),
		cmocka_unit_test(rlmi_says_what_became_of_each_instance),
		cmocka_unit_test(rlmi_refuses_what_is_none),
		cmocka_unit_test(rlmi_keeps_to_its_room),
	};
	return cmocka_run_group_tests_name("proto/xml/list", tests, set_up, tear_down);
}
