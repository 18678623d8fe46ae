/* setup_commands.c - what an administrator pastes into a shell, with the account's own ids in it. Tenant,
 * client id and account are checked by the reader (settings.def): nothing in them means anything to a
 * shell. */
#include <stdio.h>

#include "daemon/check_people.h"
#include "daemon/setup.h"
#include "proto/graph/roles.h"

/* Microsoft Graph, in every tenant of every cloud. */
#define GRAPH_APP "00000003-0000-0000-c000-000000000000"

struct commands_list {
	json_t *list;
	const char *tenant, *client;
	const struct conf_account *account;
};

static void add(struct commands_list *c, const char *text)
{
	json_array_append_new(c->list, json_string(text));
}

static void add_app(struct commands_list *c)
{
	char line[400];

	if (c->account && c->account->teams.cloud != CONF_CLOUD_GLOBAL)
		add(c, "az cloud set --name AzureUSGovernment");
	snprintf(line, sizeof(line), "az login --tenant %s --allow-no-subscriptions", c->tenant);
	add(c, line);
	if (!c->account) {
		add(c, "az ad app create --display-name Offhook --sign-in-audience AzureADMyOrg "
		       "--query appId -o tsv");
		return;
	}
	snprintf(line, sizeof(line), "az ad app show --id %s --query displayName -o tsv", c->client);
	add(c, line);
	snprintf(line, sizeof(line), "az ad sp create --id %s", c->client);
	add(c, line);
}

static void add_credential(struct commands_list *c)
{
	char line[400];

	snprintf(line, sizeof(line), "az ad app credential reset --id %s --append --cert @%s.pem", c->client,
		 c->account ? c->account->name : "offhook");
	if (!c->account || c->account->teams.certificate_file.file[0])
		add(c, line);
	snprintf(line, sizeof(line),
		 "az ad app credential reset --id %s --append --display-name offhook --years 1 "
		 "--query password -o tsv",
		 c->client);
	if (!c->account || !c->account->teams.certificate_file.file[0])
		add(c, line);
}

/* By name: az finds the role's id itself, so that no number has to be believed. */
static void add_permission(struct commands_list *c, const char *role)
{
	char line[500];

	snprintf(line, sizeof(line),
		 "az ad app permission add --id %s --api " GRAPH_APP " --api-permissions "
		 "$(az ad sp show --id " GRAPH_APP " --query \"appRoles[?value=='%s'].id\" -o tsv)=Role",
		 c->client, role);
	add(c, line);
}

static void add_permissions(struct commands_list *c)
{
	struct check_need needs[CHECK_NEEDS_MAX];
	const struct conf_account usual = { .matching = { .refresh = 1 } };
	uint32_t n = check_needs(c->account ? c->account : &usual, needs);

	for (uint32_t i = 0; i < n; i++)
		if (needs[i].needed)
			add_permission(c, token_role_for((enum token_permits)needs[i].permits));
}

static void add_consent(struct commands_list *c)
{
	char line[200];

	snprintf(line, sizeof(line), "az ad app permission admin-consent --id %s", c->client);
	add(c, line);
}

json_t *setup_commands(enum setup_step step, const struct conf_account *account)
{
	struct commands_list c = { .list = json_array(), .account = account,
				   .tenant = account ? account->teams.tenant : "YOUR-TENANT-ID",
				   .client = account ? account->teams.client_id : "YOUR-APP-ID" };

	if (step == SETUP_APP)
		add_app(&c);
	else if (step == SETUP_CREDENTIAL)
		add_credential(&c);
	else if (step == SETUP_PERMISSIONS)
		add_permissions(&c);
	else if (step == SETUP_CONSENT)
		add_consent(&c);
	else if (step == SETUP_GRAPH)
		add(&c, "offhook check");
	else if (step == SETUP_PEOPLE)
		add(&c, "offhook matching");
	return c.list;
}
