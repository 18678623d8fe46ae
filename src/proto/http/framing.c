#include "proto/http/framing.h"

/* RFC 9110 5.6.2: a blank before the colon would hide a Content-Length from us and not from others.
 */
static bool is_token(struct slice name)
{
	for (size_t i = 0; i < name.n; i++)
		if (name.p[i] <= ' ' || name.p[i] > '~' || strchr("\"(),/:;<=>?@[\\]{}", name.p[i]))
			return false;
	return name.n > 0;
}

void http_framing_header(struct http_framing *f, struct slice name, struct slice value)
{
	if (!is_token(name))
		f->bad_names++;
	else if (slice_is_nocase(name, "host"))
		f->hosts++;
	else if (slice_is_nocase(name, "content-length"))
		f->lengths++;
	else if (slice_is_nocase(name, "transfer-encoding"))
		f->encodings += slice_is_nocase(value, "chunked") ? 1 : 2;
}

const char *http_framing_fault(const struct http_framing *f)
{
	if (f->bad_names)
		return "a header's name is no token";
	if (f->hosts > 1)
		return "more than one Host";
	if (f->lengths > 1 || f->encodings > 1 || (f->lengths && f->encodings))
		return "Content-Length and Transfer-Encoding contradict";
	return NULL;
}
