/* What we write, byte for byte, and that foreign text stays text. */
#include "proto/csta/request.h"

#include <stdio.h>

#include "proto/csta/message.h"
#include "test.h"

#define XML "<?xml version=\"1.0\" encoding=\"UTF-8\"?>"
#define ED(n) " xmlns=\"http://www.ecma-international.org/standards/ecma-323/csta/ed" n "\""
#define SESSION " xmlns=\"http://www.ecma-international.org/standards/ecma-354/appl_session\""

static struct buf b;

/* The frame's head is right, and behind it stands this. */
static void is(const char *xml)
{
	struct csta_stream s = { 0 };
	struct csta_frame f;

	assert_int_equal(csta_frame_end(&b, 17), ERR_OK);
	assert_int_equal(csta_stream_add(&s, buf_view(&b)), ERR_OK);
	assert_int_equal(csta_stream_next(&s, &f), ERR_OK);
	assert_int_equal(f.invoke, 17);
	assert_slice(f.xml, xml);
	assert_int_equal(csta_stream_next(&s, &f), ERR_AGAIN);
	csta_stream_fini(&s);
}

static void services(void **state)
{
	(void)state;
	csta_put_plain(&b, 5, "SystemStatusResponse");
	is(XML "<SystemStatusResponse" ED("5") "/>");
	csta_put_one(&b, 3, "SnapshotDevice", "snapshotObject", SLICE_LIT("201"));
	is(XML "<SnapshotDevice" ED("3") "><snapshotObject>201</snapshotObject></SnapshotDevice>");
	csta_put_monitor_start(&b, 6, SLICE_LIT("201"));
	is(XML "<MonitorStart" ED(
		"6") "><monitorObject><deviceObject>201</deviceObject></monitorObject>"
		     "<monitorType>device</monitorType></MonitorStart>");
	csta_put_set_dnd(&b, 5, SLICE_LIT("201"), true);
	is(XML
	   "<SetDoNotDisturb" ED("5") "><device>201</device><doNotDisturbOn>true</doNotDisturbOn>"
				      "</SetDoNotDisturb>");
	csta_put_set_dnd(&b, 5, SLICE_LIT("201"), false);
	is(XML
	   "<SetDoNotDisturb" ED("5") "><device>201</device><doNotDisturbOn>false</doNotDisturbOn>"
				      "</SetDoNotDisturb>");
	csta_put_register(&b, 4);
	is(XML "<SystemRegister" ED("4") "><requestTypes><systemStatus>true</systemStatus>"
					 "<requestSystemStatus>false</requestSystemStatus></"
					 "requestTypes></SystemRegister>");
}

static void words_at_a_path(void **state)
{
	(void)state;
	csta_put_word(&b, 6, "SetPresenceState/requestedPresenceState", SLICE_LIT("201"),
		      SLICE_LIT("away"), NULL, SLICE_NONE);
	is(XML "<SetPresenceState" ED("6") "><device>201</device><requestedPresenceState>away"
					   "</requestedPresenceState></SetPresenceState>");
	csta_put_word(&b, 6, "SetPresenceState/requestedPresenceState", SLICE_LIT("201"),
		      SLICE_LIT("away"), "untilTime", SLICE_LIT("2026-11-24T14:00:00Z"));
	is(XML "<SetPresenceState" ED("6") "><device>201</device><requestedPresenceState>away"
					   "</requestedPresenceState><untilTime>2026-11-24T14:00:00Z"
					   "</untilTime></SetPresenceState>");
	csta_put_word(&b, 5, "EscapeService/privateData/private/state", SLICE_LIT("201"),
		      SLICE_LIT("Absent"), "until", SLICE_NONE);
	is(XML "<EscapeService" ED(
		"5") "><privateData><private><device>201</device><state>Absent</state>"
		     "</private></privateData></EscapeService>");
}

static void lamps(void **state)
{
	(void)state;
	csta_put_lamp(&b, 5, "SetLampMode/lampMode", SLICE_LIT("201"), "lamp", SLICE_LIT("7"),
		     SLICE_LIT("wink"));
	is(XML "<SetLampMode" ED("5") "><device>201</device><lamp>7</lamp><lampMode>wink"
				      "</lampMode></SetLampMode>");
	csta_put_lamp(&b, 5, "Escape/extensions/privateData/private/KeyLamp/state", SLICE_LIT("N<201>"),
		      "key", SLICE_LIT("a&b"), SLICE_LIT("on"));
	is(XML "<Escape" ED("5") "><extensions><privateData><private><KeyLamp>"
				 "<device>N&lt;201&gt;</device><key>a&amp;b</key><state>on</state>"
				 "</KeyLamp></private></privateData></extensions></Escape>");
	csta_put_get_lamp(&b, 6, "GetLampMode", SLICE_LIT("201"), "lamp", SLICE_LIT("7"));
	is(XML "<GetLampMode" ED("6") "><device>201</device><lamp>7</lamp></GetLampMode>");
}

static void editions(void **state)
{
	static const struct {
		const char *version;
		uint8_t edition;
	} rows[] = {
		{ "http://www.ecma-international.org/standards/ecma-323/csta/ed3", 3 },
		{ "http://www.ecma-international.org/standards/ecma-323/csta/ed6", 6 },
		{ "csta/ed5", 5 },
		{ "http://www.ecma-international.org/standards/ecma-323/csta/ed7", 0 },
		{ "http://www.ecma-international.org/standards/ecma-323/csta/ed2", 0 },
		{ "http://www.ecma-international.org/standards/ecma-323/csta/ed", 0 },
		{ "http://www.ecma-international.org/standards/ecma-323/csta/ed5/priv2", 0 },
		{ "5", 0 },
		{ "", 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_int_equal(csta_edition_of(slice_str(rows[i].version)), rows[i].edition);
}

static void sessions(void **state)
{
	struct csta_login login = { .element = "SessionLoginInfo",
				    .ns = "http://www.eltex.org/csta",
				    .username = SLICE_LIT("offhook"),
				    .password = SLICE_LIT("a&b"),
				    .duration_s = 600 };

	(void)state;
#define START(info)                                                                                \
	XML "<StartApplicationSession" SESSION                                                     \
	    "><applicationInfo><applicationID>offhook</applicationID>" info                        \
	    "</applicationInfo><requestedProtocolVersions><protocolVersion>http://"                \
	    "www.ecma-international.org/standards/ecma-323/csta/ed5</protocolVersion>"             \
	    "</requestedProtocolVersions><requestedSessionDuration>600</requestedSessionDuration>" \
	    "</StartApplicationSession>"
	csta_put_session_start(&b, 5, &login);
	is(START("<applicationSpecificInfo><SessionLoginInfo xmlns=\"http://www.eltex.org/csta\">"
		 "<userName>offhook</userName><password>a&amp;b</password></SessionLoginInfo>"
		 "</applicationSpecificInfo>"));
	login.ns = "";
	csta_put_session_start(&b, 5, &login);
	is(START("<applicationSpecificInfo><SessionLoginInfo><userName>offhook</userName>"
		 "<password>a&amp;b</password></SessionLoginInfo></applicationSpecificInfo>"));
	login.username = SLICE_NONE;
	csta_put_session_start(&b, 5, &login);
	is(START(""));
#define VERSION(n)                                                                                 \
	"<protocolVersion>http://www.ecma-international.org/standards/ecma-323/csta/ed" n          \
	"</protocolVersion>"
	csta_put_session_start(&b, CSTA_EDITION_ANY, &login);
	is(XML "<StartApplicationSession" SESSION
	       "><applicationInfo><applicationID>offhook</applicationID></applicationInfo>"
	       "<requestedProtocolVersions>" VERSION("6") VERSION("5") VERSION("4") VERSION("3")
	       "</requestedProtocolVersions><requestedSessionDuration>600</requestedSessionDuration>"
	       "</StartApplicationSession>");
	csta_put_session_reset(&b, SLICE_LIT("s<1>"), 600);
	is(XML "<ResetApplicationSessionTimer" SESSION "><sessionID>s&lt;1&gt;</sessionID>"
	       "<requestedSessionDuration>600</requestedSessionDuration></"
	       "ResetApplicationSessionTimer>");
}

static struct csta_message m;
static struct xml_reader *reader;

static void read_back(void)
{
	assert_int_equal(csta_frame_end(&b, 1), ERR_OK);
	assert_int_equal(csta_read(reader, slice_sub(buf_view(&b), CSTA_HEAD, b.n), &m), ERR_OK);
}

static const char *const nasty[] = {
	"N<123!98>",	 "</device><device>999</device>", "\"'/><x>", "]]>", "&lt;", "<!--",
	"<![CDATA[x]]>", "\" xmlns=\"urn:other",
};

/* Nothing that a number, a log-in or a word holds becomes an element. */
static void text_stays_text(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(nasty); i++) {
		struct slice t = slice_str(nasty[i]);
		const struct csta_login login = { "SessionLoginInfo", nasty[i], t, t, 600 };

		csta_put_monitor_start(&b, 5, t);
		read_back();
		assert_int_equal(m.n, 4);
		assert_slice(csta_get(&m, 0, "monitorObject/deviceObject"), nasty[i]);
		csta_put_one(&b, 5, "GetDoNotDisturb", "device", t);
		read_back();
		assert_int_equal(m.n, 2);
		assert_slice(csta_get(&m, 0, "device"), nasty[i]);
		csta_put_word(&b, 5, "A/b/c", t, t, NULL, SLICE_NONE);
		read_back();
		assert_int_equal(m.n, 4);
		assert_slice(csta_get(&m, 0, "b/device"), nasty[i]);
		assert_slice(csta_get(&m, 0, "b/c"), nasty[i]);
		csta_put_session_start(&b, 5, &login);
		read_back();
		assert_int_equal(m.n, 10);
		assert_slice(csta_get(&m, 0, "SessionLoginInfo/userName"), nasty[i]);
		assert_slice(csta_get(&m, 0, "SessionLoginInfo/password"), nasty[i]);
		csta_put_session_reset(&b, t, 1);
		read_back();
		assert_int_equal(m.n, 3);
		assert_slice(csta_get(&m, 0, "sessionID"), nasty[i]);
	}
}

static void too_long(void **state)
{
	static char text[CSTA_FRAME_MAX];

	(void)state;
	memset(text, '&', sizeof(text));
	csta_put_monitor_start(&b, 5, slice_of(text, sizeof(text)));
	assert_int_equal(csta_frame_end(&b, 1), ERR_LIMIT);
	csta_put_plain(&b, 5, "A"); /* and the next one is none the worse */
	is(XML "<A" ED("5") "/>");
}

static int begin(void **state)
{
	(void)state;
	buf_init(&b, CSTA_FRAME_MAX);
	return xml_reader_new(&reader, 7) != ERR_OK;
}

static int end(void **state)
{
	(void)state;
	buf_fini(&b);
	xml_reader_free(reader);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(services), cmocka_unit_test(words_at_a_path), cmocka_unit_test(lamps),
		cmocka_unit_test(editions),
		cmocka_unit_test(sessions), cmocka_unit_test(text_stays_text),
		cmocka_unit_test(too_long),
	};

	return cmocka_run_group_tests(tests, begin, end);
}
