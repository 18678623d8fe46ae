#include "cli/cli.h"

static void say_ready(struct cli *c, json_t *ready)
{
	bool ok = bool_of(ready, "ready");

	fprintf(c->out, "%s%s%s", colour_of(c, ok ? "ok" : "bad"), ok ? "ready" : "not ready",
		colour_end(c));
	if (!ok) {
		fprintf(c->out, ": ");
		print_clean(c, text_of(ready, "why"));
	}
	fprintf(c->out, "\n");
}

static void say_account(struct cli *c, json_t *a)
{
	static const char *const states[] = {"busy",	  "dnd",     "away",
					     "available", "offline", "unknown"};
	json_t *graph = json_object_get(a, "graph"), *combined = json_object_get(a, "combined");
	const char *token = text_of(graph, "token"), *error = text_of(graph, "token_error");

	fprintf(c->out, "\naccount ");
	print_clean(c, text_of(a, "name"));
	fprintf(c->out, " (%s): %lld users, %lld sessions held", text_of(a, "mode"),
		number_of(a, "users"), number_of(a, "held"));
	if (number_of(a, "backing_off"))
		fprintf(c->out, ", %s%lld refused by Graph%s", colour_of(c, "bad"),
			number_of(a, "backing_off"), colour_end(c));
	if (number_of(a, "watchers"))
		fprintf(c->out, ", %lld watchers of lamps, %lld lit", number_of(a, "watchers"),
			number_of(a, "lamps_lit"));
	fprintf(c->out, "\n ");
	for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++)
		fprintf(c->out, " %s%s%s %lld", colour_of(c, states[i]), states[i], colour_end(c),
			number_of(combined, states[i]));
	fprintf(c->out,
		"\n  graph: token %s%s%s, %lld of %lld requests in %lld s, %lld waiting%s\n", token,
		*error ? ": " : "", error, number_of(graph, "sent_in_window"),
		number_of(graph, "quota"), number_of(graph, "window_ms") / 1000,
		number_of(graph, "queued_rise") + number_of(graph, "queued_clear") +
		    number_of(graph, "queued_renew"),
		bool_of(graph, "gate_closed") ? ", Graph asks to wait" : "");
}

static void say_connector(struct cli *c, json_t *v)
{
	bool up = bool_of(v, "up");

	fprintf(c->out, "  connector ");
	print_clean(c, text_of(v, "name"));
	fprintf(c->out, " (%s): %s%s%s, %lld of %lld lines live", text_of(v, "type"),
		colour_of(c, up ? "ok" : "bad"), up ? "up" : "down", colour_end(c),
		number_of(v, "live"), number_of(v, "lines"));
	if (number_of(v, "refused"))
		fprintf(c->out, ", %lld refused", number_of(v, "refused"));
	if (*text_of(v, "state")) {
		fprintf(c->out, ": ");
		print_clean(c, text_of(v, "state"));
	}
	fprintf(c->out, "\n");
}

static void say(struct cli *c, json_t *all)
{
	json_t *a, *v;
	size_t i, k;

	say_ready(c, json_object_get(all, "ready"));
	json_array_foreach(json_object_get(all, "accounts"), i, a)
	{
		say_account(c, a);
		json_array_foreach(
		    json_object_get(all, "connectors"), k,
		    v) if (json_equal(json_object_get(v, "account"), json_object_get(a, "name")))
		    say_connector(c, v);
	}
}

/* Puts one answer, or the array in it, into all under the same key. */
static int gather(struct cli *c, json_t *all, enum cli_route route, const char *key, bool whole)
{
	json_t *doc;
	int status = cli_call(c, route, NULL, NULL, NULL, &doc);

	if (status)
		return status;
	json_object_set(all, key, whole ? doc : json_object_get(doc, key));
	json_decref(doc);
	return 0;
}

int verb_status(struct cli *c)
{
	json_t *all = json_object();
	int status = cli_known_account(c);

	if (!status)
		status = gather(c, all, CLI_READYZ, "ready", true);
	if (!status)
		status = gather(c, all, CLI_ACCOUNTS, "accounts", false);
	if (!status)
		status = gather(c, all, CLI_CONNECTORS, "connectors", false);
	cli_keep_account(c, all, "accounts", "name");
	cli_keep_account(c, all, "connectors", "account");
	if (!status && c->json)
		print_json(c, all);
	else if (!status)
		say(c, all);
	if (!status && !bool_of(json_object_get(all, "ready"), "ready"))
		status = EXIT_REFUSED;
	json_decref(all);
	return status;
}
