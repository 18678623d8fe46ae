#include "cloud_help.h"

#define DELTA "/v1.0/users/delta?$select=mail,accountEnabled,proxyAddresses,assignedPlans"

/* The path and query of a link of the last answer. */
static const char *link_of(struct world *w, const char *name)
{
	static char text[600];
	const char *url = json_string_value(json_object_get(w->body, name));
	const char *path = url ? strstr(url, "/v1.0/") : NULL;

	snprintf(text, sizeof text, "%s", path ? path : "");
	return path ? text : NULL;
}

static size_t rows(struct world *w)
{
	return json_array_size(json_object_get(w->body, "value"));
}

static const char *read_on(struct world *w, const char *target, size_t *ret_rows, int *ret_pages)
{
	*ret_rows = 0;
	*ret_pages = 0;
	for (; target && *ret_pages < 50; target = link_of(w, "@odata.nextLink")) {
		assert_int_equal(ask(w, "GET", target, ""), 200);
		*ret_rows += rows(w);
		++*ret_pages;
	}
	return link_of(w, "@odata.deltaLink");
}

static void everybody_in_pages_then_changes(void **state)
{
	struct world w;
	char link[600];
	size_t n;
	int pages;
	(void)state;

	world_init(&w);
	for (int i = 0; i < 250; i++) {
		char email[40];
		uint32_t user;

		snprintf(email, sizeof email, "u%d@acme.example", i);
		assert_int_equal(
			cloud_user_add(w.c, &(struct cloud_user_config){ .email = email }, &user),
			ERR_OK);
	}
	snprintf(link, sizeof link, "%s", read_on(&w, DELTA, &n, &pages));
	assert_int_equal(n, 252);
	assert_int_equal(pages, 3);
	snprintf(link, sizeof link, "%s", read_on(&w, link, &n, &pages));
	assert_int_equal(n, 0);
	assert_int_equal(control(&w, "PATCH", "/users/ana@acme.example",
				 "{\"disabled\":true,\"unlicensed\":true}"),
			 200);
	cloud_user_delete(w.c, cloud_user_find(w.c, SLICE_LIT("bo@acme.example")), true);
	assert_int_equal(ask(&w, "GET", link, ""), 200);
	assert_int_equal(rows(&w), 2);
	assert_true(json_is_false(json_object_get(
		json_array_get(json_object_get(w.body, "value"), 0), "accountEnabled")));
	assert_string_equal(answer(&w, "value.0.assignedPlans.1.capabilityStatus"), "Deleted");
	assert_string_equal(answer(&w, "value.1.@removed.reason"), "changed");
	assert_string_equal(answer(&w, "value.1.id"), BO);
	assert_int_equal(ask(&w, "GET", DELTA "&$deltatoken=latest", ""), 200);
	assert_int_equal(rows(&w), 0);
	world_fini(&w);
}

/* What changes while pages are read comes again with the next delta. */
static void a_change_in_the_middle_is_not_lost(void **state)
{
	struct world w;
	char next[600], link[600];
	size_t n;
	int pages;
	(void)state;

	world_init(&w);
	assert_int_equal(cloud_fault_add(w.c, &(struct cloud_fault){ .kind = CLOUD_FAULT_PAGE_SIZE,
								     .code = 1,
								     .user = CLOUD_NO_USER }),
			 ERR_OK);
	assert_int_equal(ask(&w, "GET", DELTA, ""), 200);
	snprintf(next, sizeof next, "%s", link_of(&w, "@odata.nextLink"));
	assert_int_equal(control(&w, "PATCH", "/users/ana@acme.example",
				 "{\"email\":\"anna@acme.example\"}"),
			 200);
	snprintf(link, sizeof link, "%s", read_on(&w, next, &n, &pages));
	assert_int_equal(n, 1);
	assert_int_equal(ask(&w, "GET", link, ""), 200);
	assert_string_equal(answer(&w, "value.0.mail"), "anna@acme.example");
	assert_int_equal(cloud_user_find(w.c, SLICE_LIT("anna@acme.example")), 0);
	world_fini(&w);
}

static void tokens_end_and_are_checked(void **state)
{
	struct world w;
	char link[600];
	size_t n;
	int pages;
	(void)state;

	world_init(&w);
	snprintf(link, sizeof link, "%s", read_on(&w, DELTA, &n, &pages));
	assert_int_equal(cloud_fault_add(w.c, &(struct cloud_fault){ .kind = CLOUD_FAULT_DELTA_GONE,
								     .count = 1,
								     .user = CLOUD_NO_USER }),
			 ERR_OK);
	assert_int_equal(ask(&w, "GET", link, ""), 410);
	assert_string_equal(answer(&w, "error.code"), "syncStateNotFound");
	assert_true(cloud_response_header(&w.rs, "location").n > 0);
	w.now_ms += 7LL * 86400000 + 1;
	assert_int_equal(get_token(&w), 200);
	assert_int_equal(ask(&w, "GET", link, ""), 410);
	assert_int_equal(ask(&w, "GET", "/v1.0/users/delta?$deltatoken=xyz", ""), 400);
	assert_int_equal(ask(&w, "GET", "/v1.0/users/delta?$top=5", ""), 400);
	assert_int_equal(ask(&w, "GET", "/v1.0/users/delta?$select=nonsense", ""), 400);
	assert_int_equal(cloud_fault_add(w.c, &(struct cloud_fault){ .kind = CLOUD_FAULT_SPARSE,
								     .user = CLOUD_NO_USER }),
			 ERR_OK);
	assert_int_equal(ask(&w, "GET", "/v1.0/users/delta?$select=mail,employeeId,otherMails", ""), 200);
	assert_int_equal(json_object_size(json_array_get(json_object_get(w.body, "value"), 0)), 2);
	world_fini(&w);
}

static void groups_tell_their_members(void **state)
{
	struct world w;
	char target[200], outer[CLOUD_ID_LEN + 1];
	(void)state;

	world_init(&w);
	assert_int_equal(control(&w, "POST", "/groups",
				 "{\"name\":\"in\",\"members\":[\"bo@acme.example\"]}"),
			 200);
	assert_int_equal(control(&w, "POST", "/groups",
				 "{\"name\":\"out\",\"members\":[\"ana@acme.example\"],\"groups\":[\"in\"]}"),
			 200);
	snprintf(outer, sizeof outer, "%s", answer(&w, "id"));
	snprintf(target, sizeof target, "/v1.0/groups/%s/members", outer);
	assert_int_equal(ask(&w, "GET", target, ""), 403);
	assert_int_equal(cloud_app_roles(w.c, APP, "GroupMember.Read.All"), ERR_OK);
	assert_int_equal(get_token(&w), 200);
	assert_int_equal(ask(&w, "GET", target, ""), 200);
	assert_int_equal(rows(&w), 2);
	assert_string_equal(answer(&w, "value.1.id"), ANA);
	json_t *second = json_array_get(json_object_get(w.body, "value"), 1);
	assert_string_equal(json_string_value(json_object_get(second, "@odata.type")),
			    "#microsoft.graph.user");
	assert_string_equal(answer(&w, "value.1.mail"), ""); /* no permission for people */
	snprintf(target, sizeof target, "/v1.0/groups/%s/transitiveMembers?$select=id&$top=2", outer);
	assert_int_equal(ask(&w, "GET", target, ""), 200);
	assert_int_equal(rows(&w), 2);
	assert_int_equal(ask(&w, "GET", link_of(&w, "@odata.nextLink"), ""), 200);
	assert_string_equal(answer(&w, "value.0.id"), BO);
	assert_int_equal(ask(&w, "GET", "/v1.0/groups/" NOBODY "/members", ""), 404);
	assert_int_equal(control(&w, "POST", "/groups", "{\"name\":\"x\",\"members\":[\"nobody\"]}"), 400);
	world_fini(&w);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(everybody_in_pages_then_changes),
		cmocka_unit_test(a_change_in_the_middle_is_not_lost),
		cmocka_unit_test(tokens_end_and_are_checked),
		cmocka_unit_test(groups_tell_their_members),
	};
	return cmocka_run_group_tests_name("sim/cloud_delta", tests, NULL, NULL);
}
