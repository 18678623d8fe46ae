#include "proto/conf/render.h"

#include "base/check.h"
#include "proto/conf/reader.h"

struct rendering {
	const struct conf_account *account;
	const struct conf *all; /* lists too */
};

static json_t *render_map(const struct rendering *r, enum conf_scope scope, const void *object,
			  const void *base);

static const void *field_of(const void *object, const struct setting *s)
{
	return object ? (const char *)object + s->offset : NULL;
}

static json_t *text_json(const char *s)
{
	return s && s[0] ? json_string(s) : NULL;
}

static json_t *texts_json(const struct conf_texts *t)
{
	json_t *list = t->n ? json_array() : NULL;

	for (uint32_t i = 0; i < t->n; i++)
		json_array_append_new(list, json_string(t->list[i]));
	return list;
}

static json_t *word_json(struct slice words, uint8_t value)
{
	struct slice word;

	for (uint8_t i = 0; slice_split(&words, '|', &word); i++)
		if (i == value)
			return json_stringn(word.p, word.n);
	return NULL;
}

static json_t *duration_json(const struct setting *s, int32_t ms)
{
	struct buf b;

	buf_init(&b, 32);
	if (ms == 0 && s->kind == KIND_DURATION_OR_OFF)
		buf_str(&b, "off");
	else
		schema_duration(ms, &b);
	json_t *j = json_string(buf_cstr(&b));
	buf_fini(&b);
	return j;
}

static json_t *quota_json(const struct conf_quota *q)
{
	struct buf b;

	buf_init(&b, 64);
	buf_fmt(&b, "%u/", q->n);
	schema_duration(q->window_ms, &b);
	json_t *j = json_string(buf_cstr(&b));
	buf_fini(&b);
	return j;
}

static json_t *address_json(const struct conf_address *a)
{
	if (!a->port)
		return NULL;
	return json_sprintf(slice_find(slice_str(a->host), ':') < strlen(a->host) ? "[%s]:%u"
										  : "%s:%u",
			    a->host, (unsigned)a->port);
}

static json_t *tls_json(const struct conf_switch_tls *t)
{
	if (t->on && t->own.certificate_file && t->own.certificate_file[0])
		return json_pack("{s:s,s:s}", "certificate_file", t->own.certificate_file,
				 "key_file", t->own.key_file);
	return json_boolean(t->on);
}

static json_t *lines_json(const struct rendering *r, const struct conf_user *u)
{
	json_t *list = u->lines_n ? json_array() : NULL;

	for (uint32_t i = 0; i < u->lines_n; i++)
		json_array_append_new(
			list,
			json_sprintf("%s/%s", r->account->connectors[u->lines[i].connector].name,
				     u->lines[i].number));
	return list;
}

static const struct conf_policy *base_of(const struct rendering *r, const struct setting *s,
					 const void *object)
{
	const struct conf_group *g =
		s->scope == SCOPE_user
			? conf_group_of(r->account, ((const struct conf_user *)object)->group)
			: NULL;

	return g && g->policy ? g->policy : &r->account->policy;
}

static json_t *own_policy_json(const struct rendering *r, const struct setting *s,
			       const void *object, const struct conf_policy *p)
{
	const struct conf_policy *base = base_of(r, s, object);
	json_t *j = p && p != base ? render_map(r, SCOPE_policy, p, base) : NULL;

	if (j && json_object_size(j) == 0) {
		json_decref(j);
		return NULL;
	}
	return j;
}

/* NULL: nothing given. */
static json_t *scalar_json(const struct rendering *r, const struct setting *s, const void *object)
{
	const void *f = field_of(object, s);
	const struct conf_holidays *h;

	switch ((enum conf_kind)s->kind) {
	case KIND_TEXT:
	case KIND_NAME:
	case KIND_PATH:
	case KIND_URL:
	case KIND_PROXY:
	case KIND_EMAIL:
	case KIND_GUID:
	case KIND_TENANT:
	case KIND_PEM:
	case KIND_USERS:
	case KIND_ZONE:
		return text_json(*(const char *const *)f);
	case KIND_SECRET:
	case KIND_PEM_HELD:
	case KIND_LOGINS:
		return text_json(((const struct conf_secret *)f)->file);
	case KIND_WORD:
		return word_json(slice_str(s->words), *(const uint8_t *)f);
	case KIND_TYPE:
		return json_string(conf_type_name((enum conf_type) * (const uint8_t *)f));
	case KIND_SWITCH:
		return json_boolean(*(const bool *)f);
	case KIND_COUNT:
		return json_integer(*(const uint32_t *)f);
	case KIND_DURATION:
	case KIND_DURATION_OR_OFF:
		return duration_json(s, *(const int32_t *)f);
	case KIND_QUOTA:
		return quota_json(f);
	case KIND_ADDRESS:
		return address_json(f);
	case KIND_TEXTS:
	case KIND_PACKAGES:
	case KIND_RANGES:
	case KIND_DATES:
		return texts_json(f);
	case KIND_LINES:
		return lines_json(r, object);
	case KIND_TLS:
		return tls_json(f);
	case KIND_HOLIDAYS:
		h = *(struct conf_holidays *const *)f;
		return h ? text_json(h->file) : NULL;
	case KIND_OWN_POLICY:
		return own_policy_json(r, s, object, *(const struct conf_policy *const *)f);
	case KIND_GROUP:
	case KIND_LIST:
	case KIND_COUNT_:
		break;
	}
	CHECK(false);
	return NULL;
}

/* As the table's default is written. */
static bool is_default(const struct setting *s, const json_t *j)
{
	char number[24];
	bool on;

	if (json_is_string(j))
		return strcmp(json_string_value(j), s->def) == 0;
	if (json_is_integer(j)) {
		snprintf(number, sizeof(number), "%lld", (long long)json_integer_value(j));
		return strcmp(number, s->def) == 0;
	}
	if (json_is_boolean(j))
		on = s->def[0] == 'y';
	else
		return false;
	return on == json_is_true(j);
}

/* Filled in from `cloud` by the reader. */
static bool is_of_the_cloud(const struct setting *s, const void *object, const json_t *j)
{
	const struct conf_teams *t = object;

	if (s->scope != SCOPE_teams || s->kind != KIND_URL)
		return false;
	return strcmp(json_string_value(j),
		      slice_is(slice_str(s->key), "login_url")
			      ? conf_cloud_login_url((enum conf_cloud)t->cloud)
			      : conf_cloud_graph_url((enum conf_cloud)t->cloud)) == 0;
}

static bool is_for_type(const struct setting *s, const void *object)
{
	if (s->scope != SCOPE_connector || !(s->flags & FOR_ANY))
		return true;
	return s->flags & (1u << 8 << ((const struct conf_connector *)object)->type);
}

static json_t *list_json(const struct rendering *r, const struct setting *s, const void *object)
{
	size_t size = schema_of((enum conf_scope)s->sub).size;
	uint32_t n = *(const uint32_t *)(const void *)((const char *)object + s->offset_n);
	const char *items = *(const char *const *)field_of(object, s);
	json_t *list = json_array();

	for (uint32_t i = 0; i < n; i++) {
		const void *item = items + i * size;
		const struct rendering below = { s->sub == SCOPE_account ? item : r->account,
						 r->all };

		json_array_append_new(list,
				      render_map(&below, (enum conf_scope)s->sub, item, NULL));
	}
	if (n)
		return list;
	json_decref(list);
	return NULL;
}

/* People of the users file stand in the model among the others: with them written out it is not
 * needed. */
static bool is_left_out(const struct rendering *r, const struct setting *s, const void *object)
{
	return (s->flags & LATER) || !is_for_type(s, object) || (s->kind == KIND_LIST && !r->all) ||
	       (s->kind == KIND_USERS && r->all);
}

static json_t *row_json(const struct rendering *r, const struct setting *s, const void *object,
			const void *base)
{
	json_t *j;

	if (is_left_out(r, s, object))
		return NULL;
	if (s->kind == KIND_LIST)
		return list_json(r, s, object);
	if (s->kind == KIND_GROUP) {
		j = render_map(r, (enum conf_scope)s->sub, field_of(object, s), field_of(base, s));
		if (j && json_object_size(j) == 0) {
			json_decref(j);
			return NULL;
		}
		return j;
	}
	j = scalar_json(r, s, object);
	json_t *other = base ? scalar_json(r, s, base) : NULL;
	bool same = base ? json_equal(j, other) || (!j && !other)
			 : j && (is_default(s, j) || is_of_the_cloud(s, object, j));
	json_decref(other);
	if (!same)
		return j || !base ? j
		       : s->kind == KIND_TEXTS || s->kind == KIND_RANGES || s->kind == KIND_DATES
			       ? json_array()
			       : json_string("");
	json_decref(j);
	return NULL;
}

static json_t *render_map(const struct rendering *r, enum conf_scope scope, const void *object,
			  const void *base)
{
	struct schema schema = schema_of(scope);
	json_t *map = json_object();

	for (size_t i = 0; i < schema.n; i++) {
		json_t *j = row_json(r, &schema.rows[i], object, base);

		if (j)
			json_object_set_new(map, schema.rows[i].key, j);
	}
	return map;
}

json_t *render_object(enum conf_scope scope, const void *object, const struct conf_account *account)
{
	const struct rendering r = { account, NULL };

	return render_map(&r, scope, object, NULL);
}

json_t *render_all(const struct conf *c)
{
	const struct rendering r = { NULL, c };

	return render_map(&r, SCOPE_root, c, NULL);
}
