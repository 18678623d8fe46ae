/* api_me.c - what a person sees of itself and may set: the routes of its account, about itself
 * only. */
#include "admin/auth/api.h"

/* As if the path had named the caller. False, and the answer given, for who is nobody's phone here.
 */
static bool about_self(struct request *r)
{
	const struct caller *c = &r->caller;

	if (!c->self_email[0]) {
		respond_problem(r, 404, "not found",
				"you are signed in as somebody whose presence is not kept here");
		return false;
	}
	r->match.params_n = 2;
	memcpy(r->match.params[0], c->self_account, sizeof(c->self_account));
	memcpy(r->match.params[1], c->self_email, sizeof(c->self_email));
	return true;
}

void api_me(struct request *r)
{
	if (about_self(r))
		api_user(r);
}

void api_me_profile(struct request *r)
{
	if (about_self(r))
		api_put_profile(r);
}

void api_me_enabled(struct request *r)
{
	if (about_self(r))
		write_enabled(r, true);
}
