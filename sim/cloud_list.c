/* GET /users and GET /users/{id}: selection, pages, links. */
#include <stdio.h>
#include <stdlib.h>

#include "cloud_parts.h"

enum { PAGE_DEFAULT = 100, PAGE_MAX = 999, NAMES_MAX = 64, HITS_MAX = 256 };

static json_t *text_or_null(const char *s)
{
	return s ? json_string(s) : json_null();
}

static json_t *get_id(const struct cloud_user *u)
{
	return json_string(u->id);
}

static json_t *get_upn(const struct cloud_user *u)
{
	return text_or_null(u->upn);
}

static json_t *get_mail(const struct cloud_user *u)
{
	return text_or_null(u->mail);
}

static json_t *get_name(const struct cloud_user *u)
{
	return text_or_null(u->name);
}

static json_t *get_nickname(const struct cloud_user *u)
{
	return json_stringn(u->upn, strcspn(u->upn, "@"));
}

static json_t *get_enabled(const struct cloud_user *u)
{
	return json_boolean(!u->disabled);
}

static json_t *get_type(const struct cloud_user *u)
{
	return json_string(u->guest ? "Guest" : "Member");
}

static json_t *get_proxies(const struct cloud_user *u)
{
	json_t *list = json_array();

	if (u->mail)
		json_array_append_new(list, json_sprintf("SMTP:%s", u->mail));
	for (size_t i = 0; i < u->aliases_n; i++)
		json_array_append_new(list, json_sprintf("smtp:%s", u->aliases[i]));
	return list;
}

static json_t *get_im(const struct cloud_user *u)
{
	json_t *list = json_array();

	if (u->mail)
		json_array_append_new(list, json_string(u->mail));
	return list;
}

static json_t *get_null(const struct cloud_user *u)
{
	(void)u;
	return json_null();
}

static json_t *get_none(const struct cloud_user *u)
{
	(void)u;
	return json_array();
}

static json_t *get_employee(const struct cloud_user *u)
{
	return text_or_null(u->employee);
}

static json_t *get_extensions(const struct cloud_user *u)
{
	json_t *o = json_object();

	for (int i = 1; i <= 15; i++) {
		char name[32];

		snprintf(name, sizeof name, "extensionAttribute%d", i);
		json_object_set_new(o, name, i == 1 ? text_or_null(u->extension) : json_null());
	}
	return o;
}

static json_t *plan(const char *service, const char *id, const char *status)
{
	return json_pack("{s:s,s:s,s:s,s:s}", "assignedDateTime", "2025-03-01T08:00:00Z",
			 "capabilityStatus", status, "service", service, "servicePlanId", id);
}

/* Everybody has a mailbox; without a licence for Teams its plan is there no more, but not yet forgotten. */
static json_t *get_plans(const struct cloud_user *u)
{
	json_t *list = json_array();

	if (u->guest)
		return list;
	json_array_append_new(list, plan("exchange", "efb87545-963c-4e0d-99df-69c6916d9eb0", "Enabled"));
	json_array_append_new(list, plan("TeamspaceAPI", "57ff2da0-773e-42df-b2af-ffb7a2317929",
					 u->unlicensed ? "Deleted" : "Enabled"));
	return list;
}

static const struct {
	const char *name;
	bool unasked; /* among the properties of an answer without $select */
	json_t *(*get)(const struct cloud_user *u);
} properties[] = {
	{ "businessPhones", true, get_none },
	{ "displayName", true, get_name },
	{ "givenName", true, get_null },
	{ "jobTitle", true, get_null },
	{ "mail", true, get_mail },
	{ "mobilePhone", true, get_null },
	{ "officeLocation", true, get_null },
	{ "preferredLanguage", true, get_null },
	{ "surname", true, get_null },
	{ "userPrincipalName", true, get_upn },
	{ "id", true, get_id },
	{ "accountEnabled", false, get_enabled },
	{ "userType", false, get_type },
	{ "proxyAddresses", false, get_proxies },
	{ "imAddresses", false, get_im },
	{ "otherMails", false, get_none },
	{ "mailNickname", false, get_nickname },
	{ "department", false, get_null },
	{ "employeeId", false, get_employee },
	{ "onPremisesExtensionAttributes", false, get_extensions },
	{ "assignedLicenses", false, get_none },
	{ "assignedPlans", false, get_plans },
};

struct list {
	uint32_t selected; /* bit per property */
	uint64_t top, from;
	struct cloud_filter *filter;
	bool count;
};

bool cloud_look_select(struct cloud_call *k, struct slice raw, uint32_t *ret)
{
	struct buf text;
	struct slice rest, part;
	bool ok = true;

	buf_init(&text, CLOUD_TARGET_MAX);
	*ret = 0;
	ok = cloud_unescape(raw, true, &text);
	rest = buf_view(&text);
	while (ok && slice_split(&rest, ',', &part)) {
		size_t i = 0;

		part = slice_trim(part);
		while (i < ARRAY_LEN(properties) && !slice_is_nocase(part, properties[i].name))
			i++;
		ok = i < ARRAY_LEN(properties);
		if (ok)
			*ret |= 1u << i;
		else
			cloud_fail(k, 400, "BadRequest",
				   "Parsing OData Select and Expand failed: Could not find a property "
				   "named '%.*s' on type 'microsoft.graph.user'.",
				   SLICE_ARG(slice_sub(part, 0, 64)));
	}
	buf_fini(&text);
	return ok || (k->rs->status != 0) ? ok : cloud_fail(k, 400, "BadRequest", "Bad $select.");
}

uint32_t cloud_usual_select(void)
{
	uint32_t bits = 0;

	for (size_t i = 0; i < ARRAY_LEN(properties); i++)
		bits |= properties[i].unasked ? 1u << i : 0;
	return bits;
}

static bool look_filter(struct cloud_call *k, struct slice raw, struct cloud_filter **ret)
{
	const char *why = "The filter is not properly escaped.";
	struct buf text;

	buf_init(&text, CLOUD_TARGET_MAX);
	if (cloud_unescape(raw, true, &text))
		*ret = cloud_filter_parse(buf_view(&text), &why);
	if (*ret)
		snprintf(k->summary, sizeof k->summary, "%.*s", text.n < 110 ? (int)text.n : 110,
			 buf_cstr(&text));
	buf_fini(&text);
	return *ret || cloud_fail(k, 400, "Request_UnsupportedQuery", "%s", why);
}

uint64_t cloud_page_rows(struct cloud_call *k, uint64_t wanted)
{
	const struct cloud_fault *cap = cloud_fault_hit(k, CLOUD_FAULT_PAGE_SIZE);

	return cap && cap->code > 0 && wanted > (uint64_t)cap->code ? (uint64_t)cap->code : wanted;
}

static bool look_page(struct cloud_call *k, struct list *l)
{
	struct slice top = cloud_param(k->query, "$top"), skip = cloud_param(k->query, "$skiptoken");

	l->top = PAGE_DEFAULT;
	if (top.p && (slice_u64(top, PAGE_MAX, &l->top) != ERR_OK || l->top == 0))
		return cloud_fail(k, 400, "Request_BadRequest",
				  "Invalid page size specified. Must be between 1 and 999 inclusive.");
	if (skip.p && (!slice_starts(skip, "s-") ||
		       slice_u64(slice_sub(skip, 2, skip.n), CLOUD_USERS_MAX, &l->from) != ERR_OK))
		return cloud_fail(k, 400, "Directory_ExpiredPageToken", "The skip token is not valid.");
	l->top = cloud_page_rows(k, l->top);
	return true;
}

static bool look_list(struct cloud_call *k, struct list *l)
{
	struct slice select = cloud_param(k->query, "$select");
	struct slice filter = cloud_param(k->query, "$filter");
	struct slice count = cloud_param(k->query, "$count");
	bool eventual =
		slice_is_nocase(k->rq->header(k->rq->arg, "consistencylevel"), "eventual");

	l->selected = cloud_usual_select();
	l->count = slice_is(count, "true") && eventual;
	if (cloud_param(k->query, "$skip").p)
		return cloud_fail(k, 400, "Request_BadRequest", "'$skip' is not supported by the service.");
	if (cloud_param(k->query, "$search").p ||
	    (filter.p && cloud_param(k->query, "$orderby").p))
		return cloud_fail(k, 400, "Request_UnsupportedQuery",
				  "Sorting or searching is not supported here.");
	return (!select.p || cloud_look_select(k, select, &l->selected)) && look_page(k, l) &&
	       (!filter.p || look_filter(k, filter, &l->filter));
}

bool cloud_is_empty(const json_t *v)
{
	return json_is_null(v) || (json_is_array(v) && json_array_size(v) == 0);
}

json_t *cloud_user_json(const struct cloud_user *u, uint32_t selected)
{
	json_t *o = json_object();

	for (size_t i = 0; i < ARRAY_LEN(properties); i++)
		if (selected >> i & 1)
			json_object_set_new(o, properties[i].name, properties[i].get(u));
	return o;
}

static void set_link(struct cloud_call *k, json_t *out, uint64_t next)
{
	const char *dollar = cloud_fault_hit(k, CLOUD_FAULT_ESCAPED_LINK) ? "%24" : "$";
	struct slice rest = k->query, part;
	struct buf link;

	buf_init(&link, CLOUD_TARGET_MAX);
	buf_fmt(&link, "%s/v1.0/users?", k->c->base);
	while (slice_split(&rest, '&', &part)) {
		if (part.n == 0 || slice_starts(part, "$skiptoken=") ||
		    slice_starts(part, "%24skiptoken="))
			continue;
		buf_slice(&link, part);
		buf_char(&link, '&');
	}
	buf_fmt(&link, "%sskiptoken=s-%llu", dollar, (unsigned long long)next);
	json_object_set_new(out, "@odata.nextLink", json_string(buf_cstr(&link)));
	buf_fini(&link);
}

/* Fills rows from candidates in the order of their numbers; leaves a link behind a full page. */
struct rows {
	struct cloud_call *k;
	const struct list *l;
	json_t *list;
	uint64_t matched;
	uint32_t next; /* number of the first match that found no room, or CLOUD_NO_USER */
};

static void offer(struct rows *r, uint32_t user)
{
	const struct cloud_user *u = &r->k->c->users[user];

	if (u->deleted || (r->l->filter && !cloud_filter_match(r->l->filter, u)))
		return;
	r->matched++;
	if (user < r->l->from || r->next != CLOUD_NO_USER)
		return;
	if (json_array_size(r->list) == r->l->top)
		r->next = user;
	else
		json_array_append_new(r->list, cloud_user_json(u, r->l->selected));
}

static int by_number(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

/* An `or` of equalities on indexed names asks only those who have one of the names. */
static bool offer_named(struct rows *r)
{
	struct slice names[NAMES_MAX];
	uint32_t hits[HITS_MAX];
	const struct cloud *c = r->k->c;
	int n = r->l->filter ? cloud_filter_names(r->l->filter, names, NAMES_MAX) : -1;
	size_t hits_n = 0;

	for (int i = 0; i < n; i++)
		for (uint32_t at = cloud_name_first(c, names[i]); at != CLOUD_NO_USER;
		     at = cloud_name_next(c, at, names[i])) {
			if (hits_n == HITS_MAX)
				return false;
			hits[hits_n++] = c->names[at].user;
		}
	if (n < 0)
		return false;
	if (hits_n > 0)
		qsort(hits, hits_n, sizeof *hits, by_number);
	for (size_t i = 0; i < hits_n; i++)
		if (i == 0 || hits[i] != hits[i - 1])
			offer(r, hits[i]);
	return true;
}

void cloud_do_users(struct cloud_call *k)
{
	struct list l = { 0 };
	struct rows r = { .k = k, .l = &l, .next = CLOUD_NO_USER };
	char context[400];

	if (!look_list(k, &l))
		return;
	r.list = json_array();
	if (!offer_named(&r))
		for (uint32_t i = l.count ? 0 : (uint32_t)l.from;
		     i < k->c->users_n && (l.count || r.next == CLOUD_NO_USER); i++)
			offer(&r, i);
	snprintf(context, sizeof context, "%s/v1.0/$metadata#users", k->c->base);
	json_t *out = json_pack("{s:s}", "@odata.context", context);
	if (l.count)
		json_object_set_new(out, "@odata.count", json_integer((json_int_t)r.matched));
	if (r.next != CLOUD_NO_USER)
		set_link(k, out, r.next);
	json_object_set_new(out, "value", r.list);
	cloud_filter_free(l.filter);
	cloud_ok(k, out);
}

void cloud_do_user(struct cloud_call *k)
{
	struct slice select = cloud_param(k->query, "$select");
	uint32_t selected = cloud_usual_select();
	char context[400];

	if (select.p && !cloud_look_select(k, select, &selected))
		return;
	json_t *out = cloud_user_json(&k->c->users[k->user], selected);
	snprintf(context, sizeof context, "%s/v1.0/$metadata#users/$entity", k->c->base);
	json_object_set_new(out, "@odata.context", json_string(context));
	cloud_ok(k, out);
}
