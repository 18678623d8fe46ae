#include <string.h>

#include "cli/cli.h"

static void fact(struct cli *c, const char *name, const char *text)
{
	if (!*text)
		return;
	fprintf(c->out, "  %-13s ", name);
	print_clean(c, text);
	fputc('\n', c->out);
}

static void fact_time(struct cli *c, const char *name, const char *instant)
{
	char at[40], ago[60], text[120];

	local_time(instant, at, sizeof(at));
	relative_time(instant, ago, sizeof(ago));
	snprintf(text, sizeof(text), "%s (%s)", at, ago);
	fact(c, name, *at ? text : "");
}

static void state(struct cli *c, const char *name, const char *word, const char *since)
{
	char when[60];

	relative_time(since, when, sizeof(when));
	fprintf(c->out, "  %-13s %s%s%s%s%s\n", name, colour_of(c, word), word, colour_end(c),
		*when ? ", changed " : "", when);
}

/* What the line's PBX holds of the profile; nothing for a connector that ignores it. */
static void say_line_profile(struct cli *c, json_t *p)
{
	if (!json_is_object(p))
		return;
	fprintf(c->out, "    the pbx holds the profile %s",
		*text_of(p, "held") ? text_of(p, "held") : "(unknown)");
	if (*text_of(p, "text")) {
		fputs(": ", c->out);
		print_clean(c, text_of(p, "text"));
	}
	if (strcmp(text_of(p, "lend"), "held") == 0)
		fputs(", lent because of what Teams shows", c->out);
	if (strcmp(text_of(p, "write"), "asked") == 0)
		fprintf(c->out, ", %s is being written", text_of(p, "written"));
	if (strcmp(text_of(p, "write"), "refused") == 0) {
		fprintf(c->out, ", refused %s: ", text_of(p, "written"));
		print_clean(c, text_of(p, "refusal"));
	}
	fputc('\n', c->out);
}

static const char *forward_words(const char *forward)
{
	if (strcmp(forward, "voicemail") == 0)
		return ", forwarded to voicemail";
	if (strcmp(forward, "internal") == 0)
		return ", forwarded to another line";
	return strcmp(forward, "external") == 0 ? ", forwarded elsewhere" : "";
}

static void say_line(struct cli *c, json_t *l)
{
	const char *presence = text_of(l, "presence"), *reason = text_of(l, "reason");
	char seen[60];

	relative_time(text_of(l, "last_report"), seen, sizeof(seen));
	fprintf(c->out, "  %s/", text_of(l, "connector"));
	print_clean(c, text_of(l, "number"));
	fprintf(c->out, ": %s%s%s, call %s%s%s%s, %s, subscription %s", colour_of(c, presence),
		presence, colour_end(c), text_of(l, "call"), bool_of(l, "dnd") ? ", dnd" : "",
		forward_words(text_of(l, "forward")),
		bool_of(l, "registered") ? "" : ", not registered", text_of(l, "sync"),
		text_of(l, "link"));
	if (*reason) {
		fprintf(c->out, " (");
		print_clean(c, reason);
		fputc(')', c->out);
	}
	fprintf(c->out, ", last report %s\n", *seen ? seen : "never");
	say_line_profile(c, json_object_get(l, "profile"));
}

static void say_graph(struct cli *c, json_t *g)
{
	char status[24] = "";

	if (number_of(g, "last_status"))
		snprintf(status, sizeof(status), "HTTP %lld", number_of(g, "last_status"));
	fprintf(c->out, "\nMicrosoft Graph\n");
	fact(c, "user id", *text_of(g, "teams_id") ? text_of(g, "teams_id") : "not found yet");
	fact(c, "last answer", status);
	fact_time(c, "answered", text_of(g, "last_answer"));
	fact(c, "error", text_of(g, "error"));
	fact(c, "request id", text_of(g, "request_id"));
	fact_time(c, "next try", text_of(g, "retry"));
	fact_time(c, "next renewal", text_of(g, "renew"));
	fact_time(c, "read back", text_of(g, "seen_at"));
}

static void say_policy(struct cli *c, json_t *p)
{
	fprintf(c->out, "\nRules in force%s\n", bool_of(p, "own") ? " (the user's own)" : "");
	fprintf(c->out, "  precedence %s, ringing %s, busy %s, dnd %s, not available %s\n",
		text_of(p, "precedence"), text_of(p, "ringing"), text_of(p, "busy"),
		text_of(p, "dnd"), text_of(p, "not_available"));
	fprintf(c->out, "  settle %lld s, grace %lld s, lease %lld s\n",
		number_of(p, "settle_ms") / 1000, number_of(p, "grace_ms") / 1000,
		number_of(p, "lease_ms") / 1000);
}

static void say_states(struct cli *c, json_t *u)
{
	print_clean(c, text_of(u, "email"));
	if (*text_of(u, "name")) {
		fprintf(c->out, " (");
		print_clean(c, text_of(u, "name"));
		fputc(')', c->out);
	}
	fprintf(c->out, ", account ");
	print_clean(c, text_of(u, "account"));
	fprintf(c->out, "%s%s\n", bool_of(u, "enabled") ? "" : ", switched off",
		strcmp(text_of(u, "mode"), "live") == 0 ? "" : ", not live");
	state(c, "combined", text_of(u, "combined"), text_of(u, "combined_since"));
	state(c, "session held", text_of(u, "session"), "");
	fact_time(c, "lease ends", text_of(u, "lease_end"));
	state(c, "others see", text_of(u, "seen"), "");
	state(c, "profile", text_of(u, "profile"), text_of(u, "profile_since"));
	fact_time(c, "until", text_of(u, "profile_until"));
}

static void say(struct cli *c, json_t *u)
{
	json_t *item;
	size_t i;

	say_states(c, u);
	fprintf(c->out, "\nWhy\n");
	json_array_foreach(json_object_get(u, "why"), i, item)
	{
		fprintf(c->out, "  ");
		print_clean(c, json_string_value(item));
		fputc('\n', c->out);
	}
	fprintf(c->out, "\nLines\n");
	json_array_foreach(json_object_get(u, "lines"), i, item) say_line(c, item);
	if (!i)
		fprintf(c->out, "  none\n");
	say_graph(c, json_object_get(u, "graph"));
	say_policy(c, json_object_get(u, "policy"));
}

int verb_explain(struct cli *c)
{
	char account[300];
	json_t *doc;
	int status = cli_account_of(c, c->argv[0], account, sizeof(account));

	if (!status)
		status = cli_call(c, CLI_USER, account, c->argv[0], NULL, &doc);
	if (status)
		return status;
	if (c->json)
		print_json(c, doc);
	else
		say(c, doc);
	json_decref(doc);
	return 0;
}
