/* Watchers that have to sign in. */
#include "rig.h"

#include <stdio.h>
#include <stdlib.h>

static void set_login(struct rig *r, const char *account)
{
	struct lamp_login *list = calloc(1, sizeof(*list));

	*list = (struct lamp_login){ .name = strdup("phone"), .account = strdup(account) };
	assert_int_equal(secret_set(&list->password, SLICE_LIT("secret")), ERR_OK);
	lamps_set_logins(r->l, list, 1);
}

/* Takes a 401's challenge of the algorithm; false when it is not offered. */
static bool challenged(struct rig *r, uint8_t algorithm, bool *ret_stale)
{
	const struct sip_header *h = NULL;
	struct sip_challenge c;

	assert_int_equal(rig_status(r), 401);
	while ((h = sip_msg_next(&r->m, SIP_WWW_AUTHENTICATE, h))) {
		assert_int_equal(sip_challenge_parse(h->value, &c), ERR_OK);
		if (c.algorithm != algorithm)
			continue;
		snprintf(r->nonce_room, sizeof(r->nonce_room), "%.*s", SLICE_ARG(c.nonce));
		r->nonce = r->nonce_room;
		*ret_stale = c.stale;
		return true;
	}
	return false;
}

static void sign(struct rig *r, uint8_t algorithm, const char *password, uint32_t nc,
		 struct rig_ask a)
{
	const struct sip_digest d = { .algorithm = algorithm,
				      .qop_auth = true,
				      .username = SLICE_LIT("phone"),
				      .realm = SLICE_LIT("offhook"),
				      .nonce = slice_str(r->nonce),
				      .cnonce = SLICE_LIT("c"),
				      .method = SLICE_LIT("SUBSCRIBE"),
				      .uri = SLICE_LIT("sip:201@10.0.0.9"),
				      .nc = nc };
	struct buf b;

	buf_init(&b, 2000);
	buf_str(&b, "Authorization: ");
	assert_int_equal(sip_put_digest(&b, &d, SLICE_NONE, false, slice_str(password)), ERR_OK);
	buf_str(&b, "\r\n");
	a.extra = buf_cstr(&b);
	rig_subscribe(r, a);
	buf_fini(&b);
}

static void digests(void **state)
{
	static const uint8_t algorithms[] = { SIP_MD5, SIP_SHA256 };
	struct rig r;
	bool stale;
	(void)state;

	for (int i = 0; i < 2; i++) {
		rig_open(&r, LAMP_UDP, 10);
		set_login(&r, "");
		rig_subscribe(&r, (struct rig_ask){ 0 });
		assert_true(challenged(&r, algorithms[i], &stale) && !stale);
		sign(&r, algorithms[i], "wrong", 1, (struct rig_ask){ .cseq = 2 });
		assert_true(challenged(&r, algorithms[i], &stale) && !stale);
		sign(&r, algorithms[i], "secret", 1, (struct rig_ask){ .cseq = 3 });
		assert_int_equal(rig_status(&r), 200);
		rig_notify(&r);
		/* its next count is good, the same one again is not */
		sign(&r, algorithms[i], "secret", 2, (struct rig_ask){ .call_id = "c2" });
		assert_int_equal(rig_status(&r), 200);
		rig_notify(&r);
		sign(&r, algorithms[i], "secret", 2, (struct rig_ask){ .call_id = "c3" });
		assert_true(challenged(&r, algorithms[i], &stale) && stale);
		/* with time it grows stale */
		sign(&r, algorithms[i], "secret", 1,
		     (struct rig_ask){ .call_id = "c3", .cseq = 2 });
		assert_int_equal(rig_status(&r), 200);
		rig_forget(&r);
		r.now += LAMP_NONCE_MS + 1;
		sign(&r, algorithms[i], "secret", 9, (struct rig_ask){ .call_id = "c4" });
		assert_true(challenged(&r, algorithms[i], &stale) && stale);
		/* one that was never ours is stale too, when the password is right */
		r.nonce = "000000000000000100000000000186a00123456789abcdef";
		sign(&r, algorithms[i], "secret", 1, (struct rig_ask){ .call_id = "c5" });
		assert_true(challenged(&r, algorithms[i], &stale) && stale);
		assert_int_equal(rig_counted(&r, LAMP_NOTE_DENIED), 1);
		rig_close(&r);
	}
}

static void a_login_of_another_account_sees_nobody(void **state)
{
	struct rig r;
	bool stale;
	(void)state;

	rig_open(&r, LAMP_UDP, 10);
	set_login(&r, "other");
	rig_subscribe(&r, (struct rig_ask){ 0 });
	assert_true(challenged(&r, SIP_SHA256, &stale));
	sign(&r, SIP_SHA256, "secret", 1, (struct rig_ask){ .cseq = 2 });
	assert_int_equal(rig_status(&r), 404);
	rig_close(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(digests),
		cmocka_unit_test(a_login_of_another_account_sees_nobody),
	};

	return cmocka_run_group_tests_name("sink/lamp/login", tests, NULL, NULL);
}
