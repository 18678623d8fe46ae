/* pbx_body.c - the documents, in the very form that Asterisk 22 and Kamailio 5.6 send. */
#include <stdio.h>

#include "pbx_own.h"

#define XML_HEAD "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"

static uint32_t number(const struct pbx *p, uint32_t phone)
{
	return phone == PBX_EXTERNAL ? 5551234 : p->config.first + phone;
}

/* Asterisk folds all calls of a phone into one device state and tells only that. */
enum device pbx_device(const struct pbx *p, const struct sub *s, uint32_t phone)
{
	const struct phone *ph = &p->phones[phone];
	bool in_use = ph->dnd, ringing = false, held = false;

	for (uint8_t i = 0; i < ph->calls_n; i++) {
		enum side side;
		enum call_state shown = pbx_call_shown(p, s, phone, ph->calls[i], &side);

		if (shown == CALL_TALKING && p->calls[ph->calls[i]].held[side])
			held = true;
		else if (shown == CALL_TALKING ||
			 (side == CALLER && shown != CALL_FREE && shown != CALL_ENDED))
			in_use = true; /* a caller is in use from the first digit */
		else if (shown == CALL_RINGING)
			ringing = true;
	}
	if (ringing)
		return in_use || held ? DEVICE_RINGINUSE : DEVICE_RINGING;
	if (in_use || held)
		return in_use ? DEVICE_INUSE : DEVICE_HELD;
	return ph->registered ? DEVICE_IDLE : DEVICE_AWAY;
}

static void asterisk_dialog(struct pbx *p, struct buf *b, const struct sub *s, uint32_t phone,
			    uint32_t version)
{
	enum device d = pbx_device(p, s, phone);
	uint32_t n = number(p, phone);
	const char *word = d == DEVICE_RINGING			     ? "early"
			   : d == DEVICE_IDLE || d == DEVICE_AWAY ? "terminated"
								     : "confirmed";

	buf_fmt(b,
		XML_HEAD "<dialog-info xmlns=\"urn:ietf:params:xml:ns:dialog-info\" version=\"%u\""
			 " state=\"full\" entity=\"sip:%u@%s:%u\">\n <dialog id=\"%u\"%s>\n",
		version, n, p->host, p->config.port, n,
		d == DEVICE_RINGING ? " direction=\"recipient\"" : "");
	if (d == DEVICE_RINGING)
		buf_fmt(b,
			"  <local>\n   <identity>sip:%u@%s:%u</identity>\n   <target "
			"uri=\"sip:%u@%s:%u\" />\n"
			"  </local>\n",
			n, p->host, p->config.port, n, p->host, p->config.port);
	buf_fmt(b, "  <state>%s</state>\n", word);
	if (d == DEVICE_HELD)
		buf_fmt(b,
			"  <local>\n   <target uri=\"sip:%u@%s:%u\">\n"
			"    <param pname=\"+sip.rendering\" pvalue=\"no\" />\n   </target>\n  </local>\n",
			n, p->host, p->config.port);
	buf_str(b, " </dialog>\n</dialog-info>\n");
}

static void asterisk_presence(struct pbx *p, struct buf *b, const struct sub *s, uint32_t phone)
{
	static const char *const notes[] = {
		[DEVICE_IDLE] = "Ready",	    [DEVICE_RINGING] = "Ringing",
		[DEVICE_RINGINUSE] = "Ringing",	    [DEVICE_INUSE] = "On the phone",
		[DEVICE_HELD] = "On hold",	    [DEVICE_AWAY] = "Unavailable",
	};
	enum device d = pbx_device(p, s, phone);
	uint32_t n = number(p, phone);

	buf_fmt(b,
		XML_HEAD "<presence entity=\"sip:%u@%s:%u\" xmlns=\"urn:ietf:params:xml:ns:pidf\""
			 " xmlns:dm=\"urn:ietf:params:xml:ns:pidf:data-model\""
			 " xmlns:rpid=\"urn:ietf:params:xml:ns:pidf:rpid\">\n <note>%s</note>\n"
			 " <tuple id=\"%u\">\n  <status>\n   <basic>%s</basic>\n  </status>\n"
			 "  <contact priority=\"1\">%s</contact>\n </tuple>\n",
		n, p->host, p->config.port, notes[d], n, d == DEVICE_AWAY ? "closed" : "open", s->remote_uri);
	if (d == DEVICE_IDLE || d == DEVICE_AWAY)
		buf_str(b, " <dm:person />\n");
	else
		buf_str(b, " <dm:person>\n  <rpid:activities>\n   <rpid:on-the-phone />\n  "
			   "</rpid:activities>\n"
			   " </dm:person>\n");
	buf_str(b, "</presence>\n");
}

static const char *kamailio_word(enum call_state shown)
{
	switch (shown) {
	case CALL_TRYING:
		return "Trying"; /* with a capital, as it comes from pua_dialoginfo */
	case CALL_RINGING:
		return "early";
	case CALL_TALKING:
		return "confirmed";
	case CALL_FREE:
	case CALL_ENDED:
		break;
	}
	return "terminated";
}

static void kamailio_one_dialog(struct pbx *p, struct buf *b, const struct call *c, enum side side,
				enum call_state shown)
{
	uint32_t own = number(p, c->phone[side]), far = number(p, c->phone[!side]);

	buf_fmt(b, "  <dialog id=\"padi-%08x-%u\" call-id=\"%u-pbxsim@%s\"",
		c->serial * 2654435761u, side + 1, c->serial, p->host);
	if (shown == CALL_RINGING)
		buf_fmt(b, " local-tag=\"%uc%u\" remote-tag=\"%uc%u\"", side, c->serial, !side, c->serial);
	buf_fmt(b, " direction=\"%s\">\n    <state>%s</state>\n", side == CALLER ? "initiator" : "recipient",
		kamailio_word(shown));
	buf_fmt(b,
		"    <remote>\n      <identity>sip:%u@%s</identity>\n      <target uri=\"sip:%u@%s\"/>\n"
		"    </remote>\n    <local>\n      <identity>sip:%u@%s</identity>\n",
		far, p->host, far, p->host, own, p->host);
	buf_fmt(b, "      <target uri=\"sip:%u@%s\"%s\n    </local>\n  </dialog>\n", own, p->host,
		c->held[side] && shown == CALL_TALKING
			? "><param pname=\"+sip.rendering\" pvalue=\"no\"/></target>"
			: "/>");
}

static void kamailio_dialog(struct pbx *p, struct buf *b, const struct sub *s, uint32_t phone,
			    uint32_t version)
{
	const struct phone *ph = &p->phones[phone];

	buf_fmt(b,
		"<?xml version=\"1.0\"?>\n<dialog-info xmlns=\"urn:ietf:params:xml:ns:dialog-info\""
		" version=\"%u\" state=\"full\" entity=\"sip:%u@%s\">\n",
		version, number(p, phone), p->host);
	for (uint8_t i = 0; i < ph->calls_n; i++) {
		enum side side;
		enum call_state shown = pbx_call_shown(p, s, phone, ph->calls[i], &side);

		if (shown != CALL_FREE)
			kamailio_one_dialog(p, b, &p->calls[ph->calls[i]], side, shown);
	}
	buf_str(b, "</dialog-info>\n");
}

static void kamailio_person(struct buf *b, const char *id, const char *activity, const char *note)
{
	buf_fmt(b,
		"  <tuple xmlns=\"urn:ietf:params:xml:ns:pidf\" id=\"t%s\">\n    <status>\n"
		"      <basic>open</basic>\n    </status>\n  </tuple>\n",
		id);
	if (!note)
		return;
	buf_fmt(b, "  <dm:person id=\"p%s\">\n", id);
	if (activity)
		buf_fmt(b, "    <rpid:activities>\n      <rpid:%s/>\n    </rpid:activities>\n", activity);
	buf_fmt(b, "    <dm:note>%s</dm:note>\n  </dm:person>\n", note);
}

/* Two publications merged into one document: the phone's and the user's own. */
static void kamailio_presence(struct pbx *p, struct buf *b, const struct sub *s, uint32_t phone)
{
	static const char *const profiles[PBX_PROFILES][2] = {
		[PBX_AWAY] = { "away", "Away" },
		[PBX_BUSY] = { "busy", "Busy" },
		[PBX_MEETING] = { "meeting", "In a meeting" },
		[PBX_NOT_AVAILABLE] = { "permanent-absence", "Not available" },
	};
	const struct phone *ph = &p->phones[phone];
	enum device d = pbx_device(p, s, phone);

	buf_fmt(b,
		XML_HEAD "<presence xmlns=\"urn:ietf:params:xml:ns:pidf\""
			 " xmlns:dm=\"urn:ietf:params:xml:ns:pidf:data-model\""
			 " xmlns:rpid=\"urn:ietf:params:xml:ns:pidf:rpid\" entity=\"sip:%u@%s:%u\">\n",
		number(p, phone), p->host, p->config.port);
	if (d == DEVICE_IDLE || d == DEVICE_AWAY)
		kamailio_person(b, "1", NULL, NULL);
	else if (d == DEVICE_RINGING)
		kamailio_person(b, "1", NULL, "Ringing");
	else
		kamailio_person(b, "1", "on-the-phone", "On the phone");
	if (ph->profile != PBX_AVAILABLE)
		kamailio_person(b, "2", profiles[ph->profile][0], profiles[ph->profile][1]);
	pbx_pubs_document(p, b, phone);
	buf_str(b, "</presence>\n");
}

bool pbx_document(struct pbx *p, struct buf *b, const struct sub *s, uint32_t phone,
		  uint32_t version)
{
	if (p->config.style == PBX_ASTERISK) {
		if (s->package == PACKAGE_DIALOG)
			asterisk_dialog(p, b, s, phone, version);
		else
			asterisk_presence(p, b, s, phone);
		return true;
	}
	if (!p->phones[phone].published)
		return false; /* nothing was ever published for it: no body at all */
	if (s->package == PACKAGE_DIALOG)
		kamailio_dialog(p, b, s, phone, version);
	else
		kamailio_presence(p, b, s, phone);
	return true;
}

const char *pbx_document_type(const struct sub *s)
{
	return s->package == PACKAGE_DIALOG ? "application/dialog-info+xml" : "application/pidf+xml";
}

/* Five letters, as Asterisk makes up its boundaries and Content-IDs. */
static void letters(struct pbx *p, char ret[6])
{
	uint64_t x = pbx_token(p);

	for (int i = 0; i < 5; i++, x /= 26)
		ret[i] = (char)('a' + x % 26);
	ret[5] = '\0';
}

static void put_part(struct buf *b, const char *boundary, const char *cid, const char *host,
		     const char *type, struct slice body)
{
	buf_fmt(b,
		"\r\n--%s\r\nContent-ID: <%s@%s>\r\nContent-Type: %s\r\nContent-Length: "
		"%5zu\r\n\r\n",
		boundary, cid, host, type, body.n);
	buf_slice(b, body);
}

static bool in_report(const struct pbx *p, const struct sub *s, uint32_t phone)
{
	return p->lists[s->list].full_state || !s->seen || p->phones[phone].changed > s->seen;
}

void pbx_list_body(struct pbx *p, struct buf *b, struct sub *s, char *type, size_t cap)
{
	const struct list *l = &p->lists[s->list];
	bool full = l->full_state || !s->seen;
	char boundary[6], cid[6], instance[6];
	struct buf rlmi, parts;

	buf_init(&rlmi, BODY_MAX);
	buf_init(&parts, BODY_MAX);
	letters(p, boundary);
	snprintf(type, cap, "multipart/related;type=\"application/rlmi+xml\";boundary=%s", boundary);
	buf_fmt(&rlmi,
		XML_HEAD "<list xmlns=\"urn:ietf:params:xml:ns:rlmi\" uri=\"sip:%s@%s:%u\" version=\"%u\""
			 " fullState=\"%s\">\n <name>%s</name>\n",
		l->name, p->host, p->config.port, s->version, full ? "true" : "false", l->name);
	for (uint32_t i = 0; i < l->count; i++) {
		uint32_t phone = l->first + i, n = number(p, phone);

		if (!in_report(p, s, phone))
			continue;
		letters(p, cid);
		letters(p, instance);
		buf_reset(&p->part);
		pbx_document(p, &p->part, s, phone, s->versions[i]++);
		buf_fmt(&rlmi,
			" <resource uri=\"sip:%u@%s:%u\">\n  <name>%u</name>\n"
			"  <instance id=\"%s\" state=\"active\" cid=\"%s@%s\" />\n </resource>\n",
			n, p->host, p->config.port, n, instance, cid, p->host);
		put_part(&parts, boundary, cid, p->host, pbx_document_type(s), buf_view(&p->part));
	}
	buf_str(&rlmi, "</list>\n");
	letters(p, cid);
	put_part(b, boundary, cid, p->host, "application/rlmi+xml", buf_view(&rlmi));
	buf_slice(b, buf_view(&parts));
	buf_fmt(b, "\r\n--%s--\r\n", boundary);
	buf_fini(&rlmi);
	buf_fini(&parts);
}
