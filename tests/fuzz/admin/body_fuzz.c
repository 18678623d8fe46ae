/* body_fuzz.c - the JSON bodies of the API's writes. The first byte picks the route; what would reach the
 * presence loop is caught (the linker wraps request_command) and must be within its ranges. */
#include <stdlib.h>

#include "admin/impl.h"
#include "base/check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
void __wrap_request_command(struct request *r, struct admin_command *cmd);

static int commands;

void __wrap_request_command(struct request *r, struct admin_command *cmd)
{
	commands++;
	CHECK(cmd->kind < ADMIN_COMMAND_COUNT && cmd->profile < PROFILE_COUNT && cmd->log_level <= 7);
	CHECK(r->status == 0);
	free(cmd->text);
}

static int64_t now(void)
{
	return 1790000000000;
}

static struct admin *one_user(void)
{
	static struct admin a = { .c = { .wall_ms = now, .mono_ms = now },
				  .limits = { .accounts = 1, .connectors = 1, .users = 1 } };
	const struct admin_account account = { .name = SLICE_LIT("acme") };
	const struct admin_user user = { .email = SLICE_LIT("ana@acme.example") };

	if (a.snapshot)
		return &a;
	CHECK(!snapshot_new(&a.snapshot, &a.limits));
	CHECK(!snapshot_put_account(a.snapshot, &account) && !snapshot_put_user(a.snapshot, &user));
	return &a;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static void (*const writes[])(struct request * r) = { api_put_profile, api_put_enabled,
							      api_clear,       api_log_level,
							      api_capture,     api_capture_next };
	struct request r = { .admin = one_user(),
			     .match = { .params_n = 2, .params = { "acme", "ana@acme.example" } } };

	if (size == 0)
		return 0;
	commands = 0;
	buf_init(&r.body, 65536);
	buf_init(&r.out, 65536);
	buf_add(&r.body, data + 1, size - 1);
	writes[data[0] % ARRAY_LEN(writes)](&r);
	/* either one command or one refusal, never both and never neither */
	CHECK(commands + (r.status >= 400) == 1);
	buf_fini(&r.body);
	buf_fini(&r.out);
	return 0;
}
