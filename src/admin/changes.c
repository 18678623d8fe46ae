/* changes.c - which commands that were carried out are written down, and in which words. */
#include <stdio.h>

#include "admin/impl.h"

/* NULL: changes nothing that lasts, or comes too often. */
static const char *verb_of(enum admin_command_kind kind)
{
	switch (kind) {
	case ADMIN_SET_PROFILE:
		return "set-profile";
	case ADMIN_ENABLE_USER:
		return "switch";
	case ADMIN_IMPORT_USERS:
		return "import";
	case ADMIN_RELOAD:
		return "reload";
	case ADMIN_CLEAR:
		return "clear";
	case ADMIN_LOG_LEVEL:
		return "log-level";
	case ADMIN_CAPTURE:
		return "capture";
	case ADMIN_PUT_USER:
		return "put-user";
	case ADMIN_DELETE_USER:
		return "delete-user";
	case ADMIN_SWITCH_USERS:
		return "switch";
	case ADMIN_EXPORT:
		return "export";
	case ADMIN_ALARMS_SENT: /* only a message */
	case ADMIN_OBJECT: /* by route, below */
	case ADMIN_CERTIFICATE:
	case ADMIN_PREVIEW:
	case ADMIN_CHECK:
	case ADMIN_SETUP:
	case ADMIN_REPORT:
	case ADMIN_FETCH:
	case ADMIN_COMMAND_COUNT:
		break;
	}
	return NULL;
}

/* What the path names below the account: "u1@acme.example", "hq". */
static const char *object_of(const struct request *r)
{
	return r->match.params_n > 1 ? r->match.params[1] : "";
}

/* The account of a path is its first parameter (routes.def); one's own stands there too. */
static const char *account_of(const struct request *r)
{
	return r->match.params_n ? r->match.params[0] : NULL;
}

/* Settings may hold secrets, and a table of people is long: what came of the body is kept, not the body. */
static bool keeps_body(enum admin_command_kind kind)
{
	return kind != ADMIN_IMPORT_USERS && kind != ADMIN_OBJECT && kind != ADMIN_CERTIFICATE;
}

void changes_by_command(struct request *r, const char *note)
{
	const char *verb = verb_of((enum admin_command_kind)r->command_kind);

	if (r->command_kind == ADMIN_OBJECT || r->command_kind == ADMIN_CERTIFICATE)
		verb = object_change(r);
	if (!verb || r->command_silent || r->match.route == ROUTE_CAPTURE_NEXT)
		return;
	if (!note && keeps_body((enum admin_command_kind)r->command_kind))
		note = buf_cstr(&r->body);
	request_changed(r, account_of(r), verb, object_of(r), note);
}
