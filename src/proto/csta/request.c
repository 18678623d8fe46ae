#include "proto/csta/request.h"

#include "proto/xml/xml.h"

#define CSTA_NS "http://www.ecma-international.org/standards/ecma-323/csta/ed"
#define SESSION_NS "http://www.ecma-international.org/standards/ecma-354/appl_session"
#define DECLARATION "<?xml version=\"1.0\" encoding=\"UTF-8\"?>"

static void begin(struct buf *b, uint8_t edition, const char *root)
{
	csta_frame_begin(b);
	buf_fmt(b, DECLARATION "<%s xmlns=\"" CSTA_NS "%u\">", root, edition);
}

static void begin_session(struct buf *b, const char *root)
{
	csta_frame_begin(b);
	buf_fmt(b, DECLARATION "<%s xmlns=\"" SESSION_NS "\">", root);
}

static void put_open(struct buf *b, struct slice name)
{
	buf_char(b, '<');
	buf_slice(b, name);
	buf_char(b, '>');
}

static void put_close(struct buf *b, struct slice name)
{
	buf_str(b, "</");
	buf_slice(b, name);
	buf_char(b, '>');
}

static void put(struct buf *b, const char *name, struct slice text)
{
	put_open(b, slice_str(name));
	xml_put_text(b, text);
	put_close(b, slice_str(name));
}

void csta_put_plain(struct buf *b, uint8_t edition, const char *root)
{
	csta_frame_begin(b);
	buf_fmt(b, DECLARATION "<%s xmlns=\"" CSTA_NS "%u\"/>", root, edition);
}

void csta_put_one(struct buf *b, uint8_t edition, const char *root, const char *element,
		  struct slice text)
{
	begin(b, edition, root);
	put(b, element, text);
	put_close(b, slice_str(root));
}

void csta_put_monitor_start(struct buf *b, uint8_t edition, struct slice device)
{
	begin(b, edition, "MonitorStart");
	buf_str(b, "<monitorObject>");
	put(b, "deviceObject", device);
	buf_str(b, "</monitorObject><monitorType>device</monitorType></MonitorStart>");
}

void csta_put_set_dnd(struct buf *b, uint8_t edition, struct slice device, bool on)
{
	begin(b, edition, "SetDoNotDisturb");
	put(b, "device", device);
	put(b, "doNotDisturbOn", slice_str(on ? "true" : "false"));
	buf_str(b, "</SetDoNotDisturb>");
}

void csta_put_register(struct buf *b, uint8_t edition)
{
	begin(b, edition, "SystemRegister");
	buf_str(b, "<requestTypes><systemStatus>true</systemStatus><requestSystemStatus>false"
		   "</requestSystemStatus></requestTypes></SystemRegister>");
}

/* Closes the path's last step and cuts it off. */
static void close_step(struct buf *b, struct slice *path)
{
	size_t cut = path->n;

	while (cut && path->p[cut - 1] != '/')
		cut--;
	put_close(b, slice_sub(*path, cut, path->n));
	*path = slice_sub(*path, 0, cut ? cut - 1 : 0);
}

struct pair {
	const char *name; /* NULL: nothing */
	struct slice text;
};

/* Right before the path's last step stand device and beside, behind it stands after. */
static void put_at(struct buf *b, uint8_t edition, const char *path, const struct pair beside[2],
		   struct slice word, const struct pair *after)
{
	struct slice rest = slice_str(path), step = SLICE_NONE;

	csta_frame_begin(b);
	buf_str(b, DECLARATION "<");
	(void)slice_split(&rest, '/', &step);
	buf_slice(b, step);
	buf_fmt(b, " xmlns=\"" CSTA_NS "%u\">", edition);
	while (slice_split(&rest, '/', &step)) {
		for (int i = 0; !rest.p && i < 2; i++)
			if (beside[i].name)
				put(b, beside[i].name, beside[i].text);
		put_open(b, step);
	}
	xml_put_text(b, word);
	rest = slice_str(path);
	close_step(b, &rest);
	if (after->name && after->text.n)
		put(b, after->name, after->text);
	while (rest.n)
		close_step(b, &rest);
}

void csta_put_word(struct buf *b, uint8_t edition, const char *path, struct slice device,
		   struct slice word, const char *until, struct slice until_text)
{
	const struct pair beside[2] = { { "device", device }, { NULL, SLICE_NONE } };
	const struct pair after = { until, until_text };

	put_at(b, edition, path, beside, word, &after);
}

void csta_put_lamp(struct buf *b, uint8_t edition, const char *path, struct slice device,
		   const char *element, struct slice lamp, struct slice word)
{
	const struct pair beside[2] = { { "device", device }, { element, lamp } };
	const struct pair after = { NULL, SLICE_NONE };

	put_at(b, edition, path, beside, word, &after);
}

void csta_put_get_lamp(struct buf *b, uint8_t edition, const char *service, struct slice device,
		       const char *element, struct slice lamp)
{
	begin(b, edition, service);
	put(b, "device", device);
	put(b, element, lamp);
	put_close(b, slice_str(service));
}

/* ---- sessions ---- */

static void put_login(struct buf *b, const struct csta_login *login)
{
	buf_str(b, "<applicationSpecificInfo>");
	buf_fmt(b, "<%s", login->element);
	if (login->ns[0]) {
		buf_str(b, " xmlns=\"");
		xml_put_text(b, slice_str(login->ns));
		buf_char(b, '"');
	}
	buf_char(b, '>');
	put(b, "userName", login->username);
	put(b, "password", login->password);
	put_close(b, slice_str(login->element));
	buf_str(b, "</applicationSpecificInfo>");
}

static void put_versions(struct buf *b, uint8_t edition)
{
	uint8_t newest = edition == CSTA_EDITION_ANY ? CSTA_EDITION_MAX : edition,
		oldest = edition == CSTA_EDITION_ANY ? CSTA_EDITION_MIN : edition;

	buf_str(b, "<requestedProtocolVersions>");
	for (uint8_t e = newest; e >= oldest; e--)
		buf_fmt(b, "<protocolVersion>" CSTA_NS "%u</protocolVersion>", e);
	buf_str(b, "</requestedProtocolVersions>");
}

uint8_t csta_edition_of(struct slice version)
{
	static const char before[] = "csta/ed";
	size_t at = slice_find_str(version, slice_str(before)) + strlen(before);
	uint64_t n;

	if (at > version.n || slice_u64(slice_sub(version, at, version.n), CSTA_EDITION_MAX, &n) ||
	    n < CSTA_EDITION_MIN)
		return 0;
	return (uint8_t)n;
}

void csta_put_session_start(struct buf *b, uint8_t edition, const struct csta_login *login)
{
	begin_session(b, "StartApplicationSession");
	buf_str(b, "<applicationInfo><applicationID>offhook</applicationID>");
	if (login->username.n)
		put_login(b, login);
	buf_str(b, "</applicationInfo>");
	put_versions(b, edition);
	buf_fmt(b, "<requestedSessionDuration>%u</requestedSessionDuration></StartApplicationSession>",
		login->duration_s);
}

void csta_put_session_reset(struct buf *b, struct slice session, uint32_t duration_s)
{
	begin_session(b, "ResetApplicationSessionTimer");
	put(b, "sessionID", session);
	buf_fmt(b,
		"<requestedSessionDuration>%u</requestedSessionDuration></"
		"ResetApplicationSessionTimer>",
		duration_s);
}
