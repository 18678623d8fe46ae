#include "proto/xml/quick.h"

#include "base/prng.h"
#include "trace.h"
#include "vector.h"

static struct xml_reader *reader;

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

static bool takes(const char *xml)
{
	return trace_compare(reader, slice_str(xml), NULL, false);
}

static void what_is_plain_is_read_as_expat_reads_it(void **state)
{
	static const char *const documents[] = {
		"<a/>",
		"<a></a>",
		"<a ></a >",
		"\n <?xml version=\"1.0\"?>\n<a b=\"\" c=\"d e\">\n\t<b/>text</a>\n",
		"<?xml version=\"1.0\" encoding=\"UTF-8\"?><a xmlns=\"urn:x\" b=\"1\"/>",
		"<?xml version=\"1.0\" encoding=\"utf-8\"?><a c=\"2\" xmlns=\"urn:x\"><b d=\"/\"/></a>",
		"<a xmlns=\"urn:x\"><b><c>one</c>two<c>three</c></b></a>",
		"<_a.b-c1 x-y.z_0=\"a=b>c'd\"/>",
		"<a><a><a>x</a></a></a>",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(documents); i++)
		assert_true(takes(documents[i]));
}

static void whatever_it_does_not_know_is_left_to_expat(void **state)
{
	static const char *const documents[] = {
		"a",
		"<",
		"<a",
		"<a>",
		"<a/",
		"<a/><b/>",
		"<a/>x",
		"<a></b>",
		"<a></ab>",
		"<ab></a>",
		"</a>",
		"<a/ >",
		"<a b/>",
		"<a b=c/>",
		"<a b='c'/>",
		"<a b = \"c\"/>",
		"<a b=\"c\"d=\"e\"/>",
		"<a b=\"c\" b=\"d\"/>",
		"<a b=\"<\"/>",
		"<a b=\"&lt;\"/>",
		"<a b=\"\t\"/>",
		"<a b=\"\n\"/>",
		"<a b=\"\xc3\xa4\"/>",
		"<a>&amp;</a>",
		"<a>]]></a>",
		"<a>\r\n</a>",
		"<a>\xc3\xa4</a>",
		"<a>\x01</a>",
		"<\xc3\xa4/>",
		"<a><!-- --></a>",
		"<!-- --><a/>",
		"<a/><!-- -->",
		"<a><![CDATA[x]]></a>",
		"<a><?x?></a>",
		"<?x?><a/>",
		"<!DOCTYPE a><a/>",
		"<?xml version=\"1.1\"?><a/>",
		"<?xml version=\"1.0\" standalone=\"yes\"?><a/>",
		"<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?><a/>",
		"<x:a xmlns:x=\"urn:x\"/>",
		"<x:a/>",
		"<a xmlns:x=\"urn:x\"/>",
		"<a x:b=\"c\"/>",
		"<a xmlns=\"\"/>",
		"<a xmlns=\"urn:x\" xmlns=\"urn:x\"/>",
		"<a><b xmlns=\"urn:x\"/></a>",
		"<a xmlns=\"http://www.w3.org/XML/1998/namespace\"/>",
		"<1/>",
		"<-a/>",
		"<a 1=\"b\"/>",
		"\xef\xbb\xbf<a/>",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(documents); i++)
		if (takes(documents[i]))
			fail_msg("took %s", documents[i]);
	assert_false(trace_compare(reader, slice_of("<a>\0</a>", 8), NULL, false));
	assert_false(trace_compare(reader, slice_of("<a/>\0", 5), NULL, false));
}

static void skipped_and_refused_elements_are_as_with_expat(void **state)
{
	const struct slice doc = SLICE_LIT("<a><b x=\"1\"><c>1</c></b><d>2</d><b/></a>");

	(void)state;
	assert_true(trace_compare(reader, doc, "b", false));
	assert_true(trace_compare(reader, doc, "c", false));
	assert_true(trace_compare(reader, doc, NULL, true));
}

/* n elements in a row, or one in the other. */
static bool takes_many(uint32_t n, bool nested, const char *open)
{
	struct buf b;

	buf_init(&b, 1 << 20);
	buf_str(&b, "<r>");
	for (uint32_t i = 0; i < n; i++)
		buf_str(&b, open);
	for (uint32_t i = 0; nested && i < n; i++)
		buf_str(&b, "</a>");
	buf_str(&b, "</r>");
	bool taken = trace_compare(reader, buf_view(&b), NULL, false);
	buf_fini(&b);
	return taken;
}

static void every_table_ends_in_a_refusal(void **state)
{
	(void)state;
	assert_true(takes_many(QUICK_DEPTH_MAX - 1, true, "<a>"));
	assert_false(takes_many(QUICK_DEPTH_MAX, true, "<a>"));
	assert_true(takes_many(QUICK_EVENTS_MAX / 2 - 1, false, "<a/>"));
	assert_false(takes_many(QUICK_EVENTS_MAX / 2, false, "<a/>"));
	for (uint32_t n = 0; n < 2 * QUICK_ATTS_MAX; n++)
		(void)takes_many(n, false, "<a b=\"1\" c=\"2\" d=\"3\"/>");
	for (uint32_t n = 0; n < QUICK_BODY_MAX; n += 7)
		(void)takes_many(n, false, "<a b=\"1234567890\"/> ");
}

static void the_documents_of_real_pbxs_are_plain(void **state)
{
	static const char *const files[] = {
		"asterisk-22/05-notify-dialog-talking.sip",
		"asterisk-22/39-notify-crash-restored.sip",
		"kamailio-5.6/24-notify-call-1001-confirmed.sip",
	};
	static struct vector v;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		vector_load(&v, files[i]);
		assert_true(trace_compare(reader, v.body, NULL, false));
	}
}

/* One to four bytes replaced, dropped or doubled, mostly by bytes that mean something. */
static size_t mutate(struct prng *r, const char *from, size_t n, char *to)
{
	static const char telling[] = "<>/=\"'& \n\t\r?!-[]:;xmlns.a\xc3\x01";

	memcpy(to, from, n);
	for (uint64_t k = 1 + prng_below(r, 4); k > 0 && n > 4; k--) {
		size_t at = prng_below(r, n - 1);

		switch (prng_below(r, 3)) {
		case 0:
			to[at] = telling[prng_below(r, sizeof(telling))];
			break;
		case 1:
			memmove(to + at, to + at + 1, n - at - 1);
			n--;
			break;
		default:
			memmove(to + at + 1, to + at, n - at);
			n++;
			break;
		}
	}
	return n;
}

static void no_mutation_is_read_otherwise_than_by_expat(void **state)
{
	static const char seed[] =
		"<?xml version=\"1.0\"?>\n<d xmlns=\"urn:d\" version=\"3\" state=\"full\">\n"
		" <e id=\"1\" f=\"g\"><s>on</s><l><t uri=\"sip:1@x\"/></l></e>\n</d>\n";
	struct prng r = { 1 };
	char doc[sizeof(seed) + 8];
	uint32_t taken = 0;

	(void)state;
	for (int i = 0; i < 100000; i++) {
		size_t n = mutate(&r, seed, sizeof(seed) - 1, doc);

		taken += trace_compare(reader, slice_of(doc, n), NULL, false);
	}
	assert_true(taken > 1000 && taken < 90000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_plain_is_read_as_expat_reads_it),
		cmocka_unit_test(whatever_it_does_not_know_is_left_to_expat),
		cmocka_unit_test(skipped_and_refused_elements_are_as_with_expat),
		cmocka_unit_test(every_table_ends_in_a_refusal),
		cmocka_unit_test(the_documents_of_real_pbxs_are_plain),
		cmocka_unit_test(no_mutation_is_read_otherwise_than_by_expat),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
