/* Answers, ids and the small codecs of HTTP and OData that everything here needs. */
#include <stdarg.h>
#include <stdio.h>
#include <time.h>

#include "cloud_parts.h"

void cloud_response_init(struct cloud_response *r)
{
	*r = (struct cloud_response){ 0 };
	buf_init(&r->headers, 65536);
	buf_init(&r->body, 64u << 20);
}

void cloud_response_fini(struct cloud_response *r)
{
	buf_fini(&r->headers);
	buf_fini(&r->body);
}

struct slice cloud_response_header(const struct cloud_response *r, const char *name)
{
	struct slice rest = buf_view(&r->headers), line;

	while (slice_split(&rest, '\n', &line)) {
		size_t colon = slice_find(line, ':');

		if (slice_is_nocase(slice_sub(line, 0, colon), name))
			return slice_trim(slice_sub(line, colon + 1, line.n));
	}
	return SLICE_NONE;
}

void cloud_header_add(struct cloud_call *k, const char *name, const char *value)
{
	buf_fmt(&k->rs->headers, "%s: %s\r\n", name, value);
}

void cloud_time_text(int64_t ms, char *out, size_t cap, const char *format)
{
	time_t t = (time_t)(ms / 1000);
	struct tm tm;

	gmtime_r(&t, &tm);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	if (strftime(out, cap, format, &tm) == 0)
		out[0] = '\0';
#pragma GCC diagnostic pop
}

void cloud_guid(struct prng *r, char out[static CLOUD_ID_LEN + 1])
{
	uint64_t a = prng_u64(r), b = prng_u64(r);

	snprintf(out, CLOUD_ID_LEN + 1, "%08x-%04x-4%03x-%04x-%012llx", (unsigned)(a >> 32),
		 (unsigned)(a >> 16 & 0xffff), (unsigned)(a & 0xfff),
		 (unsigned)(b >> 48 & 0x3fff) | 0x8000u, (unsigned long long)(b & 0xffffffffffffull));
}

bool cloud_is_guid(struct slice s)
{
	if (s.n != CLOUD_ID_LEN)
		return false;
	for (size_t i = 0; i < s.n; i++) {
		bool dash = i == 8 || i == 13 || i == 18 || i == 23;
		bool hex = (s.p[i] >= '0' && s.p[i] <= '9') || (s.p[i] >= 'a' && s.p[i] <= 'f') ||
			   (s.p[i] >= 'A' && s.p[i] <= 'F');

		if (dash ? s.p[i] != '-' : !hex)
			return false;
	}
	return true;
}

void cloud_ok(struct cloud_call *k, json_t *out)
{
	k->rs->status = 200;
	json_decref(k->out);
	k->out = out;
}

bool cloud_fail(struct cloud_call *k, int status, const char *code, const char *fmt, ...)
{
	char date[32], text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	cloud_time_text(k->now_ms, date, sizeof date, "%Y-%m-%dT%H:%M:%S");
	json_t *inner = json_pack("{s:s,s:s,s:s}", "date", date, "request-id", k->request_id,
				  "client-request-id", k->request_id);
	struct slice client = k->rq->header(k->rq->arg, "client-request-id");

	if (client.n > 0)
		json_object_set_new(inner, "client-request-id",
				    json_stringn(client.p, client.n < 64 ? client.n : 64));
	json_decref(k->out);
	json_t *message = json_string(text);
	k->out = json_pack("{s:{s:s,s:o,s:o}}", "error", "code", code, "message",
			   message ? message : json_string("(not UTF-8)"), "innerError", inner);
	k->rs->status = (uint16_t)status;
	return false;
}

bool cloud_fail_401(struct cloud_call *k, const char *message, bool cae)
{
	struct buf value;

	buf_init(&value, 2048);
	buf_str(&value, "Bearer realm=\"\", authorization_uri="
			"\"https://login.microsoftonline.com/common/oauth2/authorize\", ");
	if (cae) {
		char claims[128];

		snprintf(claims, sizeof claims,
			 "{\"access_token\":{\"nbf\":{\"essential\":true,\"value\":\"%lld\"}}}",
			 (long long)(k->now_ms / 1000));
		buf_str(&value, "error=\"insufficient_claims\", claims=\"");
		cloud_base64(claims, strlen(claims), false, &value);
		buf_str(&value, "\"");
	} else {
		buf_str(&value, "client_id=\"00000003-0000-0000-c000-000000000000\"");
	}
	cloud_header_add(k, "WWW-Authenticate", buf_cstr(&value));
	buf_fini(&value);
	return cloud_fail(k, 401, "InvalidAuthenticationToken", "%s", message);
}

static void retry_after(struct cloud_call *k, int64_t wait_ms)
{
	unsigned form = k->c->retry_form;
	char text[64] = "";

	if (form == CLOUD_RETRY_MIXED)
		form = (unsigned)prng_below(&k->c->random, CLOUD_RETRY_MIXED);
	if (form == CLOUD_RETRY_INTEGER)
		snprintf(text, sizeof text, "%lld", (long long)(wait_ms + 999) / 1000);
	else if (form == CLOUD_RETRY_DECIMAL)
		snprintf(text, sizeof text, "%.3f", (double)wait_ms / 1000);
	else if (form == CLOUD_RETRY_DATE)
		cloud_time_text(k->now_ms + wait_ms + 999, text, sizeof text,
				"%a, %d %b %Y %H:%M:%S GMT");
	if (text[0])
		cloud_header_add(k, "Retry-After", text);
}

bool cloud_fail_429(struct cloud_call *k, int64_t wait_ms)
{
	retry_after(k, wait_ms);
	k->c->counters.throttled++;
	cloud_fail(k, 429, "TooManyRequests", "Please retry again later.");
	json_t *inner = json_object_get(json_object_get(k->out, "error"), "innerError");

	json_object_set_new(inner, "code", json_string("429"));
	json_object_set_new(inner, "message", json_string("Please retry after"));
	json_object_set_new(inner, "status", json_string("429"));
	return false;
}

void cloud_base64(const void *p, size_t n, bool url, struct buf *ret)
{
	const char *letters = url ? "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
				  : "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const unsigned char *b = p;

	for (size_t i = 0; i < n; i += 3) {
		uint32_t v = (uint32_t)b[i] << 16 | (i + 1 < n ? (uint32_t)b[i + 1] << 8 : 0) |
			     (i + 2 < n ? b[i + 2] : 0);
		size_t digits = n - i >= 3 ? 4 : n - i + 1;

		for (size_t d = 0; d < digits; d++)
			buf_char(ret, letters[v >> (18 - 6 * d) & 63]);
		for (size_t d = digits; d < 4 && !url; d++)
			buf_char(ret, '=');
	}
}

static int base64_value(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	if (c == '+' || c == '-')
		return 62;
	return c == '/' || c == '_' ? 63 : -1;
}

bool cloud_unbase64(struct slice s, struct buf *ret)
{
	uint32_t v = 0;
	int bits = 0;

	while (s.n > 0 && s.p[s.n - 1] == '=')
		s.n--;
	for (size_t i = 0; i < s.n; i++) {
		int digit = base64_value(s.p[i]);

		if (digit < 0)
			return false;
		v = v << 6 | (uint32_t)digit;
		bits += 6;
		if (bits >= 8) {
			bits -= 8;
			buf_char(ret, (char)(v >> bits & 255));
		}
	}
	return bits < 6 && buf_err(ret) == ERR_OK;
}

static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

bool cloud_unescape(struct slice s, bool plus, struct buf *ret)
{
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];

		if (c == '%') {
			int high = i + 2 < s.n ? hex_value(s.p[i + 1]) : -1;
			int low = i + 2 < s.n ? hex_value(s.p[i + 2]) : -1;

			if (high < 0 || low < 0 || (high | low) == 0)
				return false;
			c = (char)(high << 4 | low);
			i += 2;
		} else if (c == '+' && plus) {
			c = ' ';
		}
		buf_char(ret, c);
	}
	return buf_err(ret) == ERR_OK;
}

struct slice cloud_param(struct slice query, const char *name)
{
	struct slice part;

	while (slice_split(&query, '&', &part)) {
		size_t eq = slice_find(part, '=');
		struct slice key = slice_sub(part, 0, eq);

		/* Clients write the dollar of OData's options plain or escaped. */
		bool escaped = name[0] == '$' && slice_starts_nocase(key, "%24") &&
			       slice_is(slice_sub(key, 3, key.n), name + 1);

		if (escaped || slice_is(key, name)) {
			size_t from = eq < part.n ? eq + 1 : eq;

			return slice_of(part.p + from, part.n - from);
		}
	}
	return SLICE_NONE;
}
