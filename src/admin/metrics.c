#include "admin/metrics.h"

#include <inttypes.h>
#include <stdlib.h>

#include "admin/impl.h"

#define LABELS_ENGINE ""
#define LABELS_SERVER ""
#define LABELS_ACCOUNT "account"
#define LABELS_REALM "account"
#define LABELS_CONNECTOR "account, connector"

const struct metric metrics[] = {
#define METRIC(scope, name, type, help, value) {name, type, help, LABELS_##scope},
#define FAMILY(name, type, help, labels, emitter) {name, type, help, labels},
#include "admin/metrics.def"
};
const unsigned metrics_n = sizeof(metrics) / sizeof(metrics[0]);

/* Everything that a scrape shows, read once, so that the samples of one family stand together. */
struct scrape {
	struct admin *a;
	struct buf *b;
	const char *name;
	struct snap_copy engine;
	struct snap_copy *accounts, *connectors;
	struct snap_census *census;
	bool *first_of_realm;
	uint32_t accounts_n, connectors_n;
};

/* Label values: backslash, quote and line feed escaped (Prometheus text format 0.0.4). */
static void label(struct scrape *s, const char *name, struct slice value, char before)
{
	buf_fmt(s->b, "%c%s=\"", before, name);
	for (size_t i = 0; i < value.n; i++) {
		if (value.p[i] == '\n')
			buf_str(s->b, "\\n");
		else if (value.p[i] == '"' || value.p[i] == '\\')
			buf_fmt(s->b, "\\%c", value.p[i]);
		else
			buf_char(s->b, value.p[i]);
	}
	buf_char(s->b, '"');
}

static void sample(struct scrape *s)
{
	buf_fmt(s->b, "offhook_%s", s->name);
}

static void value(struct scrape *s, bool labels, uint64_t v)
{
	buf_fmt(s->b, "%s %" PRIu64 "\n", labels ? "}" : "", v);
}

static struct slice account_name(const struct scrape *s, uint16_t account)
{
	return names_account(s->a->names, account);
}

static void account_sample(struct scrape *s, uint32_t i, const char *class)
{
	sample(s);
	label(s, "account", s->accounts[i].account.name, '{');
	if (class)
		label(s, "class", slice_str(class), ',');
}

static void connector_sample(struct scrape *s, uint32_t i, const char *class)
{
	const struct admin_connector *v = &s->connectors[i].connector;

	sample(s);
	label(s, "account", account_name(s, v->account), '{');
	label(s, "connector", v->name, ',');
	if (class)
		label(s, "class", slice_str(class), ',');
}

/* ---- families ---- */

static void emit_counters(struct scrape *s, const struct admin_counter *v, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		sample(s);
		label(s, "class", slice_str(v[i].name), '{');
		value(s, true, v[i].value);
	}
}

static void emit_engine(struct scrape *s)
{
	emit_counters(s, s->engine.engine.counters, s->engine.engine.counters_n);
}

static void emit_daemon(struct scrape *s)
{
	emit_counters(s, s->engine.engine.daemon, s->engine.engine.daemon_n);
}

static void emit_messages(struct scrape *s)
{
	emit_counters(s, s->engine.engine.messages, s->engine.engine.messages_n);
}

static void emit_lamps(struct scrape *s)
{
	emit_counters(s, s->engine.engine.lamps, s->engine.engine.lamps_n);
}

static void emit_watchers(struct scrape *s)
{
	emit_counters(s, s->engine.engine.watchers, s->engine.engine.watchers_n);
}

static void emit_states(struct scrape *s)
{
	for (uint32_t i = 0; i < s->accounts_n; i++)
		for (int p = 0; p < PRESENCE_COUNT; p++) {
			account_sample(s, i, NULL);
			label(s, "state", slice_str(presence_name((enum presence)p)), ',');
			value(s, true, s->census[i].combined[p]);
		}
}

static void emit_matches(struct scrape *s)
{
	for (uint32_t i = 0; i < s->accounts_n; i++)
		for (int m = 0; m < MATCH_COUNT; m++) {
			account_sample(s, i, NULL);
			label(s, "match", slice_str(match_name((enum match)m)), ',');
			value(s, true, s->census[i].match[m]);
		}
}

static void emit_onboardings(struct scrape *s)
{
	for (uint32_t i = 0; i < s->accounts_n; i++)
		for (int o = 0; o < ONBOARDING_COUNT; o++) {
			account_sample(s, i, NULL);
			label(s, "onboarding", slice_str(onboarding_name((enum onboarding)o)), ',');
			value(s, true, s->census[i].onboarding[o]);
		}
}

static void emit_shown(struct scrape *s)
{
	for (uint32_t i = 0; i < s->accounts_n; i++)
		for (int v = 0; v < SHOWN_COUNT; v++) {
			account_sample(s, i, shown_name((enum shown)v));
			value(s, true, s->census[i].shown[v]);
		}
}

/* One sample a class of work and realm. */
#define EMIT_CLASSES(emitter, expression)                                                          \
	static void emitter(struct scrape *s)                                                      \
	{                                                                                          \
		static const char *const classes[] = {"rise", "clear", "renew"};                   \
                                                                                                   \
		for (uint32_t i = 0; i < s->accounts_n; i++)                                       \
			for (int k = 0; k < URGENCY_COUNT && s->first_of_realm[i]; k++) {          \
				const struct admin_account *v = &s->accounts[i].account;           \
				account_sample(s, i, classes[k]);                                  \
				value(s, true, (uint64_t)(expression));                            \
			}                                                                          \
	}

EMIT_CLASSES(emit_queues, v->queued[k])
EMIT_CLASSES(emit_backlog, v->class[k].wait_ms)
EMIT_CLASSES(emit_delay_sum, v->class[k].delay_sum_ms)
EMIT_CLASSES(emit_delay_count, v->class[k].delay_count)

static void emit_graph_notes(struct scrape *s)
{
	for (uint32_t i = 0; i < s->accounts_n; i++) {
		const struct admin_account *v = &s->accounts[i].account;

		for (uint32_t k = 0; k < v->counters_n && s->first_of_realm[i]; k++) {
			account_sample(s, i, v->counters[k].name);
			value(s, true, v->counters[k].value);
		}
	}
}

static void emit_connector_notes(struct scrape *s)
{
	for (uint32_t i = 0; i < s->connectors_n; i++) {
		const struct admin_connector *v = &s->connectors[i].connector;

		for (uint32_t k = 0; k < v->counters_n; k++) {
			connector_sample(s, i, v->counters[k].name);
			value(s, true, v->counters[k].value);
		}
	}
}

static void emit_requests(struct scrape *s)
{
	static const char *const classes[STATUS_CLASS_COUNT] = {"ok", "client_error",
								"server_error"};

	for (int i = 0; i < ROUTE_COUNT; i++)
		for (int k = 0; k < STATUS_CLASS_COUNT; k++) {
			if (!s->a->requests[i][k])
				continue;
			sample(s);
			label(s, "route", slice_str(routes[i].pattern), '{');
			label(s, "class", slice_str(classes[k]), ',');
			value(s, true, s->a->requests[i][k]);
		}
}

static void emit_refused(struct scrape *s)
{
	static const char *const classes[REFUSED_COUNT] = {"no_request", "unreadable", "framing",
							   "no_route"};

	for (int i = 0; i < REFUSED_COUNT; i++) {
		sample(s);
		label(s, "class", slice_str(classes[i]), '{');
		value(s, true, s->a->refused[i]);
	}
}

static void emit_sign_ins(struct scrape *s)
{
	const struct auth *auth = atomic_load(&s->a->auth);
	const struct admin_counter list[] = { { "signed_in", auth ? auth->signed_in : 0 },
					      { "refused", auth ? auth->refused : 0 },
					      { "limited", auth ? auth->limited : 0 } };

	emit_counters(s, list, 3);
}

static void emit_alarms(struct scrape *s)
{
	for (int k = 0; k < SEVERITY_COUNT; k++) {
		sample(s);
		label(s, "severity", slice_str(severity_name((enum severity)k)), '{');
		value(s, true, alarms_raised(monitor_alarms(s->a->monitor), (enum severity)k));
	}
}

/* ---- single metrics, one function a row and scope ---- */

#define EACH_ENGINE(expression)                                                                    \
	do {                                                                                       \
		const struct admin_engine *v = &s->engine.engine;                                  \
		sample(s);                                                                         \
		value(s, false, (uint64_t)(expression));                                           \
	} while (0)
#define EACH_SERVER(expression)                                                                    \
	do {                                                                                       \
		const struct admin *a = s->a;                                                      \
		sample(s);                                                                         \
		value(s, false, (uint64_t)(expression));                                           \
	} while (0)
#define EACH_ACCOUNT(expression)                                                                   \
	for (uint32_t i = 0; i < s->accounts_n; i++) {                                             \
		const struct snap_census *c = &s->census[i];                                       \
		account_sample(s, i, NULL);                                                        \
		value(s, true, (uint64_t)(expression));                                            \
	}
#define EACH_REALM(expression)                                                                     \
	for (uint32_t i = 0; i < s->accounts_n; i++) {                                             \
		const struct admin_account *v = &s->accounts[i].account;                           \
		if (!s->first_of_realm[i])                                                         \
			continue;                                                                  \
		account_sample(s, i, NULL);                                                        \
		value(s, true, (uint64_t)(expression));                                            \
	}
#define EACH_CONNECTOR(expression)                                                                 \
	for (uint32_t i = 0; i < s->connectors_n; i++) {                                           \
		const struct admin_connector *v = &s->connectors[i].connector;                     \
		connector_sample(s, i, NULL);                                                      \
		value(s, true, (uint64_t)(expression));                                            \
	}

static void head(struct scrape *s, const char *name, const char *type, const char *help)
{
	s->name = name;
	buf_fmt(s->b, "# HELP offhook_%s %s\n# TYPE offhook_%s %s\n", name, help, name, type);
}

/* The table unrolled: no statement here but those of metrics.def. */
static void emit_all(struct scrape *s)
{
#define METRIC(scope, name, type, help, value_)                                                    \
	head(s, name, type, help);                                                                 \
	EACH_##scope(value_);
#define FAMILY(name, type, help, labels, emitter)                                                  \
	head(s, name, type, help);                                                                 \
	emitter(s);
#include "admin/metrics.def"
}

/* ---- reading ---- */

static bool is_first_of_realm(const struct scrape *s, uint32_t at)
{
	for (uint32_t i = 0; i < at; i++)
		if (s->accounts[i].account.realm == s->accounts[at].account.realm)
			return false;
	return true;
}

/* Of an account only who sees it: a provider's customers do not read of one another. */
static void read_accounts(struct scrape *s, const struct request *r)
{
	struct snapshot *snapshot = s->a->snapshot;

	for (uint32_t i = snapshot_next_account(snapshot, 0);
	     i != UINT16_MAX && s->accounts_n < s->a->limits.accounts;
	     i = snapshot_next_account(snapshot, i + 1)) {
		uint32_t n = s->accounts_n;

		if (!caller_sees(r, (uint16_t)i) || !snapshot_account(snapshot, (uint16_t)i, &s->accounts[n]))
			continue;
		snapshot_census(snapshot, (uint16_t)i, &s->census[n]);
		s->first_of_realm[n] = is_first_of_realm(s, n);
		s->accounts_n++;
	}
}

static void read_connectors(struct scrape *s, const struct request *r)
{
	struct snapshot *snapshot = s->a->snapshot;

	for (uint32_t i = snapshot_next_connector(snapshot, 0);
	     i != ID_NONE && s->connectors_n < s->a->limits.connectors;
	     i = snapshot_next_connector(snapshot, i + 1))
		if (snapshot_connector(snapshot, i, &s->connectors[s->connectors_n]) &&
		    caller_sees(r, s->connectors[s->connectors_n].connector.account))
			s->connectors_n++;
}

static void scrape_fini(struct scrape *s)
{
	snap_copy_fini(&s->engine);
	for (uint32_t i = 0; s->accounts && i < s->a->limits.accounts; i++)
		snap_copy_fini(&s->accounts[i]);
	for (uint32_t i = 0; s->connectors && i < s->a->limits.connectors; i++)
		snap_copy_fini(&s->connectors[i]);
	free(s->accounts);
	free(s->connectors);
	free(s->census);
	free(s->first_of_realm);
}

static bool scrape_init(struct scrape *s, struct request *r)
{
	const struct snapshot_limits *l = &r->admin->limits;

	*s = (struct scrape){.a = r->admin, .b = &r->out};
	s->accounts = calloc(l->accounts + 1, sizeof(*s->accounts));
	s->connectors = calloc(l->connectors + 1, sizeof(*s->connectors));
	s->census = calloc(l->accounts + 1, sizeof(*s->census));
	s->first_of_realm = calloc(l->accounts + 1, sizeof(*s->first_of_realm));
	return s->accounts && s->connectors && s->census && s->first_of_realm &&
	       snapshot_engine(r->admin->snapshot, &s->engine);
}

void api_metrics(struct request *r)
{
	struct scrape s;

	names_refresh(r->admin->names);
	if (scrape_init(&s, r)) {
		read_accounts(&s, r);
		read_connectors(&s, r);
		emit_all(&s);
		r->status = 200;
		r->content_type = "text/plain; version=0.0.4; charset=utf-8";
	}
	scrape_fini(&s);
	if (!r->status || buf_err(&r->out))
		respond_problem(r, 500, "no memory", "too many connectors for one answer");
}
