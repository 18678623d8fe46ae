#include <ctype.h>

#include "proto/sip/msg.h"
#include "proto/sip/uri.h"

static const struct {
	struct slice name;
	char compact;
} header_names[] = {
#define HEADER(id, name, compact) { { name, sizeof(name) - 1 }, compact },
#include "proto/sip/header.def"
};

static enum sip_header_id find_compact(char name)
{
	char c = (char)tolower((unsigned char)name);

	for (int i = 0; i < SIP_OTHER; i++)
		if (c && header_names[i].compact == c)
			return (enum sip_header_id)i;
	return SIP_OTHER;
}

/* Every header of every NOTIFY comes through here: length and first letter decide nearly always. */
enum sip_header_id sip_header_find(struct slice name)
{
	if (name.n <= 1)
		return name.n ? find_compact(name.p[0]) : SIP_OTHER;
	for (int i = 0; i < SIP_OTHER; i++)
		if (header_names[i].name.n == name.n &&
		    (name.p[0] | 32) == (header_names[i].name.p[0] | 32) &&
		    slice_eq_nocase(name, header_names[i].name))
			return (enum sip_header_id)i;
	return SIP_OTHER;
}

const char *sip_header_name(enum sip_header_id id)
{
	return id < SIP_OTHER ? header_names[id].name.p : "?";
}

/* RFC 3261 25.1 token, one bit a byte value */
static const uint64_t token_bits[4] = { 0x03ff6ca200000000u, 0x47ffffff87fffffeu };

bool sip_is_token(struct slice s)
{
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (!(token_bits[c >> 6] >> (c & 63) & 1u))
			return false;
	}
	return s.n > 0;
}

/* Cuts one line off *rest, without its line end; lines that a blank continues belong to it when
 * fold is set. False when no line end is left. */
static bool take_line(struct slice *rest, bool fold, struct slice *ret)
{
	size_t from = 0;

	for (;;) {
		size_t lf = from + slice_find(slice_sub(*rest, from, rest->n), '\n');

		if (lf >= rest->n)
			return false;
		if (fold && lf + 1 < rest->n &&
		    (rest->p[lf + 1] == ' ' || rest->p[lf + 1] == '\t')) {
			from = lf + 1;
			continue;
		}
		size_t n = lf && rest->p[lf - 1] == '\r' ? lf - 1 : lf;
		*ret = slice_of(rest->p, n);
		*rest = slice_of(rest->p + lf + 1, rest->n - lf - 1);
		return true;
	}
}

/* True when none of the eight bytes is a control byte: the first half of the sum has a byte's highest
 * bit set where one is below 0x20, the second where one is 0x7f. */
static bool is_printable(const char *eight)
{
	const uint64_t ones = UINT64_MAX / 255, highs = ones << 7;
	uint64_t x, y;

	memcpy(&x, eight, sizeof(x));
	y = x ^ ones * 0x7f;
	return !(((x - ones * ' ') & ~x & highs) | ((y - ones) & ~y & highs));
}

/* Control bytes have no place in a header section: a CR or LF that is no line end for us may be one
 * for somebody to whom we echo it. Tabs, and the CR LF of folds, may stand. */
static bool is_clean(struct slice line)
{
	size_t i = 0;

	while (line.n - i >= 8 && is_printable(line.p + i))
		i += 8;
	for (; i < line.n; i++) {
		unsigned char c = (unsigned char)line.p[i];

		if (c >= ' ' && c != 0x7f)
			continue;
		if (c != '\t' && c != '\n' && !(c == '\r' && i + 1 < line.n && line.p[i + 1] == '\n'))
			return false;
	}
	return true;
}

static void defect(struct sip_msg *m, uint16_t status, const char *why)
{
	if (!m->defect) {
		m->defect = why;
		m->defect_status = status;
	}
}

static enum err status_line(struct slice line, struct sip_msg *m)
{
	struct slice rest = line, version, code;
	uint64_t v;

	if (!slice_split(&rest, ' ', &version) || !slice_split(&rest, ' ', &code))
		return ERR_MALFORMED;
	if (!slice_is_nocase(version, "SIP/2.0") || code.n != 3 || slice_u64(code, 699, &v) ||
	    v < 100)
		return ERR_MALFORMED;
	m->status = (uint16_t)v;
	m->reason = rest.p ? rest : SLICE_NONE;
	return ERR_OK;
}

static enum err request_line(struct slice line, struct sip_msg *m)
{
	struct slice rest = line, version;

	if (!slice_split(&rest, ' ', &m->method) || !slice_split(&rest, ' ', &m->uri) || !rest.p)
		return ERR_MALFORMED;
	version = rest;
	if (!sip_is_token(m->method) || m->uri.n == 0 || !slice_starts_nocase(version, "SIP/"))
		return ERR_MALFORMED;
	m->request = true;
	if (!slice_is_nocase(version, "SIP/2.0"))
		defect(m, 505, "Version Not Supported");
	return ERR_OK;
}

static enum err add_header(struct sip_msg *m, struct slice line)
{
	size_t colon = slice_find(line, ':');
	struct sip_header *h = &m->headers[m->n];

	if (m->n == SIP_HEADERS_MAX)
		return ERR_LIMIT;
	if (colon == line.n)
		return ERR_MALFORMED;
	h->name = slice_trim(slice_sub(line, 0, colon));
	h->value = slice_trim(slice_sub(line, colon + 1, line.n));
	if (!sip_is_token(h->name))
		return ERR_MALFORMED;
	h->id = (uint8_t)sip_header_find(h->name);
	h->next = 0;
	if (m->last[h->id])
		m->headers[m->last[h->id] - 1].next = (uint8_t)m->n;
	else
		m->first[h->id] = (uint8_t)(m->n + 1);
	m->last[h->id] = (uint8_t)++m->n;
	return ERR_OK;
}

static struct slice skip_blank(struct slice s)
{
	while (s.n && isspace((unsigned char)s.p[0]))
		s.p++, s.n--;
	return s;
}

/* We echo the branch among parameters of our own, so it must not swallow them. */
static bool branch_ok(struct slice branch)
{
	for (size_t i = 0; i < branch.n; i++)
		if ((unsigned char)branch.p[i] <= ' ' || strchr("\"\\<>,;", branch.p[i]))
			return false;
	return true;
}

/* "SIP / 2.0 / UDP host : port ; params", blanks allowed nearly everywhere. */
static enum err via_parse(struct slice value, struct sip_via *v)
{
	struct slice rest, name, version, port, list = value;
	uint64_t n;

	if (!sip_list_next(&list, ',', &rest) || !slice_split(&rest, '/', &name) ||
	    !slice_split(&rest, '/', &version) || !rest.p)
		return ERR_MALFORMED;
	if (!slice_is_nocase(slice_trim(name), "SIP") || !slice_is(slice_trim(version), "2.0"))
		return ERR_MALFORMED;
	rest = skip_blank(rest);
	size_t end = 0;
	while (end < rest.n && !isspace((unsigned char)rest.p[end]))
		end++;
	v->transport = slice_sub(rest, 0, end);
	rest = slice_trim(slice_sub(rest, end, rest.n));
	size_t semi = slice_find(rest, ';');
	v->params = slice_sub(rest, semi + 1, rest.n);
	rest = slice_trim(slice_sub(rest, 0, semi));
	if (rest.n && rest.p[0] == '[') {
		end = slice_find(rest, ']');
		v->host = slice_sub(rest, 1, end);
		rest = slice_sub(rest, end + 1, rest.n);
	} else {
		end = slice_find(rest, ':');
		v->host = slice_trim(slice_sub(rest, 0, end));
		rest = slice_sub(rest, end, rest.n);
	}
	port = slice_trim(slice_sub(rest, 1, rest.n));
	if (v->host.n == 0 || !sip_is_token(v->transport))
		return ERR_MALFORMED;
	if (rest.n && (rest.p[0] != ':' || slice_u64(port, 65535, &n)))
		return ERR_MALFORMED;
	v->port = rest.n ? (uint16_t)n : 0;
	sip_param(v->params, "branch", &v->branch);
	v->rport = sip_param(v->params, "rport", NULL);
	return branch_ok(v->branch) ? ERR_OK : ERR_MALFORMED;
}

static enum err cseq_parse(struct slice value, struct sip_msg *m)
{
	size_t end = 0;
	uint64_t v;

	while (end < value.n && !isspace((unsigned char)value.p[end]))
		end++;
	m->cseq_method = slice_trim(slice_sub(value, end, value.n));
	if (slice_u64(slice_sub(value, 0, end), SIP_CSEQ_MAX, &v) || !sip_is_token(m->cseq_method))
		return ERR_MALFORMED;
	m->cseq = (uint32_t)v;
	return ERR_OK;
}

static void tag_of(struct sip_msg *m, enum sip_header_id id, struct slice *ret)
{
	struct sip_addr a;

	if (sip_addr_parse(sip_msg_header(m, id), &a))
		defect(m, 400, id == SIP_FROM ? "Bad From" : "Bad To");
	else
		sip_param(a.params, "tag", ret);
}

/* RFC 3261 8.1.1: these five stand in every message, four of them once. */
static void decode(struct sip_msg *m)
{
	static const uint8_t once[] = { SIP_FROM, SIP_TO, SIP_CALL_ID, SIP_CSEQ };

	for (size_t i = 0; i < sizeof(once); i++) {
		if (!m->first[once[i]])
			defect(m, 400, "Missing Header");
		else if (m->first[once[i]] != m->last[once[i]])
			defect(m, 400, "Repeated Header");
	}
	if (via_parse(sip_msg_header(m, SIP_VIA), &m->via)) {
		m->via = (struct sip_via){ 0 };
		defect(m, 400, "Bad Via");
	}
	if (cseq_parse(sip_msg_header(m, SIP_CSEQ), m))
		defect(m, 400, "Bad CSeq");
	else if (m->request && !slice_eq(m->cseq_method, m->method))
		defect(m, 400, "CSeq Method Mismatch");
	m->call_id = sip_msg_header(m, SIP_CALL_ID);
	if (m->call_id.n == 0)
		defect(m, 400, "Bad Call-ID");
	tag_of(m, SIP_FROM, &m->from_tag);
	tag_of(m, SIP_TO, &m->to_tag);
}

static void take_body(struct sip_msg *m, struct slice rest)
{
	const struct sip_header *h = NULL;
	uint64_t n = rest.n, v;

	for (bool seen = false; (h = sip_msg_next(m, SIP_CONTENT_LENGTH, h)); seen = true) {
		if (slice_u64(h->value, SIP_MSG_MAX, &v) || (seen && v != n))
			defect(m, 400, "Bad Content-Length");
		else
			n = v;
	}
	if (n > rest.n) {
		defect(m, 400, "Body Cut Short");
		n = rest.n;
	}
	m->body = slice_sub(rest, 0, n);
}

enum err sip_msg_parse(struct slice bytes, struct sip_msg *ret)
{
	struct slice rest = bytes, line;
	enum err e;

	memset(ret, 0, offsetof(struct sip_msg, headers));
	if (bytes.n > SIP_MSG_MAX)
		return ERR_LIMIT;
	/* RFC 3261 7.5: empty lines before the start line are ignored */
	while (rest.n && (rest.p[0] == '\r' || rest.p[0] == '\n'))
		rest = slice_of(rest.p + 1, rest.n - 1);
	if (!take_line(&rest, false, &line))
		return ERR_MALFORMED;
	if (!is_clean(line))
		return ERR_MALFORMED;
	e = slice_starts_nocase(line, "SIP/") ? status_line(line, ret) : request_line(line, ret);
	while (e == ERR_OK) {
		if (!take_line(&rest, !(rest.n && (rest.p[0] == '\r' || rest.p[0] == '\n')), &line))
			return ERR_MALFORMED;
		if (line.n == 0)
			break;
		e = is_clean(line) ? add_header(ret, line) : ERR_MALFORMED;
	}
	if (e)
		return e;
	decode(ret);
	take_body(ret, rest);
	return ERR_OK;
}

struct slice sip_msg_header(const struct sip_msg *m, enum sip_header_id id)
{
	return m->first[id] ? m->headers[m->first[id] - 1].value : SLICE_NONE;
}

bool sip_msg_has(const struct sip_msg *m, enum sip_header_id id)
{
	return m->first[id] != 0;
}

const struct sip_header *sip_msg_next(const struct sip_msg *m, enum sip_header_id id,
				      const struct sip_header *after)
{
	if (!after)
		return m->first[id] ? &m->headers[m->first[id] - 1] : NULL;
	return after->next ? &m->headers[after->next] : NULL;
}

struct slice sip_msg_header_named(const struct sip_msg *m, const char *name)
{
	for (uint32_t i = 0; i < m->n; i++)
		if (slice_is_nocase(m->headers[i].name, name))
			return m->headers[i].value;
	return SLICE_NONE;
}

bool sip_msg_number(const struct sip_msg *m, enum sip_header_id id, uint64_t max, uint64_t *ret)
{
	struct slice value = sip_msg_header(m, id);
	size_t n = 0;

	while (n < value.n && isdigit((unsigned char)value.p[n]))
		n++;
	if (n == 0)
		return false;
	if (slice_u64(slice_sub(value, 0, n), max, ret))
		*ret = max;
	return true;
}
