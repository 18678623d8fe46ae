#include "proto/sip/value.h"

#include <ctype.h>

#include "base/check.h"
#include "proto/sip/uri.h"

/* Leading digits; a value without any is not given. */
static bool seconds(struct slice params, const char *name, uint32_t *ret)
{
	struct slice v;
	uint64_t n;
	size_t digits = 0;

	if (!sip_param(params, name, &v))
		return false;
	while (digits < v.n && isdigit((unsigned char)v.p[digits]))
		digits++;
	if (digits == 0)
		return false;
	if (slice_u64(slice_sub(v, 0, digits), SIP_SECONDS_MAX, &n))
		n = SIP_SECONDS_MAX;
	*ret = (uint32_t)n;
	return true;
}

static uint8_t reason_of(struct slice word)
{
	static const char *const words[] = {
		[SIP_REASON_DEACTIVATED] = "deactivated", [SIP_REASON_PROBATION] = "probation",
		[SIP_REASON_REJECTED] = "rejected",	  [SIP_REASON_TIMEOUT] = "timeout",
		[SIP_REASON_GIVEUP] = "giveup",		  [SIP_REASON_NORESOURCE] = "noresource",
		[SIP_REASON_INVARIANT] = "invariant",
	};

	for (uint8_t i = SIP_REASON_NONE + 1; i < ARRAY_LEN(words); i++)
		if (slice_is_nocase(word, words[i]))
			return i;
	return SIP_REASON_OTHER;
}

static void split_params(struct slice value, struct slice *ret_word, struct slice *ret_params)
{
	size_t semi = slice_find(value, ';');

	*ret_word = slice_trim(slice_sub(value, 0, semi));
	*ret_params = slice_trim(slice_sub(value, semi + 1, value.n));
}

enum err sip_subscription_state_parse(struct slice value, struct sip_subscription_state *ret)
{
	struct sip_subscription_state s = { 0 };
	struct slice word, params, v;

	split_params(value, &word, &params);
	if (word.n == 0)
		return ERR_MALFORMED;
	s.state = slice_is_nocase(word, "active")	? SIP_SUB_ACTIVE
		  : slice_is_nocase(word, "pending")	? SIP_SUB_PENDING
		  : slice_is_nocase(word, "terminated") ? SIP_SUB_TERMINATED
							: SIP_SUB_OTHER;
	if (sip_param(params, "reason", &v))
		s.reason = reason_of(v);
	s.has_expires = seconds(params, "expires", &s.expires_s);
	s.has_retry_after = seconds(params, "retry-after", &s.retry_after_s);
	*ret = s;
	return ERR_OK;
}

enum err sip_event_parse(struct slice value, struct sip_event *ret)
{
	struct sip_event e = { 0 };
	struct slice params;

	split_params(value, &e.package, &params);
	if (e.package.n == 0)
		return ERR_MALFORMED;
	sip_param(params, "id", &e.id);
	*ret = e;
	return ERR_OK;
}

bool sip_type_is(struct slice content_type, const char *type)
{
	struct slice word, params;

	split_params(content_type, &word, &params);
	return slice_is_nocase(word, type);
}

bool sip_list_has(struct slice value, const char *word)
{
	struct slice part;

	while (sip_list_next(&value, ',', &part))
		if (slice_is_nocase(part, word))
			return true;
	return false;
}
