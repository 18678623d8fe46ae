#include <stdio.h>

#include "source/sip/publish.h"

static uint32_t index_of(const struct sip_agent *a, const struct txn *t)
{
	return (uint32_t)(t - a->txns);
}

static int64_t limit_ms(const struct txn *t)
{
	return t->start_ms + (t->kind == TXN_OPTIONS ? OPTIONS_MS : TIMER_F_MS);
}

static void arm(struct sip_agent *a, struct txn *t)
{
	int64_t due = limit_ms(t);

	if (a->transport == TRANSPORT_UDP && t->next_ms < due)
		due = t->next_ms;
	wheel_set(a->wheel, wheel_txn(a, index_of(a, t)), due);
}

/* What a transaction's messages are known by, in whatever it serves. */
struct place {
	uint64_t call;
	uint32_t *cseq, *txn;
	const char *method;
};

static struct place place_of(struct sip_agent *a, const struct txn *t)
{
	struct sub *s = &a->subs[t->kind == TXN_SUBSCRIBE ? t->of : 0];
	struct link *l = &a->link;

	if (t->kind == TXN_SUBSCRIBE)
		return (struct place){ s->call, &s->cseq, &s->txn, "SUBSCRIBE" };
	if (t->kind == TXN_OPTIONS)
		return (struct place){ l->options_call, &l->options_cseq, &l->options_txn,
				       "OPTIONS" };
	struct pub *p = &a->pubs[t->of];
	return (struct place){ p->call, &p->cseq, &p->txn, "PUBLISH" };
}

/* A new branch each time: after a challenge it is a new transaction. */
static void send(struct sip_agent *a, struct txn *t)
{
	t->branch = agent_token(a) << 16 | index_of(a, t);
	t->proceeding = false;
	t->start_ms = a->now_ms;
	t->interval_ms = T1_MS;
	t->next_ms = a->now_ms + T1_MS;
	t->cseq = ++*place_of(a, t).cseq;
	if (t->kind == TXN_SUBSCRIBE)
		a->subs[t->of].sent_ms = a->now_ms;
	request_write(a, t);
	if (a->transport == TRANSPORT_UDP) {
		buf_reset(&t->bytes);
		buf_slice(&t->bytes, buf_view(&a->scratch));
	}
	outbox_send(&a->out, a->link.channel, NULL, buf_view(&a->scratch));
	arm(a, t);
}

bool txn_start(struct sip_agent *a, enum txn_kind kind, uint32_t of)
{
	struct txn *t = NULL;
	uint32_t i = kind == TXN_OPTIONS ? a->txns_n - 1 : 0;

	/* the last one is kept for OPTIONS, so that a full window never looks like a dead link */
	for (; i < a->txns_n - (kind != TXN_OPTIONS); i++) {
		if (!a->txns[i].used) {
			t = &a->txns[i];
			break;
		}
	}
	if (!t)
		return false;
	struct buf bytes = t->bytes;
	*t = (struct txn){ .bytes = bytes, .used = true, .kind = (uint8_t)kind, .of = of };
	*place_of(a, t).txn = i;
	a->outstanding += kind != TXN_OPTIONS;
	send(a, t);
	return true;
}

void txn_drop(struct sip_agent *a, uint32_t i)
{
	struct txn *t = &a->txns[i];

	if (!t->used)
		return;
	t->used = false;
	wheel_set(a->wheel, wheel_txn(a, i), WHEEL_NEVER);
	*place_of(a, t).txn = NONE;
	a->outstanding -= t->kind != TXN_OPTIONS;
}

static void timed_out(struct sip_agent *a, struct txn *t)
{
	bool silent = a->link.heard_ms <= t->start_ms;
	uint32_t of = t->of;
	uint8_t kind = t->kind, wish = t->dnd_wish;

	txn_drop(a, index_of(a, t));
	if (kind == TXN_OPTIONS && silent && !a->link.hears_options && a->link.state == LINK_UP) {
		a->link.deaf = true;
		link_idle(a);
	} else if (silent) {
		link_lost(a, true, NOTE_TIMED_OUT, "no answer");
	} else if (kind == TXN_SUBSCRIBE) {
		side_dnd_sent(a, a->subs[of].watch, (enum dnd_wish)wish, 0);
		sub_timed_out(a, of);
	} else if (kind == TXN_PUBLISH) {
		pub_timed_out(a, of);
	}
}

void txn_due(struct sip_agent *a, uint32_t i)
{
	struct txn *t = &a->txns[i];

	if (!t->used)
		return;
	if (a->now_ms >= limit_ms(t)) {
		timed_out(a, t);
		return;
	}
	if (a->now_ms >= t->next_ms) {
		t->interval_ms =
			t->proceeding || t->interval_ms * 2 > T2_MS ? T2_MS : t->interval_ms * 2;
		t->next_ms = a->now_ms + t->interval_ms;
		outbox_send(&a->out, a->link.channel, NULL, buf_view(&t->bytes));
	}
	arm(a, t);
}

static struct txn *match(struct sip_agent *a, const struct sip_msg *m)
{
	char call[17];
	uint64_t branch;

	if (!slice_starts(m->via.branch, "z9hG4bK") ||
	    !agent_hex(slice_sub(m->via.branch, 7, m->via.branch.n), &branch) ||
	    (branch & 0xffff) >= a->txns_n)
		return NULL;
	struct txn *t = &a->txns[branch & 0xffff];
	if (!t->used || t->branch != branch || t->cseq != m->cseq)
		return NULL;
	struct place place = place_of(a, t);
	if (!slice_is(m->cseq_method, place.method))
		return NULL;
	snprintf(call, sizeof(call), "%016llx", (unsigned long long)place.call);
	return slice_is(m->call_id, call) ? t : NULL;
}

static void over(struct sip_agent *a, struct txn *t, const struct sip_msg *m)
{
	uint32_t of = t->of;
	uint8_t kind = t->kind, wish = t->dnd_wish;

	txn_drop(a, index_of(a, t));
	if (kind == TXN_SUBSCRIBE) {
		side_dnd_sent(a, a->subs[of].watch, (enum dnd_wish)wish, m->status);
		sub_answered(a, of, m);
	} else if (kind == TXN_PUBLISH) {
		pub_answered(a, of, m);
	} else {
		link_options_done(a, m->status);
	}
}

static void challenged(struct sip_agent *a, struct txn *t, const struct sip_msg *m)
{
	const char *why;

	probe_link_answered(a);
	/* while log-ins rest, nothing may carry the password, or the PBX locks us out for longer */
	if (!a->hold_login) {
		if (auth_challenged(a, t, m, &why) == AUTH_RETRY) {
			send(a, t);
			return;
		}
		auth_hold(a, why);
	}
	if (t->kind == TXN_OPTIONS)
		txn_drop(a, index_of(a, t));
	else
		over(a, t, m);
}

/* Answers that show a PBX at work, not one that is starting, overloaded or behind a dead proxy. */
static bool is_useful(uint16_t status)
{
	return status != 408 && (status < 500 || status == 501 || status == 505 || status >= 600);
}

void txn_response(struct sip_agent *a, const struct sip_msg *m)
{
	struct txn *t = match(a, m);

	if (!t)
		return; /* an answer repeated, or too late */
	if (m->status < 200) {
		t->proceeding = true;
		return;
	}
	if (m->status == 401 || m->status == 407) {
		challenged(a, t, m);
		return;
	}
	if (t->sent_auth[0] || t->sent_auth[1])
		auth_accepted(a);
	if (is_useful(m->status)) {
		link_answered(a);
		a->probing = a->probing && t->kind == TXN_OPTIONS;
	}
	over(a, t, m);
}
