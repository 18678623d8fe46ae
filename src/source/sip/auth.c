#include <stdio.h>

#include "source/sip/agent.h"

enum { WWW, PROXY };

static const struct {
	enum sip_header_id challenge;
	uint16_t status;
	const char *answer;
} kinds[] = {
	[WWW] = { SIP_WWW_AUTHENTICATE, 401, "Authorization" },
	[PROXY] = { SIP_PROXY_AUTHENTICATE, 407, "Proxy-Authorization" },
};

/* The strongest that we know (RFC 8760 2.4: the first of equals, as the server prefers it). */
static bool strongest(const struct sip_msg *m, enum sip_header_id id, struct sip_challenge *ret)
{
	bool found = false;

	for (const struct sip_header *h = NULL; (h = sip_msg_next(m, id, h));) {
		struct sip_challenge c;

		if (sip_challenge_parse(h->value, &c) == ERR_OK &&
		    (!found || c.algorithm > ret->algorithm)) {
			*ret = c;
			found = true;
		}
	}
	return found;
}

static bool keep(struct auth_slot *slot, const struct sip_challenge *c)
{
	struct auth_slot n = { .set = true,
			       .algorithm = c->algorithm,
			       .qop_auth = c->qop_auth,
			       .has_opaque = c->has_opaque };

	if (slice_copy(c->realm, n.realm, sizeof(n.realm)) ||
	    slice_copy(c->nonce, n.nonce, sizeof(n.nonce)) ||
	    slice_copy(c->opaque, n.opaque, sizeof(n.opaque)))
		return false;
	/* the same nonce handed out again: its count goes on (RFC 7616 3.4) */
	if (slot->set && strcmp(slot->nonce, n.nonce) == 0)
		n.nc = slot->nc;
	*slot = n;
	return true;
}

/* Was this answer given to credentials made for a challenge of this very request? Then the password
 * is wrong; a cached nonce that is no longer taken, or stale=true, says nothing about it. */
static bool is_refusal(const struct txn *t, int kind, const struct sip_challenge *c)
{
	return t->answered[kind] && !c->stale;
}

enum auth_verdict auth_challenged(struct sip_agent *a, struct txn *t, const struct sip_msg *m,
				  const char **ret_why)
{
	bool any = false, refused = false;

	*ret_why = "no challenge that we can answer";
	if (!a->username[0]) {
		*ret_why = "the pbx asks for a log-in, but no username is configured";
		return AUTH_REFUSED;
	}
	for (int kind = 0; kind < 2; kind++) {
		struct sip_challenge c;

		if (!strongest(m, kinds[kind].challenge, &c) || !keep(&a->auth[kind], &c))
			continue;
		any = true;
		refused |= is_refusal(t, kind, &c);
		t->answered[kind] = true;
	}
	if (!any)
		return AUTH_REFUSED;
	*ret_why = "wrong username or password";
	if (refused && ++a->refusals >= LOGIN_TRIES)
		return AUTH_REFUSED;
	/* a PBX that calls every nonce stale would go on for ever */
	if (++t->rounds >= AUTH_ROUNDS) {
		*ret_why = "the pbx takes none of its own nonces";
		return AUTH_REFUSED;
	}
	return AUTH_RETRY;
}

void auth_put(struct sip_agent *a, struct txn *t, const char *method, struct slice uri,
	      struct buf *b)
{
	for (int kind = 0; kind < 2; kind++) {
		struct auth_slot *slot = &a->auth[kind];
		char cnonce[17];

		t->sent_auth[kind] = false;
		if (!slot->set)
			continue;
		snprintf(cnonce, sizeof(cnonce), "%016llx", (unsigned long long)agent_token(a));
		const struct sip_digest d = {
			.algorithm = slot->algorithm,
			.qop_auth = slot->qop_auth,
			.username = slice_str(a->username),
			.realm = slice_str(slot->realm),
			.nonce = slice_str(slot->nonce),
			.cnonce = slice_str(cnonce),
			.method = slice_str(method),
			.uri = uri,
			.nc = ++slot->nc,
		};
		size_t before = b->n;
		buf_fmt(b, "%s: ", kinds[kind].answer);
		if (sip_put_digest(b, &d, slice_str(slot->opaque), slot->has_opaque,
				   secret_expose(&a->password))) {
			b->n = before; /* no crypto today: the PBX will ask again */
			continue;
		}
		buf_str(b, "\r\n");
		t->sent_auth[kind] = true;
	}
}

void auth_accepted(struct sip_agent *a)
{
	a->refusals = 0;
}

void auth_hold(struct sip_agent *a, const char *why)
{
	if (!a->hold_login)
		outbox_note(&a->out, NOTE_LOGIN_REFUSED, ID_NONE,
			    "check username and password_file: %s; next try in some minutes", why);
	a->auth[WWW].set = a->auth[PROXY].set = false;
	a->hold_login = true;
	a->hold_ms = a->now_ms + LOGIN_SLOW_MS + prng_range(&a->prng, 0, LOGIN_SLOW_MS / 5);
	a->probing = true;
	wheel_set(a->wheel, wheel_timer(a, TIMER_HOLD), a->hold_ms);
}
