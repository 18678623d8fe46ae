#include "base/check.h"
#include "proto/webhook/hook.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_report(const struct hook_report *r)
{
	CHECK(r->call <= HOOK_CONFERENCE && r->dnd <= HOOK_ON && r->registered <= HOOK_ON);
	CHECK(r->profile <= HOOK_PROFILE_UNSAID && r->endpoint <= 8);
	CHECK(memchr(r->line, '\0', sizeof(r->line)));
	CHECK(!r->has_key || r->key != 0);
	CHECK(r->full || r->has_key);
}

/* The body in each of the three forms; the form follows no byte of it, so that each file tries all.
 */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const states[] = { "InUse=busy", "OnHook=idle" };
	const struct hook_mapping m = { .line = "/line",
					.state = "/msg/status",
					.call = "/call",
					.dnd = "/dnd",
					.profile = "/profile/state",
					.sequence = "/sequence",
					.time = "/time",
					.states = states,
					.states_n = 2 };
	static struct hook_report reports[HOOK_REPORTS_MAX];
	char why[100];

	for (int kind = HOOK_OWN; kind <= HOOK_MAPPED; kind++) {
		struct hook_form f;
		uint32_t n = 0;

		CHECK(hook_form_init(&f, (enum hook_form_kind)kind, &m, 3, why, sizeof(why)) ==
		      ERR_OK);
		why[0] = '\0';
		enum err e = hook_read(&f, slice_of((const char *)data, size), reports,
				       HOOK_REPORTS_MAX, &n, why, sizeof(why));
		CHECK(e == ERR_OK || why[0]);
		for (const char *p = why; *p; p++)
			CHECK(*p >= ' ' && *p <= '~');
		for (uint32_t i = 0; i < n; i++)
			check_report(&reports[i]);
	}
	return 0;
}
