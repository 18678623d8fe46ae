#include "admin/names.h"

#include <stdlib.h>

enum { NAME_MAX_BYTES = 256 };

struct name {
	uint16_t n;
	char text[NAME_MAX_BYTES];
};

struct names {
	struct snapshot *snapshot;
	uint32_t accounts_n, connectors_n;
	struct name *accounts, *connectors;
	uint64_t seen;
};

enum err names_new(struct names **ret, struct snapshot *s, const struct snapshot_limits *l)
{
	struct names *n = calloc(1, sizeof(*n));

	if (!n)
		return ERR_NO_MEMORY;
	*n = (struct names){.snapshot = s,
			    .accounts_n = l->accounts,
			    .connectors_n = l->connectors,
			    .seen = UINT64_MAX};
	n->accounts = calloc(l->accounts + 1, sizeof(struct name));
	n->connectors = calloc(l->connectors + 1, sizeof(struct name));
	if (!n->accounts || !n->connectors) {
		names_free(n);
		return ERR_NO_MEMORY;
	}
	*ret = n;
	return ERR_OK;
}

void names_free(struct names *n)
{
	if (!n)
		return;
	free(n->accounts);
	free(n->connectors);
	free(n);
}

static void keep(struct name *at, struct slice text)
{
	at->n = (uint16_t)(text.n < NAME_MAX_BYTES ? text.n : NAME_MAX_BYTES);
	if (at->n)
		memcpy(at->text, text.p, at->n);
}

void names_refresh(struct names *n)
{
	struct snap_copy c = {0};

	if (!snapshot_health_changed(n->snapshot, &n->seen))
		return;
	for (uint32_t i = 0; i < n->accounts_n; i++)
		if (snapshot_account(n->snapshot, (uint16_t)i, &c))
			keep(&n->accounts[i], c.account.name);
	for (uint32_t i = 0; i < n->connectors_n; i++)
		if (snapshot_connector(n->snapshot, i, &c))
			keep(&n->connectors[i], c.connector.name);
	snap_copy_fini(&c);
}

static struct slice name_of(const struct name *names, uint32_t n, uint32_t id)
{
	if (id >= n || !names[id].n)
		return SLICE_LIT("?");
	return slice_of(names[id].text, names[id].n);
}

struct slice names_account(const struct names *n, uint16_t account)
{
	return name_of(n->accounts, n->accounts_n, account);
}

struct slice names_connector(const struct names *n, uint32_t connector)
{
	return name_of(n->connectors, n->connectors_n, connector);
}
