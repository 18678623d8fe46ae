/* pbx_fault.c - misbehaviour on demand: each kind was seen with a real product or is in the RFCs. */
#include "base/check.h"
#include "pbx_own.h"

const char *pbx_fault_name(enum pbx_fault_kind k)
{
	static const char *const names[] = {
		[PBX_FAULT_NONE] = "none",	     [PBX_FAULT_SILENT] = "silent",
		[PBX_FAULT_OVERTAKEN] = "overtaken", [PBX_FAULT_SWAPPED] = "swapped",
		[PBX_FAULT_REPEATED] = "repeated",   [PBX_FAULT_AGAIN] = "again",
		[PBX_FAULT_LOST] = "lost",	     [PBX_FAULT_SKIPPED] = "skipped",
		[PBX_FAULT_STUCK] = "stuck",	     [PBX_FAULT_BUSY] = "busy",
		[PBX_FAULT_STALE] = "stale",	     [PBX_FAULT_TERMINATE] = "terminate",
		[PBX_FAULT_REFUSE] = "refuse",	     [PBX_FAULT_DROP_LINKS] = "drop-links",
		[PBX_FAULT_UNPUBLISH] = "unpublish", [PBX_FAULT_ODD_TAG] = "odd-tag",
	};
	_Static_assert(ARRAY_LEN(names) == PBX_FAULT_COUNT, "a name for each fault");

	return (unsigned)k < PBX_FAULT_COUNT ? names[k] : "?";
}

/* Is it this one's turn? Uses one of the count up. */
bool pbx_fault_take(struct pbx *p, enum pbx_fault_kind kind, uint32_t phone)
{
	if (!p->fault_left[kind] || (p->fault_phone[kind] != PBX_EXTERNAL && p->fault_phone[kind] != phone))
		return false;
	p->fault_left[kind]--;
	return true;
}

static void end_all_faults(struct pbx *p)
{
	memset(p->fault_left, 0, sizeof(p->fault_left));
	p->silent_until_ms = 0;
	for (uint32_t i = 0; i < p->phones_n; i++)
		p->phones[i].stuck_next = false;
	pbx_ghosts_end(p);
}

static bool concerns(const struct sub *s, uint32_t phone)
{
	return s->used && (phone == PBX_EXTERNAL || s->phone == phone);
}

static void each_sub(struct pbx *p, const struct pbx_fault *f)
{
	const char *reason = f->reason ? f->reason : "";

	for (uint32_t i = 0; i < p->subs_max; i++) {
		if (!concerns(&p->subs[i], f->phone))
			continue;
		if (f->kind == PBX_FAULT_AGAIN) {
			pbx_notify(p, i, NULL, 0);
			continue;
		}
		pbx_notify(p, i, reason, f->retry_after_s);
		pbx_sub_drop(p, i);
	}
}

static void close_links(struct pbx *p)
{
	for (uint32_t i = 0; i < p->chans_n; i++) {
		if (!p->chans[i].used)
			continue;
		pbx_emit_close(p, p->chans[i].id);
		pbx_chan_drop(p, &p->chans[i]);
	}
}

void pbx_fault(struct pbx *p, int64_t now_ms, const struct pbx_fault *f)
{
	p->now_ms = now_ms;
	switch ((enum pbx_fault_kind)f->kind) {
	case PBX_FAULT_NONE:
		end_all_faults(p);
		return;
	case PBX_FAULT_SILENT:
		p->silent_until_ms = now_ms + f->ms;
		return;
	case PBX_FAULT_STUCK:
		for (uint32_t i = 0; i < p->phones_n; i++)
			p->phones[i].stuck_next |= f->phone == PBX_EXTERNAL || f->phone == i;
		return;
	case PBX_FAULT_AGAIN:
	case PBX_FAULT_TERMINATE:
		each_sub(p, f);
		return;
	case PBX_FAULT_UNPUBLISH:
		pbx_pubs_forget(p, true);
		return;
	case PBX_FAULT_DROP_LINKS:
		close_links(p);
		return;
	case PBX_FAULT_BUSY:
		p->busy_retry_s = f->retry_after_s;
		break;
	case PBX_FAULT_REFUSE:
		p->refuse_status = f->status >= 300 && f->status <= 699 ? f->status : 500;
		break;
	case PBX_FAULT_OVERTAKEN:
	case PBX_FAULT_SWAPPED:
	case PBX_FAULT_REPEATED:
	case PBX_FAULT_LOST:
	case PBX_FAULT_SKIPPED:
	case PBX_FAULT_STALE:
	case PBX_FAULT_ODD_TAG:
		break;
	case PBX_FAULT_COUNT:
		return;
	}
	p->fault_left[f->kind] = f->count ? f->count : 1;
	p->fault_phone[f->kind] = f->phone;
}

/* Over UDP nobody is told that a subscription is forgotten; a stream closes, and that is seen. */
static void forget(struct pbx *p, uint32_t sub)
{
	const struct sub *s = &p->subs[sub];

	if (s->transport == PBX_UDP)
		pbx_mislead(p, s->phone, s->list, ++p->reports);
	pbx_sub_drop(p, sub);
}

/* Asterisk after kill -9: what was written a second ago counts, what is younger is lost. */
static void step_back(struct pbx *p, uint32_t sub)
{
	struct sub *s = &p->subs[sub];

	if (p->now_ms - s->created_ms < 1000) {
		forget(p, sub);
		return;
	}
	s->cseq -= s->cseq > 2 ? 2 : s->cseq - 1;
	s->version -= s->version > 2 ? 2 : s->version;
}

static void forget_answers_in_flight(struct pbx *p)
{
	for (uint32_t i = 0; i < p->txns_max; i++)
		if (p->txns[i].used)
			pbx_txn_free(p, i);
	for (uint32_t i = 0; i < p->subs_max; i++)
		p->subs[i].held = NONE;
}

void pbx_restart(struct pbx *p, int64_t now_ms, enum pbx_restart_mode mode, int64_t down_ms,
		 bool end_calls)
{
	p->now_ms = now_ms;
	/* From here on nothing gets out, so that calls that end now end unseen. */
	p->down_until_ms = now_ms + (down_ms > 0 ? down_ms : 1);
	if (end_calls)
		pbx_calls_end_all(p);
	close_links(p);
	forget_answers_in_flight(p);
	for (uint32_t i = 0; i < p->subs_max; i++) {
		if (!p->subs[i].used)
			continue;
		if (mode == PBX_RESTART_FORGET)
			forget(p, i);
		else if (mode == PBX_RESTART_STEP_BACK)
			step_back(p, i);
	}
	if (mode == PBX_RESTART_FORGET) {
		end_all_faults(p);
		pbx_pubs_forget(p, false);
	}
	p->waking = mode != PBX_RESTART_FORGET;
	wheel_set(p->wheel, wheel_world(p), p->down_until_ms);
}
