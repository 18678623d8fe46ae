#include "test.h"

#include <stdio.h>

#include "proto/graph/users.h"

#define ID_A "aaaaaaaa-0000-1111-2222-333333333333"
#define ID_B "bbbbbbbb-0000-1111-2222-333333333333"

static void quotes_are_doubled_and_everything_is_encoded(void **state)
{
	struct buf b;
	(void)state;

	buf_init(&b, 4000);
	users_query(&b, "https://g.example", SLICE_LIT("O'Neil#1+x&@Acme.example"));
	assert_slice(buf_view(&b),
		     "https://g.example/v1.0/users?$filter="
		     "mail%20eq%20%27o%27%27neil%231%2Bx%26%40acme.example%27"
		     "%20or%20userPrincipalName%20eq%20%27o%27%27neil%231%2Bx%26%40acme.example%27"
		     "%20or%20proxyAddresses%2Fany%28p%3Ap%20eq%20%27smtp%3Ao%27%27neil%231%2Bx%26"
		     "%40acme.example%27%29"
		     "&$select=id,mail,userPrincipalName,proxyAddresses,accountEnabled,userType,"
		     "assignedPlans");
	buf_fini(&b);
}

static void who_matches(void **state)
{
	static const struct {
		const char *rows;
		uint32_t people, disabled, guests;
		const char *id;
	} cases[] = {
		{ "", 0, 0, 0, "" },
		{ "{\"id\":\"" ID_A "\",\"mail\":\"ana@acme.example\"}", 1, 0, 0, ID_A },
		{ "{\"id\":\"" ID_A "\",\"mail\":\"ANA@Acme.Example\"}", 1, 0, 0, ID_A },
		{ "{\"id\":\"" ID_A "\",\"mail\":null,\"userPrincipalName\":\"Ana@acme.example\"}",
		  1, 0, 0, ID_A },
		{ "{\"id\":\"" ID_A
		  "\",\"proxyAddresses\":[\"x500:y\",\"SMTP:a@b\",\"smtp:ana@acme.example\"]}",
		  1, 0, 0, ID_A },
		{ "{\"id\":\"" ID_A "\",\"proxyAddresses\":[\"sip:ana@acme.example\",7]}", 0, 0, 0,
		  "" },
		{ "{\"id\":\"" ID_A "\",\"mail\":\"bob@acme.example\"}", 0, 0, 0, "" },
		{ "{\"id\":\"" ID_A "\",\"mail\":\"ana@acme.example\"},"
		  "{\"id\":\"" ID_A "\",\"userPrincipalName\":\"ana@acme.example\"}",
		  1, 0, 0, ID_A },
		{ "{\"id\":\"" ID_A "\",\"mail\":\"ana@acme.example\"},"
		  "{\"id\":\"" ID_B "\",\"userPrincipalName\":\"ana@acme.example\"}",
		  2, 0, 0, ID_A },
		{ "{\"id\":\"" ID_A "\",\"mail\":\"ana@acme.example\",\"accountEnabled\":false},"
		  "{\"id\":\"" ID_B "\",\"mail\":\"ana@acme.example\",\"accountEnabled\":true}",
		  1, 1, 0, ID_B },
		{ "{\"id\":\"" ID_A "\",\"mail\":\"ana@acme.example\",\"userType\":\"Guest\"}", 0,
		  0, 1, "" },
		{ "{\"id\":\"../../evil\",\"mail\":\"ana@acme.example\"}", 0, 0, 0, "" },
		{ "{\"mail\":\"ana@acme.example\"},null,7,[]", 0, 0, 0, "" },
	};
	char body[1000];
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct users_match m;

		snprintf(body, sizeof(body), "{\"@odata.nextLink\":\"https://x\",\"value\":[%s]}",
			 cases[i].rows);
		assert_int_equal(users_answer(slice_str(body), SLICE_LIT("ana@ACME.example"), &m),
				 ERR_OK);
		const char *id = m.class == PERSON_GOOD ? m.id : "";
		if (m.n[PERSON_GOOD] != cases[i].people || m.n[PERSON_DISABLED] != cases[i].disabled ||
		    m.n[PERSON_GUEST] != cases[i].guests || strcmp(id, cases[i].id) != 0)
			fail_msg("%s: %u %u %u %s", body, m.n[PERSON_GOOD], m.n[PERSON_DISABLED],
				 m.n[PERSON_GUEST], m.id);
	}
}

static void what_is_no_list(void **state)
{
	static const char *const bodies[] = { "",
					      "{}",
					      "[]",
					      "{\"value\":{}}",
					      "{\"value\":null}",
					      "x",
					      "{\"value\":[]",
					      "{\"value\":[],\"value\":[]}" };
	struct users_match m;
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(bodies); i++)
		assert_int_equal(users_answer(slice_str(bodies[i]), SLICE_LIT("a@b"), &m),
				 ERR_MALFORMED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(quotes_are_doubled_and_everything_is_encoded),
		cmocka_unit_test(who_matches),
		cmocka_unit_test(what_is_no_list),
	};
	return cmocka_run_group_tests_name("proto/graph/users", tests, NULL, NULL);
}
