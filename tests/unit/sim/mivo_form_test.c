/* The forms of the simulated switch's messages against foreign ones: bodies after Unify OpenScape
 * Voice from the repository skarcos/pyssimist (GPL-3.0), read where they lie and never copied.
 * Skipped where they are absent. */
#include <expat.h>

#include "mivo_help.h"

enum { PATHS_MAX = 64, PATH_MAX_BYTES = 160, DEPTH_LIMIT = 16 };

struct paths {
	char path[PATHS_MAX]
		 [PATH_MAX_BYTES]; /* local names from the root on, in the order of opening */
	int n;
	char at[PATH_MAX_BYTES];
};

static void on_open(void *arg, const char *name, const char **attributes)
{
	struct paths *p = arg;
	const char *local = strrchr(name, ':');
	size_t n = strlen(p->at);

	(void)attributes;
	snprintf(p->at + n, sizeof(p->at) - n, "/%s", local ? local + 1 : name);
	assert_true(p->n < PATHS_MAX);
	memcpy(p->path[p->n++], p->at, sizeof(p->at));
}

static void on_close(void *arg, const char *name)
{
	struct paths *p = arg;

	(void)name;
	*strrchr(p->at, '/') = '\0';
}

static void read_paths(struct paths *p, const char *xml)
{
	XML_Parser parser = XML_ParserCreate(NULL);

	memset(p, 0, sizeof(*p));
	XML_SetUserData(parser, p);
	XML_SetElementHandler(parser, on_open, on_close);
	assert_int_equal(XML_Parse(parser, xml, (int)strlen(xml), 1), XML_STATUS_OK);
	XML_ParserFree(parser);
}

/* The foreign body with the words in braces filled in; NULL: the pool is absent. */
static const char *foreign(const char *name)
{
	static char text[16384], filled[16384];
	char path[1024];
	size_t n, at = 0;
	FILE *f;

	snprintf(path, sizeof(path), "%s/../shared/peers/captures/csta-xml-pool/%s.xml",
		 getenv("OFFHOOK_SOURCE"), name);
	f = fopen(path, "re");
	if (!f)
		return NULL;
	n = fread(text, 1, sizeof(text) - 1, f);
	fclose(f);
	text[n] = '\0';
	for (const char *p = text; *p && at < sizeof(filled) - 8; p++) {
		if (*p == '{') {
			p = strchr(p, '}');
			assert_non_null(p);
			memcpy(filled + at, "201", 3);
			at += 3;
		} else {
			filled[at++] = *p;
		}
	}
	filled[at] = '\0';
	return filled;
}

/* What this switch does not know of: names in other networks, and how the number was dialled. */
static bool beyond(const char *path)
{
	return strstr(path, "/network") || strstr(path, "/numberDialed");
}

/* Every element of theirs is in ours, in their order. */
static void assert_form(const char *name, const char *ours_xml)
{
	const char *xml = foreign(name);
	struct paths theirs, ours;
	int at = 0;

	assert_non_null(ours_xml);
	read_paths(&theirs, xml);
	read_paths(&ours, ours_xml);
	for (int i = 0; i < theirs.n; i++) {
		if (beyond(theirs.path[i]))
			continue;
		while (at < ours.n && strcmp(ours.path[at], theirs.path[i]) != 0)
			at++;
		if (at == ours.n)
			fail_msg("%s: no %s, or not in this order, in %s", name, theirs.path[i],
				 ours_xml);
		at++;
	}
}

static int absent(void)
{
	if (foreign("MonitorStart"))
		return 0;
	printf("# SKIP ../shared/peers/captures/csta-xml-pool is absent\n");
	return 1;
}

static void events_have_the_foreign_form(void **state)
{
	static const char *const names[] = { "ServiceInitiatedEvent", "OriginatedEvent",
					     "DeliveredEvent", "EstablishedEvent",
					     "ConnectionClearedEvent" };

	(void)state;
	if (absent())
		skip();
	begin(NULL);
	monitor("201");
	call(0, 1);
	pass(200);
	assert_int_equal(mivo_hangup(w.mivo, w.now_ms, 0), ERR_OK);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		assert_form(names[i], next_said(names[i]));
}

static void foreign_requests_are_answered_in_the_foreign_form(void **state)
{
	static const char *const pairs[][2] = { { "MonitorStart", "MonitorStartResponse" },
						{ "SnapshotDevice", "SnapshotDeviceResponse" },
						{ "SystemRegister", "SystemRegisterResponse" },
						{ "SystemStatus", "SystemStatusResponse" } };

	(void)state;
	if (absent())
		skip();
	begin(NULL);
	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++)
		assert_form(pairs[i][1], ask(foreign(pairs[i][0])));
	mivo_fault(w.mivo, w.now_ms, &(struct mivo_fault){ .kind = MIVO_FAULT_HEARTBEAT });
	assert_form("SystemStatus", next_said("<SystemStatus "));
}

static void foreign_requests_of_other_services_are_refused(void **state)
{
	(void)state;
	if (absent())
		skip();
	begin(NULL);
	assert_says(ask(foreign("MakeCall")), "<CSTAErrorCode");
	assert_says(ask(foreign("ClearConnection")), "<CSTAErrorCode");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(events_have_the_foreign_form, end),
		cmocka_unit_test_teardown(foreign_requests_are_answered_in_the_foreign_form, end),
		cmocka_unit_test_teardown(foreign_requests_of_other_services_are_refused, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
