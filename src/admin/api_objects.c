/* api_objects.c - what is edited here goes to the loop thread as it came: it knows the
 * configuration. */
#include <stdlib.h>

#include "admin/impl.h"
#include "base/check.h"
#include "proto/conf/conf.h"

enum { SWITCH_MAX = 1000 };

static const struct {
	uint8_t route, object, verb;
	const char *word; /* for the record of changes */
} object_routes[] = {
	{ ROUTE_ACCOUNT_CONFIG, CONF_DOCUMENT_ACCOUNT, ADMIN_OBJECT_SHOW, NULL },
	{ ROUTE_ACCOUNT_CONFIG_PUT, CONF_DOCUMENT_ACCOUNT, ADMIN_OBJECT_PUT, "put-account" },
	{ ROUTE_ACCOUNT_CONFIG_DELETE, CONF_DOCUMENT_ACCOUNT, ADMIN_OBJECT_DELETE,
	  "delete-account" },
	{ ROUTE_CONNECTOR_CONFIG, CONF_DOCUMENT_CONNECTOR, ADMIN_OBJECT_SHOW, NULL },
	{ ROUTE_CONNECTOR_CONFIG_PUT, CONF_DOCUMENT_CONNECTOR, ADMIN_OBJECT_PUT, "put-connector" },
	{ ROUTE_CONNECTOR_CONFIG_DELETE, CONF_DOCUMENT_CONNECTOR, ADMIN_OBJECT_DELETE,
	  "delete-connector" },
	{ ROUTE_GROUPS, CONF_DOCUMENT_GROUP, ADMIN_OBJECT_LIST, NULL },
	{ ROUTE_GROUP, CONF_DOCUMENT_GROUP, ADMIN_OBJECT_SHOW, NULL },
	{ ROUTE_GROUP_PUT, CONF_DOCUMENT_GROUP, ADMIN_OBJECT_PUT, "put-group" },
	{ ROUTE_GROUP_DELETE, CONF_DOCUMENT_GROUP, ADMIN_OBJECT_DELETE, "delete-group" },
	{ ROUTE_USER_CONFIG, CONF_DOCUMENT_USER, ADMIN_OBJECT_SHOW, NULL },
	{ ROUTE_USER_CONFIG_PUT, CONF_DOCUMENT_USER, ADMIN_OBJECT_PUT, "put-user" },
	{ ROUTE_USER_CONFIG_DELETE, CONF_DOCUMENT_USER, ADMIN_OBJECT_DELETE, "delete-user" },
	{ ROUTE_ALARMS_CONFIG, CONF_DOCUMENT_ALARMS, ADMIN_OBJECT_SHOW, NULL },
	{ ROUTE_ALARMS_CONFIG_PUT, CONF_DOCUMENT_ALARMS, ADMIN_OBJECT_PUT, "put-alarms" },
	{ ROUTE_ALARMS_CONFIG_DELETE, CONF_DOCUMENT_ALARMS, ADMIN_OBJECT_DELETE, "delete-alarms" },
	{ ROUTE_CERTIFICATE, CONF_DOCUMENT_ACCOUNT, 0, "make-certificate" },
	{ ROUTE_CERTIFICATE_USE, CONF_DOCUMENT_ACCOUNT, 0, "use-certificate" },
	{ ROUTE_CERTIFICATE_DROP, CONF_DOCUMENT_ACCOUNT, 0, "drop-certificate" },
	{ ROUTE_CERTIFICATE_WAITING, CONF_DOCUMENT_ACCOUNT, 0, NULL },
};

static size_t row_of(const struct request *r)
{
	size_t i = 0;

	while (object_routes[i].route != r->match.route && i + 1 < ARRAY_LEN(object_routes))
		i++;
	return i;
}

const char *object_change(const struct request *r)
{
	return object_routes[row_of(r)].word;
}

static void preconditions(struct request *r, struct admin_command *cmd)
{
	const char *match = MHD_lookup_connection_value(r->c, MHD_HEADER_KIND, "If-Match"),
		   *none = MHD_lookup_connection_value(r->c, MHD_HEADER_KIND, "If-None-Match");

	/* what does not fit is no ETag of ours, and so does not match */
	if (match && slice_copy(slice_str(match), cmd->etag, sizeof(cmd->etag)))
		memcpy(cmd->etag, "?", 2);
	cmd->if_none_match = none && strcmp(none, "*") == 0;
}

void api_object(struct request *r)
{
	size_t row = row_of(r);
	struct admin_command cmd = { .kind = ADMIN_OBJECT,
				     .object = object_routes[row].object,
				     .verb = object_routes[row].verb };

	if (cmd.object == CONF_DOCUMENT_USER ? !request_person(r, &cmd)
					     : r->match.params_n && !request_account(r, &cmd))
		return;
	if (cmd.object != CONF_DOCUMENT_USER && r->match.params_n > 1 &&
	    slice_copy(slice_str(r->match.params[1]), cmd.object_name, sizeof(cmd.object_name))) {
		respond_problem(r, 404, "not found", "names have at most 64 letters");
		return;
	}
	preconditions(r, &cmd);
	if (cmd.verb != ADMIN_OBJECT_PUT || request_text(r, &cmd, "the body is no JSON"))
		request_command(r, &cmd);
}

/* What became of the messages, and with POST one more, to try whether it arrives. */
void api_alarms_sent(struct request *r)
{
	static const char *const keys[] = { NULL };
	bool test = route_is_write(&routes[r->match.route]);
	struct admin_command cmd = { .kind = ADMIN_ALARMS_SENT, .ask = test };
	json_t *doc = test ? request_body(r) : NULL;

	if (!test || (doc && request_only_keys(r, doc, keys)))
		request_command(r, &cmd);
	json_decref(doc);
}

void api_export(struct request *r)
{
	struct admin_command cmd = { .kind = ADMIN_EXPORT };

	request_command(r, &cmd);
}

/* ---- people ---- */

void api_put_user(struct request *r)
{
	struct admin_command cmd = { .kind = ADMIN_PUT_USER };

	if (request_person(r, &cmd) && request_text(r, &cmd, "the body is no JSON"))
		request_command(r, &cmd);
}

void api_delete_user(struct request *r)
{
	struct admin_command cmd = { .kind = ADMIN_DELETE_USER };

	if (request_person(r, &cmd))
		request_command(r, &cmd);
}

/* The addresses, one a line. False: not a list of addresses. */
static bool take_emails(json_t *emails, struct admin_command *cmd)
{
	struct buf text;
	size_t i;
	json_t *email;
	bool good = json_is_array(emails) && json_array_size(emails) <= SWITCH_MAX;

	buf_init(&text, SWITCH_MAX * 260);
	json_array_foreach(good ? emails : NULL, i, email)
	{
		const char *s = json_string_value(email);

		if (!s || strchr(s, '\n') || strlen(s) > 254)
			good = false;
		else
			buf_fmt(&text, "%s\n", s);
	}
	if (good && buf_err(&text) == ERR_OK) {
		cmd->text_n = buf_view(&text).n;
		cmd->text = strdup(buf_cstr(&text));
	}
	buf_fini(&text);
	return cmd->text != NULL;
}

void api_switch_users(struct request *r)
{
	static const char *const keys[] = { "emails", "enabled", NULL };
	struct admin_command cmd = { .kind = ADMIN_SWITCH_USERS };
	json_t *doc = request_account(r, &cmd) ? request_body(r) : NULL,
	       *enabled = json_object_get(doc, "enabled");

	if (doc && request_only_keys(r, doc, keys)) {
		cmd.enabled = json_is_true(enabled);
		if (!json_is_boolean(enabled) || !take_emails(json_object_get(doc, "emails"), &cmd))
			respond_problem(r, 400, "bad request",
					"emails is a list of at most 1,000 addresses, enabled true "
					"or false");
		else
			request_command(r, &cmd);
	}
	json_decref(doc);
}
