/* peer_hook.c - a system that can send HTTP, as a peer of the world: each change of a phone is posted to
 * the daemon's webhook, once more when no good answer comes, and all is posted again every few minutes.
 * Its phones and calls are those of pbx.h, to which nobody subscribes. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "peer.h"

enum { AGAIN_MS = 10000, ALL_MS = 20 * 60 * 1000, QUEUE_MAX = 256, BODY_MAX = 128 };

struct post {
	uint32_t phone;
	char body[BODY_MAX];
};

struct told {
	uint8_t state;
	bool dnd, answered;
	uint64_t sequence;
	int64_t sent_ms;
};

struct hook {
	struct pbx *pbx; /* the phones */
	uint32_t phones;
	struct told told[PEER_PHONES];
	bool dnd[PEER_PHONES];
	struct post queue[QUEUE_MAX];
	uint32_t at, n;
	struct post old; /* fault: an overtaken post that comes once more */
	uint32_t repeats, refused;
	int64_t now_ms, silent_until_ms, all_ms;
	int64_t look_ms; /* when there may be something to post again */
};

static struct hook *hook_of(struct peer *p)
{
	return (struct hook *)p;
}

static const struct hook *const_hook_of(const struct peer *p)
{
	return (const struct hook *)p;
}

/* ---- posting ---- */

static void queue(struct hook *h, const struct post *p)
{
	if (h->n < QUEUE_MAX)
		h->queue[(h->at + h->n++) % QUEUE_MAX] = *p;
}

static void post(struct hook *h, uint32_t i, const struct pbx_phone *phone)
{
	static const char *const words[PBX_PHONE_STATES] = { "idle", "ringing", "dialing", "busy", "held" };
	struct told *t = &h->told[i];
	struct post p = { .phone = i };

	if (h->repeats && t->sequence) { /* the one before comes late, and twice */
		h->repeats--;
		h->old.phone = i;
		snprintf(h->old.body, sizeof(h->old.body), "{\"state\":\"%s\",\"dnd\":%s,\"sequence\":%llu}",
			 words[t->state], t->dnd ? "true" : "false", (unsigned long long)t->sequence);
	}
	t->state = phone->state;
	t->dnd = h->dnd[i];
	t->answered = false;
	t->sequence++;
	t->sent_ms = h->now_ms;
	snprintf(p.body, sizeof(p.body), "{\"state\":\"%s\",\"dnd\":%s,\"sequence\":%llu}", words[t->state],
		 t->dnd ? "true" : "false", (unsigned long long)t->sequence);
	queue(h, &p);
	if (h->old.body[0] && h->old.phone == i) {
		queue(h, &h->old);
		h->old.body[0] = '\0';
	}
}

/* A silent sender posts nothing; what has changed meanwhile it posts afterwards. */
static void look(struct hook *h, int64_t now_ms)
{
	bool all = now_ms >= h->all_ms;
	struct pbx_phone phone;

	h->now_ms = now_ms;
	h->look_ms = h->silent_until_ms;
	if (now_ms < h->silent_until_ms)
		return;
	if (all)
		h->all_ms = now_ms + ALL_MS;
	h->look_ms = h->all_ms;
	for (uint32_t i = 0; i < h->phones; i++) {
		const struct told *t = &h->told[i];

		pbx_phone(h->pbx, i, &phone);
		if (all || !t->sequence || t->state != phone.state || t->dnd != h->dnd[i] ||
		    (!t->answered && now_ms - t->sent_ms >= AGAIN_MS))
			post(h, i, &phone);
		if (!t->answered && t->sent_ms + AGAIN_MS < h->look_ms)
			h->look_ms = t->sent_ms + AGAIN_MS;
	}
}

/* Something may have changed: it is looked at when the posts are taken. */
static struct hook *touched(struct peer *p, int64_t now_ms)
{
	struct hook *h = hook_of(p);

	h->now_ms = h->look_ms = now_ms;
	return h;
}

/* ---- the verbs ---- */

static struct peer *make(const struct peer_config *c, int64_t now_ms)
{
	const struct pbx_config pc = { .host = c->host, .port = 5060, .phones = c->phones, .first = c->first,
				       .seed = c->seed };
	struct hook *h = calloc(1, sizeof(*h));

	if (!h || pbx_new(&h->pbx, &pc, now_ms)) {
		free(h);
		return NULL;
	}
	h->phones = c->lines;
	return (struct peer *)h;
}

static void end(struct peer *p)
{
	pbx_free(hook_of(p)->pbx);
	free(p);
}

/* PBX_BYTES: the answer to a post, "PHONE STATUS". PBX_CLOSED: nobody listens any more. */
static void feed(struct peer *p, int64_t now_ms, const struct pbx_feed *in)
{
	struct hook *h = hook_of(p);
	struct slice rest = in->bytes, phone;
	uint64_t i, status;

	h->now_ms = now_ms;
	if (in->kind != PBX_BYTES || !slice_split(&rest, ' ', &phone) ||
	    slice_u64(phone, PEER_PHONES - 1, &i) || slice_u64(rest, 999, &status))
		return;
	h->told[i].answered |= status == 200;
	h->refused += status != 200;
}

static void tick(struct peer *p, int64_t now_ms)
{
	pbx_tick(hook_of(p)->pbx, now_ms);
	touched(p, now_ms);
}

static int64_t next(const struct peer *p)
{
	const struct hook *h = const_hook_of(p);
	int64_t due = pbx_next(h->pbx);

	return due < h->look_ms ? due : h->look_ms;
}

static bool drain(struct peer *p, struct pbx_out *ret)
{
	struct hook *h = hook_of(p);
	struct pbx_out none;

	while (pbx_drain(h->pbx, &none))
		continue; /* nobody is connected to it */
	if (h->look_ms <= h->now_ms)
		look(h, h->now_ms);
	if (h->n == 0)
		return false;
	const struct post *out = &h->queue[h->at];
	*ret = (struct pbx_out){ .kind = PBX_SEND, .channel = out->phone, .bytes = slice_str(out->body) };
	h->at = (h->at + 1) % QUEUE_MAX;
	h->n--;
	return true;
}

static bool phone(const struct peer *p, uint32_t i, struct pbx_phone *ret)
{
	const struct hook *h = const_hook_of(p);

	if (!pbx_phone(h->pbx, i, ret))
		return false;
	ret->dnd = h->dnd[i];
	return true;
}

static enum err call(struct peer *p, int64_t now_ms, const struct pbx_call_plan *plan)
{
	uint32_t id;

	return pbx_call(touched(p, now_ms)->pbx, now_ms, plan, &id);
}

static enum err answer(struct peer *p, int64_t now_ms, uint32_t i)
{
	return pbx_answer(touched(p, now_ms)->pbx, now_ms, i);
}

static enum err hangup(struct peer *p, int64_t now_ms, uint32_t i)
{
	return pbx_hangup(touched(p, now_ms)->pbx, now_ms, i);
}

static enum err hold(struct peer *p, int64_t now_ms, uint32_t i, bool on)
{
	return pbx_hold(touched(p, now_ms)->pbx, now_ms, i, on);
}

static void set_registered(struct peer *p, int64_t now_ms, uint32_t i, bool on)
{
	(void)p, (void)now_ms, (void)i, (void)on; /* it says nothing of registrations */
}

static void set_dnd(struct peer *p, int64_t now_ms, uint32_t i, bool on)
{
	touched(p, now_ms)->dnd[i] = on;
}

static const char *fault(struct peer *p, int64_t now_ms, struct prng *r)
{
	struct hook *h = hook_of(p);

	if (prng_below(r, 2)) {
		h->repeats = (uint32_t)prng_range(r, 1, 5);
		return "posts come late and twice";
	}
	touched(p, now_ms)->silent_until_ms = now_ms + prng_range(r, 500, 60000);
	return "no posts";
}

static void restart(struct peer *p, int64_t now_ms, struct prng *r, int64_t down_ms, bool end_calls)
{
	struct hook *h = hook_of(p);

	(void)r;
	h->silent_until_ms = now_ms + down_ms;
	for (uint32_t i = 0; end_calls && i < h->phones; i++)
		if (pbx_hangup(h->pbx, now_ms, i))
			continue;
	h->all_ms = h->silent_until_ms;
	touched(p, now_ms);
}

static void calm(struct peer *p, int64_t now_ms)
{
	struct hook *h = hook_of(p);

	h->repeats = 0;
	h->silent_until_ms = h->all_ms = now_ms;
	touched(p, now_ms);
}

const struct peer_ops hook_peer_ops = {
	.connector = "webhook", .posts = true, .dnd = true,
	.make = make, .free = end, .feed = feed, .tick = tick, .next = next, .drain = drain, .phone = phone,
	.call = call, .answer = answer, .hangup = hangup, .hold = hold, .set_registered = set_registered,
	.set_dnd = set_dnd, .fault = fault, .restart = restart, .calm = calm,
};
