#include "admin/impl.h"

/* One path names no account: of one that is still to be made. */
static bool find_account(struct request *r, struct admin_command *cmd)
{
	return r->match.params_n == 0 || request_account(r, cmd);
}

void api_setup(struct request *r)
{
	struct admin_command cmd = { .kind = ADMIN_SETUP };

	if (find_account(r, &cmd))
		request_command(r, &cmd);
}

void api_setup_check(struct request *r)
{
	static const char *const keys[] = { NULL };
	struct admin_command cmd = { .kind = ADMIN_SETUP, .ask = true };
	json_t *doc = find_account(r, &cmd) ? request_body(r) : NULL;

	if (doc && request_only_keys(r, doc, keys))
		request_command(r, &cmd);
	json_decref(doc);
}
