#include <stdlib.h>

#include "source/sip/agent.h"

enum err dialog_set(struct dialog *d, struct slice aor, struct slice tag, struct slice target,
		    struct slice route)
{
	struct slice parts[] = { aor, tag, target, route };
	uint16_t at[4];
	size_t n = 0;

	for (int i = 0; i < 4; i++) {
		if (parts[i].n > DIALOG_TEXT_MAX || n + parts[i].n + 1 > DIALOG_TEXT_MAX)
			return ERR_LIMIT;
		at[i] = (uint16_t)n;
		n += parts[i].n + 1;
	}
	char *text = calloc(1, n);
	if (!text)
		return ERR_NO_MEMORY;
	for (int i = 0; i < 4; i++)
		if (parts[i].n)
			memcpy(text + at[i], parts[i].p, parts[i].n);
	free(d->text);
	*d = (struct dialog){ text, at[1], at[2], at[3] };
	return ERR_OK;
}

static struct slice contact_uri(const struct sip_msg *m)
{
	struct slice rest = sip_msg_header(m, SIP_CONTACT), first;
	struct sip_addr addr;
	struct sip_uri uri;

	if (!sip_list_next(&rest, ',', &first) || sip_addr_parse(first, &addr) ||
	    sip_uri_parse(addr.uri, &uri))
		return SLICE_NONE;
	return addr.uri;
}

/* Record-Route as the Route of our requests: as it stands in a request, turned round in a response
 * (RFC 3261 12.1). */
static enum err route_set(const struct sip_msg *m, struct buf *ret)
{
	struct slice hops[ROUTES_MAX], part;
	size_t n = 0;

	for (const struct sip_header *h = NULL; (h = sip_msg_next(m, SIP_RECORD_ROUTE, h));) {
		struct slice rest = h->value;

		while (sip_list_next(&rest, ',', &part)) {
			struct sip_addr addr;

			if (n == ROUTES_MAX)
				return ERR_LIMIT;
			if (sip_addr_parse(part, &addr))
				return ERR_MALFORMED;
			hops[n++] = addr.uri;
		}
	}
	for (size_t i = 0; i < n; i++) {
		buf_str(ret, i ? ", <" : "<");
		buf_slice(ret, hops[m->request ? i : n - 1 - i]);
		buf_char(ret, '>');
	}
	return buf_err(ret);
}

enum err dialog_from(struct dialog *d, const struct sip_msg *m)
{
	struct slice tag = m->request ? m->from_tag : m->to_tag, target = contact_uri(m);
	struct slice aor = slice_str(dialog_aor(d));
	struct buf route;
	enum err e;

	if (!sip_is_token(tag))
		return ERR_PROTOCOL;
	buf_init(&route, DIALOG_TEXT_MAX);
	e = route_set(m, &route);
	if (e == ERR_OK)
		e = dialog_set(d, aor, tag, target.n ? target : aor, buf_view(&route));
	buf_fini(&route);
	return e;
}

void dialog_retarget(struct dialog *d, const struct sip_msg *m)
{
	struct slice target = contact_uri(m);
	struct dialog old = *d;

	if (target.n == 0 || slice_is(target, dialog_target(d)))
		return;
	/* dialog_set frees the text that its own arguments stand in only after the copy is made;
	 * with no memory, or a target too long, the old one serves on */
	if (dialog_set(d, slice_str(dialog_aor(&old)), slice_str(dialog_tag(&old)), target,
		       slice_str(dialog_route(&old))))
		*d = old;
}

void dialog_fini(struct dialog *d)
{
	free(d->text);
	*d = (struct dialog){ 0 };
}
