#include "proto/graph/person.h"

/* What of assignedPlans is Teams: the service's name, and the plans of all clouds should that ever
 * be another. */
static const char teams_service[] = "TeamspaceAPI";
static const char *const teams_plans[] = {
	"57ff2da0-773e-42df-b2af-ffb7a2317929", /* TEAMS1 */
	"304767db-7d23-49e8-a945-4a7eb65f9f28", /* TEAMS_GOV */
	"9953b155-8aef-4c56-92f3-72b0487fce41", /* TEAMS_AR_GCCHIGH */
	"fd500458-c24c-478e-856c-a6067a8376cd", /* TEAMS_AR_DOD */
};

static bool word_is(const json_t *row, const char *key, const char *word)
{
	const char *text = graph_json_text(row, key);

	return text && slice_is_nocase(slice_str(text), word);
}

/* Enabled, or in its grace period ("Warning"). */
static bool is_teams(const json_t *plan)
{
	bool ours = word_is(plan, "service", teams_service);

	for (size_t i = 0; i < sizeof(teams_plans) / sizeof(*teams_plans) && !ours; i++)
		ours = word_is(plan, "servicePlanId", teams_plans[i]);
	return ours && (word_is(plan, "capabilityStatus", "Enabled") ||
			word_is(plan, "capabilityStatus", "Warning"));
}

static bool is_licensed(const json_t *plans)
{
	for (size_t i = 0; i < json_array_size(plans); i++)
		if (is_teams(json_array_get(plans, i)))
			return true;
	return false;
}

static void classify(const json_t *row, struct graph_person *p)
{
	const json_t *plans = json_object_get(row, "assignedPlans");

	p->plans_known = plans != NULL;
	if (json_is_false(json_object_get(row, "accountEnabled")))
		p->class = PERSON_DISABLED;
	else if (word_is(row, "userType", "guest"))
		p->class = PERSON_GUEST;
	else if (plans && !is_licensed(plans))
		p->class = PERSON_UNLICENSED;
	else
		p->class = PERSON_GOOD;
}

static void add(struct graph_person *p, enum person_via via, const char *text)
{
	if (text && text[0] && p->addresses_n < PERSON_ADDRESSES_MAX)
		p->addresses[p->addresses_n++] = (struct person_address){ slice_str(text), (uint8_t)via };
}

static void add_aliases(struct graph_person *p, const json_t *all)
{
	for (size_t i = 0; i < json_array_size(all); i++) {
		const char *text = json_string_value(json_array_get(all, i));

		if (text && slice_starts_nocase(slice_str(text), "smtp:"))
			add(p, VIA_ALIAS, text + 5);
	}
}

static void add_property(struct graph_person *p, const json_t *row, const char *property)
{
	if (!property || !property[0])
		return;
	if (slice_starts(slice_str(property), "extensionAttribute"))
		row = json_object_get(row, "onPremisesExtensionAttributes");
	add(p, VIA_ATTRIBUTE, graph_json_text(row, property));
}

bool person_read(const json_t *row, const char *property, struct graph_person *ret)
{
	struct slice id = slice_str(graph_json_text(row, "id"));

	if (!graph_is_guid(id))
		return false;
	memcpy(ret->id, id.p, id.n);
	ret->id[PERSON_ID_LEN] = '\0';
	ret->addresses_n = 0;
	ret->removed = json_object_get(row, "@removed") != NULL;
	/* these two always have a value: their absence says that only changes are told */
	ret->whole = graph_json_text(row, "userPrincipalName") && json_object_get(row, "accountEnabled");
	classify(row, ret);
	add(ret, VIA_UPN, graph_json_text(row, "userPrincipalName"));
	add(ret, VIA_MAIL, graph_json_text(row, "mail"));
	add_aliases(ret, json_object_get(row, "proxyAddresses"));
	add_property(ret, row, property);
	return true;
}

enum person_via person_has(const struct graph_person *p, struct slice address)
{
	for (uint32_t i = 0; i < p->addresses_n; i++)
		if (slice_eq_nocase(p->addresses[i].text, address))
			return (enum person_via)p->addresses[i].via;
	return VIA_NONE;
}

void people_query(struct buf *b, const char *graph_url, const char *property)
{
	bool extension = property && slice_starts(slice_str(property), "extensionAttribute");

	buf_str(b, graph_url);
	buf_str(b, "/v1.0/users/"
		   "delta?$select=id,mail,userPrincipalName,proxyAddresses,accountEnabled,userType,"
		   "assignedPlans");
	if (property && property[0])
		buf_fmt(b, ",%s", extension ? "onPremisesExtensionAttributes" : property);
}

void people_group_query(struct buf *b, const char *graph_url, const char *group)
{
	buf_fmt(b, "%s/v1.0/groups/%s/transitiveMembers?$select=id&$top=999", graph_url, group);
}

static bool is_url_text(struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] <= 0x20 || (unsigned char)s.p[i] >= 0x7f)
			return false;
	return s.n > 0 && s.n <= PEOPLE_LINK_MAX;
}

enum err people_link(struct buf *b, struct slice link, const char *graph_url, const char *resource)
{
	const char *const homes[] = { graph_url, resource };

	if (!is_url_text(link))
		return ERR_MALFORMED;
	for (size_t i = 0; i < 2; i++) {
		size_t n = strlen(homes[i]);

		if (!slice_starts_nocase(link, homes[i]) || n == link.n || link.p[n] != '/')
			continue;
		buf_str(b, graph_url);
		buf_slice(b, slice_sub(link, n, link.n));
		return ERR_OK;
	}
	return ERR_MALFORMED;
}
