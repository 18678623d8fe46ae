#include <inttypes.h>

#include "base/check.h"
#include "sink/lamp/own.h"

#define BRANCH "z9hG4bK"

static const char *const transports[] = { "UDP", "TCP", "TLS" };
static const char *const reasons[END_COUNT] = {
	[END_TIMEOUT] = "timeout", [END_NORESOURCE] = "noresource"
};

/* Before anything is known of the user, what the watcher was told last stands. */
static enum lamp lamp_for(const struct lamps *l, const struct watcher *w)
{
	uint8_t told = w->user == ID_NONE ? 0 : l->lamps[w->user];
	uint8_t lamp = told ? (uint8_t)(told - 1) : w->shown;

	if (lamp == LAMP_OFF || (w->flags & WATCHER_ENDING && w->ending == END_NORESOURCE))
		lamp = LAMP_DARK;
	return (enum lamp)lamp;
}

/* ---- the request ---- */

static void put_head(const struct watcher *w, struct buf *b)
{
	const char *event = w->package == LAMP_DIALOG ? "dialog" : "presence";
	struct slice own = watcher_text(w, FIELD_OWN), route = watcher_text(w, FIELD_ROUTE);
	struct slice id = watcher_text(w, FIELD_EVENT), local = watcher_text(w, FIELD_LOCAL);

	sip_put_request(b, "NOTIFY", watcher_text(w, FIELD_CONTACT));
	buf_fmt(b, "Via: SIP/2.0/%s %.*s;branch=" BRANCH "%016" PRIx64 "%08x;rport\r\n",
		transports[w->transport], SLICE_ARG(own), w->tag, w->cseq);
	if (route.n)
		sip_put(b, "Route", route);
	buf_fmt(b, "Max-Forwards: 70\r\nFrom: %.*s;tag=%016" PRIx64 "\r\n", SLICE_ARG(local),
		w->tag);
	sip_put(b, "To", watcher_text(w, FIELD_REMOTE));
	sip_put(b, "Call-ID", watcher_text(w, FIELD_CALL_ID));
	buf_fmt(b, "CSeq: %u NOTIFY\r\nContact: <sip:%.*s%s%s>\r\nEvent: %s%s%.*s\r\n", w->cseq,
		SLICE_ARG(own), w->transport == LAMP_UDP ? "" : ";transport=",
		w->transport == LAMP_UDP   ? ""
		: w->transport == LAMP_TCP ? "tcp"
					   : "tls",
		event, id.n ? ";id=" : "", SLICE_ARG(id));
	if (w->flags & WATCHER_ENDING)
		buf_fmt(b, "Subscription-State: terminated;reason=%s\r\n", reasons[w->ending]);
	else
		buf_fmt(b, "Subscription-State: active;expires=%u\r\n", w->sent_expires_s);
	buf_str(b, "User-Agent: Offhook/" OFFHOOK_VERSION "\r\n");
}

static void send_copy(struct lamps *l, struct watcher *w)
{
	struct slice host = watcher_text(w, FIELD_PEER);
	struct lamp_place peer = { .port = w->port };
	struct sip_addr entity;

	if (sip_addr_parse(watcher_text(w, FIELD_LOCAL), &entity))
		entity.uri = SLICE_NONE; /* it was read before: only without memory */
	buf_reset(&l->scratch);
	buf_reset(&l->body);
	body_put(&l->body, (enum lamp_package)w->package, entity.uri, (enum lamp)w->sent, w->cseq);
	put_head(w, &l->scratch);
	sip_put_end(&l->scratch, body_type((enum lamp_package)w->package), buf_view(&l->body));
	if (w->transport == LAMP_UDP && slice_copy(host, peer.host, sizeof(peer.host)))
		return;
	out_send(l, w->channel, w->transport == LAMP_UDP ? &peer : NULL, buf_view(&l->scratch));
}

static void send_first(struct lamps *l, struct watcher *w)
{
	int64_t left_ms = w->expires_ms - l->now_ms;

	w->flags = (uint8_t)((w->flags & ~WATCHER_DIRTY) | WATCHER_FLYING);
	w->cseq++;
	w->copies = 0;
	w->sent = (uint8_t)lamp_for(l, w);
	w->sent_expires_s = left_ms > 0 ? (uint32_t)((left_ms + 999) / 1000) : 0;
	w->give_up_ms = l->now_ms + TIMER_F_MS;
	w->retry_ms = w->transport == LAMP_UDP ? l->now_ms + T1_MS : w->give_up_ms;
	l->stats.notifies++;
	send_copy(l, w);
	notify_plan(l, w);
}

static void send_again(struct lamps *l, struct watcher *w)
{
	int64_t wait_ms = (int64_t)T1_MS << (w->copies < 7 ? ++w->copies : 7);

	w->retry_ms = l->now_ms + (wait_ms < T2_MS ? wait_ms : T2_MS);
	l->stats.repeats++;
	send_copy(l, w);
}

/* ---- the queue ---- */

static void enqueue(struct lamps *l, struct watcher *w)
{
	uint32_t id = watcher_id(l, w);

	if (w->flags & WATCHER_QUEUED)
		return;
	w->flags |= WATCHER_QUEUED;
	w->next_queued = NOBODY;
	if (l->queue_tail == NOBODY)
		l->queue_head = id;
	else
		l->watchers[l->queue_tail].next_queued = id;
	l->queue_tail = id;
	l->queue_n++;
}

static struct watcher *dequeue(struct lamps *l)
{
	struct watcher *w = &l->watchers[l->queue_head];

	l->queue_head = w->next_queued;
	if (l->queue_head == NOBODY)
		l->queue_tail = NOBODY;
	l->queue_n--;
	w->flags &= (uint8_t)~WATCHER_QUEUED;
	if (w->flags)
		return w;
	w->next_queued = l->free; /* freed while it waited */
	l->free = watcher_id(l, w);
	return NULL;
}

static bool may_send(const struct watcher *w)
{
	return (w->flags & (WATCHER_DIRTY | WATCHER_FLYING | WATCHER_DETACHED)) == WATCHER_DIRTY;
}

void notify_pump(struct lamps *l)
{
	if (l->now_ms - l->burst_ms >= LAMP_BURST_MS) {
		l->burst_ms = l->now_ms;
		l->burst = 0;
	}
	while (l->queue_head != NOBODY && l->burst < LAMP_BURST) {
		struct watcher *w = dequeue(l);

		if (!w || !may_send(w))
			continue;
		l->burst++;
		send_first(l, w);
	}
}

int64_t notify_next(const struct lamps *l)
{
	return l->queue_head == NOBODY ? TIME_NEVER
	       : l->burst < LAMP_BURST ? l->now_ms
				       : l->burst_ms + LAMP_BURST_MS;
}

/* ---- when ---- */

void notify_plan(struct lamps *l, struct watcher *w)
{
	int64_t due = w->flags & WATCHER_ENDING ? WHEEL_NEVER : w->expires_ms;
	int64_t next = WHEEL_NEVER;

	if (w->flags & WATCHER_FLYING)
		next = w->retry_ms < w->give_up_ms ? w->retry_ms : w->give_up_ms;
	else if (may_send(w) && !(w->flags & WATCHER_QUEUED))
		next = w->retry_ms;
	wheel_set(l->wheel, watcher_id(l, w), next < due ? next : due);
}

static void want(struct lamps *l, struct watcher *w)
{
	w->flags |= WATCHER_DIRTY;
	if (may_send(w) && w->retry_ms <= l->now_ms)
		enqueue(l, w);
	notify_plan(l, w);
}

void notify_ask(struct lamps *l, struct watcher *w)
{
	if (!(w->flags & WATCHER_FLYING)) {
		w->retry_ms = l->now_ms; /* it has just been heard of */
		w->failures = 0;
	}
	want(l, w);
}

void notify_changed(struct lamps *l, struct watcher *w)
{
	uint8_t told = w->flags & WATCHER_FLYING ? w->sent : w->shown;

	if ((lamp_for(l, w) != told || w->flags & WATCHER_UNSURE) && !(w->flags & WATCHER_ENDING))
		want(l, w);
}

void notify_end(struct lamps *l, struct watcher *w, enum ending why)
{
	w->ending = (uint8_t)why;
	w->flags |= WATCHER_ENDING;
	if (w->flags & WATCHER_DETACHED) {
		watcher_free(l, w);
		return;
	}
	if (!(w->flags & WATCHER_FLYING))
		w->retry_ms = l->now_ms;
	want(l, w);
}

void notify_detach(struct lamps *l, struct watcher *w)
{
	if (w->flags & WATCHER_ENDING) {
		watcher_free(l, w);
		return;
	}
	if (w->flags & WATCHER_FLYING)
		w->flags |= WATCHER_DIRTY;
	w->flags = (uint8_t)((w->flags & ~WATCHER_FLYING) | WATCHER_DETACHED);
	notify_plan(l, w);
}

/* ---- what comes of it ---- */

static void failed(struct lamps *l, struct watcher *w, int64_t wait_ms)
{
	w->flags = (uint8_t)((w->flags & ~WATCHER_FLYING) | WATCHER_DIRTY);
	if (w->flags & WATCHER_ENDING || ++w->failures >= FAILURES_MAX) {
		struct slice host =
			watcher_text(w, w->transport == LAMP_UDP ? FIELD_PEER : FIELD_CONTACT);

		if (!(w->flags & WATCHER_ENDING))
			out_note(l, LAMP_NOTE_SILENT, "%.*s", SLICE_ARG(slice_sub(host, 0, 100)));
		watcher_free(l, w);
		return;
	}
	int64_t own_ms = (int64_t)LAMP_RETRY_MS << (w->failures - 1);
	w->retry_ms = l->now_ms + (wait_ms > own_ms ? wait_ms : own_ms);
	notify_plan(l, w);
}

static void answered(struct lamps *l, struct watcher *w)
{
	bool news = w->shown != w->sent;

	l->stats.answered++;
	w->flags &= (uint8_t) ~(WATCHER_FLYING | WATCHER_UNSURE);
	w->failures = 0;
	w->retry_ms = l->now_ms;
	w->shown = w->sent;
	if (w->flags & WATCHER_ENDING && !(w->flags & WATCHER_DIRTY)) {
		watcher_free(l, w);
		return;
	}
	if (news)
		out_save(l, watcher_id(l, w));
	if (w->flags & WATCHER_DIRTY)
		want(l, w);
	else
		notify_plan(l, w);
	notify_changed(l, w);
}

static struct watcher *by_branch(struct lamps *l, struct slice branch)
{
	const size_t skip = sizeof(BRANCH) - 1;
	uint64_t tag, cseq;

	if (branch.n != skip + 24 || !slice_starts(branch, BRANCH) ||
	    slice_hex(slice_sub(branch, skip, skip + 16), &tag) ||
	    slice_hex(slice_sub(branch, skip + 16, branch.n), &cseq))
		return NULL;
	struct watcher *w = watcher_find(l, tag);
	return w && w->flags & WATCHER_FLYING && w->cseq == cseq ? w : NULL;
}

/* RFC 6665 4.2.2: an error ends the subscription, unless it says "later". */
static bool is_passing(uint16_t status)
{
	return status == 408 || status == 429 || status == 480 || status == 486 || status == 491 ||
	       (status >= 500 && status < 600 && status != 501 && status != 505);
}

void notify_answer(struct lamps *l, const struct sip_msg *m)
{
	struct watcher *w = slice_is(m->cseq_method, "NOTIFY") ? by_branch(l, m->via.branch) : NULL;
	uint64_t wait_s = 0;

	if (!w) {
		out_count(l, LAMP_NOTE_STRAY);
		return;
	}
	if (m->status < 200)
		return;
	if (m->status < 300) {
		answered(l, w);
	} else if (is_passing(m->status)) {
		(void)sip_msg_number(m, SIP_RETRY_AFTER, 3600, &wait_s);
		failed(l, w, (int64_t)wait_s * 1000);
	} else {
		out_count(l, LAMP_NOTE_LEFT);
		watcher_free(l, w);
	}
}

/* Nobody is told of the end who has not answered before. */
static bool expire(struct lamps *l, struct watcher *w)
{
	if (w->flags & WATCHER_ENDING || l->now_ms < w->expires_ms)
		return false;
	if (w->failures) {
		watcher_free(l, w);
		return true;
	}
	uint32_t before = l->n;
	notify_end(l, w, END_TIMEOUT);
	return l->n < before;
}

void notify_due(struct lamps *l, struct watcher *w)
{
	if (expire(l, w))
		return;
	if (w->flags & WATCHER_FLYING && l->now_ms >= w->give_up_ms) {
		l->stats.timeouts++;
		failed(l, w, 0);
		return;
	}
	if (w->flags & WATCHER_FLYING && l->now_ms >= w->retry_ms)
		send_again(l, w);
	else if (may_send(w) && l->now_ms >= w->retry_ms)
		enqueue(l, w);
	notify_plan(l, w);
}
