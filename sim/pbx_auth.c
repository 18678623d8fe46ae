/* pbx_auth.c - digest as the two products ask for it: Asterisk with 401 on what opens a dialog,
 * Kamailio with 407 on everything. Nonces carry their time, so nothing is remembered. */
#include <stdio.h>

#include "pbx_own.h"
#include "proto/sip/digest.h"

enum { NONCE_LIFE_MS = 300 * 1000, NONCE_BUCKET_MS = 1000 };

static const char *realm(const struct pbx *p)
{
	return p->config.style == PBX_ASTERISK ? "asterisk" : "pbxsim.test";
}

static void nonce_of(const struct pbx *p, uint64_t bucket, char ret[48])
{
	snprintf(ret, 48, "%010llx/%016llx", (unsigned long long)bucket,
		 (unsigned long long)sip_token(p->token_seed ^ 0x6e6f6e6365u, bucket));
}

/* Is it one of ours, and of the last five minutes? */
static bool nonce_known(const struct pbx *p, struct slice nonce)
{
	uint64_t now = (uint64_t)p->now_ms / NONCE_BUCKET_MS, bucket = 0;
	char ours[48];

	if (nonce.n < 10)
		return false;
	for (size_t i = 0; i < 10; i++) {
		const char *at = nonce.p[i] ? strchr("0123456789abcdef", nonce.p[i]) : NULL;

		if (!at)
			return false;
		bucket = bucket << 4 | (uint64_t)(at - "0123456789abcdef");
	}
	nonce_of(p, bucket, ours);
	return slice_is(nonce, ours) && bucket <= now && now - bucket <= NONCE_LIFE_MS / NONCE_BUCKET_MS;
}

static void challenge(struct pbx *p, const struct sip_msg *req, uint32_t channel,
		      const struct pbx_address *peer, bool stale)
{
	bool proxy = p->config.style == PBX_KAMAILIO;
	char nonce[48];

	nonce_of(p, (uint64_t)p->now_ms / NONCE_BUCKET_MS, nonce);
	pbx_answer_open(p, req, proxy ? 407 : 401, "challenge", peer);
	for (int sha = 1; sha >= 0; sha--) { /* the strongest first, RFC 8760 2.1 */
		if (p->config.auth == (sha ? PBX_AUTH_MD5 : PBX_AUTH_SHA256))
			continue;
		sip_put_fmt(&p->msg, proxy ? "Proxy-Authenticate" : "WWW-Authenticate",
			    "Digest realm=\"%s\",nonce=\"%s\",%salgorithm=%s,qop=\"auth\"%s", realm(p), nonce,
			    proxy ? "" : "opaque=\"0b041b5e5c1716e2\",", sha ? "SHA-256" : "MD5",
			    stale ? ",stale=true" : "");
	}
	p->counters.challenges++;
	pbx_answer_send(p, req, channel, peer);
}

static bool asked_for(const struct pbx *p, uint8_t algorithm)
{
	switch ((enum pbx_auth)p->config.auth) {
	case PBX_AUTH_MD5:
		return algorithm == SIP_MD5;
	case PBX_AUTH_SHA256:
		return algorithm == SIP_SHA256;
	case PBX_AUTH_BOTH:
		return algorithm == SIP_MD5 || algorithm == SIP_SHA256;
	case PBX_AUTH_NONE:
		break;
	}
	return false;
}

bool pbx_auth_pass(struct pbx *p, const struct sip_msg *req, uint32_t channel,
		   const struct pbx_address *peer)
{
	bool proxy = p->config.style == PBX_KAMAILIO, good, fresh;
	struct slice value = sip_msg_header(req, proxy ? SIP_PROXY_AUTHORIZATION : SIP_AUTHORIZATION);
	struct sip_credentials c;

	if (p->config.auth == PBX_AUTH_NONE || (req->to_tag.n && !proxy))
		return true;
	if (!value.n || sip_credentials_parse(value, &c)) {
		challenge(p, req, channel, peer, false);
		return false;
	}
	good = asked_for(p, c.digest.algorithm) && slice_is(c.digest.username, p->username) &&
	       slice_is(c.digest.realm, realm(p)) && slice_eq(c.digest.uri, req->uri) &&
	       sip_credentials_match(&c, req->method, slice_str(p->password));
	fresh = nonce_known(p, c.digest.nonce);
	if (good && fresh && !pbx_fault_take(p, PBX_FAULT_STALE, PBX_EXTERNAL))
		return true;
	challenge(p, req, channel, peer, good);
	return false;
}
