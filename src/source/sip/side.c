/* side.c - what a line is watched for beside its calls, and what those watches say: the user's
 * profile from package presence, DND and forwarding from as-feature-event. */
#include "base/check.h"
#include "proto/xml/feature_event.h"
#include "proto/xml/multipart.h"
#include "proto/xml/pidf.h"
#include "source/sip/publish.h"

const char *event_name(enum package event)
{
	static const char *const names[PACKAGE_COUNT] = { "dialog", "presence",
							  "as-feature-event" };

	CHECK(event < PACKAGE_COUNT);
	return names[event];
}

bool side_wanted(const struct sip_agent *a, enum package main, enum package event)
{
	if (event == main)
		return false;
	return event == PACKAGE_PRESENCE ? a->reads_profile
					 : event == PACKAGE_FEATURES && a->features;
}

static struct obs obs_for(const struct sip_agent *a, uint32_t watch, enum obs_kind kind)
{
	return (struct obs){ .kind = (uint8_t)kind,
			     .account = a->account,
			     .connector = a->connector,
			     .line = a->watches[watch].id,
			     .user = ID_NONE };
}

/* ---- the profile ---- */

static void emit_profile(struct sip_agent *a, uint32_t watch, bool full, enum profile profile,
			 int64_t until_ms)
{
	struct obs o = obs_for(a, watch, OBS_PROFILE);

	o.scope = full ? SCOPE_FULL : SCOPE_PARTIAL;
	o.profile.state = (uint8_t)profile;
	o.profile.until_wall_ms = until_ms;
	outbox_obs(&a->out, &o);
}

static enum profile profile_of(uint8_t stand)
{
	static const uint8_t profiles[PIDF_STAND_COUNT] = {
		[PIDF_NOTHING] = PROFILE_NONE,
		[PIDF_UNSAID] = PROFILE_NONE,
		[PIDF_AVAILABLE] = PROFILE_AVAILABLE,
		[PIDF_AWAY] = PROFILE_AWAY,
		[PIDF_BUSY] = PROFILE_BUSY,
		[PIDF_MEETING] = PROFILE_MEETING,
		[PIDF_NOT_AVAILABLE] = PROFILE_NOT_AVAILABLE,
	};

	return (enum profile)profiles[stand];
}

/* Until what goes on in place of an earlier run's publication is there, that one speaks for us; and
 * what a PBX lost while it was out of reach is about to be published again. */
static uint8_t own_of(const struct sip_agent *a, uint32_t line, const struct pidf *p, bool first)
{
	if (!pub_holds(a, line))
		return PIDF_NOTHING;
	if (p->own != PIDF_NOTHING || p->stale != PIDF_NOTHING)
		return p->own != PIDF_NOTHING ? p->own : p->stale;
	return first ? pub_stand(a, line) : (uint8_t)PIDF_NOTHING;
}

/* A document is the whole state (RFC 3863): with Do Not Disturb in it and Away no more, somebody who was
 * away has chosen the other. Of anything else nothing is said by DND: a lower rank does not hide it. */
static uint8_t others_of(const struct watch *x, const struct pidf *p)
{
	return p->dnd && p->others == PIDF_UNSAID && x->others == PIDF_AWAY ? (uint8_t)PIDF_AVAILABLE
									   : p->others;
}

/* A PBX merges what we published with what the user's own programs publish. Of the two, the one who
 * spoke last counts; a phone that only tells of a call says nothing, and what was stated before it
 * stands. */
void side_profile(struct sip_agent *a, uint32_t watch, const struct pidf *p, bool first)
{
	struct watch *x = &a->watches[watch];
	uint32_t line = x->main != NONE ? x->main : watch;
	uint8_t own, others = others_of(x, p);
	bool theirs = others > PIDF_UNSAID && others != x->others;

	if (first && a->writes_profile && a->watches[line].pub == NONE && p->stale > PIDF_UNSAID)
		pub_adopt(a, line, profile_of(p->stale), p->stale_until_ms);
	own = own_of(a, line, p, first);
	if (own != PIDF_NOTHING && own != x->own)
		x->own_last = true;
	else if (theirs)
		x->own_last = false;
	x->own = own;
	if (others != PIDF_UNSAID)
		x->others = others;
	if (own != PIDF_NOTHING && (x->own_last || x->others == PIDF_NOTHING))
		emit_profile(a, watch, first, profile_of(own),
			     own == p->own ? p->own_until_ms : p->stale_until_ms);
	else if (x->others != PIDF_NOTHING)
		emit_profile(a, watch, first, profile_of(x->others), p->others_until_ms);
	else if (first || others == PIDF_NOTHING)
		emit_profile(a, watch, true, PROFILE_NONE, TIME_NEVER);
	if (theirs && own != PIDF_NOTHING && !x->own_last)
		pub_withdraw(a, line);
}

void side_no_profile(struct sip_agent *a, uint32_t watch, bool first)
{
	const struct pidf nothing = { .others = PIDF_NOTHING };

	side_profile(a, watch, &nothing, first);
}

static uint16_t profile_report(struct sip_agent *a, uint32_t watch, struct slice type,
			       struct slice body, bool first)
{
	struct pidf p;
	enum err e;

	if (body.n == 0) {
		side_no_profile(a, watch, first);
		return 200;
	}
	if (!sip_type_is(type, "application/pidf+xml"))
		return 415;
	e = pidf_read(a->xml, body, a->own_id, &p);
	if (e)
		return report_unreadable(a, watch, e, "pidf");
	side_profile(a, watch, &p, first);
	if (!a->features)
		report_flag(a, watch, OBS_DND, p.dnd);
	return 200;
}

/* ---- DND and forwarding ---- */

static void emit_forward(struct sip_agent *a, uint32_t watch, const struct feature_event *f)
{
	struct obs o = obs_for(a, watch, OBS_FORWARD);

	/* where calls go only when the phone is busy or silent is nobody's absence */
	if (f->forward != FEATURE_FORWARD_IMMEDIATE)
		return;
	o.forward = !f->on					? FORWARD_NONE
		    : watch_by_uri(a, slice_str(f->to)) != NONE ? FORWARD_INTERNAL
								: FORWARD_EXTERNAL;
	outbox_obs(&a->out, &o);
}

static enum err take_feature(struct sip_agent *a, uint32_t watch, struct slice body)
{
	struct feature_event f;
	enum err e = feature_event_read(a->xml, body, &f);

	if (e)
		return e;
	if (f.kind == FEATURE_DND) {
		a->watches[watch].dnd = f.on;
		report_flag(a, watch, OBS_DND, f.on);
	} else if (f.kind == FEATURE_FORWARD) {
		emit_forward(a, watch, &f);
	}
	return ERR_OK;
}

static uint16_t features_report(struct sip_agent *a, uint32_t watch, struct slice type,
				struct slice body)
{
	struct multipart_part part;
	struct multipart m;
	enum err e = ERR_OK;

	if (body.n == 0)
		return 200;
	if (sip_type_is(type, FEATURE_EVENT_TYPE)) {
		e = take_feature(a, watch, body);
		return e ? report_unreadable(a, watch, e, "as-feature-event") : 200;
	}
	if (!multipart_is(type))
		return 415;
	e = multipart_open(&m, type, body);
	while (e == ERR_OK && multipart_next(&m, &part))
		if (sip_type_is(part.content_type, FEATURE_EVENT_TYPE))
			e = take_feature(a, watch, part.body);
	if (e == ERR_OK)
		e = m.err;
	return e ? report_unreadable(a, watch, e, "as-feature-event") : 200;
}

uint16_t side_report(struct sip_agent *a, uint32_t watch, struct slice type, struct slice body,
		     bool first)
{
	uint16_t status = a->watches[watch].event == PACKAGE_PRESENCE
				  ? profile_report(a, watch, type, body, first)
				  : features_report(a, watch, type, body);

	if (status == 415)
		outbox_note(&a->out, NOTE_BAD_BODY, a->watches[watch].id,
			    "%s: another content type",
			    event_name((enum package)a->watches[watch].event));
	return status;
}

/* ---- switching DND ---- */

static void kick(struct sip_agent *a, const struct watch *x)
{
	const struct sub *s = x->sub != NONE ? &a->subs[x->sub] : NULL;

	/* without a live subscription the next SUBSCRIBE takes it along */
	if (s && s->state == SUB_LIVE && s->txn == NONE && !s->queued.in)
		sub_queue(a, x->sub);
}

/* A DND that somebody else switched on is never switched off. */
void side_dnd(struct sip_agent *a, uint32_t line, const struct profile_write *w)
{
	uint32_t side = a->watches[line].side[PACKAGE_FEATURES];
	bool want = a->dnd_while >> w->state & 1;

	if (side == NONE)
		return;
	struct watch *x = &a->watches[side];
	x->dnd_ours |= w->dnd_ours && x->dnd;
	if (want && !x->dnd && !x->dnd_ours) {
		x->dnd_wish = DND_WISH_ON;
		x->dnd_ours = true;
	} else if (!want && x->dnd_ours) {
		x->dnd_wish = DND_WISH_OFF;
		x->dnd_ours = false;
	} else {
		return;
	}
	kick(a, x);
}

void side_dnd_sent(struct sip_agent *a, uint32_t watch, enum dnd_wish wish, uint16_t status)
{
	struct watch *x = watch != NONE ? &a->watches[watch] : NULL;
	bool again =
		status == 0 || status == 401 || status == 407 || status == 423 || status == 481;

	if (!x || !x->dnd_wish)
		return;
	if (x->dnd_wish != wish) {
		kick(a, x);
		return;
	}
	if (again)
		return;
	x->dnd_wish = DND_WISH_NONE;
	if (status >= 300)
		outbox_note(&a->out, NOTE_WRITE_REFUSED, x->id, "do not disturb of %s: %u %s",
			    x->name, status, sip_reason(status));
}
