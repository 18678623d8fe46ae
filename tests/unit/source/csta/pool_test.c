/* Foreign bodies, after Unify OpenScape Voice, from the repository skarcos/pyssimist (GPL-3.0):
 * read where they lie, never copied. Their connections have no callID, so a line has one call at a
 * time. Skipped where they are absent. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

#include "proto/csta/message.h"
#include "rig.h"
#include "test.h"

static const char *pool(void)
{
	static char path[1024];

	snprintf(path, sizeof(path), "%s/../shared/peers/captures/csta-xml-pool",
		 getenv("OFFHOOK_SOURCE"));
	return path;
}

static int absent(void)
{
	DIR *d = opendir(pool());

	if (d) {
		closedir(d);
		return 0;
	}
	printf("# SKIP ../shared/peers/captures/csta-xml-pool is absent\n");
	return 1;
}

/* What stands in place of a word in braces. */
static const char *filling(struct slice word, const char *local)
{
	if (slice_find_str(word, SLICE_LIT("CROSS_REF")) < word.n)
		return "x1";
	return slice_is(word, "localConnectionInfo") ? local : "201";
}

/* The body with the words in braces filled in. */
static const char *body(const char *name, const char *local)
{
	static char text[16384];
	static struct buf b;
	char path[1200];
	size_t n;
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s.xml", pool(), name);
	f = fopen(path, "re");
	assert_non_null(f);
	n = fread(text, 1, sizeof(text) - 1, f);
	fclose(f);
	text[n] = '\0';
	buf_fini(&b);
	buf_init(&b, sizeof(text) * 2);
	for (const char *p = text; *p; p++) {
		if (*p != '{') {
			buf_char(&b, *p);
			continue;
		}
		buf_str(&b, filling(slice_of(p + 1, strcspn(p + 1, "}")), local));
		p += strcspn(p, "}");
	}
	snprintf(text, sizeof(text), "%s", buf_cstr(&b));
	buf_fini(&b);
	return text;
}

/* A line that a foreign switch has monitored and told about. */
static void open_one(struct rig *r)
{
	rig_open(r, &(struct rig_setup){ .session = 1, .profile_off = true });
	rig_line(r, 7, "201");
	rig_connect(r);
	rig_answer(r, "SystemRegister", body("SystemRegisterResponse", ""));
	rig_answer(r, "MonitorStart 201", body("MonitorStartResponse", ""));
	rig_steps(r, "201");
	rig_answer(r, "SnapshotDevice 201", body("SnapshotDeviceResponse", ""));
}

static void every_body_is_read(void **state)
{
	static struct csta_message m;
	struct xml_reader *reader;
	const struct dirent *e;
	int n = 0;
	DIR *d;

	(void)state;
	if (absent())
		skip();
	assert_int_equal(xml_reader_new(&reader, 7), ERR_OK);
	d = opendir(pool());
	while ((e = readdir(d))) {
		struct slice file = slice_str(e->d_name);
		char name[80];

		if (file.n < 5 || !slice_is(slice_sub(file, file.n - 4, file.n), ".xml"))
			continue;
		assert_int_equal(slice_copy(slice_sub(file, 0, file.n - 4), name, sizeof(name)),
				 ERR_OK);
		assert_int_equal(csta_read(reader, slice_str(body(name, "null")), &m), ERR_OK);
		/* the file bears the root's name, with a word for the variant behind it */
		assert_true(slice_eq(csta_name(&m, 0),
				     slice_sub(file, 0, slice_find(slice_str(name), '_'))));
		n++;
	}
	closedir(d);
	assert_int_equal(n, 18);
	xml_reader_free(reader);
}

static void a_line_from_log_in_to_snapshot(void **state)
{
	struct rig r;

	(void)state;
	if (absent())
		skip();
	open_one(&r);
	assert_string_equal(rig_told(&r), "connect pbx:17001 tcp\nup\n"
					  "note connected: 192.0.2.1 port 7001\n7 here\n7 dnd off\n"
					  "7 forward none\n7 call - gone full\n");
	assert_int_equal(rig_view(&r).live, 1);
	rig_close(&r);
}

/* The calling side, and then the called one. */
static void calls(void **state)
{
	static const struct {
		const char *name, *local, *told;
	} rows[] = {
		{ "ServiceInitiatedEvent", "initiated", "7 call a dialing part\n" },
		{ "OriginatedEvent", "connected", "" },
		{ "DeliveredEvent", "connected", "" },
		{ "EstablishedEvent", "connected", "7 call a talking part\n" },
		{ "ConnectionClearedEvent", "null", "7 call a gone gone\n" },
		{ "DeliveredEvent", "alerting", "7 call a ringing part\n" },
		{ "EstablishedEvent", "connected", "7 call a talking part\n" },
		{ "ConnectionClearedEvent", "fail", "7 call a dialing part\n" },
		{ "ConnectionClearedEvent", "null", "7 call a gone gone\n" },
		{ "ConnectionClearedEvent", "null", "" },
		{ "EstablishedEvent", "{localConnectionInfo}", "7 call a talking part\n" },
		{ "ConnectionClearedEvent", "{localConnectionInfo}", "7 call a gone gone\n" },
	};
	struct rig r;

	(void)state;
	if (absent())
		skip();
	open_one(&r);
	rig_told(&r);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		rig_event(&r, body(rows[i].name, rows[i].local));
		assert_string_equal(rig_told(&r), rows[i].told);
	}
	rig_close(&r);
}

static void what_the_switch_asks(void **state)
{
	static const struct {
		const char *name, *sent;
	} rows[] = {
		{ "SystemStatus", "40 SystemStatusResponse\n" },
		{ "SystemStatus_RegisterID", "40 SystemStatusResponse\n" },
		{ "MakeCall", "40 CSTAErrorCode serviceNotSupported\n" },
		{ "ClearConnection", "40 CSTAErrorCode serviceNotSupported\n" },
		{ "MonitorStart", "40 CSTAErrorCode serviceNotSupported\n" },
		{ "SnapshotDevice", "40 CSTAErrorCode serviceNotSupported\n" },
		{ "SystemRegister", "40 CSTAErrorCode serviceNotSupported\n" },
		{ "MakeCallResponse", "" },
		{ "ClearConnectionResponse", "" },
		{ "MonitorStartResponse", "" },
		{ "SnapshotDeviceResponse", "" },
		{ "SystemRegisterResponse", "" },
		{ "SystemStatusResponse", "" },
	};
	struct rig r;

	(void)state;
	if (absent())
		skip();
	open_one(&r);
	rig_told(&r);
	rig_sent(&r);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		rig_say(&r, 40, body(rows[i].name, ""));
		assert_string_equal(rig_sent(&r), rows[i].sent);
		assert_string_equal(rig_told(&r), "");
	}
	rig_close(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_body_is_read),
		cmocka_unit_test(a_line_from_log_in_to_snapshot),
		cmocka_unit_test(calls),
		cmocka_unit_test(what_the_switch_asks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
