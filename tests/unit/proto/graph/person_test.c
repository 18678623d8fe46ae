#include "test.h"

#include <stdio.h>

#include "proto/graph/person.h"

#define ID "aaaaaaaa-0000-1111-2222-333333333333"
#define TEAMS(status) "{\"service\":\"TeamspaceAPI\",\"capabilityStatus\":\"" status "\"}"

static bool read_text(const char *text, const char *property, struct graph_person *p, json_t **doc)
{
	*doc = json_loads(text, 0, NULL);
	assert_non_null(*doc);
	return person_read(*doc, property, p);
}

static void who_may_be_served(void **state)
{
	static const struct {
		const char *more;
		enum person_class class;
	} rows[] = {
		{ "\"x\":1", PERSON_GOOD },
		{ "\"assignedPlans\":[]", PERSON_UNLICENSED },
		{ "\"assignedPlans\":[{\"service\":\"exchange\",\"capabilityStatus\":\"Enabled\"}]",
		  PERSON_UNLICENSED },
		{ "\"assignedPlans\":[7,null," TEAMS("Enabled") "]", PERSON_GOOD },
		{ "\"assignedPlans\":[" TEAMS("Warning") "]", PERSON_GOOD },
		{ "\"assignedPlans\":[" TEAMS("Deleted") "]", PERSON_UNLICENSED },
		{ "\"assignedPlans\":[" TEAMS("Suspended") "," TEAMS("enabled") "]", PERSON_GOOD },
		{ "\"assignedPlans\":[{\"service\":\"new name\",\"capabilityStatus\":\"Enabled\","
		  "\"servicePlanId\":\"57FF2DA0-773e-42df-b2af-ffb7a2317929\"}]",
		  PERSON_GOOD },
		{ "\"userType\":\"Guest\",\"assignedPlans\":[]", PERSON_GUEST },
		{ "\"userType\":null,\"assignedPlans\":[" TEAMS("Enabled") "]", PERSON_GOOD },
		{ "\"accountEnabled\":false,\"userType\":\"guest\"", PERSON_DISABLED },
		{ "\"accountEnabled\":null", PERSON_GOOD },
	};
	static struct graph_person p;
	char text[600];
	json_t *doc;
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		snprintf(text, sizeof(text), "{\"id\":\"" ID "\",%s}", rows[i].more);
		assert_true(read_text(text, NULL, &p, &doc));
		if (p.class != rows[i].class)
			fail_msg("%s: class %u", text, p.class);
		json_decref(doc);
	}
}

static void by_what_somebody_is_found(void **state)
{
	static const char row[] =
		"{\"id\":\"" ID "\",\"userPrincipalName\":\"Ana@acme.example\",\"accountEnabled\":true,"
		"\"mail\":\"ana.smith@acme.example\",\"proxyAddresses\":[\"SMTP:ana.smith@acme.example\","
		"\"smtp:as@acme.example\",\"sip:other@acme.example\",3],\"employeeId\":\"201\","
		"\"onPremisesExtensionAttributes\":{\"extensionAttribute3\":\"hq/202\"}}";
	static struct graph_person p;
	json_t *doc;
	(void)state;

	assert_true(read_text(row, "employeeId", &p, &doc));
	assert_true(p.whole);
	assert_false(p.removed);
	assert_int_equal(person_has(&p, SLICE_LIT("ANA@ACME.EXAMPLE")), VIA_UPN);
	assert_int_equal(person_has(&p, SLICE_LIT("ana.smith@acme.example")), VIA_MAIL);
	assert_int_equal(person_has(&p, SLICE_LIT("AS@acme.example")), VIA_ALIAS);
	assert_int_equal(person_has(&p, SLICE_LIT("other@acme.example")), VIA_NONE);
	assert_int_equal(person_has(&p, SLICE_LIT("201")), VIA_ATTRIBUTE);
	assert_true(person_read(doc, "extensionAttribute3", &p));
	assert_int_equal(person_has(&p, SLICE_LIT("hq/202")), VIA_ATTRIBUTE);
	assert_int_equal(person_has(&p, SLICE_LIT("201")), VIA_NONE);
	json_decref(doc);
	assert_true(read_text("{\"id\":\"" ID "\",\"@removed\":{\"reason\":\"changed\"}}", "", &p, &doc));
	assert_true(p.removed);
	assert_false(p.whole);
	json_decref(doc);
	assert_false(read_text("{\"id\":\"../me\",\"mail\":\"a@b\"}", "", &p, &doc));
	json_decref(doc);
}

/* Rows come whole whatever is in them; what is no page is none. */
static void pages_are_cut_into_rows(void **state)
{
	static const struct {
		const char *page;
		int rows; /* -1: refused */
	} cases[] = {
		{ " { \"value\" : [ ] } ", 0 },
		{ "{\"a\":[1,{\"value\":[1,2]}],\"value\":[{\"x\":\"]},{\\\"[\"},[[{}]],7,\"s\","
		  "null,true],\"z\":{}}",
		  6 },
		{ "{\"value\":[{\"a\":1},{\"a\":1,\"a\":2},x,{\"b\":2}]}", 2 },
		{ "", -1 },
		{ "[]", -1 },
		{ "{}", -1 },
		{ "{\"value\":{}}", -1 },
		{ "{\"value\":[", -1 },
		{ "{\"value\":[\"]}", -1 },
		{ "{\"value\":[]", -1 },
		{ "{\"value\":[]}x", -1 },
		{ "{\"value\":[],\"value\":[]}", -1 },
		{ "{\"value\" []}", -1 },
		{ "{value:[]}", -1 },
		{ "{\"value\":[],\"@odata.nextLink\":7}", -1 },
		{ "{\"value\":[],\"@odata.nextLink\":\"\\ud800\"}", -1 },
	};
	struct people_page page;
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		int rows = -1;

		if (people_page_parse(slice_str(cases[i].page), &page) == ERR_OK) {
			rows = 0;
			for (json_t *row = people_page_row(&page); row; row = people_page_row(&page), rows++)
				json_decref(row);
			people_page_fini(&page);
		}
		if (rows != cases[i].rows)
			fail_msg("%s: %d rows", cases[i].page, rows);
	}
}

static void pages_and_where_they_lead(void **state)
{
	struct people_page page;
	struct buf b;
	(void)state;

	assert_int_equal(
		people_page_parse(
			SLICE_LIT("{\"value\":[{},{}],\"@odata.nextLink\":\"https://g/x\"}"),
			&page),
		ERR_OK);
	for (int n = 0; n < 2; n++) {
		json_t *row = people_page_row(&page);

		assert_true(json_is_object(row));
		json_decref(row);
	}
	assert_null(people_page_row(&page));
	assert_string_equal(page.next, "https://g/x");
	assert_null(page.delta);
	people_page_fini(&page);
	assert_int_equal(people_page_parse(SLICE_LIT("{\"value\":{}}"), &page), ERR_MALFORMED);
	assert_int_equal(people_page_parse(SLICE_LIT("{\"value\":["), &page), ERR_MALFORMED);

	static const struct {
		const char *link, *url; /* NULL: refused */
	} links[] = {
		{ "https://g.example/v1.0/users/delta?$deltatoken=a",
		  "https://g.example/v1.0/users/delta?$deltatoken=a" },
		{ "https://graph.microsoft.com/v1.0/x?%24skiptoken=1",
		  "https://g.example/v1.0/x?%24skiptoken=1" },
		{ "https://G.example/v1.0/x", "https://g.example/v1.0/x" },
		{ "https://g.example.evil/v1.0/x", NULL },
		{ "https://g.example@evil/", NULL },
		{ "https://evil/v1.0/x", NULL },
		{ "https://g.example", NULL },
		{ "https://g.example/a b", NULL },
		{ "https://g.example/a\r\nX: y", NULL },
		{ "", NULL },
	};
	for (size_t i = 0; i < ARRAY_LEN(links); i++) {
		buf_init(&b, 8192);
		enum err e = people_link(&b, slice_str(links[i].link), "https://g.example",
					 "https://graph.microsoft.com");
		assert_int_equal(e, links[i].url ? ERR_OK : ERR_MALFORMED);
		assert_string_equal(buf_cstr(&b), links[i].url ? links[i].url : "");
		buf_fini(&b);
	}
	buf_init(&b, 8192);
	people_query(&b, "https://g", "extensionAttribute3");
	assert_true(slice_find_str(buf_view(&b), SLICE_LIT(",onPremisesExtensionAttributes")) < b.n);
	buf_fini(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_may_be_served),
		cmocka_unit_test(by_what_somebody_is_found),
		cmocka_unit_test(pages_are_cut_into_rows),
		cmocka_unit_test(pages_and_where_they_lead),
	};
	return cmocka_run_group_tests_name("proto/graph/person", tests, NULL, NULL);
}
