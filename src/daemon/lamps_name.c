/* lamps_name.c - who is meant by the user and host of a watched URI. */
#include "core/engine.h"
#include "daemon/lamps.h"

enum { EMAIL_MAX = 254 };

/* One, nobody, or not to be told apart: several. */
struct found {
	uint32_t user;
	bool several;
};

static bool has_lamp(const struct bridge *b, uint32_t user)
{
	struct user_view v;

	return engine_user(bridge_engine(b), user, &v) && v.enabled && !v.leaving &&
	       v.policy.mode == MODE_LIVE && v.policy.direction != DIRECTION_TO_TEAMS;
}

static void find(const struct bridge *b, uint32_t user, struct found *f)
{
	if (user == ID_NONE || user == f->user || !has_lamp(b, user))
		return;
	f->several = f->user != ID_NONE;
	f->user = user;
}

static bool is_account(const struct bridge *b, uint16_t account, struct slice wanted)
{
	return wanted.n == 0 ||
	       slice_eq(directory_account_name(bridge_directory(b), account), wanted);
}

static void find_email(const struct bridge *b, const struct lamp_name *n, struct slice email,
		       struct found *f)
{
	const struct directory *d = bridge_directory(b);

	for (uint16_t a = directory_next_account(d, 0); a != UINT16_MAX;
	     a = directory_next_account(d, a + 1))
		if (is_account(b, a, n->account))
			find(b, directory_user(d, a, email), f);
}

static void find_at(const struct bridge *b, const struct lamp_name *n, struct slice host,
		    struct found *f)
{
	char email[EMAIL_MAX + 1];
	size_t at = n->user.n;

	if (!host.n || !n->user.n || n->user.n + host.n + 1 > EMAIL_MAX)
		return;
	memcpy(email, n->user.p, at);
	email[at] = '@';
	memcpy(email + at + 1, host.p, host.n);
	find_email(b, n, slice_of(email, at + 1 + host.n), f);
}

static void find_line(const struct bridge *b, const struct lamp_name *n, struct found *f)
{
	const struct directory *d = bridge_directory(b);

	for (uint32_t c = directory_next_connector(d, 0); c != ID_NONE;
	     c = directory_next_connector(d, c + 1)) {
		uint32_t line = is_account(b, directory_connector_account(d, c), n->account)
					? directory_line(d, c, n->user)
					: ID_NONE;

		if (line != ID_NONE)
			find(b, directory_line_user(d, line), f);
	}
}

uint32_t lamp_person(const struct bridge *b, const struct lamp_name *n, const char *domain)
{
	struct found f = { .user = ID_NONE };

	if (slice_find(n->user, '@') < n->user.n)
		find_email(b, n, n->user, &f);
	else
		find_at(b, n, n->host, &f);
	if (f.user == ID_NONE)
		find_line(b, n, &f);
	if (f.user == ID_NONE)
		find_at(b, n, slice_str(domain), &f);
	return f.several ? ID_NONE : f.user;
}
