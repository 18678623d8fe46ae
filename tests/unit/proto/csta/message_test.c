/* Bodies of CSTA III XML into a flat tree, and the paths through it. */
#include "proto/csta/message.h"

#include <stdio.h>

#include "test.h"

static struct csta_message m;
static struct xml_reader *reader;

static enum err read_n(const char *xml, size_t n)
{
	return csta_read(reader, slice_of(xml, n), &m);
}

static enum err read(const char *xml)
{
	return read_n(xml, strlen(xml));
}

static void good(const char *xml)
{
	assert_int_equal(read(xml), ERR_OK);
}

static void bad(const char *xml, enum err want)
{
	assert_int_equal(read(xml), want);
	assert_int_equal(m.n, 0);
	assert_false(csta_root_is(&m, "a"));
	assert_slice(csta_name(&m, 0), "");
	assert_slice(csta_text(&m, 0), "");
	assert_int_equal(csta_find(&m, 0, "b"), CSTA_NONE);
}

#define NS "http://www.ecma-international.org/standards/ecma-323/csta/ed5"

static void whatever_the_prefix(void **state)
{
	static const char *const forms[] = {
		"<E><id>7</id><c><callID>x</callID></c></E>",
		"<E xmlns='" NS "'><id>7</id><c><callID>x</callID></c></E>",
		"<E xmlns=\"" NS "\"><id>7</id><c><callID>x</callID></c></E>",
		"<csta:E xmlns:csta='" NS
		"'><csta:id>7</csta:id><csta:c><csta:callID>x</csta:callID>"
		"</csta:c></csta:E>",
		"<?xml version='1.0' standalone='yes'?>\n<ns3:E xmlns:ns2='urn:x' xmlns:ns3='" NS
		"'>\n <ns3:id> 7 </ns3:id>\n "
		"<ns3:c>\n<ns3:callID>\nx</ns3:callID></ns3:c></ns3:E>\n",
		"<E xmlns='" NS "'><v:id xmlns:v='urn:v'>7</v:id><c><callID>x</callID></c></E>",
		("\r\n<!-- c --><E><id a='b'>7</id><!-- c "
		 "--><c><callID><![CDATA[x]]></callID></c></E>"),
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(forms); i++) {
		good(forms[i]);
		assert_true(csta_root_is(&m, "E"));
		assert_int_equal(m.n, 4);
		assert_slice(csta_get(&m, 0, "id"), "7");
		assert_slice(csta_get(&m, 0, "c/callID"), "x");
	}
}

static void an_unbound_prefix_is_malformed(void **state)
{
	(void)state;
	bad("<csta:E><csta:id>7</csta:id></csta:E>", ERR_MALFORMED);
}

static void encodings(void **state)
{
	(void)state;
	good("<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?><E><name>J\xfcrg</name></E>");
	assert_slice(csta_get(&m, 0, "name"), "J\xc3\xbcrg");
	good("<?xml version=\"1.0\" encoding=\"UTF-8\"?><E><name>J\xc3\xbcrg</name></E>");
	assert_slice(csta_get(&m, 0, "name"), "J\xc3\xbcrg");
	good("<E><name>N&lt;123!98&gt; &amp; &#252;</name></E>");
	assert_slice(csta_get(&m, 0, "name"), "N<123!98> & \xc3\xbc");
	bad("<?xml version=\"1.0\" encoding=\"UTF-8\"?><E><name>J\xfcrg</name></E>", ERR_MALFORMED);
	bad("<?xml version=\"1.0\" encoding=\"x-none\"?><E/>", ERR_MALFORMED);
}

static void text_stands_before_the_first_child(void **state)
{
	(void)state;
	good("<a> one <b> t<!-- c -->wo</b> three <c>four<![CDATA[ <5> ]]></c>six</a>");
	assert_slice(csta_text(&m, 0), "one");
	assert_slice(csta_get(&m, 0, "b"), "two");
	assert_slice(csta_get(&m, 0, "c"), "four <5>");
	good("<a><b/><c></c></a>");
	assert_slice(csta_text(&m, 0), "");
	assert_non_null(csta_get(&m, 0, "b").p);
	assert_non_null(csta_get(&m, 0, "c").p);
	assert_null(csta_get(&m, 0, "d").p);
	assert_slice(csta_text(&m, CSTA_NONE), "");
}

static void what_is_refused(void **state)
{
	static const char *const rows[] = {
		"",
		"  ",
		"x",
		"<a>",
		"<a></b>",
		"<a/><b/>",
		"<a b></a>",
		"<a>&x;</a>",
		"</a>",
		"<!DOCTYPE a><a/>",
		"<!DOCTYPE a [<!ENTITY x 'y'>]><a>&x;</a>",
		"<!DOCTYPE a SYSTEM 'file:///etc/passwd'><a/>",
		"<a>\x01</a>",
		"\0\0\0\x0c",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		bad(rows[i], ERR_MALFORMED);
	assert_int_equal(read_n("<a>\0</a>", 8), ERR_MALFORMED);
	assert_int_equal(csta_read(reader, SLICE_NONE, &m), ERR_MALFORMED);
	good("<a/>"); /* and the reader is as good as new */
}

static void nested(struct buf *b, int depth)
{
	buf_reset(b);
	for (int i = 0; i < depth; i++)
		buf_str(b, "<a>");
	for (int i = 0; i < depth; i++)
		buf_str(b, "</a>");
}

static void how_deep_and_how_many(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, XML_BODY_MAX);
	nested(&b, XML_DEPTH_MAX);
	good(buf_cstr(&b));
	assert_int_equal(m.n, XML_DEPTH_MAX);
	nested(&b, XML_DEPTH_MAX + 1);
	bad(buf_cstr(&b), ERR_LIMIT);
	for (int more = 0; more < 2; more++) {
		buf_reset(&b);
		buf_str(&b, "<r>");
		for (int i = 1; i < CSTA_ITEMS_MAX + more; i++)
			buf_str(&b, "<a/>");
		buf_str(&b, "</r>");
		if (more)
			bad(buf_cstr(&b), ERR_LIMIT);
		else
			good(buf_cstr(&b));
	}
	buf_fini(&b);
}

/* Names and texts share one room; a body of TCP always fits, whatever else may come does not. */
static void how_much(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, XML_BODY_MAX);
	for (int more = 0; more < 2; more++) {
		buf_reset(&b);
		buf_str(&b, "<r>");
		for (int i = 1; i < CSTA_POOL_MAX + more; i++)
			buf_char(&b, 'x');
		buf_str(&b, "</r>");
		if (more)
			bad(buf_cstr(&b), ERR_LIMIT);
		else
			good(buf_cstr(&b));
	}
	assert_int_equal(buf_err(&b), ERR_OK);
	buf_fini(&b);
}

static void children_and_paths(void **state)
{
	uint32_t list, item;

	(void)state;
	good("<r><a><b>1</b><x><b>2</b></x></a><b>3</b><a><b>4</b></a><a/><c><a><b>5</b></a></c></"
	     "r>");
	item = csta_child(&m, 0, "a", CSTA_NONE);
	assert_slice(csta_get(&m, item, "b"), "1");
	item = csta_child(&m, 0, "a", item);
	assert_slice(csta_get(&m, item, "b"), "4");
	item = csta_child(&m, 0, "a", item);
	assert_null(csta_get(&m, item, "b").p);
	assert_int_equal(csta_child(&m, 0, "a", item), CSTA_NONE);
	assert_slice(csta_text(&m, csta_child(&m, 0, "b", CSTA_NONE)), "3");
	assert_int_equal(csta_child(&m, 0, "x", CSTA_NONE), CSTA_NONE);
	list = csta_child(&m, 0, "c", CSTA_NONE);
	assert_slice(csta_get(&m, list, "a/b"), "5");
	assert_slice(csta_get(&m, 0, "c/a/b"), "5");
	assert_slice(csta_get(&m, 0, "x/b"), "2");
	assert_slice(csta_get(&m, 0, "a/x/b"), "2");
	assert_int_equal(csta_find(&m, 0, "r/b"), CSTA_NONE); /* the start is no step */
	assert_int_equal(csta_find(&m, 0, "c/b"), CSTA_NONE);
	assert_int_equal(csta_find(&m, list, "c/a"), CSTA_NONE);
	assert_int_equal(csta_find(&m, CSTA_NONE, "a"), CSTA_NONE);
	assert_int_equal(csta_find(&m, 0, ""), CSTA_NONE);
	assert_int_equal(csta_find(&m, 0, "/b"), CSTA_NONE);
}

static void all_texts_are(uint32_t item, const char *path, const char *want)
{
	struct buf got;

	buf_init(&got, 64);
	for (uint32_t i = CSTA_NONE; (i = csta_find_next(&m, item, path, i)) != CSTA_NONE;)
		buf_slice(&got, csta_text(&m, i));
	assert_string_equal(buf_cstr(&got), want);
	buf_fini(&got);
}

static void one_after_the_other(void **state)
{
	(void)state;
	good("<r><a><b>1</b><b>2</b></a><b>3</b><a><x><b>4</b></x><b>5</b></a></r>");
	all_texts_are(0, "a/b", "125");
	all_texts_are(0, "b", "12345");
	all_texts_are(1, "b", "12");
}

static void flags(void **state)
{
	static const char *const on[] = { "true", "1", "TRUE", "True" };
	static const char *const off[] = { "false", "0", "FALSE" };
	static const char *const neither[] = { "", "on", "yes", "2", "truely", "00" };
	bool v;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(on); i++)
		assert_true((v = false, csta_flag(slice_str(on[i]), &v)) && v);
	for (size_t i = 0; i < ARRAY_LEN(off); i++)
		assert_true((v = true, csta_flag(slice_str(off[i]), &v)) && !v);
	for (size_t i = 0; i < ARRAY_LEN(neither); i++)
		assert_false(csta_flag(slice_str(neither[i]), &v));
	assert_false(csta_flag(SLICE_NONE, &v));
}

static int begin(void **state)
{
	(void)state;
	return xml_reader_new(&reader, 7) != ERR_OK;
}

static int end(void **state)
{
	(void)state;
	xml_reader_free(reader);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whatever_the_prefix),
		cmocka_unit_test(an_unbound_prefix_is_malformed),
		cmocka_unit_test(encodings),
		cmocka_unit_test(text_stands_before_the_first_child),
		cmocka_unit_test(what_is_refused),
		cmocka_unit_test(how_deep_and_how_many),
		cmocka_unit_test(how_much),
		cmocka_unit_test(children_and_paths),
		cmocka_unit_test(one_after_the_other),
		cmocka_unit_test(flags),
	};

	return cmocka_run_group_tests(tests, begin, end);
}
