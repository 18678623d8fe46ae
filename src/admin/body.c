#include "admin/impl.h"

#include <stdlib.h>

json_t *request_body(struct request *r)
{
	struct slice body = buf_view(&r->body);
	json_error_t error;
	json_t *doc;

	if (!body.n)
		return json_object();
	doc = json_loadb(body.p, body.n, JSON_REJECT_DUPLICATES, &error);
	if (doc && json_is_object(doc))
		return doc;
	respond_problem(r, 400, "bad request", doc ? "the body is not a JSON object" : error.text);
	json_decref(doc);
	return NULL;
}

bool request_only_keys(struct request *r, json_t *doc, const char *const *keys)
{
	const char *key;
	json_t *value;

	json_object_foreach(doc, key, value)
	{
		size_t i = 0;

		while (keys[i] && strcmp(keys[i], key) != 0)
			i++;
		if (!keys[i]) {
			respond_problem(r, 400, "bad request",
					"the body has a key that is not known here");
			return false;
		}
	}
	return true;
}

bool request_account(struct request *r, struct admin_command *cmd)
{
	if (!slice_copy(slice_str(r->match.params[0]), cmd->account_name, sizeof(cmd->account_name)))
		return true;
	respond_problem(r, 404, "not found", "no such account");
	return false;
}

bool request_person(struct request *r, struct admin_command *cmd)
{
	if (!request_account(r, cmd))
		return false;
	if (!slice_copy(slice_str(r->match.params[1]), cmd->email, sizeof(cmd->email)))
		return true;
	respond_problem(r, 404, "not found", "an e-mail address has at most 254 bytes");
	return false;
}

bool request_text(struct request *r, struct admin_command *cmd, const char *what)
{
	struct slice body = buf_view(&r->body);

	if (!body.n || memchr(body.p, '\0', body.n)) {
		respond_problem(r, 400, "bad request", what);
		return false;
	}
	cmd->text = malloc(body.n + 1);
	if (!cmd->text) {
		respond_problem(r, 503, "no memory", "try again");
		return false;
	}
	memcpy(cmd->text, body.p, body.n);
	cmd->text[body.n] = '\0';
	cmd->text_n = body.n;
	return true;
}
