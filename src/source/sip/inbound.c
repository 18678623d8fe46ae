#include <stdio.h>

#include "source/sip/agent.h"

/* RFC 3261, 3262, 3311, 3428, 3515, 3903, 6086: known, but not for us. */
static bool is_known_method(struct slice m)
{
	static const char *const names[] = { "INVITE",	  "BYE",     "CANCEL", "REGISTER",
					     "SUBSCRIBE", "PUBLISH", "REFER",  "MESSAGE",
					     "UPDATE",	  "INFO",    "PRACK" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (slice_is(m, names[i]))
			return true;
	return false;
}

void inbound_answer(struct sip_agent *a, const struct via_channel *from, const struct sip_msg *m,
		    uint16_t status, const char *reason, const char *extra)
{
	struct buf *b = &a->scratch;
	char tag[17] = "";

	/* one tag for one transaction, whichever of its copies is answered */
	if (m->to_tag.n == 0)
		snprintf(tag, sizeof(tag), "%016llx",
			 (unsigned long long)slice_hash(m->via.branch, a->seed));
	buf_reset(b);
	sip_put_answer(b, m, status, reason, tag,
		       (struct sip_origin){ slice_str(from->peer.host), from->peer.port });
	if (extra)
		buf_str(b, extra);
	sip_put(b, "Server", slice_str("Offhook/" OFFHOOK_VERSION));
	sip_put_end(b, NULL, SLICE_NONE);
	outbox_send(&a->out, from->channel, from->transport == TRANSPORT_UDP ? &from->peer : NULL,
		 buf_view(b));
}

static void take_request(struct sip_agent *a, const struct via_channel *from,
			 const struct sip_msg *m)
{
	static const char allow[] = "Allow: NOTIFY, OPTIONS\r\n";

	if (slice_is(m->method, "NOTIFY")) {
		notify_take(a, from, m);
	} else if (slice_is(m->method, "OPTIONS")) {
		inbound_answer(
			a, from, m, 200, NULL,
			"Allow: NOTIFY, OPTIONS\r\nAllow-Events: dialog, presence\r\n"
			"Accept: application/dialog-info+xml, application/pidf+xml, "
			"multipart/related, application/rlmi+xml\r\nSupported: eventlist\r\n");
	} else {
		uint16_t status = is_known_method(m->method) ? 405 : 501;
		struct slice shown = slice_sub(m->method, 0, 32);

		inbound_answer(a, from, m, status, NULL, allow);
		outbox_note(&a->out, NOTE_UNSUPPORTED, ID_NONE, "%.*s answered %u", SLICE_ARG(shown),
			 status);
	}
}

/* Over UDP anyone can write to our port; a stream's peer was checked when it came up. */
static bool from_pbx(const struct sip_agent *a, const struct via_channel *from)
{
	return from->peer.host[0] == '\0' || a->link.peer.host[0] == '\0' ||
	       slice_is_nocase(slice_str(from->peer.host), a->link.peer.host);
}

static void malformed(struct sip_agent *a, const struct via_channel *from, const struct sip_msg *m)
{
	if (m->request && !slice_is(m->method, "ACK"))
		inbound_answer(a, from, m, m->defect_status, m->defect, NULL);
	outbox_note(&a->out, NOTE_MALFORMED, ID_NONE, "%s", m->defect);
}

bool inbound_message(struct sip_agent *a, const struct via_channel *from, struct slice bytes)
{
	struct sip_msg *m = &a->msg;
	enum err e;

	/* keep-alive datagrams of NAT boxes */
	if (slice_trim(bytes).n == 0)
		return true;
	a->received++;
	e = sip_msg_parse(bytes, m);
	if (e) {
		outbox_note(&a->out, e == ERR_LIMIT ? NOTE_TOO_LARGE : NOTE_MALFORMED, ID_NONE,
			 "%zu bytes from %s", bytes.n, from->peer.host);
		return e != ERR_LIMIT;
	}
	if (!from_pbx(a, from)) {
		outbox_note(&a->out, NOTE_FORGED, ID_NONE, "message from %s, which is not the pbx",
			 from->peer.host);
		if (m->request && !slice_is(m->method, "ACK"))
			inbound_answer(a, from, m, 403, NULL, NULL);
		return true;
	}
	a->link.heard_ms = a->now_ms;
	if (m->defect)
		malformed(a, from, m);
	else if (!m->request)
		txn_response(a, m);
	else if (!slice_is(m->method, "ACK"))
		take_request(a, from, m);
	return true;
}

bool inbound_stream(struct sip_agent *a, const struct via_channel *from, struct sip_stream *stream,
		    struct slice bytes)
{
	uint32_t channel = a->link.channel;
	struct slice message;
	enum err e = sip_stream_add(stream, bytes);

	while (e == ERR_OK) {
		e = sip_stream_next(stream, &message);
		if (e == ERR_OK && !inbound_message(a, from, message))
			return false;
		/* the message may have taken the link down, and the stream with it */
		if (!link_ready(a) || channel != a->link.channel)
			return true;
	}
	for (uint32_t n = sip_stream_pings(stream); n; n--)
		outbox_send(&a->out, from->channel, NULL, SLICE_LIT("\r\n"));
	if (e == ERR_AGAIN)
		return true;
	outbox_note(&a->out, e == ERR_LIMIT ? NOTE_TOO_LARGE : NOTE_MALFORMED, ID_NONE,
		 "stream of %s: no end of a message in sight", from->peer.host);
	return false;
}
