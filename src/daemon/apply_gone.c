/* apply_gone.c - accounts, connectors and realms that no configuration names any more: they go when all is
 * given back. */
#include "daemon/apply_own.h"

enum { TIDY_MS = 1000 };

static bool has_anything(const struct directory *d, uint16_t account)
{
	for (uint32_t u = directory_next_user(d, 0); u != ID_NONE; u = directory_next_user(d, u + 1))
		if (directory_user_account(d, u) == account)
			return true;
	for (uint32_t c = directory_next_connector(d, 0); c != ID_NONE;
	     c = directory_next_connector(d, c + 1))
		if (directory_connector_account(d, c) == account)
			return true;
	return false;
}

bool apply_release_connector(struct apply *a, struct bridge_time t, uint32_t connector)
{
	if (!bridge_remove_connector(a->bridge, t, connector))
		return false;
	if (a->channels)
		channels_drop(a->channels, connector);
	report_connector_gone(a->report, connector);
	return true;
}

static bool release_connectors(struct apply *a, struct bridge_time t)
{
	const struct directory *d = bridge_directory(a->bridge);
	bool waits = false;

	for (uint32_t c = directory_next_connector(d, 0); c != ID_NONE;
	     c = directory_next_connector(d, c + 1))
		if (!a->connectors[c])
			waits |= !apply_release_connector(a, t, c);
	return waits;
}

/* True when one still waits. */
static bool release_accounts(struct apply *a)
{
	const struct directory *d = bridge_directory(a->bridge);
	bool waits = false;

	for (uint16_t i = directory_next_account(d, 0); i != UINT16_MAX;
	     i = directory_next_account(d, i + 1)) {
		if (a->accounts[i])
			continue;
		if (has_anything(d, i)) {
			waits = true;
			continue;
		}
		bridge_remove_account(a->bridge, i);
		report_account_gone(a->report, i);
	}
	return waits;
}

static bool release_realms(struct apply *a, struct bridge_time t)
{
	bool waits = false;

	for (uint32_t r = 0; r < a->limits.realms; r++) {
		if (!bridge_realm(a->bridge, r) || a->realms[r])
			continue;
		if (bridge_realm_is_over(a->bridge, t, r) && (!a->clouds || clouds_drop(a->clouds, r)))
			bridge_remove_realm(a->bridge, r);
		else
			waits = true;
	}
	return waits;
}

int64_t apply_tidy(struct apply *a, struct bridge_time t)
{
	if (!a->gone)
		return TIME_NEVER;
	if (t.mono_ms < a->tidy_ms)
		return a->tidy_ms;
	bool connectors = release_connectors(a, t), accounts = release_accounts(a);

	a->gone = release_realms(a, t) || accounts || connectors;
	a->tidy_ms = t.mono_ms + TIDY_MS;
	return a->gone ? a->tidy_ms : TIME_NEVER;
}
