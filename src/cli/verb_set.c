#include <string.h>
#include <time.h>

#include "base/date.h"
#include "cli/cli.h"
#include "cli/until.h"

static struct civil to_local(int64_t wall_ms, void *arg)
{
	time_t s = (time_t)(wall_ms / 1000);
	struct tm tm = {0};

	(void)arg;
	localtime_r(&s, &tm);
	return (struct civil){(unsigned)tm.tm_year + 1900, (unsigned)tm.tm_mon + 1,
			      (unsigned)tm.tm_mday, (unsigned)tm.tm_hour, (unsigned)tm.tm_min};
}

static int64_t to_wall(struct civil t, void *arg)
{
	struct tm tm = {.tm_year = (int)t.year - 1900,
			.tm_mon = (int)t.month - 1,
			.tm_mday = (int)t.day,
			.tm_hour = (int)t.hour,
			.tm_min = (int)t.minute,
			.tm_isdst = -1};
	time_t s = mktime(&tm);

	(void)arg;
	return s < 0 ? -1 : (int64_t)s * 1000;
}

int cli_until(struct cli *c, json_t *body, const char *key)
{
	static const struct zone here = {to_local, to_wall, NULL};
	char text[DATE_LEN + 1];
	int64_t wall_ms;
	enum err e;

	if (!c->until) {
		json_object_set_new(body, key, json_null());
		return 0;
	}
	e = until_parse(slice_str(c->until), cli_now_ms(), &here, &wall_ms);
	if (e) {
		fprintf(c->err, "offhook: --until %s: %s\n", c->until,
			e == ERR_LIMIT
			    ? "lies in the past, or more than a year ahead"
			    : "want 14:00, 2h, +90m, 2026-11-24T14:00 or 2026-11-24T14:00:00Z");
		return EXIT_USAGE_OR_GONE;
	}
	date_format(wall_ms, text);
	json_object_set_new(body, key, json_string(text));
	return 0;
}

static int read_state(struct cli *c, json_t *body)
{
	static const char *const states[] = {"away", "busy", "available", "not-available", "meeting"};

	for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++)
		if (strcmp(c->argv[1], states[i]) == 0) {
			json_object_set_new(body, "state", json_string(states[i]));
			return 0;
		}
	fprintf(c->err, "offhook: %s is no profile: away, busy, available, not-available or meeting\n",
		c->argv[1]);
	return EXIT_USAGE_OR_GONE;
}

static int put(struct cli *c, enum cli_route route, json_t *body)
{
	char account[300];
	json_t *doc;
	int status = cli_account_of(c, c->argv[0], account, sizeof(account));

	if (!status)
		status = cli_call(c, route, account, c->argv[0], body, &doc);
	if (!status && c->json)
		print_json(c, doc);
	if (!status)
		json_decref(doc);
	return status;
}

int verb_set(struct cli *c)
{
	json_t *body = json_object();
	char when[60] = "";
	int status = read_state(c, body);

	if (!status)
		status = cli_until(c, body, "until");
	if (!status)
		status = put(c, CLI_PROFILE, body);
	if (!status && !c->json) {
		local_time(text_of(body, "until"), when, sizeof(when));
		fprintf(c->out, "%s is set to %s%s%s\n", c->argv[0], c->argv[1],
			*when ? " until " : "", when);
	}
	json_decref(body);
	return status;
}

static int switch_user(struct cli *c, bool on)
{
	json_t *body = json_object();
	int status;

	json_object_set_new(body, "enabled", json_boolean(on));
	status = put(c, CLI_ENABLED, body);
	if (!status && !c->json)
		fprintf(c->out, "%s is switched %s\n", c->argv[0], on ? "on" : "off");
	json_decref(body);
	return status;
}

int verb_enable(struct cli *c)
{
	return switch_user(c, true);
}

int verb_disable(struct cli *c)
{
	return switch_user(c, false);
}
