#include "daemon/preview.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/check.h"
#include "daemon/apply.h"
#include "daemon/config.h"
#include "daemon/rules.h"
#include "daemon/zones.h"

struct preview {
	const struct app_parts *p;
	struct bridge_time t;
	const struct conf_account *account;
	struct conf_policy fresh;
	struct conf_hours asked; /* whether it is open now was last asked for these */
	bool asked_closed;
	uint32_t people, differ;
	uint8_t *seen; /* by user */
	json_t *rows;
};

/* A key that somebody's own rules change stays theirs: rules of one's own begin as a copy of the
 * account's. */
static void merge_hours(struct conf_hours *p, const struct conf_hours *old,
			const struct conf_hours *fresh)
{
	p->zone = p->zone == old->zone ? fresh->zone : p->zone;
	p->open = p->open.list == old->open.list ? fresh->open : p->open;
	p->holidays = p->holidays.list == old->holidays.list ? fresh->holidays : p->holidays;
	p->holidays_file =
		p->holidays_file == old->holidays_file ? fresh->holidays_file : p->holidays_file;
	p->outside = p->outside == old->outside ? fresh->outside : p->outside;
}

static void merge_texts(struct conf_status_text *p, const struct conf_status_text *old,
			const struct conf_status_text *fresh)
{
#define KEEP(key) p->key = p->key == old->key ? fresh->key : p->key
	KEEP(call);
	KEEP(conference);
	KEEP(dnd);
	KEEP(forwarded);
	KEEP(voicemail);
	KEEP(busy);
	KEEP(away);
	KEEP(meeting);
	KEEP(not_available);
#undef KEEP
}

static struct conf_policy merged(const struct preview *v, const struct conf_policy *own)
{
	const struct conf_policy *old = &v->account->policy, *fresh = &v->fresh;
	struct conf_policy p = *own;

#define KEEP(key) p.key = p.key == old->key ? fresh->key : p.key
	KEEP(precedence);
	KEEP(ringing);
	KEEP(busy);
	KEEP(dnd);
	KEEP(not_available);
	KEEP(settle);
	KEEP(grace);
#undef KEEP
	merge_hours(&p.hours, &old->hours, &fresh->hours);
	merge_texts(&p.status_text, &old->status_text, &fresh->status_text);
	return p;
}

/* People come with the same hours one after the other: a zone is not read for each. */
static bool is_closed(struct preview *v, const struct conf_hours *h)
{
	if (memcmp(&v->asked, h, sizeof(*h)) != 0) {
		v->asked = *h;
		v->asked_closed = rules_closed(h, v->t.wall_ms);
	}
	return v->asked_closed;
}

static struct appearance look_of(struct preview *v, uint32_t user, const struct conf_policy *c)
{
	const struct conf_user u = { .policy = c };
	struct policy p;
	struct appearance look = { 0 };

	conf_policy_of(v->account, &u, &p);
	p.texts = rules_text_bits(&c->status_text);
	engine_appearance(bridge_engine(v->p->bridge), user, &p, is_closed(v, &c->hours), &look);
	return look;
}

static void words(const struct appearance *l, const struct conf_policy *c, char *dst, size_t cap)
{
	enum session s = (enum session)l->session;
	const char *text = rules_template(&c->status_text, (enum text_cause)l->text);
	int n = snprintf(dst, cap, "%s%s%s%s",
			 s == SESSION_NONE ? "nothing" : session_availability(s),
			 s == SESSION_NONE ? "" : "/", s == SESSION_NONE ? "" : session_activity(s),
			 l->preferred ? " (preferred)" : "");

	if (text[0] && n > 0 && (size_t)n < cap)
		snprintf(dst + n, cap - (size_t)n, ", \"%s\"", text);
}

static void try_user(struct preview *v, uint32_t user, const struct conf_policy *own)
{
	const struct directory *d = bridge_directory(v->p->bridge);
	const struct conf_policy *old = own ? own : &v->account->policy;
	struct conf_policy fresh = own ? merged(v, own) : v->fresh;
	struct appearance now = look_of(v, user, old), then = look_of(v, user, &fresh);
	struct slice email = directory_email(d, user), name = directory_label(d, user);
	char before[400], after[400];

	v->seen[user] = 1;
	v->people++;
	words(&now, old, before, sizeof(before));
	words(&then, &fresh, after, sizeof(after));
	if (strcmp(before, after) == 0)
		return;
	if (v->differ++ < PREVIEW_ROWS_MAX)
		json_array_append_new(v->rows, json_pack("{s:s%,s:s%,s:s,s:s}", "email",
							 email.p ? email.p : "", email.n, "name",
							 name.p ? name.p : "", name.n, "now",
							 before, "then", after));
}

static void try_all(struct preview *v, uint16_t account)
{
	const struct directory *d = bridge_directory(v->p->bridge);

	for (uint32_t i = 0; i < v->account->users_n; i++) {
		uint32_t user = directory_user(d, account, slice_str(v->account->users[i].email));

		if (user != ID_NONE)
			try_user(v, user, v->account->users[i].policy);
	}
	for (uint32_t u = directory_next_user(d, 0); u != ID_NONE;
	     u = directory_next_user(d, u + 1))
		if (directory_user_account(d, u) == account && !v->seen[u])
			try_user(v, u, NULL); /* imported */
}

static void say_faults(const struct conf_errors *errs, struct buf *why)
{
	char text[800];

	for (uint32_t i = 0; i < errs->n; i++) {
		conf_error_text(&errs->list[i], text, sizeof(text));
		buf_fmt(why, "%s\n", text);
	}
}

json_t *preview_policy(const struct app_parts *p, struct bridge_time t, uint16_t account,
		       struct slice yaml, struct buf *why)
{
	static struct conf_errors errs;
	struct preview v = { .p = p, .t = t, .account = apply_account(p->apply, account) };
	struct conf *c = NULL;

	if (!v.account) {
		buf_str(why, "the account is not in the configuration any more\n");
		return NULL;
	}
	if (conf_parse_policy(yaml, "policy", &v.account->policy, v.account->tell_absence, &c,
			      &v.fresh, &errs)) {
		say_faults(&errs, why);
		return NULL;
	}
	const char *fault = zones_fault(v.fresh.hours.zone);
	if (fault[0])
		buf_fmt(why, "hours.zone: %s: %s\n", v.fresh.hours.zone, fault);
	v.seen = calloc(bridge_limits_of(p->bridge)->users, 1);
	if (!fault[0] && v.seen) {
		v.rows = json_array();
		memset(&v.asked, 0xff, sizeof(v.asked));
		try_all(&v, account);
	}
	free(v.seen);
	conf_free(c);
	return v.rows ? json_pack("{s:i,s:i,s:o}", "people", (int)v.people, "differ", (int)v.differ,
				  "changes", v.rows)
		      : NULL;
}
