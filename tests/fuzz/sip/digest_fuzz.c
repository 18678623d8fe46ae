/* Any bytes as a challenge and as credentials. A challenge that we take can be answered, and the
 * answer reads back as right. */
#include <stdint.h>
#include <stdlib.h>

#include "proto/sip/digest.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct slice all = slice_of((const char *)data, size);
	struct sip_credentials c;
	struct sip_challenge ch;
	struct buf b;

	if (sip_credentials_parse(all, &c) == ERR_OK)
		(void)sip_credentials_match(&c, SLICE_LIT("SUBSCRIBE"), SLICE_LIT("pw"));
	if (sip_challenge_parse(all, &ch))
		return 0;
	const struct sip_digest d = {
		.algorithm = ch.algorithm,
		.qop_auth = ch.qop_auth,
		.username = SLICE_LIT("u"),
		.realm = ch.realm,
		.nonce = ch.nonce,
		.cnonce = SLICE_LIT("c"),
		.method = SLICE_LIT("SUBSCRIBE"),
		.uri = SLICE_LIT("sip:a@b"),
		.nc = 1,
	};
	buf_init(&b, 4096);
	if (sip_put_digest(&b, &d, ch.opaque, ch.has_opaque, SLICE_LIT("pw")))
		abort();
	/* a realm with an unclosed quote was never between quotes: nothing to compare */
	if (!memchr(ch.realm.p ? ch.realm.p : "", '"', ch.realm.n) &&
	    !memchr(ch.nonce.p ? ch.nonce.p : "", '"', ch.nonce.n) &&
	    !memchr(ch.opaque.p ? ch.opaque.p : "", '"', ch.opaque.n) &&
	    !memchr(ch.realm.p ? ch.realm.p : "", '\\', ch.realm.n) &&
	    !memchr(ch.nonce.p ? ch.nonce.p : "", '\\', ch.nonce.n) &&
	    !memchr(ch.opaque.p ? ch.opaque.p : "", '\\', ch.opaque.n) &&
	    (sip_credentials_parse(buf_view(&b), &c) ||
	     !sip_credentials_match(&c, SLICE_LIT("SUBSCRIBE"), SLICE_LIT("pw"))))
		abort();
	buf_fini(&b);
	return 0;
}
