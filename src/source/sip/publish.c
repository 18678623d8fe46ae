#include "source/sip/publish.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/check.h"
#include "proto/xml/dialog_info.h"
#include "proto/xml/pidf.h"

enum {
	SPARE_PUBS = 16, /* of removed lines, on their way out */
	RETRY_MS = 5000,
	SOON_MS = 3000, /* after the link came up: what the engine writes anew goes first */
	ETAG_MAX = 256,
	EXPIRES_MAX_S = 900, /* what a killed daemon leaves behind ends by itself: soon */
	LAMP_EXPIRES_S = 300, /* sooner: nobody takes it over */
	/* Of a lamp. Dark is said, for Kamailio's watchers hear nothing of a publication that is taken back;
	 * then it is left to end by itself. */
	DARK = 0,
	LIT = 1,
	RAISED_MAX = 2,
	TRIES_MAX = 8,
};

static const struct {
	enum pidf_stand stand;
	const char *label;
} words[PROFILE_COUNT] = {
#define PROFILE(id, name, label, reads_as) [PROFILE_##id] = { PIDF_##id, label },
#include "core/names.def"
};

enum err pub_init(struct sip_agent *a, uint32_t lines_max)
{
	uint32_t n = (a->writes_profile ? lines_max : 0) + (a->lamps ? lines_max : 0);

	n += n ? SPARE_PUBS : 0;
	a->pub_queue = (struct queue){ NONE, NONE, 0 };
	a->pubs_spare = NONE;
	if (n == 0)
		return ERR_OK;
	a->pubs = calloc(n, sizeof(*a->pubs));
	if (!a->pubs)
		return ERR_NO_MEMORY;
	a->pubs_n = n;
	for (uint32_t i = 0; i < n; i++)
		a->pubs[i].next = i + 1 < n ? i + 1 : NONE;
	a->pubs_spare = 0;
	return ERR_OK;
}

void pub_fini(struct sip_agent *a)
{
	for (uint32_t i = 0; i < a->pubs_n; i++) {
		free(a->pubs[i].aor);
		free(a->pubs[i].etag);
	}
	free(a->pubs);
}

/* sip:201@pbx, or for a lamp sip:teams-201@pbx; NULL: too long. */
static char *name_of(const struct sip_agent *a, uint32_t watch, enum package event)
{
	struct buf plain, b;
	size_t scheme;
	char *text;

	buf_init(&plain, SIP_URI_MAX);
	buf_init(&b, SIP_URI_MAX);
	request_put_aor(a, &a->watches[watch], &plain);
	scheme = slice_find(buf_view(&plain), ':') + 1;
	buf_slice(&b, slice_sub(buf_view(&plain), 0, scheme));
	buf_str(&b, event == PACKAGE_DIALOG ? "teams-" : "");
	buf_slice(&b, slice_sub(buf_view(&plain), scheme, SIZE_MAX));
	text = buf_err(&plain) == ERR_OK && buf_err(&b) == ERR_OK ? strdup(buf_cstr(&b)) : NULL;
	buf_fini(&plain);
	buf_fini(&b);
	return text;
}

static uint32_t *place_of(struct sip_agent *a, uint32_t watch, uint8_t event)
{
	return event == PACKAGE_DIALOG ? &a->watches[watch].lamp_pub : &a->watches[watch].pub;
}

static uint32_t expires_of(const struct sip_agent *a, enum package event)
{
	uint32_t max = event == PACKAGE_DIALOG ? LAMP_EXPIRES_S : EXPIRES_MAX_S;

	return a->expires_s < max ? a->expires_s : max;
}

static uint32_t pub_new(struct sip_agent *a, uint32_t watch, enum package event)
{
	uint32_t i = a->pubs_spare;
	char *text = i == NONE ? NULL : name_of(a, watch, event);

	if (!text)
		return NONE;
	a->pubs_spare = a->pubs[i].next;
	a->pubs[i] = (struct pub){ .aor = text,
				   .call = agent_token(a),
				   .tag = agent_token(a),
				   .dialog = agent_token(a),
				   .watch = watch,
				   .next = NONE,
				   .txn = NONE,
				   .expires_s = expires_of(a, event),
				   .event = (uint8_t)event,
				   .wanted = PROFILE_NONE,
				   .sent = PROFILE_NONE,
				   .held = PROFILE_NONE,
				   .used = true };
	*place_of(a, watch, (uint8_t)event) = i;
	return i;
}

static void unqueue(struct sip_agent *a, uint32_t i)
{
	if (a->pubs[i].queued.in)
		QUEUE_CUT(&a->pub_queue, a->pubs, i);
	wheel_set(a->wheel, wheel_pub(a, i), WHEEL_NEVER);
}

static void pub_free(struct sip_agent *a, uint32_t i)
{
	struct pub *p = &a->pubs[i];

	CHECK(p->txn == NONE && (p->watch == NONE || p->event == PACKAGE_DIALOG));
	if (p->watch != NONE)
		a->watches[p->watch].lamp_pub = NONE;
	unqueue(a, i);
	free(p->aor);
	free(p->etag);
	*p = (struct pub){ .next = a->pubs_spare };
	a->pubs_spare = i;
}

/* What is in flight is answered first. */
static void queue(struct sip_agent *a, uint32_t i)
{
	wheel_set(a->wheel, wheel_pub(a, i), WHEEL_NEVER);
	if (a->pubs[i].txn == NONE && !a->pubs[i].queued.in)
		QUEUE_PUSH(&a->pub_queue, a->pubs, i);
}

static void forget_tag(struct pub *p)
{
	free(p->etag);
	p->etag = NULL;
	p->held = PROFILE_NONE;
}

static void written(struct sip_agent *a, struct pub *p, enum write_result result, const char *why,
		    uint16_t status)
{
	if (!p->asked || p->watch == NONE)
		return;
	p->asked = false;
	if (status)
		outbox_written(&a->out, a->watches[p->watch].id, p->generation, result,
			       "%s (%u %s)", why, status, sip_reason(status));
	else
		outbox_written(&a->out, a->watches[p->watch].id, p->generation, result, "%s", why);
}

/* ---- what the engine and the other parts want ---- */

void pub_write(struct sip_agent *a, uint32_t watch, const struct profile_write *w)
{
	uint32_t i = a->watches[watch].pub;

	if (i == NONE)
		i = pub_new(a, watch, PACKAGE_PRESENCE);
	if (i == NONE) {
		outbox_written(&a->out, a->watches[watch].id, w->generation, WRITE_UNSURE,
			       "too many publications at a time");
		return;
	}
	struct pub *p = &a->pubs[i];
	written(a, p, WRITE_UNSURE, "a later one took its place", 0);
	p->wanted = w->state;
	p->until_ms = w->until_wall_ms;
	p->generation = w->generation;
	p->asked = true;
	p->tries = p->raised = 0;
	queue(a, i);
}

void pub_lamp(struct sip_agent *a, uint32_t watch, bool lit)
{
	uint32_t i = a->watches[watch].lamp_pub;

	a->watches[watch].lit = lit;
	if (i == NONE && lit)
		i = pub_new(a, watch, PACKAGE_DIALOG);
	if (i != NONE && a->pubs[i].adopted) {
		a->pubs[i].adopted = false;
		if (lit && link_ready(a)) /* as it was: refreshed, for as long as it lasts */
			queue(a, i);
	}
	if (i == NONE || a->pubs[i].wanted == (lit ? LIT : DARK))
		return;
	a->pubs[i].wanted = lit ? LIT : DARK;
	if (lit) /* a dialog that has ended stays ended */
		a->pubs[i].dialog = agent_token(a);
	a->pubs[i].until_ms = TIME_NEVER;
	a->pubs[i].tries = a->pubs[i].raised = 0;
	if (link_ready(a))
		queue(a, i);
}

void pub_adopt_lamp(struct sip_agent *a, uint32_t watch, struct slice name)
{
	uint32_t i = a->watches[watch].lamp_pub;
	struct slice id = name, etag = SLICE_NONE;
	uint64_t dialog = 0;
	char *tag = slice_split(&id, ' ', &etag) && sip_is_token(etag) && etag.n <= ETAG_MAX &&
				    agent_hex(id, &dialog)
			    ? strndup(etag.p, etag.n)
			    : NULL;

	if (tag && i == NONE)
		i = pub_new(a, watch, PACKAGE_DIALOG);
	if (!tag || i == NONE || a->pubs[i].etag) {
		free(tag);
		return;
	}
	struct pub *p = &a->pubs[i];
	p->etag = tag;
	p->dialog = dialog;
	p->kept = p->adopted = true;
	p->wanted = p->held = LIT;
	p->until_ms = p->held_until_ms = TIME_NEVER;
}

/* What was refused is not wanted any more, before it is lit anew. */
void pub_lamp_view(const struct sip_agent *a, uint32_t watch, struct source_line_view *ret)
{
	const struct watch *x = &a->watches[watch];
	const struct pub *p = x->lamp_pub == NONE ? NULL : &a->pubs[x->lamp_pub];

	if (!a->lamps || !watch_is_line(x) || (!p && !x->lit))
		return;
	if (x->lit && (!p || p->wanted != LIT))
		snprintf(ret->lamp_refusal, sizeof(ret->lamp_refusal), "%s", "the pbx refused its PUBLISH");
	else
		snprintf(ret->lamp, sizeof(ret->lamp), "%.76s: %s", p->aor,
			 p->held == LIT ? "confirmed" : p->held == DARK ? "terminated" : "not known");
}

bool pub_holds(const struct sip_agent *a, uint32_t watch)
{
	uint32_t i = a->watches[watch].pub;

	/* the report of what was just published may overtake the answer */
	return i != NONE && (a->pubs[i].etag || a->pubs[i].txn != NONE || a->pubs[i].queued.in) &&
	       a->pubs[i].wanted != PROFILE_NONE;
}

uint8_t pub_stand(const struct sip_agent *a, uint32_t watch)
{
	uint32_t i = a->watches[watch].pub;

	return i != NONE && a->pubs[i].wanted < PROFILE_COUNT
		       ? (uint8_t)words[a->pubs[i].wanted].stand
		       : (uint8_t)PIDF_NOTHING;
}

void pub_adopt(struct sip_agent *a, uint32_t watch, enum profile profile, int64_t until_ms)
{
	uint32_t i = pub_new(a, watch, PACKAGE_PRESENCE);

	if (i == NONE)
		return;
	a->pubs[i].wanted = (uint8_t)profile;
	a->pubs[i].until_ms = until_ms;
	queue(a, i);
}

void pub_withdraw(struct sip_agent *a, uint32_t watch)
{
	uint32_t i = a->watches[watch].pub;

	if (i == NONE || a->pubs[i].wanted == PROFILE_NONE || a->pubs[i].asked)
		return;
	a->pubs[i].wanted = PROFILE_NONE;
	queue(a, i);
}

/* It outlives its line for as long as it takes to tell the PBX. */
static void line_removed(struct sip_agent *a, uint32_t watch, uint8_t event)
{
	uint32_t i = *place_of(a, watch, event);

	if (i == NONE)
		return;
	struct pub *p = &a->pubs[i];
	*place_of(a, watch, event) = NONE;
	p->watch = NONE;
	p->wanted = event == PACKAGE_DIALOG ? DARK : PROFILE_NONE;
	p->asked = false;
	if (!link_ready(a) || (!p->etag && p->txn == NONE))
		pub_free(a, i);
	else
		queue(a, i);
}

void pub_line_removed(struct sip_agent *a, uint32_t watch)
{
	line_removed(a, watch, PACKAGE_PRESENCE);
	line_removed(a, watch, PACKAGE_DIALOG);
}

void pub_all_start(struct sip_agent *a)
{
	/* what was refused over the last link is tried once more */
	for (uint32_t w = 0; w < a->watches_n && a->lamps; w++)
		if (a->watches[w].state != WATCH_FREE && watch_is_line(&a->watches[w]) && a->watches[w].lit)
			pub_lamp(a, w, true);
	for (uint32_t i = 0; i < a->pubs_n; i++)
		if (a->pubs[i].used && !a->pubs[i].adopted &&
		    (a->pubs[i].wanted != PROFILE_NONE || a->pubs[i].etag))
			wheel_set(a->wheel, wheel_pub(a, i),
				  a->now_ms + SOON_MS + agent_jitter(a, SOON_MS));
}

/* The engine forgets its writes with the link. What the PBX made of the last ones nobody knows. */
void pub_all_stop(struct sip_agent *a)
{
	for (uint32_t i = 0; i < a->pubs_n; i++) {
		struct pub *p = &a->pubs[i];

		if (!p->used)
			continue;
		unqueue(a, i);
		p->asked = false;
		p->held = PROFILE_NONE;
		p->tries = p->raised = 0;
		if (p->watch == NONE)
			pub_free(a, i);
	}
}

/* Dark, as the PBX has been told: what it was told has ended by now. */
static bool is_dark(const struct pub *p)
{
	return p->event == PACKAGE_DIALOG && p->wanted == DARK && (!p->etag || p->held == DARK);
}

void pub_due(struct sip_agent *a, uint32_t i)
{
	if (is_dark(&a->pubs[i]) && a->pubs[i].txn == NONE)
		pub_free(a, i);
	else
		queue(a, i);
}

/* ---- requests ---- */

bool pub_send(struct sip_agent *a, uint32_t i)
{
	struct pub *p = &a->pubs[i];

	/* nothing is wanted and nothing is held: all is done */
	if ((p->wanted == PROFILE_NONE || is_dark(p)) && !p->etag) {
		QUEUE_CUT(&a->pub_queue, a->pubs, i);
		if (p->watch == NONE || p->event == PACKAGE_DIALOG)
			pub_free(a, i);
		return true;
	}
	/* Kamailio 5.6 answers 200 to what brings a terminated dialog back, and tells nobody: the dark one is
	 * left to end by itself */
	if (p->event == PACKAGE_DIALOG && p->wanted == LIT && p->held == DARK)
		forget_tag(p);
	p->sent = p->wanted;
	p->sent_until_ms = p->until_ms;
	p->matched = p->etag != NULL;
	if (!txn_start(a, TXN_PUBLISH, i))
		return false;
	QUEUE_CUT(&a->pub_queue, a->pubs, i);
	return true;
}

void pub_put_headers(const struct sip_agent *a, uint32_t i, struct buf *b)
{
	const struct pub *p = &a->pubs[i];

	sip_put(b, "Event", p->event == PACKAGE_DIALOG ? SLICE_LIT("dialog") : SLICE_LIT("presence"));
	sip_put_fmt(b, "Expires", "%u", p->sent == PROFILE_NONE ? 0 : p->expires_s);
	if (p->matched)
		sip_put(b, "SIP-If-Match", slice_str(p->etag));
}

/* RFC 3903 4.1: a refresh and a removal carry none. */
void pub_put_body(const struct sip_agent *a, uint32_t i, struct buf *body)
{
	const struct pub *p = &a->pubs[i];
	char id[sizeof(a->own_id)];

	if (p->sent >= PROFILE_COUNT ||
	    (p->matched && p->sent == p->held && p->sent_until_ms == p->held_until_ms))
		return;
	if (p->event == PACKAGE_DIALOG) {
		snprintf(id, sizeof(id), PIDF_OWN_ID "-%016llx", (unsigned long long)p->dialog);
		dialog_info_put(body, slice_str(p->aor), id, p->cseq, p->sent == LIT);
		return;
	}
	const struct pidf_statement s = { a->own_id, (uint8_t)words[p->sent].stand,
					  slice_str(words[p->sent].label), p->sent_until_ms };
	pidf_put(body, slice_str(p->aor), &s);
}

/* ---- answers ---- */

static void rest(struct sip_agent *a, uint32_t i)
{
	struct pub *p = &a->pubs[i];
	int64_t ms = (int64_t)RETRY_MS << p->tries;

	p->tries += p->tries < TRIES_MAX;
	wheel_set(a->wheel, wheel_pub(a, i),
		  a->now_ms + agent_jitter(a, ms < RETRY_MAX_MS ? ms : RETRY_MAX_MS));
}

/* Nothing is held, nothing wanted, and nobody will want anything here. */
static bool is_over(const struct pub *p)
{
	return p->event == PACKAGE_DIALOG ? is_dark(p) && (!p->etag || p->watch == NONE)
					  : !p->etag && p->watch == NONE;
}

/* The transaction is over: the line may have gone, or something else be wanted meanwhile. */
static bool overtaken(struct sip_agent *a, uint32_t i)
{
	struct pub *p = &a->pubs[i];

	if (is_over(p)) {
		pub_free(a, i);
		return true;
	}
	if (p->wanted == p->sent && p->until_ms == p->sent_until_ms)
		return false;
	queue(a, i);
	return true;
}

/* Of a lit lamp, so that the next process can put it out. */
static void keep(struct sip_agent *a, struct pub *p)
{
	bool lit = p->held == LIT && p->etag;
	char name[ETAG_MAX + 20] = "";

	if (p->event != PACKAGE_DIALOG || p->watch == NONE || (!lit && !p->kept))
		return;
	if (lit)
		snprintf(name, sizeof(name), "%s %016llx", p->etag, (unsigned long long)p->dialog);
	outbox_keep(&a->out, a->watches[p->watch].id, slice_str(name));
	p->kept = lit;
}

static void taken(struct sip_agent *a, uint32_t i, const struct sip_msg *m)
{
	struct pub *p = &a->pubs[i];
	struct slice etag = sip_msg_header_named(m, "SIP-ETag");
	uint64_t seconds = p->expires_s;

	p->tries = p->raised = 0;
	a->publish_refused = 0;
	forget_tag(p);
	if (p->sent != PROFILE_NONE && sip_is_token(etag) && etag.n <= ETAG_MAX)
		p->etag = strndup(etag.p, etag.n);
	p->held = p->sent;
	p->held_until_ms = p->sent_until_ms;
	keep(a, p);
	if (overtaken(a, i))
		return;
	written(a, p, WRITE_ACCEPTED, "", 0);
	if (p->sent == PROFILE_NONE)
		return;
	sip_msg_number(m, SIP_EXPIRES, seconds, &seconds);
	int64_t life = (int64_t)(seconds > 2 ? seconds : 2) * 1000;
	wheel_set(a->wheel, wheel_pub(a, i),
		  is_dark(p) ? a->now_ms + life
			     : a->now_ms + life * 3 / 4 + prng_range(&a->prng, 0, life / 7));
}

/* 423: longer lives are wanted (RFC 3903 4.1). */
static bool raise_expires(struct pub *p, const struct sip_msg *m)
{
	uint64_t min;

	if (m->status != 423 || p->raised >= RAISED_MAX || p->sent == PROFILE_NONE ||
	    !sip_msg_number(m, SIP_MIN_EXPIRES, SIP_SECONDS_MAX, &min) || min <= p->expires_s)
		return false;
	p->raised++;
	p->expires_s = (uint32_t)min;
	return true;
}

/* A PBX that will not, as opposed to one that cannot just now. */
static bool is_refusal(uint16_t status)
{
	static const uint16_t later[] = { 401, 407, 408, 412, 423, 429, 430,
					  480, 482, 483, 486, 487, 491, 600 };

	for (size_t i = 0; i < ARRAY_LEN(later); i++)
		if (status == later[i])
			return false;
	return status < 500 || status >= 600 || status == 501 || status == 505;
}

static const char *refusal_text(uint16_t status)
{
	switch (status) {
	case 403:
		return "the pbx does not let this account publish for the line";
	case 404:
	case 604:
		return "the pbx does not know the line";
	case 405:
	case 489:
	case 501:
		return "the pbx takes no published presence";
	case 415:
		return "the pbx does not take PIDF";
	default:
		return "refused by the pbx";
	}
}

static void refused(struct sip_agent *a, uint32_t i, uint16_t status)
{
	struct pub *p = &a->pubs[i];

	if (status != 404 && status != 604)
		a->publish_refused = status;
	outbox_note(&a->out, NOTE_WRITE_REFUSED,
		    p->watch == NONE ? ID_NONE : a->watches[p->watch].id, "PUBLISH %s: %u %s",
		    p->aor, status, sip_reason(status));
	if (overtaken(a, i))
		return;
	p->wanted = p->event == PACKAGE_DIALOG ? DARK : PROFILE_NONE;
	written(a, p, WRITE_REFUSED, refusal_text(status), status);
	if (is_over(p))
		pub_free(a, i);
}

void pub_answered(struct sip_agent *a, uint32_t i, const struct sip_msg *m)
{
	struct pub *p = &a->pubs[i];

	if (m->status < 300) {
		taken(a, i, m);
		return;
	}
	if (raise_expires(p, m)) {
		queue(a, i);
		return;
	}
	/* 412 says that the PBX does not know the tag; Kamailio says 500 to one that it cannot
	 * read, as after an update. Whatever it was: afresh. */
	if (p->matched && m->status != 401 && m->status != 407 && m->status != 503) {
		forget_tag(p);
		queue(a, i);
		return;
	}
	if (is_refusal(m->status)) {
		refused(a, i, m->status);
		return;
	}
	if (overtaken(a, i))
		return;
	written(a, p, WRITE_UNSURE, "the pbx cannot take it now", m->status);
	rest(a, i);
}

void pub_timed_out(struct sip_agent *a, uint32_t i)
{
	struct pub *p = &a->pubs[i];

	p->held = PROFILE_NONE;
	if (p->watch == NONE) {
		pub_free(a, i);
		return;
	}
	outbox_note(&a->out, NOTE_TIMED_OUT, a->watches[p->watch].id, "PUBLISH %s", p->aor);
	if (overtaken(a, i))
		return;
	written(a, p, WRITE_UNSURE, "no answer from the pbx", 0);
	rest(a, i);
}
