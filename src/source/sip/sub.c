#include "base/check.h"
#include "source/sip/agent.h"

static const struct sm_state sub_moves[SUB_STATES] = {
	[SUB_FREE] = { "free", SM_TO(SUB_ASKING) | SM_TO(SUB_LIVE) },
	[SUB_ASKING] = { "asking", SM_TO(SUB_SILENT) | SM_TO(SUB_LIVE) | SM_TO(SUB_LEAVING) |
					   SM_TO(SUB_FREE) },
	[SUB_SILENT] = { "silent", SM_TO(SUB_LIVE) | SM_TO(SUB_LEAVING) | SM_TO(SUB_FREE) },
	[SUB_LIVE] = { "live", SM_TO(SUB_LEAVING) | SM_TO(SUB_FREE) },
	[SUB_LEAVING] = { "leaving", SM_TO(SUB_FREE) },
};

static uint32_t take_slot(struct sip_agent *a)
{
	uint32_t i = a->subs_spare;

	if (i == NONE)
		return NONE;
	a->subs_spare = a->subs[i].next_fork;
	a->subs[i] = (struct sub){ .watch = NONE, .txn = NONE, .fork_of = NONE, .next_fork = NONE };
	return i;
}

static void give_slot(struct sip_agent *a, uint32_t i)
{
	a->subs[i].next_fork = a->subs_spare;
	a->subs_spare = i;
}

uint32_t sub_new(struct sip_agent *a, uint32_t watch)
{
	uint32_t i = take_slot(a);
	struct sub *s = &a->subs[i];
	struct buf aor;
	enum err e;

	if (i == NONE)
		return NONE;
	buf_init(&aor, SIP_URI_MAX);
	request_put_aor(a, &a->watches[watch], &aor);
	e = buf_err(&aor);
	if (e == ERR_OK)
		e = dialog_set(&s->dialog, buf_view(&aor), SLICE_NONE, buf_view(&aor), SLICE_NONE);
	buf_fini(&aor);
	s->call = agent_token(a);
	s->tag = agent_token(a);
	if (e == ERR_OK)
		e = map_add(&a->by_call, s->call, i);
	if (e) {
		dialog_fini(&s->dialog);
		give_slot(a, i);
		return NONE;
	}
	s->watch = watch;
	s->event = a->watches[watch].event;
	s->expires_ms = a->now_ms;
	sm_move(sub_moves, &s->state, SUB_ASKING);
	return i;
}

uint32_t sub_fork(struct sip_agent *a, uint32_t of)
{
	struct sub *first = &a->subs[of];
	uint32_t forks = 0, i = NONE;

	for (uint32_t f = first->next_fork; f != NONE; f = a->subs[f].next_fork)
		forks++;
	if (forks < FORKS_MAX)
		i = take_slot(a);
	if (i == NONE)
		return NONE;
	struct sub *s = &a->subs[i];
	s->call = first->call;
	s->tag = first->tag;
	s->cseq = first->cseq;
	s->watch = first->watch;
	s->event = first->event;
	s->sent_ms = first->sent_ms;
	s->expires_ms = first->expires_ms;
	if (dialog_set(&s->dialog, slice_str(dialog_aor(&first->dialog)), SLICE_NONE,
		       slice_str(dialog_aor(&first->dialog)), SLICE_NONE) ||
	    map_add(&a->by_call, s->call, i)) {
		dialog_fini(&s->dialog);
		give_slot(a, i);
		return NONE;
	}
	s->fork_of = of;
	s->next_fork = first->next_fork;
	first->next_fork = i;
	sm_move(sub_moves, &s->state, SUB_LIVE);
	return i;
}

void sub_free(struct sip_agent *a, uint32_t i)
{
	struct sub *s = &a->subs[i];

	if (s->txn != NONE)
		txn_drop(a, s->txn);
	if (s->queued.in)
		QUEUE_CUT(&a->sub_queue, a->subs, i);
	wheel_set(a->wheel, wheel_sub(a, i), WHEEL_NEVER);
	CHECK(map_del(&a->by_call, s->call, i));
	dialog_fini(&s->dialog);
	sm_move(sub_moves, &s->state, SUB_FREE);
	give_slot(a, i);
}

static void leave_one(struct sip_agent *a, uint32_t i)
{
	struct sub *s = &a->subs[i];
	bool known = dialog_tag(&s->dialog)[0] != '\0';

	s->watch = NONE;
	s->fork_of = s->next_fork = NONE;
	if (!link_ready(a) || s->ended || (s->txn == NONE && !known)) {
		sub_free(a, i);
		return;
	}
	sm_move(sub_moves, &s->state, SUB_LEAVING);
	wheel_set(a->wheel, wheel_sub(a, i), a->now_ms + LEAVE_MS);
	if (s->txn == NONE && !s->queued.in)
		sub_queue(a, i);
}

void sub_leave(struct sip_agent *a, uint32_t i)
{
	uint32_t fork = a->subs[i].next_fork, next;

	for (; fork != NONE; fork = next) {
		next = a->subs[fork].next_fork;
		leave_one(a, fork);
	}
	leave_one(a, i);
}

void sub_queue(struct sip_agent *a, uint32_t i)
{
	QUEUE_PUSH(&a->sub_queue, a->subs, i);
}

uint32_t sub_asked(const struct sip_agent *a, const struct sub *s)
{
	return s->state == SUB_LEAVING || s->watch == NONE ? 0 : a->watches[s->watch].expires_s;
}

bool sub_send(struct sip_agent *a, uint32_t i)
{
	if (!txn_start(a, TXN_SUBSCRIBE, i))
		return false;
	a->subs[i].unsubscribed = a->subs[i].state == SUB_LEAVING;
	return true;
}

/* When the life granted ends, and with it when to refresh: at three quarters of it or somewhat
 * later by chance, so that thousands of lines do not refresh in one second. */
void sub_expires(struct sip_agent *a, uint32_t i, uint32_t seconds, bool shorten_only)
{
	struct sub *s = &a->subs[i];
	int64_t life = (int64_t)(seconds > 2 ? seconds : 2) * 1000;

	/* the rest of a life counted down in each NOTIFY is no news */
	if (shorten_only && a->now_ms + life > s->expires_ms - 2000)
		return;
	s->expires_ms = a->now_ms + life;
	if (s->state == SUB_LIVE)
		wheel_set(a->wheel, wheel_sub(a, i),
			  a->now_ms + life * 3 / 4 + prng_range(&a->prng, 0, life / 7));
}

static void refresh_failed(struct sip_agent *a, uint32_t i, int64_t wait_ms)
{
	struct sub *s = &a->subs[i];
	int64_t left = s->expires_ms - a->now_ms;

	if (++s->failures > 3 || left < 4000) {
		watch_ended(a, i, WATCH_WAITING, WHY_TIMED_OUT, -1);
		return;
	}
	if (wait_ms <= 0 || wait_ms > left * 9 / 10)
		wait_ms = left / 2;
	wheel_set(a->wheel, wheel_sub(a, i), a->now_ms + wait_ms);
}

static void silent(struct sip_agent *a, uint32_t i)
{
	uint32_t w = a->subs[i].watch;

	if (a->watches[w].is_list) {
		outbox_note(&a->out, NOTE_LIST_TOO_LARGE, ID_NONE, "%s", a->watches[w].name);
		watch_ended(a, i, WATCH_REFUSED, WHY_TOO_LARGE, LIST_SLOW_MS);
	} else {
		outbox_note(&a->out, NOTE_NO_FIRST_NOTIFY, a->watches[w].id, "%s, within %.3g s",
			    a->watches[w].name, a->first_notify_ms / 1000.0);
		watch_ended(a, i, WATCH_WAITING, WHY_SILENT, -1);
	}
}

static void expired_or_due(struct sip_agent *a, uint32_t i)
{
	struct sub *s = &a->subs[i];

	if (a->now_ms >= s->expires_ms) {
		outbox_note(&a->out, NOTE_SUBSCRIPTION_GONE, a->watches[s->watch].id,
			 "not refreshed in time");
		watch_ended(a, i, WATCH_QUEUED, WHY_ENDED, 0);
		return;
	}
	wheel_set(a->wheel, wheel_sub(a, i), s->expires_ms);
	if (!s->queued.in && s->txn == NONE)
		sub_queue(a, i);
}

void sub_due(struct sip_agent *a, uint32_t i)
{
	switch ((enum sub_state)a->subs[i].state) {
	case SUB_SILENT:
		silent(a, i);
		break;
	case SUB_LIVE:
		expired_or_due(a, i);
		break;
	case SUB_LEAVING:
		sub_free(a, i);
		break;
	case SUB_FREE:
	case SUB_ASKING: /* its transaction has the timer */
	case SUB_STATES:
		break;
	}
}

void sub_timed_out(struct sip_agent *a, uint32_t i)
{
	struct sub *s = &a->subs[i];

	if (s->state == SUB_LEAVING) {
		sub_free(a, i);
		return;
	}
	outbox_note(&a->out, NOTE_TIMED_OUT, a->watches[s->watch].id, "%s", a->watches[s->watch].name);
	if (s->state == SUB_LIVE)
		refresh_failed(a, i, 0);
	else
		watch_ended(a, i, WATCH_WAITING, WHY_TIMED_OUT, -1);
}

/* ---- answers ---- */

enum fate { FATE_RETRY, FATE_UNKNOWN, FATE_REFUSED, FATE_GONE };

static enum fate fate_of(uint16_t status)
{
	static const uint16_t unknown[] = { 404, 410, 416, 484, 485, 604 };
	static const uint16_t retry[] = { 401, 407, 408, 412, 429, 430, 480,
					  482, 483, 486, 487, 491, 600 };

	if (status == 481)
		return FATE_GONE;
	for (size_t i = 0; i < ARRAY_LEN(unknown); i++)
		if (status == unknown[i])
			return FATE_UNKNOWN;
	for (size_t i = 0; i < ARRAY_LEN(retry); i++)
		if (status == retry[i])
			return FATE_RETRY;
	if (status >= 500 && status < 600 && status != 501 && status != 505)
		return FATE_RETRY;
	return FATE_REFUSED;
}

/* 503 with Retry-After speaks for the whole PBX (RFC 3261 21.5.4), elsewhere it speaks for the
 * line. */
static int64_t retry_after(struct sip_agent *a, const struct sip_msg *m)
{
	uint64_t seconds;

	if (!sip_msg_number(m, SIP_RETRY_AFTER, HOLD_MAX_MS / 1000, &seconds))
		return -1;
	int64_t ms = (int64_t)seconds * 1000;
	if (m->status == 503 && a->now_ms + ms > a->hold_ms) {
		outbox_note(&a->out, NOTE_THROTTLED, ID_NONE, "for %u s", (unsigned)seconds);
		a->hold_ms = a->now_ms + ms;
		a->probing = true;
		wheel_set(a->wheel, wheel_timer(a, TIMER_HOLD), a->hold_ms);
	}
	return ms + agent_jitter(a, 1000);
}

static void refused(struct sip_agent *a, uint32_t i, const struct sip_msg *m, enum fate fate)
{
	const struct watch *w = &a->watches[a->subs[i].watch];
	enum note n = w->is_list	     ? NOTE_LIST_REFUSED
		      : fate == FATE_UNKNOWN ? NOTE_LINE_UNKNOWN
					     : NOTE_LINE_REFUSED;

	outbox_note(&a->out, n, w->id, "%s: %u %s", w->name, m->status, sip_reason(m->status));
	if (w->main != NONE && fate != FATE_UNKNOWN)
		a->event_refused[w->event] = m->status;
	a->subs[i].ended = true;
	watch_ended(a, i, WATCH_REFUSED, WHY_STATUS,
		    SLOW_MS + prng_range(&a->prng, 0, SLOW_MS / 5));
}

/* 423: the PBX wants longer lives (RFC 6665 4.1.2.1). */
static bool raise_expires(struct sip_agent *a, uint32_t i, const struct sip_msg *m)
{
	struct sub *s = &a->subs[i];
	uint64_t min;

	if (m->status != 423 || s->raised >= 2 ||
	    !sip_msg_number(m, SIP_MIN_EXPIRES, SIP_SECONDS_MAX, &min) ||
	    min <= a->watches[s->watch].expires_s)
		return false;
	s->raised++;
	a->watches[s->watch].expires_s = (uint32_t)min;
	return txn_start(a, TXN_SUBSCRIBE, i);
}

static void granted(struct sip_agent *a, uint32_t i, const struct sip_msg *m)
{
	uint64_t seconds = sub_asked(a, &a->subs[i]);

	sip_msg_number(m, SIP_EXPIRES, seconds, &seconds);
	sub_expires(a, i, (uint32_t)seconds, false);
}

/* The answer to the first SUBSCRIBE, no NOTIFY yet. */
static void asked(struct sip_agent *a, uint32_t i, const struct sip_msg *m)
{
	struct sub *s = &a->subs[i];
	enum fate fate = fate_of(m->status);

	if (m->status < 300) {
		if (dialog_from(&s->dialog, m)) {
			outbox_note(&a->out, NOTE_MALFORMED, a->watches[s->watch].id,
				 "unusable dialog in a %u", m->status);
			watch_ended(a, i, WATCH_WAITING, WHY_STATUS, -1);
			return;
		}
		sm_move(sub_moves, &s->state, SUB_SILENT);
		granted(a, i, m);
		wheel_set(a->wheel, wheel_sub(a, i), s->sent_ms + a->first_notify_ms);
		return;
	}
	if (raise_expires(a, i, m))
		return;
	if (fate == FATE_UNKNOWN || fate == FATE_REFUSED) {
		refused(a, i, m, fate);
		return;
	}
	s->ended = true;
	if (m->status == 401 || m->status == 407)
		watch_ended(a, i, WATCH_QUEUED, WHY_STATUS, 0); /* all log-ins rest */
	else
		watch_ended(a, i, WATCH_WAITING, m->status == 503 ? WHY_BUSY_PBX : WHY_STATUS,
			    retry_after(a, m));
}

/* The answer to a refresh, or to the first SUBSCRIBE when a NOTIFY was faster. */
static void refreshed(struct sip_agent *a, uint32_t i, const struct sip_msg *m)
{
	struct sub *s = &a->subs[i];
	enum fate fate = fate_of(m->status);

	if (m->status < 300) {
		s->failures = s->raised = 0;
		link_known(a);
		dialog_retarget(&s->dialog, m);
		granted(a, i, m);
	} else if (raise_expires(a, i, m)) {
		return;
	} else if (fate == FATE_GONE || fate == FATE_UNKNOWN) {
		outbox_note(&a->out, NOTE_SUBSCRIPTION_GONE, a->watches[s->watch].id, "%u", m->status);
		s->ended = true;
		watch_ended(a, i, WATCH_QUEUED, WHY_ENDED, 0);
		link_doubt(a);
	} else if (fate == FATE_REFUSED) {
		refused(a, i, m, fate);
	} else {
		refresh_failed(a, i, retry_after(a, m));
	}
}

static void left(struct sip_agent *a, uint32_t i, const struct sip_msg *m)
{
	struct sub *s = &a->subs[i];

	if (!s->unsubscribed && m->status < 300 &&
	    (dialog_tag(&s->dialog)[0] || dialog_from(&s->dialog, m) == ERR_OK))
		sub_queue(a, i);
	else if (!s->unsubscribed || m->status >= 300 || s->ended)
		sub_free(a, i);
	/* otherwise its last NOTIFY is still to come */
}

void sub_answered(struct sip_agent *a, uint32_t i, const struct sip_msg *m)
{
	struct sub *s = &a->subs[i];

	if (s->watch != NONE)
		a->watches[s->watch].status = m->status;
	if (m->status < 300)
		probe_watch_answered(a, s->watch);
	if (s->state == SUB_LEAVING)
		left(a, i, m);
	else if (s->state == SUB_LIVE)
		refreshed(a, i, m);
	else
		asked(a, i, m);
}

void sub_went_live(struct sip_agent *a, uint32_t i)
{
	struct sub *s = &a->subs[i];
	int64_t left_ms = s->expires_ms - a->now_ms;

	if (s->state != SUB_LIVE)
		sm_move(sub_moves, &s->state, SUB_LIVE);
	/* a NOTIFY before the 200 says how long it lives, or the 200 will */
	if (left_ms < 2000)
		left_ms = (int64_t)sub_asked(a, s) * 1000;
	sub_expires(a, i, (uint32_t)(left_ms / 1000), false);
}
