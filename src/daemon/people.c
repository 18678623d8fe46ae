#include "daemon/people.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "daemon/keeper.h"
#include "daemon/onboarding.h"

enum kept_flag { KEPT_IN_GROUP = 1, KEPT_ON = 2, KEPT_OFF = 4, KEPT_PAUSED = 8 };
enum { RULES_SEED = 0x0b0a, RULES_MAX = 64 * 1024 };

struct member {
	uint8_t hand; /* HAND_ON, HAND_OFF, HAND_PAUSED */
	uint8_t onboarding;
	bool enabled; /* what the configuration or the import says */
};

struct people {
	struct bridge *bridge;
	struct keeper *keeper;
	uint32_t users_max;
	struct member *members; /* by user */
};

enum err people_new(struct people **ret, struct bridge *b, struct keeper *k, uint32_t users_max)
{
	struct people *p = calloc(1, sizeof(*p));

	if (!p)
		return ERR_NO_MEMORY;
	*p = (struct people){ .bridge = b, .keeper = k, .users_max = users_max };
	p->members = calloc(users_max ? users_max : 1, sizeof(*p->members));
	if (!p->members) {
		people_free(p);
		return ERR_NO_MEMORY;
	}
	*ret = p;
	return ERR_OK;
}

void people_free(struct people *p)
{
	if (!p)
		return;
	free(p->members);
	free(p);
}

/* ---- rules ---- */

static uint32_t bits_of(const struct conf_texts *t, const char *const *words, uint32_t n)
{
	uint32_t bits = 0;

	for (uint32_t i = 0; i < t->n; i++)
		for (uint32_t w = 0; w < n; w++)
			if (words[w] && strcmp(t->list[i], words[w]) == 0)
				bits |= 1u << w;
	return bits;
}

static void rules_of(const struct conf_matching *m, struct bridge_matching *ret)
{
	static const char *const via[VIA_COUNT] = { [VIA_UPN] = "upn",
						    [VIA_MAIL] = "mail",
						    [VIA_ALIAS] = "alias",
						    [VIA_ATTRIBUTE] = "attribute" };
	static const char *const classes[PERSON_CLASS_COUNT] = { [PERSON_UNLICENSED] = "unlicensed",
								 [PERSON_GUEST] = "guest" };

	*ret = (struct bridge_matching){ .by = bits_of(&m->by, via, VIA_COUNT),
					 .take = bits_of(&m->take, classes, PERSON_CLASS_COUNT),
					 .every_ms = m->refresh, .property = m->attribute,
					 .groups = m->groups.list, .groups_n = m->groups.n };
	if (!ret->by)
		ret->by = 1u << VIA_UPN | 1u << VIA_MAIL | 1u << VIA_ALIAS;
}

enum err people_account(struct people *p, uint16_t account, const struct conf_account *c)
{
	struct bridge_matching m;

	rules_of(&c->matching, &m);
	return bridge_set_matching(p->bridge, account, &m);
}

static bool same_realm(const struct conf_account *a, const struct conf_account *b)
{
	return strcmp(a->teams.login_url, b->teams.login_url) == 0 &&
	       strcmp(a->teams.tenant, b->teams.tenant) == 0 &&
	       strcmp(a->teams.client_id, b->teams.client_id) == 0;
}

/* What a kept link is worth depends on by what everybody was matched when it was made. */
static void rules_text(const struct conf *c, const struct conf_account *realm, char *dst, size_t cap)
{
	struct bridge_matching m;
	struct buf b;

	buf_init(&b, RULES_MAX);
	for (uint32_t i = 0; i < c->accounts_n; i++) {
		if (!same_realm(&c->accounts[i], realm))
			continue;
		rules_of(&c->accounts[i].matching, &m);
		buf_fmt(&b, "%s %u %u %s\n", c->accounts[i].name, m.by, m.take, m.property);
	}
	snprintf(dst, cap, "%016llx", (unsigned long long)slice_hash(buf_view(&b), RULES_SEED));
	buf_fini(&b);
}

/* ---- who is synchronised ---- */

static bool is_excluded(const struct conf_account *c, struct slice email)
{
	const struct conf_texts *t = &c->matching.exclude;

	for (uint32_t i = 0; i < t->n; i++)
		if (slice_eq_nocase(slice_str(t->list[i]), email))
			return true;
	return false;
}

static struct onboarding_facts facts_of(const struct conf_account *c, struct slice email,
					bool enabled, uint8_t hand, bool in_group)
{
	return (struct onboarding_facts){
		.enabled = enabled,
		.excluded = is_excluded(c, email),
		.selected = c->matching.onboarding == CONF_ONBOARDING_AUTO || in_group,
		.hand = hand,
	};
}

static enum onboarding judge(const struct conf_account *c, struct slice email, bool enabled,
			     uint8_t hand, bool in_group)
{
	const struct onboarding_facts f = facts_of(c, email, enabled, hand, in_group);

	return onboarding_judge(&f);
}

static uint8_t hand_of(uint32_t flags)
{
	return (uint8_t)((flags & KEPT_ON ? HAND_ON : 0) | (flags & KEPT_OFF ? HAND_OFF : 0) |
			 (flags & KEPT_PAUSED ? HAND_PAUSED : 0));
}

static bool in_group(const struct people *p, uint32_t user)
{
	struct bridge_match m;

	return bridge_match(p->bridge, user, &m) && m.in_group;
}

bool people_enabled(struct people *p, const struct conf_account *c, uint32_t user,
		    struct slice email, bool enabled)
{
	struct keeper_match k = { .flags = 0 };

	if (user == ID_NONE) {
		bool known = keeper_known_match(p->keeper, c, email, &k);

		return judge(c, email, enabled, hand_of(k.flags),
			     known && k.flags & KEPT_IN_GROUP) == ONBOARDING_ON;
	}
	struct member *m = &p->members[user];
	m->enabled = enabled;
	m->onboarding = (uint8_t)judge(c, email, enabled, m->hand, in_group(p, user));
	return m->onboarding == ONBOARDING_ON;
}

bool people_listed_enabled(const struct people *p, uint32_t user)
{
	return p->members[user].enabled;
}

void people_joined(struct people *p, const struct conf_account *c, uint32_t user, bool enabled)
{
	struct slice email = directory_email(bridge_directory(p->bridge), user);
	struct keeper_match k;
	struct member *m = &p->members[user];

	*m = (struct member){ .enabled = enabled };
	if (keeper_known_match(p->keeper, c, email, &k)) {
		struct bridge_match bm = { .state = k.state, .class = k.class, .via = k.via,
					   .in_group = k.flags & KEPT_IN_GROUP };

		memcpy(bm.id, k.id, sizeof(bm.id));
		m->hand = hand_of(k.flags);
		bridge_restore_match(p->bridge, user, &bm);
	}
	m->onboarding = (uint8_t)judge(c, email, enabled, m->hand, in_group(p, user));
}

void people_started(struct people *p, const struct conf *c)
{
	const struct directory *d = bridge_directory(p->bridge);
	char rules[20], link[KNOWN_LINK_MAX];

	for (uint32_t i = 0; i < c->accounts_n; i++) {
		const struct conf_account *account = &c->accounts[i];
		uint16_t id = directory_account(d, slice_str(account->name));

		rules_text(c, account, rules, sizeof(rules));
		if (id != UINT16_MAX && account->matching.refresh &&
		    keeper_known_link(p->keeper, account, rules, link, sizeof(link)))
			bridge_people_link(p->bridge, bridge_account_realm(p->bridge, id), slice_str(link));
	}
	keeper_known_done(p->keeper);
}

enum onboarding people_onboarding(const struct people *p, uint32_t user)
{
	return user < p->users_max ? (enum onboarding)p->members[user].onboarding : ONBOARDING_ON;
}

/* ---- what happens ---- */

static void keep(struct people *p, uint32_t user)
{
	const struct member *m = &p->members[user];
	struct bridge_match bm;

	if (!bridge_match(p->bridge, user, &bm))
		return;
	struct keeper_match k = { .state = bm.state,
				  .class = bm.class,
				  .via = bm.via,
				  .flags = (bm.in_group ? KEPT_IN_GROUP : 0) |
					   (m->hand & HAND_ON ? KEPT_ON : 0) |
					   (m->hand & HAND_OFF ? KEPT_OFF : 0) |
					   (m->hand & HAND_PAUSED ? KEPT_PAUSED : 0) };

	memcpy(k.id, bm.id, sizeof(k.id));
	keeper_put_match(p->keeper, user, &k);
	keeper_put_id(p->keeper, user, bm.state == MATCH_MATCHED && !bm.named ? bm.id : "");
}

void people_matched(struct people *p, struct bridge_time t, const struct conf_account *c, uint32_t user)
{
	struct slice email = directory_email(bridge_directory(p->bridge), user);
	struct member *m = &p->members[user];

	if (email.n == 0 || !c)
		return; /* removed in the same turn */
	keep(p, user);
	uint8_t now = (uint8_t)judge(c, email, m->enabled, m->hand, in_group(p, user));
	if (now == m->onboarding)
		return;
	m->onboarding = now;
	bridge_enable_user(p->bridge, t, user, now == ONBOARDING_ON);
}

void people_read(struct people *p, const struct conf *c, const struct conf_account *realm,
		 const struct graph_out *out)
{
	char rules[20];

	if (out->stage != READ_PEOPLE_END || !realm)
		return;
	rules_text(c, realm, rules, sizeof(rules));
	keeper_put_link(p->keeper, realm, rules, out->link);
}

bool people_switch(struct people *p, struct bridge_time t, const struct conf_account *c,
		   uint32_t user, bool on)
{
	struct member *m = &p->members[user];

	if (on && c && is_excluded(c, directory_email(bridge_directory(p->bridge), user)))
		return false;
	m->hand = onboarding_switch(on);
	m->onboarding = on ? ONBOARDING_ON : ONBOARDING_SWITCHED_OFF;
	keep(p, user);
	bridge_enable_user(p->bridge, t, user, on);
	return true;
}

bool people_pause(struct people *p, struct bridge_time t, const struct conf_account *c,
		  uint32_t user, bool pause)
{
	struct member *m = &p->members[user];
	struct slice email = directory_email(bridge_directory(p->bridge), user);
	uint8_t before = m->hand;

	if (!c)
		return false;
	const struct onboarding_facts f =
		facts_of(c, email, m->enabled, m->hand, in_group(p, user));
	if (!onboarding_pause(&f, pause, &m->hand))
		return false;
	if (m->hand == before)
		return true;
	m->onboarding = pause ? ONBOARDING_PAUSED : ONBOARDING_ON;
	keep(p, user);
	bridge_enable_user(p->bridge, t, user, !pause);
	return true;
}

void people_left(struct people *p, uint32_t user)
{
	p->members[user] = (struct member){ 0 };
}
