/* A users file from a hostile hand, into an account with one connector. */
#include <stdint.h>
#include <stdlib.h>

#include "base/check.h"
#include "proto/conf/conf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char yaml[] = "accounts: [ { name: a, teams: { tenant: t, client_id: "
			   "99999999-8888-7777-6666-555555555555, client_secret_file: s }, connectors: "
			   "[ { name: hq, type: sip, server: 'sip:x' } ] } ]";

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct conf_errors errs;
	struct conf *c = NULL;

	CHECK(conf_parse(SLICE_LIT(yaml), "fuzz.yaml", &c, &errs) == ERR_OK);
	enum err err = conf_add_users(c, 0, slice_of((const char *)data, size), "users.csv", &errs);
	CHECK((err == ERR_OK) == (errs.errors == 0));
	for (uint32_t i = 0; i < c->accounts[0].users_n; i++) {
		const struct conf_user *u = &c->accounts[0].users[i];

		CHECK(strlen(u->email) >= 3 && strlen(u->email) <= 254 && strlen(u->name) <= 254);
		CHECK(u->lines_n == 0 || u->lines[u->lines_n - 1].number[0]);
	}
	err = conf_finish(c, &errs);
	CHECK((err == ERR_OK) == (errs.errors == 0));
	conf_free(c);
	return 0;
}
