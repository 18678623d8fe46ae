#include <stdarg.h>
#include <stdio.h>

#include "base/check.h"
#include "proto/sip/msg.h"
#include "proto/sip/uri.h"

const char *sip_reason(uint16_t status)
{
	static const struct {
		uint16_t status;
		const char *reason;
	} table[] = {
		{ 100, "Trying" },
		{ 200, "OK" },
		{ 202, "Accepted" },
		{ 400, "Bad Request" },
		{ 401, "Unauthorized" },
		{ 403, "Forbidden" },
		{ 404, "Not Found" },
		{ 405, "Method Not Allowed" },
		{ 406, "Not Acceptable" },
		{ 407, "Proxy Authentication Required" },
		{ 408, "Request Timeout" },
		{ 412, "Conditional Request Failed" },
		{ 413, "Request Entity Too Large" },
		{ 415, "Unsupported Media Type" },
		{ 420, "Bad Extension" },
		{ 421, "Extension Required" },
		{ 423, "Interval Too Brief" },
		{ 480, "Temporarily Unavailable" },
		{ 481, "Call/Transaction Does Not Exist" },
		{ 486, "Busy Here" },
		{ 489, "Bad Event" },
		{ 500, "Server Internal Error" },
		{ 501, "Not Implemented" },
		{ 503, "Service Unavailable" },
		{ 505, "Version Not Supported" },
		{ 603, "Decline" },
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (table[i].status == status)
			return table[i].reason;
	return "";
}

void sip_put_request(struct buf *b, const char *method, struct slice uri)
{
	buf_str(b, method);
	buf_char(b, ' ');
	buf_slice(b, uri);
	buf_str(b, " SIP/2.0\r\n");
}

void sip_put_status(struct buf *b, uint16_t status, const char *reason)
{
	buf_fmt(b, "SIP/2.0 %03u %s\r\n", status, reason ? reason : sip_reason(status));
}

void sip_put(struct buf *b, const char *name, struct slice value)
{
	buf_str(b, name);
	buf_str(b, ": ");
	buf_slice(b, value);
	buf_str(b, "\r\n");
}

void sip_put_fmt(struct buf *b, const char *name, const char *fmt, ...)
{
	char value[SIP_PUT_FMT_MAX];
	va_list ap;

	va_start(ap, fmt);
	int n = vsnprintf(value, sizeof(value), fmt, ap);
	va_end(ap);
	CHECK(n >= 0 && (size_t)n < sizeof(value));
	sip_put(b, name, slice_of(value, (size_t)n));
}

void sip_put_end(struct buf *b, const char *type, struct slice body)
{
	if (type)
		sip_put(b, "Content-Type", slice_str(type));
	sip_put_fmt(b, "Content-Length", "%zu", body.n);
	buf_str(b, "\r\n");
	buf_slice(b, body);
}

/* The topmost Via gets received= and, where the request asked for it, the value of rport=. */
static void put_top_via(struct buf *b, const struct sip_msg *req, struct sip_origin from)
{
	struct slice rest = sip_msg_header(req, SIP_VIA), top, params, part;

	if (from.host.n == 0 || req->via.host.n == 0 || !sip_list_next(&rest, ',', &top)) {
		sip_put(b, "Via", sip_msg_header(req, SIP_VIA));
		return;
	}
	buf_fmt(b, "Via: SIP/2.0/%.*s ", SLICE_ARG(req->via.transport));
	sip_put_host(b, req->via.host, req->via.port);
	for (params = req->via.params; sip_list_next(&params, ';', &part);) {
		struct slice name = slice_trim(slice_sub(part, 0, slice_find(part, '=')));

		if (slice_is_nocase(name, "rport") || slice_is_nocase(name, "received"))
			continue;
		buf_char(b, ';');
		buf_slice(b, part);
	}
	buf_str(b, ";received=");
	buf_slice(b, from.host);
	if (req->via.rport)
		buf_fmt(b, ";rport=%u", from.port);
	if (rest.p) {
		buf_str(b, ", ");
		buf_slice(b, slice_trim(rest));
	}
	buf_str(b, "\r\n");
}

void sip_put_answer(struct buf *b, const struct sip_msg *req, uint16_t status, const char *reason,
		    const char *to_tag, struct sip_origin from)
{
	const struct sip_header *h = sip_msg_next(req, SIP_VIA, NULL);

	sip_put_status(b, status, reason);
	if (h)
		put_top_via(b, req, from);
	while (h && (h = sip_msg_next(req, SIP_VIA, h)))
		sip_put(b, "Via", h->value);
	if (sip_msg_has(req, SIP_FROM))
		sip_put(b, "From", sip_msg_header(req, SIP_FROM));
	if (sip_msg_has(req, SIP_TO)) {
		buf_str(b, "To: ");
		buf_slice(b, sip_msg_header(req, SIP_TO));
		if (to_tag && req->to_tag.n == 0)
			buf_fmt(b, ";tag=%s", to_tag);
		buf_str(b, "\r\n");
	}
	if (sip_msg_has(req, SIP_CALL_ID))
		sip_put(b, "Call-ID", sip_msg_header(req, SIP_CALL_ID));
	if (sip_msg_has(req, SIP_CSEQ))
		sip_put(b, "CSeq", sip_msg_header(req, SIP_CSEQ));
}
