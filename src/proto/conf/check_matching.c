/* check_matching.c - what the keys of `matching` must hold together. */
#include "base/check.h"
#include "proto/conf/reader.h"
#include "proto/conf/value.h"

static const struct node *where(const struct node *map, const char *key)
{
	const struct node *k = node_key(map, key);

	return k ? k->next : map;
}

static bool is_one_of(const char *word, const char *const *words, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(word, words[i]) == 0)
			return true;
	return false;
}

/* False for a word that is none of them. */
static bool are_of(const struct conf_texts *t, const char *const *words, size_t n)
{
	for (uint32_t i = 0; i < t->n; i++)
		if (!is_one_of(t->list[i], words, n))
			return false;
	return true;
}

/* The properties that /users tells and that people put a number or name into. */
static bool is_attribute(struct slice s)
{
	uint64_t n;

	if (slice_is(s, "employeeId") || slice_is(s, "mailNickname"))
		return true;
	return slice_starts(s, "extensionAttribute") &&
	       slice_u64(slice_sub(s, strlen("extensionAttribute"), s.n), 15, &n) == ERR_OK && n > 0 &&
	       s.p[strlen("extensionAttribute")] != '0';
}

static void check_by(struct reader *rd, const struct node *map, const struct conf_matching *m)
{
	static const char *const words[] = { "upn", "mail", "alias", "attribute" };
	bool attribute = false;

	if (!are_of(&m->by, words, ARRAY_LEN(words)))
		reader_refuse(rd, where(map, "by"), "by", "must list upn, mail, alias or attribute");
	for (uint32_t i = 0; i < m->by.n; i++)
		attribute |= strcmp(m->by.list[i], "attribute") == 0;
	if (attribute && !m->attribute[0])
		reader_refuse(rd, where(map, "by"), "by",
			      "names attribute: say which one, such as attribute: employeeId");
	if (attribute && !m->refresh)
		reader_refuse(
			rd, where(map, "by"), "by",
			"names attribute, which is read with the directory: refresh cannot be off");
	if (m->attribute[0] && !is_attribute(slice_str(m->attribute)))
		reader_refuse(rd, where(map, "attribute"), "attribute",
			      "must be employeeId, mailNickname or extensionAttribute1 to "
			      "extensionAttribute15");
	else if (m->attribute[0] && !attribute)
		reader_refuse(rd, where(map, "attribute"), "attribute", "is not used: add attribute to by");
}

static void check_groups(struct reader *rd, const struct node *map, const struct conf_matching *m)
{
	for (uint32_t i = 0; i < m->groups.n; i++)
		if (!value_guid(slice_str(m->groups.list[i]))) {
			reader_refuse(rd, where(map, "groups"), "groups",
				      "must list object ids such as 11111111-2222-3333-4444-555555555555");
			return;
		}
	if (m->groups.n && m->onboarding != CONF_ONBOARDING_SELECTED)
		reader_refuse(rd, where(map, "groups"), "groups",
			      "choose nobody: they need onboarding: selected");
	else if (m->groups.n && !m->refresh)
		reader_refuse(rd, where(map, "groups"), "groups",
			      "are read with the directory: refresh cannot be off");
}

void check_matching(struct reader *rd, const struct node *map, const struct conf_matching *m)
{
	static const char *const taken[] = { "guest", "unlicensed" };

	check_by(rd, map, m);
	check_groups(rd, map, m);
	if (!are_of(&m->take, taken, ARRAY_LEN(taken)))
		reader_refuse(rd, where(map, "take"), "take", "must list guest or unlicensed");
	for (uint32_t i = 0; i < m->exclude.n; i++)
		if (!value_email(slice_str(m->exclude.list[i]))) {
			reader_refuse(rd, where(map, "exclude"), "exclude",
				      "must list e-mail addresses; %.64s is none",
				      m->exclude.list[i]);
			return;
		}
}
