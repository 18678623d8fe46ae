#include <string.h>

#include "base/check.h"
#include "proto/conf/reader.h"
#include "proto/conf/value.h"
#include "proto/hours/hours.h"
#include "proto/sip/package.h"

/* False: the value is not what the row wants, and nothing was said yet. */
typedef bool scalar_h(struct reader *rd, const struct setting *s, const struct node *n,
		      void *field);

static bool has_length(const struct setting *s, struct slice text)
{
	return (int64_t)text.n >= s->lo && (int64_t)text.n <= s->hi;
}

static bool keep_text(struct reader *rd, struct slice text, void *field)
{
	*(const char **)field = reader_text(rd, text);
	return true;
}

static bool read_text(struct reader *rd, const struct setting *s, const struct node *n, void *field)
{
	return has_length(s, n->text) && value_text(n->text) && keep_text(rd, n->text, field);
}

static bool read_name(struct reader *rd, const struct setting *s, const struct node *n, void *field)
{
	(void)s;
	return value_name(n->text) && keep_text(rd, n->text, field);
}

static bool read_url(struct reader *rd, const struct setting *s, const struct node *n, void *field)
{
	return has_length(s, n->text) && value_url(n->text, s->kind == KIND_PROXY) &&
	       keep_text(rd, n->text, field);
}

static bool read_email(struct reader *rd, const struct setting *s, const struct node *n,
		       void *field)
{
	(void)s;
	return value_email(n->text) && keep_text(rd, n->text, field);
}

static bool read_guid(struct reader *rd, const struct setting *s, const struct node *n, void *field)
{
	(void)s;
	return value_guid(n->text) && keep_text(rd, n->text, field);
}

static bool read_tenant(struct reader *rd, const struct setting *s, const struct node *n,
			void *field)
{
	(void)s;
	return value_domain(n->text) && keep_text(rd, n->text, field);
}

/* Words that people try, and why not. */
static const char *refused_word(const struct setting *s, struct slice word)
{
	static const struct {
		const char *key, *word, *why;
	} rows[] = {
		{ "cloud", "china", CONF_NO_CHINA },
		{ "cloud", "21vianet", CONF_NO_CHINA },
		{ "cloud", "gcc", "is part of the global cloud: write global" },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (strcmp(s->key, rows[i].key) == 0 && slice_is_nocase(word, rows[i].word))
			return rows[i].why;
	return NULL;
}

static bool read_word(struct reader *rd, const struct setting *s, const struct node *n, void *field)
{
	struct slice words = slice_str(s->words), word;
	const char *why = refused_word(s, n->text);

	if (why) {
		reader_refuse(rd, n, s->key, "%.*s %s", SLICE_ARG(n->text), why);
		return true;
	}

	for (uint8_t i = 0; slice_split(&words, '|', &word); i++) {
		if (!slice_eq(word, n->text))
			continue;
		*(uint8_t *)field = i;
		return true;
	}
	return false;
}

static bool read_type(struct reader *rd, const struct setting *s, const struct node *n, void *field)
{
	for (int t = 0; t < CONF_TYPE_COUNT; t++) {
		if (!slice_is(n->text, conf_type_name((enum conf_type)t)))
			continue;
		if (!conf_type_built((enum conf_type)t))
			reader_refuse(rd, n, s->key, "%s is not in this version",
				      conf_type_name((enum conf_type)t));
		*(uint8_t *)field = (uint8_t)t;
		rd->connector_types = 1u << 8 << t;
		return true;
	}
	return false;
}

static bool read_switch(struct reader *rd, const struct setting *s, const struct node *n,
			void *field)
{
	(void)rd;
	(void)s;
	return value_switch(n->text, field);
}

static bool read_count(struct reader *rd, const struct setting *s, const struct node *n,
		       void *field)
{
	uint64_t v;
	(void)rd;

	if (slice_u64(n->text, (uint64_t)s->hi, &v) != ERR_OK || (int64_t)v < s->lo)
		return false;
	*(uint32_t *)field = (uint32_t)v;
	return true;
}

static bool read_duration(struct reader *rd, const struct setting *s, const struct node *n,
			  void *field)
{
	int64_t ms;
	bool on = true;
	(void)rd;

	if (s->kind == KIND_DURATION_OR_OFF && value_switch(n->text, &on) && !on)
		ms = 0;
	else if (!value_duration(n->text, &ms) || ms < s->lo || ms > s->hi)
		return false;
	*(int32_t *)field = (int32_t)ms;
	return true;
}

static bool read_quota(struct reader *rd, const struct setting *s, const struct node *n,
		       void *field)
{
	(void)rd;
	(void)s;
	return value_quota(n->text, field);
}

static bool read_address(struct reader *rd, const struct setting *s, const struct node *n,
			 void *field)
{
	(void)rd;
	(void)s;
	return value_address(n->text, field);
}

static bool read_secret(struct reader *rd, const struct setting *s, const struct node *n,
			void *field)
{
	struct conf_secret *x = field;

	if (!read_text(rd, s, n, &x->file))
		return false;
	if (n->text.n)
		reader_add_file(rd, n, s,
				s->kind == KIND_SECRET ? CONF_FILE_SECRET :
				s->kind == KIND_LOGINS ? CONF_FILE_LOGINS :
							 CONF_FILE_PEM,
				&x->file, &x->value);
	return true;
}

static bool read_file(struct reader *rd, const struct setting *s, const struct node *n, void *field)
{
	if (!read_text(rd, s, n, field))
		return false;
	if (n->text.n)
		reader_add_file(rd, n, s, s->kind == KIND_USERS ? CONF_FILE_USERS : CONF_FILE_PEM,
				field, NULL);
	return true;
}

/* One text where a list is wanted is a list of one. */
static const struct node *items_of(const struct node *n, uint32_t *ret_n)
{
	*ret_n = n->kind == TREE_SEQ ? n->n : 1;
	return n->kind == TREE_SEQ ? n->child : n;
}

/* What one entry of a list must be, and what to say when it is not. */
static bool is_item(const struct setting *s, struct slice text)
{
	struct hours_range range;
	struct hours_date date;
	struct sip_package_row row;

	if (s->kind == KIND_PACKAGES)
		return sip_package_row_parse(text, &row) == ERR_OK;
	if (s->kind == KIND_RANGES)
		return hours_range_parse(text, &range);
	if (s->kind == KIND_DATES)
		return hours_date_parse(text, &date);
	/* what other types have too is no URI */
	return (s->flags & FOR_ANY) == FOR_SIP ? value_sip_uri(text) : value_text(text);
}

static void refuse_item(struct reader *rd, const struct setting *s, const struct node *item)
{
	if (s->kind == KIND_TEXTS && (s->flags & FOR_ANY) == FOR_SIP)
		reader_refuse(rd, item, s->key, "must be SIP URIs, such as sip:all@pbx.acme.example");
	else if (s->kind == KIND_TEXTS)
		reader_refuse(rd, item, s->key, "must be texts of at most %lld bytes", (long long)s->hi);
	else
		reader_wants(rd, item, s);
}

static bool read_texts(struct reader *rd, const struct setting *s, const struct node *n,
		       void *field)
{
	struct conf_texts *t = field;
	uint32_t count;
	const struct node *item = items_of(n, &count);

	if (count > s->lo) {
		reader_refuse(rd, n, s->key, "at most %lld entries", (long long)s->lo);
		return true;
	}
	const char **list = reader_array(rd, count, sizeof(*list));
	if (!list && count)
		return true;
	for (uint32_t i = 0; i < count; i++, item = item->next) {
		if (item->kind != TREE_SCALAR || (int64_t)item->text.n > s->hi || item->text.n == 0 ||
		    !is_item(s, item->text)) {
			refuse_item(rd, s, item);
			return true;
		}
		list[i] = reader_text(rd, item->text);
	}
	*t = (struct conf_texts){list, count};
	return true;
}

/* The count of lines stands beside the pointer, in struct conf_user. */
static bool read_lines(struct reader *rd, const struct setting *s, const struct node *n,
		       void *field)
{
	struct conf_user *u =
	    (struct conf_user *)((char *)field - offsetof(struct conf_user, lines));
	uint32_t count;
	const struct node *item = items_of(n, &count);
	char why[160];

	if (count > s->lo) {
		reader_refuse(rd, n, s->key, "at most %lld lines", (long long)s->lo);
		return true;
	}
	struct conf_line *lines = reader_array(rd, count, sizeof(*lines));
	if (!lines)
		return true;
	for (uint32_t i = 0; i < count; i++, item = item->next) {
		if (item->kind != TREE_SCALAR) {
			reader_wants(rd, item, s);
			return true;
		}
		enum err err =
		    conf_line_parse(rd->c, rd->account, item->text, &lines[i], why, sizeof(why));
		if (err == ERR_NO_MEMORY)
			rd->err = err;
		else if (err != ERR_OK)
			reader_refuse(rd, item, s->key, "%s", why);
		if (err != ERR_OK)
			return true;
	}
	u->lines = lines;
	u->lines_n = count;
	return true;
}

static bool read_tls(struct reader *rd, const struct setting *s, const struct node *n, void *field)
{
	struct conf_switch_tls *t = field;

	if (!t->own.certificate_file)
		t->own = (struct conf_tls){"", ""};
	if (n->kind != TREE_MAP)
		return n->kind == TREE_SCALAR && value_switch(n->text, &t->on);
	t->on = true;
	rd->path[rd->depth++] = (struct reader_frame){s->key, UINT32_MAX};
	read_map(rd, SCOPE_tls, n, &t->own);
	rd->depth--;
	return true;
}

static bool read_zone(struct reader *rd, const struct setting *s, const struct node *n, void *field)
{
	(void)s;
	return zone_name_is_valid(n->text) && keep_text(rd, n->text, field);
}

/* Those who inherit the rules share the file's dates. */
static bool read_holidays(struct reader *rd, const struct setting *s, const struct node *n, void *field)
{
	struct conf_holidays *h = reader_array(rd, 1, sizeof(*h));

	if (!h)
		return true;
	*h = (struct conf_holidays){ .file = "" };
	if (!read_text(rd, s, n, &h->file))
		return false;
	reader_add_file(rd, n, s, CONF_FILE_HOLIDAYS, &h->file, NULL);
	if (rd->err == ERR_OK)
		rd->c->files[rd->c->files_n - 1].holidays = h;
	*(struct conf_holidays **)field = h;
	return true;
}

/* A person's rules start from the group's, a group's from the account's, so that the result is complete. */
static const struct conf_policy *base_policy(struct reader *rd, const struct setting *s, const void *field)
{
	const struct conf_user *u = (const struct conf_user *)((const char *)field - s->offset);
	const struct conf_group *g = s->scope == SCOPE_user ? conf_group_of(rd->account, u->group) : NULL;

	return g && g->policy ? g->policy : &rd->account->policy;
}

static bool read_own_policy(struct reader *rd, const struct setting *s, const struct node *n,
			    void *field)
{
	struct conf_policy *p = reader_array(rd, 1, sizeof(*p));

	if (!p)
		return true;
	*p = *base_policy(rd, s, field);
	rd->path[rd->depth++] = (struct reader_frame){s->key, UINT32_MAX};
	read_map(rd, SCOPE_policy, n, p);
	rd->depth--;
	*(const struct conf_policy **)field = p;
	return true;
}

static scalar_h *const decoders[KIND_COUNT_] = {
    [KIND_TEXT] = read_text,
    [KIND_PATH] = read_text,
    [KIND_NAME] = read_name,
    [KIND_URL] = read_url,
    [KIND_PROXY] = read_url,
    [KIND_EMAIL] = read_email,
    [KIND_GUID] = read_guid,
    [KIND_TENANT] = read_tenant,
    [KIND_WORD] = read_word,
    [KIND_TYPE] = read_type,
    [KIND_SWITCH] = read_switch,
    [KIND_COUNT] = read_count,
    [KIND_DURATION] = read_duration,
    [KIND_DURATION_OR_OFF] = read_duration,
    [KIND_QUOTA] = read_quota,
    [KIND_ADDRESS] = read_address,
    [KIND_SECRET] = read_secret,
    [KIND_PEM] = read_file,
    [KIND_PEM_HELD] = read_secret,
    [KIND_LOGINS] = read_secret,
    [KIND_USERS] = read_file,
    [KIND_TEXTS] = read_texts,
    [KIND_ZONE] = read_zone,
    [KIND_PACKAGES] = read_texts,
    [KIND_RANGES] = read_texts,
    [KIND_DATES] = read_texts,
    [KIND_HOLIDAYS] = read_holidays,
    [KIND_LINES] = read_lines,
    [KIND_TLS] = read_tls,
    [KIND_OWN_POLICY] = read_own_policy,
};

static bool takes_collections(enum conf_kind kind)
{
	return kind == KIND_TEXTS || kind == KIND_PACKAGES || kind == KIND_RANGES || kind == KIND_DATES ||
	       kind == KIND_LINES || kind == KIND_TLS || kind == KIND_OWN_POLICY;
}

/* What an absent or empty value leaves in the field. */
static void set_empty(const struct setting *s, void *field)
{
	switch (s->kind) {
	case KIND_TEXT:
	case KIND_PATH:
	case KIND_NAME:
	case KIND_URL:
	case KIND_PROXY:
	case KIND_EMAIL:
	case KIND_GUID:
	case KIND_TENANT:
	case KIND_PEM:
	case KIND_USERS:
	case KIND_ZONE:
		*(const char **)field = "";
		break;
	case KIND_SECRET:
	case KIND_PEM_HELD:
	case KIND_LOGINS:
		((struct conf_secret *)field)->file = "";
		break;
	default:
		break;
	}
}

void scalar_read(struct reader *rd, const struct setting *s, const struct node *n, void *field)
{
	bool empty = n->kind == TREE_SCALAR && n->text.n == 0;

	CHECK(decoders[s->kind]);
	if (empty)
		set_empty(s, field);
	/* an empty default is "not given"; an empty value in the file is so where that is allowed
	 */
	if (empty && (n->line == 0 || (!(s->flags & REQUIRED) && s->def[0] == '\0')))
		return;
	if (n->kind != TREE_SCALAR && !takes_collections((enum conf_kind)s->kind)) {
		reader_wants(rd, n, s);
		return;
	}
	if (!decoders[s->kind](rd, s, n, field))
		reader_wants(rd, n, s);
}
