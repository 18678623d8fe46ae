#include "proto/xml/dialog_info.h"
#include "proto/xml/pidf.h"
#include "source/sip/agent.h"

static struct obs obs_for(const struct sip_agent *a, uint32_t line, enum obs_kind kind)
{
	return (struct obs){ .kind = (uint8_t)kind,
			     .account = a->account,
			     .connector = a->connector,
			     .line = a->watches[line].id,
			     .user = ID_NONE };
}

static void emit_call(struct sip_agent *a, uint32_t line, enum obs_scope scope, uint64_t key,
		      enum call_state call)
{
	struct obs o = obs_for(a, line, OBS_CALL);

	o.scope = (uint8_t)scope;
	o.call_key = key;
	o.call = (uint8_t)call;
	if (scope == SCOPE_FULL) {
		a->watches[line].synced = true;
		a->watches[line].call_state = (uint8_t)call;
	}
	outbox_obs(&a->out, &o);
}

uint16_t report_unreadable(struct sip_agent *a, uint32_t line, enum err e, const char *what)
{
	outbox_note(&a->out, NOTE_BAD_BODY, a->watches[line].id, "%s: %s", what, err_name(e));
	return e == ERR_LIMIT ? 413 : e == ERR_NO_MEMORY ? 500 : 400;
}

/* ---- dialog-info ---- */

/* How busy a call makes its line. */
static int rank(enum call_state c)
{
	static const uint8_t ranks[CALL_COUNT] = {
		[CALL_GONE] = 0, [CALL_RINGING] = 1, [CALL_DIALING] = 2,
		[CALL_HELD] = 3, [CALL_TALKING] = 4, [CALL_CONFERENCE] = 5
	};

	return ranks[c];
}

/* RFC 4235 3.7.1 in our words. An unanswered dialog counts as placed by the line only where the PBX
 * says so: without a direction nobody knows, and ringing is the harmless reading. */
static enum call_state call_of(const struct dialog_entry *d)
{
	switch ((enum dialog_state)d->state) {
	case DIALOG_TRYING:
	case DIALOG_PROCEEDING:
	case DIALOG_EARLY:
		return d->initiator ? CALL_DIALING : CALL_RINGING;
	case DIALOG_CONFIRMED:
		return d->held ? CALL_HELD : d->focus ? CALL_CONFERENCE : CALL_TALKING;
	case DIALOG_TERMINATED:
	case DIALOG_OTHER:
	case DIALOG_STATE_COUNT:
		break;
	}
	return CALL_GONE;
}

/* Is this partial document the next one? Only the coherence of partial ones needs the version (RFC
 * 4235 4.3): the order is told by CSeq, and PBXs start anew with 0. */
static bool is_next(struct sip_agent *a, struct watch *x, uint32_t owner,
		    const struct dialog_info *d, bool first)
{
	bool known = x->has_version && d->has_version && !first && !d->full;
	bool gap = known && d->version != x->version + 1;
	bool old = gap && d->version <= x->version;

	if (gap)
		watch_renew(a, owner);
	if (!old) {
		x->version = d->version;
		x->has_version = d->has_version;
	}
	return !old;
}

/* The busiest call first, endings last: no state in between is lower than the document's. */
static void emit_document(struct sip_agent *a, uint32_t line, const struct dialog_info *d,
			  bool full)
{
	bool first = full;

	for (int r = CALL_COUNT; r > 0; r--) {
		for (uint32_t i = 0; i < d->n; i++) {
			enum call_state c = call_of(&d->list[i]);

			if (rank(c) != r)
				continue;
			emit_call(a, line, first ? SCOPE_FULL : SCOPE_PARTIAL, d->list[i].key, c);
			first = false;
		}
	}
	if (first)
		emit_call(a, line, SCOPE_FULL, 0, CALL_GONE);
	for (uint32_t i = 0; !full && i < d->n; i++)
		if (d->list[i].state == DIALOG_TERMINATED)
			emit_call(a, line, SCOPE_GONE, d->list[i].key, CALL_GONE);
}

static bool is_forked(const struct sub *s)
{
	return s && (s->fork_of != NONE || s->next_fork != NONE);
}

/* Several notifiers speak for one line: it is as busy as the busiest of them says. */
void report_forks(struct sip_agent *a, uint32_t line, uint32_t primary)
{
	enum call_state best = CALL_GONE;

	if (a->watches[line].main != NONE)
		return;
	for (uint32_t i = primary; i != NONE; i = a->subs[i].next_fork)
		if (rank((enum call_state)a->subs[i].call_state) > rank(best))
			best = (enum call_state)a->subs[i].call_state;
	emit_call(a, line, SCOPE_FULL, 0, best);
}

static void emit_forked(struct sip_agent *a, uint32_t line, struct sub *s, enum call_state busiest)
{
	s->call_state = (uint8_t)busiest;
	report_forks(a, line, s->fork_of != NONE ? s->fork_of : (uint32_t)(s - a->subs));
}

static uint16_t dialog_report(struct sip_agent *a, uint32_t line, uint32_t owner, struct sub *s,
			      struct slice body, bool first)
{
	struct watch *x = &a->watches[line];
	enum call_state busiest = CALL_GONE;
	struct dialog_info d;
	enum err e = dialog_info_read(a->xml, body, &d);

	if (e)
		return report_unreadable(a, line, e, "dialog-info");
	if (!is_next(a, x, owner, &d, first))
		return 200;
	for (uint32_t i = 0; i < d.n; i++)
		if (rank(call_of(&d.list[i])) > rank(busiest))
			busiest = call_of(&d.list[i]);
	/* of a partial document's ends a forked line keeps no table: ask for the whole */
	if (is_forked(s) && !d.full && !first && busiest == CALL_GONE)
		watch_renew(a, owner);
	else if (is_forked(s))
		emit_forked(a, line, s, busiest);
	else
		emit_document(a, line, &d, d.full || first);
	if (s)
		s->call_state = (uint8_t)busiest;
	return 200;
}

/* ---- PIDF ---- */

/* Asterisk writes "Ringing" beside on-the-phone for a phone that rings, and the same bytes when a
 * second call rings during the first: a line that talks goes on talking. */
static enum call_state presence_call(const struct watch *x, const struct pidf *p)
{
	bool talks = x->synced && rank((enum call_state)x->call_state) >= rank(CALL_HELD);

	if (p->closed && !p->open && !p->on_the_phone)
		return CALL_GONE;
	if (p->ringing)
		return talks && p->on_the_phone ? (enum call_state)x->call_state : CALL_RINGING;
	if (p->held)
		return CALL_HELD;
	return p->on_the_phone ? CALL_TALKING : CALL_GONE;
}

void report_flag(struct sip_agent *a, uint32_t line, enum obs_kind kind, bool on)
{
	struct obs o = obs_for(a, line, kind);

	if (kind == OBS_DND)
		o.on = on;
	else
		o.registered = on;
	outbox_obs(&a->out, &o);
}

/* Rises first, then the call report that synchronises the line, then what falls. */
static uint16_t presence_report(struct sip_agent *a, uint32_t line, struct sub *s,
				struct slice body, bool first)
{
	bool registered;
	struct pidf p;
	enum call_state call;
	enum err e = pidf_read(a->xml, body, a->own_id, &p);

	if (e)
		return report_unreadable(a, line, e, "pidf");
	registered = !p.unavailable && (p.open || !p.closed || p.on_the_phone);
	call = presence_call(&a->watches[line], &p);
	if (registered)
		report_flag(a, line, OBS_REGISTRATION, true);
	if (p.dnd && !a->features)
		report_flag(a, line, OBS_DND, true);
	if (a->reads_profile)
		side_profile(a, line, &p, first);
	if (s)
		s->call_state = (uint8_t)call;
	if (is_forked(s))
		emit_forked(a, line, s, call);
	else
		emit_call(a, line, SCOPE_FULL, 0, call);
	if (!p.dnd && !a->features)
		report_flag(a, line, OBS_DND, false);
	if (!registered)
		report_flag(a, line, OBS_REGISTRATION, false);
	return 200;
}

uint16_t report_body(struct sip_agent *a, uint32_t line, uint32_t owner, struct sub *s,
		     struct slice type, struct slice body, bool first)
{
	static const char *const types[] = { "application/dialog-info+xml",
					     "application/pidf+xml" };
	bool presence = a->watches[owner].event == PACKAGE_PRESENCE;

	if (a->watches[owner].main != NONE)
		return side_report(a, owner, type, body, first);
	/* nothing is known at the PBX: no call (Kamailio's first NOTIFY, pbx that answers for idle
	 * lines) */
	if (body.n == 0) {
		a->watches[line].has_version = false;
		if (is_forked(s))
			emit_forked(a, line, s, CALL_GONE);
		else
			emit_call(a, line, SCOPE_FULL, 0, CALL_GONE);
		if (s)
			s->call_state = CALL_GONE;
		if (presence && a->reads_profile)
			side_no_profile(a, line, first);
		return 200;
	}
	if (!sip_type_is(type, types[presence])) {
		outbox_note(&a->out, NOTE_BAD_BODY, a->watches[line].id, "another content type");
		return 415;
	}
	return presence ? presence_report(a, line, s, body, first)
			: dialog_report(a, line, owner, s, body, first);
}
