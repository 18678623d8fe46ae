/* mivo.c - the switch's links and frames, its phones' switches, its misbehaviour. */
#include <stdio.h>
#include <stdlib.h>

#include "base/check.h"
#include "mivo_own.h"

enum { OUT_MAX = 100000, IN_MAX = 2 * FRAME_MAX };

/* ---- what leaves ---- */

static struct parcel *post(struct mivo *m, uint32_t channel, bool close)
{
	int64_t at_ms = m->now_ms + m->sw.slow_ms;
	struct parcel *a;

	if (m->out_n == m->out_cap) {
		m->out_cap = m->out_cap ? m->out_cap * 2 : 64;
		m->out = realloc(m->out, m->out_cap * sizeof(*m->out));
		CHECK(m->out && m->out_cap <= OUT_MAX * 8);
	}
	if (at_ms < m->silent_until_ms && !close)
		at_ms = m->silent_until_ms;
	if (close)
		at_ms = m->now_ms;
	/* a stream keeps its order */
	if (m->out_n > m->out_at && m->out[m->out_n - 1].at_ms > at_ms)
		at_ms = m->out[m->out_n - 1].at_ms;
	a = &m->out[m->out_n++];
	*a = (struct parcel){ .at_ms = at_ms, .channel = channel, .close = close };
	buf_init(&a->bytes, FRAME_MAX + HEAD_BYTES);
	return a;
}

void mivo_send_bytes(struct mivo *m, struct link *l, struct slice bytes)
{
	if (m->out_n - m->out_at < OUT_MAX)
		buf_slice(&post(m, l->channel, false)->bytes, bytes);
}

void mivo_send(struct mivo *m, struct link *l, struct writer *w, const char *root, uint32_t invoke)
{
	mivo_send_about(m, l, w, root, invoke, (enum topic)0, 0);
}

void mivo_send_about(struct mivo *m, struct link *l, struct writer *w, const char *root,
		     uint32_t invoke, enum topic topic, uint32_t phone)
{
	struct parcel *a;
	size_t n;

	w_close(w, root);
	n = buf_view(&w->b).n + HEAD_BYTES;
	if (buf_err(&w->b) == ERR_OK && m->out_n - m->out_at < OUT_MAX) {
		if (m->wrong_length) {
			m->wrong_length--;
			n--;
		}
		a = post(m, l->channel, false);
		a->topic = (uint8_t)topic;
		a->phone = phone;
		buf_add(&a->bytes, (const char[]){ 0, 0, (char)(n >> 8), (char)(n & 0xff) }, 4);
		buf_fmt(&a->bytes, "%04u", invoke % 10000);
		buf_slice(&a->bytes, buf_view(&w->b));
		m->count.frames_out++;
	}
	buf_fini(&w->b);
}

static void forget_link(struct mivo *m, struct link *l, bool unsend)
{
	for (size_t i = m->out_at; unsend && i < m->out_n; i++)
		if (m->out[i].channel == l->channel && !m->out[i].close)
			m->out[i].channel = 0;
	for (uint32_t i = 0; i < m->monitors_top; i++)
		if (m->monitors[i].used && m->monitors[i].channel == l->channel) {
			m->monitors[i].used = false;
			m->count.monitors--;
		}
	m->count.links--;
	m->count.sessions -= l->in_session;
	buf_fini(&l->bytes);
	*l = (struct link){ 0 };
}

/* What was sent before goes before; nothing is heard any more. */
void mivo_drop(struct mivo *m, struct link *l)
{
	uint32_t channel = l->channel;

	forget_link(m, l, false);
	post(m, channel, true);
}

static void drop_all(struct mivo *m)
{
	for (size_t i = m->out_at; i < m->out_n; i++)
		if (!m->out[i].close)
			m->out[i].channel = 0;
	for (int i = 0; i < MIVO_LINKS_MAX; i++)
		if (m->links[i].channel)
			mivo_drop(m, &m->links[i]);
}

struct link *mivo_link(struct mivo *m, uint32_t channel)
{
	for (int i = 0; i < MIVO_LINKS_MAX; i++)
		if (m->links[i].channel && m->links[i].channel == channel)
			return &m->links[i];
	return NULL;
}

/* The answer is on its way: the other side knows of this again. */
static void answer_left(struct mivo *m, const struct parcel *a)
{
	if (!a->topic)
		return;
	m->phone[a->phone].withheld &= (uint8_t)~a->topic;
	for (uint32_t i = 0; i < m->monitors_top; i++)
		if (m->monitors[i].used && m->monitors[i].channel == a->channel &&
		    m->monitors[i].phone == a->phone)
			m->monitors[i].told |= a->topic;
}

bool mivo_drain(struct mivo *m, struct pbx_out *ret)
{
	struct parcel *a;

	if (m->out_at &&
	    m->out_at == m->out_n) { /* the bytes given out last were valid until now */
		for (size_t i = 0; i < m->out_n; i++)
			buf_fini(&m->out[i].bytes);
		m->out_at = m->out_n = 0;
	}
	while (m->out_at < m->out_n && m->out[m->out_at].at_ms <= m->now_ms) {
		a = &m->out[m->out_at++];
		if (!a->channel)
			continue;
		answer_left(m, a);
		*ret = (struct pbx_out){ .kind = a->close ? PBX_CLOSE : PBX_SEND,
					 .transport = PBX_TCP,
					 .channel = a->channel,
					 .bytes = buf_view(&a->bytes) };
		return true;
	}
	return false;
}

/* ---- life ---- */

struct mivo_switches mivo_switches_default(void)
{
	return (struct mivo_switches){
		.edition = 5, .heartbeat_ms = 30000, .answer_ms = 10000, .session_s = 600
	};
}

enum err mivo_new(struct mivo **ret, const struct mivo_config *c, int64_t now_ms)
{
	struct mivo *m;

	if (!c->phones || c->phones > MIVO_PHONES_MAX || c->switches.edition < 3 ||
	    c->switches.edition > 6)
		return ERR_LIMIT;
	m = calloc(1, sizeof(*m));
	if (m)
		m->phone = calloc(c->phones, sizeof(*m->phone));
	if (!m || !m->phone) {
		free(m);
		return ERR_NO_MEMORY;
	}
	m->sw = c->switches;
	m->n = c->phones;
	m->first = c->first;
	m->calls_per_hour = c->calls_per_hour;
	m->talk_s = c->talk_s ? c->talk_s : 60;
	m->rng.state = c->seed;
	m->now_ms = now_ms;
	m->next_call = m->next_session = m->next_xref = 1;
	snprintf(m->username, sizeof(m->username), "%s", c->username ? c->username : "");
	snprintf(m->password, sizeof(m->password), "%s", c->password ? c->password : "");
	snprintf(m->login_element, sizeof(m->login_element), "%s",
		 c->login_element ? c->login_element : "SessionLoginInfo");
	m->session = c->session || m->username[0];
	for (uint32_t i = 0; i < m->n; i++)
		m->phone[i] = (struct phone){ .registered = true, .since_ms = now_ms };
	m->traffic_ms = PBX_NEVER;
	mivo_traffic_start(m);
	*ret = m;
	return ERR_OK;
}

void mivo_free(struct mivo *m)
{
	if (!m)
		return;
	for (size_t i = 0; i < m->out_n; i++)
		buf_fini(&m->out[i].bytes);
	for (int i = 0; i < MIVO_LINKS_MAX; i++)
		buf_fini(&m->links[i].bytes);
	free(m->out);
	free(m->phone);
	free(m);
}

struct mivo_switches *mivo_switches(struct mivo *m)
{
	return &m->sw;
}

/* ---- the network ---- */

static void opened(struct mivo *m, const struct pbx_feed *in)
{
	struct link *l = NULL;

	for (int i = 0; i < MIVO_LINKS_MAX && !l; i++)
		if (!m->links[i].channel)
			l = &m->links[i];
	if (!l || m->now_ms < m->down_until_ms) {
		post(m, in->channel, true);
		return;
	}
	*l = (struct link){ .channel = in->channel,
			    .next_check_ms = m->now_ms + m->sw.heartbeat_ms };
	buf_init(&l->bytes, IN_MAX);
	m->count.links++;
}

/* One frame off the front. ERR_AGAIN: more bytes are needed. */
static enum err cut(struct link *l, struct slice *ret_xml, uint32_t *ret_invoke)
{
	struct slice in = buf_view(&l->bytes);
	uint64_t invoke;
	size_t n;

	if (in.n < HEAD_BYTES)
		return ERR_AGAIN;
	n = (size_t)(unsigned char)in.p[2] << 8 | (unsigned char)in.p[3];
	if (in.p[0] || in.p[1] || n <= HEAD_BYTES || slice_u64(slice_sub(in, 4, 8), 9999, &invoke))
		return ERR_MALFORMED;
	if (in.n < n)
		return ERR_AGAIN;
	*ret_xml = slice_sub(in, HEAD_BYTES, n);
	*ret_invoke = (uint32_t)invoke;
	return ERR_OK;
}

static void read_link(struct mivo *m, struct link *l)
{
	uint32_t channel = l->channel, invoke = 0;
	struct slice xml = SLICE_NONE;
	struct doc d;
	enum err e;

	while (l->channel == channel && (e = cut(l, &xml, &invoke)) != ERR_AGAIN) {
		if (!e)
			e = doc_read(&d, xml);
		if (e) {
			m->count.malformed++;
			mivo_drop(m, l);
			return;
		}
		buf_eat(&l->bytes, xml.n + HEAD_BYTES);
		m->count.frames_in++;
		mivo_serve(m, l, &d, invoke);
	}
}

void mivo_feed(struct mivo *m, int64_t now_ms, const struct pbx_feed *in)
{
	struct link *l;

	mivo_tick(m, now_ms);
	l = mivo_link(m, in->channel);
	switch ((enum pbx_feed_kind)in->kind) {
	case PBX_OPENED:
		opened(m, in);
		break;
	case PBX_BYTES:
		if (!l)
			break;
		buf_slice(&l->bytes, in->bytes);
		if (buf_err(&l->bytes))
			mivo_drop(m, l);
		else
			read_link(m, l);
		break;
	case PBX_CLOSED:
		if (l)
			forget_link(m, l, true);
		break;
	}
}

static void look_after(struct mivo *m, struct link *l)
{
	if (l->in_session && l->session_end_ms <= m->now_ms) {
		mivo_end_session(m, l, "sessionTimerExpired");
		return;
	}
	if (l->checking && l->check_end_ms <= m->now_ms) {
		mivo_drop(m, l);
		return;
	}
	if (m->sw.heartbeat_ms && !l->checking && l->next_check_ms <= m->now_ms &&
	    (l->in_session || !m->session))
		mivo_check_link(m, l);
}

void mivo_tick(struct mivo *m, int64_t now_ms)
{
	m->now_ms = now_ms;
	mivo_calls_tick(m);
	if (m->traffic_ms <= now_ms)
		mivo_traffic_due(m);
	for (int i = 0; i < MIVO_LINKS_MAX; i++)
		if (m->links[i].channel)
			look_after(m, &m->links[i]);
}

static int64_t link_next(const struct mivo *m, const struct link *l)
{
	int64_t due = PBX_NEVER;

	if (!l->channel)
		return due;
	if (l->in_session)
		due = l->session_end_ms;
	if (l->checking && l->check_end_ms < due)
		due = l->check_end_ms;
	if (m->sw.heartbeat_ms && !l->checking && (l->in_session || !m->session) &&
	    l->next_check_ms < due)
		due = l->next_check_ms;
	return due;
}

int64_t mivo_next(const struct mivo *m)
{
	int64_t due = mivo_calls_next(m);

	if (m->traffic_ms < due)
		due = m->traffic_ms;
	if (m->out_at < m->out_n && m->out[m->out_at].at_ms < due)
		due = m->out[m->out_at].at_ms;
	for (int i = 0; i < MIVO_LINKS_MAX; i++)
		if (link_next(m, &m->links[i]) < due)
			due = link_next(m, &m->links[i]);
	return due;
}

/* ---- the truth ---- */

uint32_t mivo_phones(const struct mivo *m)
{
	return m->n;
}

uint32_t mivo_find(const struct mivo *m, uint32_t number)
{
	return number >= m->first && number - m->first < m->n ? number - m->first : PBX_EXTERNAL;
}

/* By the link that came last: an older one may stand here for long after it is gone there. */
static uint32_t last_channel(const struct mivo *m)
{
	uint32_t last = 0;

	for (uint32_t i = 0; i < MIVO_LINKS_MAX; i++)
		if (m->links[i].channel > last)
			last = m->links[i].channel;
	return last;
}

bool mivo_phone(const struct mivo *m, uint32_t i, struct pbx_phone *ret)
{
	const struct phone *f;
	uint8_t asked = TOPIC_CALLS | TOPIC_DND;
	bool heard = false;
	uint32_t calls = 0, last = last_channel(m);

	if (i >= m->n)
		return false;
	f = &m->phone[i];
	if (m->sw.profile_form == MIVO_PROFILE_ED6)
		asked |= TOPIC_PROFILE;
	for (uint32_t k = 0; k < m->monitors_top; k++)
		heard |= m->monitors[k].used && m->monitors[k].phone == i &&
			 m->monitors[k].channel == last &&
			 (m->monitors[k].told & asked) == asked;
	for (uint32_t k = 0; k < m->calls_top; k++)
		calls += m->calls[k].used && mivo_party_of(&m->calls[k], i) >= 0;
	*ret = (struct pbx_phone){ .number = m->first + i,
				   .state = f->state,
				   .profile = f->profile,
				   .registered = f->registered,
				   .dnd = f->dnd,
				   .heard = heard,
				   .calls = calls,
				   .misled = f->withheld || m->now_ms < m->silent_until_ms,
				   .since_ms = f->since_ms };
	return true;
}

void mivo_set_registered(struct mivo *m, int64_t now_ms, uint32_t phone, bool on)
{
	mivo_tick(m, now_ms);
	if (m->phone[phone].registered == on)
		return;
	m->phone[phone].registered = on;
	mivo_tell_service(m, phone);
}

void mivo_set_dnd(struct mivo *m, int64_t now_ms, uint32_t phone, bool on)
{
	mivo_tick(m, now_ms);
	if (m->phone[phone].dnd == on)
		return;
	m->phone[phone].dnd = on;
	mivo_tell_dnd(m, phone);
}

void mivo_set_profile(struct mivo *m, int64_t now_ms, uint32_t phone, enum pbx_profile profile,
		      const char *until)
{
	struct phone *f = &m->phone[phone];

	mivo_tick(m, now_ms);
	if (f->profile == profile && strcmp(f->until, until) == 0)
		return;
	f->profile = (uint8_t)profile;
	snprintf(f->until, sizeof(f->until), "%s", until);
	mivo_tell_profile(m, phone);
}

const char *mivo_profile_until(const struct mivo *m, uint32_t phone)
{
	return m->phone[phone].until;
}

void mivo_set_forward(struct mivo *m, int64_t now_ms, uint32_t phone, const char *to)
{
	mivo_tick(m, now_ms);
	snprintf(m->phone[phone].forward, sizeof(m->phone[phone].forward), "%s", to);
	mivo_tell_forward(m, phone);
}

const char *mivo_lamp_name(enum mivo_lamp l)
{
	static const char *const names[MIVO_LAMP_MODES] = { "off", "steady", "wink", "flutter" };

	return l < MIVO_LAMP_MODES ? names[l] : "";
}

enum mivo_lamp mivo_lamp(const struct mivo *m, uint32_t phone, uint32_t lamp)
{
	if (phone >= m->n || lamp < 1 || lamp > MIVO_LAMPS_MAX)
		return MIVO_LAMP_MODES;
	return (enum mivo_lamp)m->phone[phone].lamp[lamp - 1];
}

/* One that shows it already is no event (ECMA-269 9.5.1). */
void mivo_set_lamp(struct mivo *m, int64_t now_ms, uint32_t phone, uint32_t lamp, enum mivo_lamp to)
{
	enum mivo_lamp was = mivo_lamp(m, phone, lamp);

	mivo_tick(m, now_ms);
	if (was == MIVO_LAMP_MODES || was == to)
		return;
	m->phone[phone].lamp[lamp - 1] = (uint8_t)to;
	mivo_tell_lamp(m, phone, lamp);
}

void mivo_count(const struct mivo *m, struct mivo_counters *ret)
{
	*ret = m->count;
}

/* ---- misbehaviour ---- */

const char *mivo_fault_name(enum mivo_fault_kind k)
{
	static const char *const names[MIVO_FAULT_COUNT] = {
		"none",	      "silent",		 "withhold",	  "twice",	   "unknown-event",
		"drop-links", "garbage",	 "broken-xml",	  "wrong-length",  "stop-monitor",
		"heartbeat",  "refuse-monitors", "refuse-logins", "refuse-writes", "end-session",
	};

	return k < MIVO_FAULT_COUNT ? names[k] : "";
}

/* On every link what that link gets for this fault. */
static void fault_link(struct mivo *m, struct link *l, enum mivo_fault_kind kind)
{
	static const char broken[] = "\0\0\0\x1c"
				     "9999<DeliveredEvent><a</";

	switch ((int)kind) {
	case MIVO_FAULT_GARBAGE:
		mivo_send_bytes(m, l, SLICE_LIT("\xff\xfe no frame at all \r\n\r\n"));
		break;
	case MIVO_FAULT_BROKEN_XML:
		mivo_send_bytes(m, l, slice_of(broken, 0x1c));
		break;
	case MIVO_FAULT_HEARTBEAT:
		mivo_check_link(m, l);
		break;
	case MIVO_FAULT_END_SESSION:
		mivo_end_session(m, l, "normal");
		break;
	default:
		break;
	}
}

static void stop_monitors(struct mivo *m, uint32_t phone)
{
	for (uint32_t i = 0; i < m->monitors_top; i++)
		if (m->monitors[i].used && (phone == PBX_EXTERNAL || m->monitors[i].phone == phone))
			mivo_stop_monitor(m, &m->monitors[i]);
}

void mivo_fault(struct mivo *m, int64_t now_ms, const struct mivo_fault *f)
{
	uint32_t *counted[MIVO_FAULT_COUNT] = {
		[MIVO_FAULT_WITHHOLD] = &m->withhold,
		[MIVO_FAULT_TWICE] = &m->twice,
		[MIVO_FAULT_WRONG_LENGTH] = &m->wrong_length,
		[MIVO_FAULT_REFUSE_MONITORS] = &m->refuse_monitors,
		[MIVO_FAULT_REFUSE_LOGINS] = &m->refuse_logins,
		[MIVO_FAULT_REFUSE_WRITES] = &m->refuse_writes,
	};

	mivo_tick(m, now_ms);
	if (f->kind >= MIVO_FAULT_COUNT)
		return;
	if (counted[f->kind])
		*counted[f->kind] = f->count;
	else if (f->kind == MIVO_FAULT_NONE)
		mivo_calm(m, now_ms);
	else if (f->kind == MIVO_FAULT_SILENT)
		m->silent_until_ms = now_ms + f->ms;
	else if (f->kind == MIVO_FAULT_DROP_LINKS)
		drop_all(m);
	else if (f->kind == MIVO_FAULT_STOP_MONITOR)
		stop_monitors(m, f->phone);
	else if (f->kind == MIVO_FAULT_UNKNOWN_EVENT)
		mivo_tell_unknown(m);
	for (int i = 0; i < MIVO_LINKS_MAX; i++)
		if (m->links[i].channel)
			fault_link(m, &m->links[i], f->kind);
}

void mivo_restart(struct mivo *m, int64_t now_ms, int64_t down_ms, enum mivo_restart_mode mode)
{
	mivo_tick(m, now_ms);
	drop_all(m);
	m->down_until_ms = now_ms + down_ms;
	if (mode != MIVO_KEEP)
		mivo_calls_forget(m);
	if (mode != MIVO_FORGET)
		return;
	for (uint32_t i = 0; i < m->n; i++)
		m->phone[i] =
			(struct phone){ .registered = m->phone[i].registered, .since_ms = now_ms };
}

void mivo_calm(struct mivo *m, int64_t now_ms)
{
	m->silent_until_ms = m->down_until_ms = m->sw.slow_ms = 0;
	m->withhold = m->twice = m->wrong_length = 0;
	m->refuse_monitors = m->refuse_logins = m->refuse_writes = 0;
	mivo_tick(m, now_ms);
}
