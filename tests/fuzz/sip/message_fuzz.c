/* Any bytes as a SIP message. What is read lies inside the input; what we answer to it is sound. */
#include <stdint.h>
#include <stdlib.h>

#include "proto/sip/msg.h"
#include "proto/sip/uri.h"
#include "proto/sip/value.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void inside(struct slice s, struct slice all)
{
	if (s.n && (s.p < all.p || s.p + s.n > all.p + all.n))
		abort();
}

/* An answer to a sound request is a sound response of the same transaction. */
static void answer(const struct sip_msg *m)
{
	static struct sip_msg back;
	struct buf b;

	buf_init(&b, 4 * SIP_MSG_MAX);
	sip_put_answer(&b, m, m->defect ? m->defect_status : 200, m->defect, "t",
		       (struct sip_origin){ SLICE_LIT("10.0.0.1"), 5060 });
	sip_put_end(&b, NULL, SLICE_NONE);
	if (b.n <= SIP_MSG_MAX && !m->defect &&
	    (sip_msg_parse(buf_view(&b), &back) || back.defect || back.cseq != m->cseq ||
	     !slice_eq(back.call_id, m->call_id) || !slice_eq(back.via.branch, m->via.branch)))
		abort();
	buf_fini(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct sip_msg m;
	const struct slice all = slice_of((const char *)data, size);
	struct sip_subscription_state ss;
	struct sip_event e;
	struct sip_addr addr;
	struct sip_uri uri;
	uint64_t n;

	if (sip_msg_parse(all, &m))
		return 0;
	inside(m.method, all);
	inside(m.uri, all);
	inside(m.body, all);
	inside(m.call_id, all);
	inside(m.from_tag, all);
	inside(m.via.branch, all);
	for (uint32_t i = 0; i < m.n; i++) {
		inside(m.headers[i].value, all);
		if (sip_addr_parse(m.headers[i].value, &addr) == ERR_OK &&
		    sip_uri_parse(addr.uri, &uri) == ERR_OK)
			inside(uri.host, all);
	}
	(void)sip_msg_number(&m, SIP_EXPIRES, 1000, &n);
	if (sip_subscription_state_parse(sip_msg_header(&m, SIP_SUBSCRIPTION_STATE), &ss) ==
		    ERR_OK &&
	    ss.expires_s > SIP_SECONDS_MAX)
		abort();
	if (sip_event_parse(sip_msg_header(&m, SIP_EVENT), &e) == ERR_OK)
		inside(e.id, all);
	if (m.request)
		answer(&m);
	return 0;
}
