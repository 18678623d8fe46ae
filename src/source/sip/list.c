#include "base/check.h"
#include "proto/xml/multipart.h"
#include "source/sip/agent.h"

/* RFC 4662: one subscription that speaks for many lines. A line belongs to the first list that
 * reports a state for it; its single subscription, if any, then ends. */

void list_settle(struct sip_agent *a, uint32_t w)
{
	if (a->watches[w].settled)
		return;
	a->watches[w].settled = true;
	CHECK(a->lists_pending > 0);
	if (--a->lists_pending > 0)
		return;
	for (uint32_t i = a->lists_n; i < a->watches_n; i++)
		if (a->watches[i].state == WATCH_IDLE)
			watch_queue(a, i);
}

static void join(struct sip_agent *a, uint32_t w, uint32_t line)
{
	struct watch *list = &a->watches[w], *x = &a->watches[line];

	watch_drop_subs(a, line);
	watch_move(a, line, WATCH_LISTED, WHY_NONE);
	x->list = w;
	x->list_prev = NONE;
	x->list_next = list->list_next;
	if (list->list_next != NONE)
		a->watches[list->list_next].list_prev = line;
	list->list_next = line;
	x->has_version = false;
	x->tries = 0;
}

void list_leave(struct sip_agent *a, uint32_t line)
{
	struct watch *x = &a->watches[line];

	if (x->list_prev == NONE)
		a->watches[x->list].list_next = x->list_next;
	else
		a->watches[x->list_prev].list_next = x->list_next;
	if (x->list_next != NONE)
		a->watches[x->list_next].list_prev = x->list_prev;
	x->list = x->list_prev = x->list_next = NONE;
}

static void subscribe_singly(struct sip_agent *a, uint32_t line)
{
	list_leave(a, line);
	watch_lost(a, line);
	watch_queue(a, line);
}

void list_release(struct sip_agent *a, uint32_t w)
{
	while (a->watches[w].list_next != NONE)
		subscribe_singly(a, a->watches[w].list_next);
}

static bool is_member(const struct sip_agent *a, uint32_t w, uint32_t line)
{
	return a->watches[line].state == WATCH_LISTED && a->watches[line].list == w;
}

/* What the RLMI part says of lines that have no body in this document. */
static void take_resources(struct sip_agent *a, uint32_t w, const struct rlmi *r)
{
	for (uint32_t i = 0; i < r->n; i++) {
		uint32_t line = watch_by_uri(a, slice_str(rlmi_text(r, r->list[i].uri)));

		if (line == NONE || !is_member(a, w, line))
			continue;
		if (r->list[i].state == RLMI_TERMINATED)
			subscribe_singly(a, line);
		else if (r->list[i].state != RLMI_NONE)
			a->watches[line].stamp = a->list_stamp;
	}
}

/* Parts mostly come in the order of the resources, so the search goes on where the last one ended.
 */
static const struct rlmi_resource *resource_of(const struct rlmi *r, struct slice cid,
					       uint32_t *from)
{
	for (uint32_t n = 0; cid.n && n < r->n; n++) {
		uint32_t i = (*from + n) % r->n;

		if (slice_is(cid, rlmi_text(r, r->list[i].cid))) {
			*from = i + 1;
			return &r->list[i];
		}
	}
	return NULL;
}

/* A body that cannot be read costs the list nothing; the line asks for its own. */
static void take_line(struct sip_agent *a, uint32_t w, const struct rlmi_resource *res,
		      const char *uri, const struct multipart_part *part, bool first)
{
	uint32_t line = watch_by_uri(a, slice_str(uri));

	if (line == NONE || res->state == RLMI_TERMINATED)
		return;
	/* a list's documents are of the connector's package */
	if (a->watches[line].event != a->watches[w].event)
		return;
	if (a->watches[line].state == WATCH_LISTED && a->watches[line].list != w)
		return;
	if (!is_member(a, w, line))
		join(a, w, line);
	a->watches[line].stamp = a->list_stamp;
	a->watches[line].report_ms = a->now_ms;
	first = first || !a->watches[line].synced;
	if (report_body(a, line, w, NULL, part->content_type, part->body, first) >= 300 && first)
		subscribe_singly(a, line);
}

static uint16_t document(struct sip_agent *a, uint32_t w, const struct multipart *start,
			 uint32_t depth, bool first);

static uint16_t take_parts(struct sip_agent *a, uint32_t w, const struct multipart *start,
			   uint32_t depth, bool first)
{
	struct multipart m = *start, inner;
	const struct rlmi *r = &a->rlmi[depth];
	struct multipart_part part;
	uint32_t from = 0;
	uint16_t worst = 200, status;

	while (multipart_next(&m, &part)) {
		const struct rlmi_resource *res = resource_of(r, part.content_id, &from);

		if (!multipart_is(part.content_type)) {
			if (res)
				take_line(a, w, res, rlmi_text(r, res->uri), &part, first);
		} else if (depth + 1 < MULTIPART_DEPTH_MAX &&
			   multipart_open_nested(&inner, &m, &part) == ERR_OK) {
			status = document(a, w, &inner, depth + 1, first);
			worst = status > worst ? status : worst;
		}
	}
	return m.err ? 400 : worst;
}

static enum err read_rlmi(struct sip_agent *a, const struct multipart *start, struct rlmi *ret)
{
	struct multipart m = *start;
	struct multipart_part part;

	while (multipart_next(&m, &part))
		if (sip_type_is(part.content_type, "application/rlmi+xml"))
			return rlmi_read(a->xml, part.body, ret);
	return ERR_MALFORMED;
}

/* One list, or a list within a list: the outer one alone has a version that we follow. */
static uint16_t document(struct sip_agent *a, uint32_t w, const struct multipart *start,
			 uint32_t depth, bool first)
{
	struct watch *x = &a->watches[w];
	struct rlmi *r = &a->rlmi[depth];
	enum err e = read_rlmi(a, start, r);

	if (e)
		return e == ERR_LIMIT ? 413 : 400;
	if (depth == 0) {
		/* the first is full by definition (RFC 4662 4.5), and a gap means a lost change */
		if (!first && !r->full_state && x->has_version && r->version != x->version + 1)
			watch_renew(a, w);
		x->version = r->version;
		x->has_version = true;
	}
	take_resources(a, w, r);
	return take_parts(a, w, start, depth, first || r->full_state);
}

/* A full document names every line of the list: who is missing is no longer in it. */
static void sweep(struct sip_agent *a, uint32_t w)
{
	for (uint32_t m = a->watches[w].list_next, next; m != NONE; m = next) {
		next = a->watches[m].list_next;
		if (a->watches[m].stamp != a->list_stamp)
			subscribe_singly(a, m);
	}
}

uint16_t list_report(struct sip_agent *a, uint32_t w, const struct sip_msg *m, bool first)
{
	struct multipart start;
	uint16_t status;

	/* a list that is still asking its own lines */
	if (m->body.n == 0)
		return 200;
	struct slice type = sip_msg_header(m, SIP_CONTENT_TYPE);
	if (!multipart_is(type)) {
		outbox_note(&a->out, NOTE_LIST_REFUSED, ID_NONE, "%s: reported without a list",
			 a->watches[w].name);
		return 415;
	}
	if (multipart_open(&start, type, m->body)) {
		outbox_note(&a->out, NOTE_BAD_BODY, ID_NONE, "%s: multipart", a->watches[w].name);
		return 400;
	}
	a->list_stamp++;
	status = document(a, w, &start, 0, first);
	if (status >= 300)
		outbox_note(&a->out, NOTE_BAD_BODY, ID_NONE, "%s: list answered %u", a->watches[w].name,
			 status);
	else if (first || a->rlmi[0].full_state)
		sweep(a, w);
	return status;
}
