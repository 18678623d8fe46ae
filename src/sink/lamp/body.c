#include "proto/xml/xml.h"
#include "sink/lamp/own.h"

/* Both documents say that somebody talks or does not want to be disturbed, and nothing of with
 * whom. */

const char *body_type(enum lamp_package p)
{
	return p == LAMP_DIALOG ? "application/dialog-info+xml" : "application/pidf+xml";
}

static bool is_lit(enum lamp lamp)
{
	return lamp == LAMP_CALL || lamp == LAMP_MEETING || lamp == LAMP_DND;
}

/* RFC 4235 in the form of Asterisk, which phones are tested against: the one dialog is always
 * named. */
static void put_dialog(struct buf *b, struct slice entity, enum lamp lamp, uint32_t version)
{
	buf_fmt(b,
		"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
		"<dialog-info xmlns=\"urn:ietf:params:xml:ns:dialog-info\" version=\"%u\" "
		"state=\"full\" entity=\"",
		version);
	xml_put_text(b, entity);
	buf_fmt(b, "\">\n<dialog id=\"teams\"><state>%s</state></dialog>\n</dialog-info>\n",
		is_lit(lamp) ? "confirmed" : "terminated");
}

static const char *activity_of(enum lamp lamp)
{
	switch (lamp) {
	case LAMP_CALL:
		return "<rpid:activities><rpid:on-the-phone/></rpid:activities>";
	case LAMP_MEETING:
		return "<rpid:activities><rpid:meeting/></rpid:activities>";
	case LAMP_DND:
		return "<rpid:activities><rpid:busy/></rpid:activities>";
	case LAMP_OFF:
	case LAMP_DARK:
	case LAMP_COUNT:
		break;
	}
	return "";
}

/* The notes are words that phones and PBXs know, see proto/xml/pidf.h. */
static const char *note_of(enum lamp lamp)
{
	return lamp == LAMP_CALL      ? "On the phone"
	       : lamp == LAMP_MEETING ? "Meeting"
	       : lamp == LAMP_DND     ? "Do not disturb"
				      : "";
}

static void put_presence(struct buf *b, struct slice entity, enum lamp lamp)
{
	const char *note = note_of(lamp);

	buf_str(b, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
		   "<presence xmlns=\"urn:ietf:params:xml:ns:pidf\""
		   " xmlns:dm=\"urn:ietf:params:xml:ns:pidf:data-model\""
		   " xmlns:rpid=\"urn:ietf:params:xml:ns:pidf:rpid\" entity=\"");
	xml_put_text(b, entity);
	buf_str(b, "\">\n<tuple id=\"teams\"><status><basic>open</basic></status></tuple>\n"
		   "<dm:person id=\"person\">");
	buf_str(b, activity_of(lamp));
	if (note[0])
		buf_fmt(b, "<dm:note>%s</dm:note>", note);
	buf_str(b, "</dm:person>\n</presence>\n");
}

void body_put(struct buf *b, enum lamp_package p, struct slice entity, enum lamp lamp,
	      uint32_t version)
{
	if (p == LAMP_DIALOG)
		put_dialog(b, entity, lamp, version);
	else
		put_presence(b, entity, lamp);
}
