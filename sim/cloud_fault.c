/* Fault rules: which strikes, and what it does. */
#include <stdio.h>

#include "cloud_parts.h"

static const char *const names[] = {
#define CLOUD_FAULT(id, name) name,
#include "cloud_faults.def"
};

const char *cloud_fault_name(unsigned kind)
{
	CHECK(kind < ARRAY_LEN(names));
	return names[kind];
}

static void drop_sessions(struct cloud *c)
{
	for (uint32_t i = 0; i < c->users_n; i++)
		c->users[i].sessions_n = 0;
}

static bool act(struct cloud *c, enum cloud_fault_kind kind)
{
	if (kind == CLOUD_FAULT_EXPIRE_TOKENS)
		c->expired_serial = c->token_serial;
	else if (kind == CLOUD_FAULT_CAE)
		c->cae_serial = c->token_serial;
	else if (kind == CLOUD_FAULT_FORBID_TOKENS)
		c->forbidden_serial = c->token_serial;
	else if (kind == CLOUD_FAULT_DROP_SESSIONS)
		drop_sessions(c);
	else
		return false;
	c->counters.faults++;
	return true;
}

enum err cloud_fault_add(struct cloud *c, const struct cloud_fault *f)
{
	if (f->kind >= CLOUD_FAULT_COUNT || f->cut >= CLOUD_CUT_COUNT || f->percent > 100 ||
	    (f->kind == CLOUD_FAULT_STATUS && (f->status < 400 || f->status > 599)) ||
	    (f->kind == CLOUD_FAULT_RESET && f->cut == CLOUD_CUT_NONE) ||
	    (f->user != CLOUD_NO_USER && f->user >= c->users_n))
		return ERR_LIMIT;
	if (act(c, f->kind))
		return ERR_OK;
	if (c->faults_n == CLOUD_FAULTS_MAX)
		return ERR_LIMIT;
	c->faults[c->faults_n++] = *f;
	return ERR_OK;
}

void cloud_faults_clear(struct cloud *c)
{
	c->faults_n = 0;
	c->expired_serial = c->cae_serial = c->forbidden_serial = 0;
}

static bool concerns(const struct cloud_fault *f, const struct cloud_call *k, unsigned op)
{
	const uint32_t login = 1u << CLOUD_OP_TOKEN | 1u << CLOUD_OP_METADATA;
	uint32_t ops = f->ops;

	if (ops == 0)
		ops = f->kind == CLOUD_FAULT_TOKEN ? 1u << CLOUD_OP_TOKEN : ~login;
	return (ops >> op & 1) && (f->user == CLOUD_NO_USER || f->user == k->user);
}

/* after: 0 or 1 asks for rules with that after_apply, -1 for any. */
static const struct cloud_fault *strike(struct cloud_call *k, enum cloud_fault_kind kind, int after)
{
	struct cloud *c = k->c;
	unsigned op = k->route ? k->route->op : k->op;

	for (size_t i = 0; i < c->faults_n; i++) {
		struct cloud_fault *f = &c->faults[i];

		if (f->kind != kind || (after >= 0 && f->after_apply != after) || !concerns(f, k, op))
			continue;
		if (f->percent && prng_below(&c->random, 100) >= f->percent)
			continue;
		c->counters.faults++;
		k->hit = *f;
		if (f->count > 0 && --f->count == 0) {
			c->faults_n--;
			memmove(f, f + 1, (c->faults_n - i) * sizeof *f);
		}
		return &k->hit;
	}
	return NULL;
}

const struct cloud_fault *cloud_fault_hit(struct cloud_call *k, enum cloud_fault_kind kind)
{
	return strike(k, kind, -1);
}

static void fail_status(struct cloud_call *k, const struct cloud_fault *f)
{
	static const struct {
		uint16_t status;
		const char *code;
	} codes[] = { { 401, "ServiceError" },	       { 403, "Forbidden" },
		      { 404, "NotFound" },	       { 429, "TooManyRequests" },
		      { 500, "InternalServerError" },  { 502, "BadGateway" },
		      { 503, "ServiceUnavailable" },   { 504, "GatewayTimeout" } };
	const char *code = "UnknownError";

	for (size_t i = 0; i < ARRAY_LEN(codes); i++)
		if (codes[i].status == f->status)
			code = codes[i].code;
	if (f->retry_after[0])
		cloud_header_add(k, "Retry-After", f->retry_after);
	cloud_fail(k, f->status, code, "An error has occurred.");
}

/* The status rules of one sort, before or after the change; false when one has answered. */
static bool status_rule(struct cloud_call *k, bool after)
{
	const struct cloud_fault *f = strike(k, CLOUD_FAULT_STATUS, after);

	if (f)
		fail_status(k, f);
	return !f;
}

bool cloud_faults_before(struct cloud_call *k)
{
	const struct cloud_fault *f = cloud_fault_hit(k, CLOUD_FAULT_RESET);

	if (f) {
		k->rs->cut = f->cut;
		snprintf(k->summary + strlen(k->summary), sizeof k->summary - strlen(k->summary),
			 " (reset)");
		if (f->cut == CLOUD_CUT_BEFORE)
			return false;
	}
	if (cloud_fault_hit(k, CLOUD_FAULT_UNAUTHORIZED))
		return cloud_fail_401(k, "Lifetime validation failed, the token is expired.", false);
	if (cloud_fault_hit(k, CLOUD_FAULT_NOT_FOUND))
		return cloud_fail(k, 404, "NotFound", "The resource could not be found.");
	f = cloud_fault_hit(k, CLOUD_FAULT_THROTTLE);
	if (f)
		return cloud_fail_429(k, f->delay_ms > 0 ? f->delay_ms : 1000);
	return status_rule(k, false);
}

void cloud_faults_after(struct cloud_call *k)
{
	const struct cloud_fault *f = cloud_fault_hit(k, CLOUD_FAULT_SLOW);

	if (f)
		k->rs->delay_ms = f->delay_ms;
	f = cloud_fault_hit(k, CLOUD_FAULT_SLOW_BODY);
	if (f)
		k->rs->pause_ms = f->delay_ms;
	if (cloud_fault_hit(k, CLOUD_FAULT_CHUNKED))
		k->rs->chunked = true;
	if (cloud_fault_hit(k, CLOUD_FAULT_GZIP))
		k->rs->gzip = true;
	f = cloud_fault_hit(k, CLOUD_FAULT_CLOCK_SKEW);
	if (f)
		k->rs->date_ms += f->delay_ms;
	status_rule(k, true);
}
