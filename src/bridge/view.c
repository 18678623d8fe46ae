/* view.c - read-only looks at the bridge. */
#include "bridge/own.h"

const struct bridge_limits *bridge_limits_of(const struct bridge *b)
{
	return &b->limits;
}

const struct directory *bridge_directory(const struct bridge *b)
{
	return b->directory;
}

const struct engine *bridge_engine(const struct bridge *b)
{
	return b->engine;
}

bool bridge_source_view(const struct bridge *b, uint32_t connector, struct source_view *ret)
{
	if (connector >= b->limits.connectors || !b->connectors[connector].ops)
		return false;
	b->connectors[connector].ops->view(b->connectors[connector].source, ret);
	return true;
}

bool bridge_line_view(const struct bridge *b, uint32_t line, struct source_line_view *ret)
{
	uint32_t connector = directory_line_connector(b->directory, line);

	if (connector == ID_NONE || !b->connectors[connector].ops)
		return false;
	return b->connectors[connector].ops->line_view(b->connectors[connector].source, line, ret);
}

const char *bridge_write_refusal(const struct bridge *b, uint32_t line)
{
	return line < b->limits.lines && b->refusals[line] ? b->refusals[line] : "";
}

const struct graph *bridge_realm(const struct bridge *b, uint32_t realm)
{
	return realm < b->limits.realms ? b->realms[realm].graph : NULL;
}

uint32_t bridge_account_realm(const struct bridge *b, uint16_t account)
{
	return account < b->limits.accounts ? b->account_realm[account] : ID_NONE;
}

const struct source_ops *bridge_connector_ops(const struct bridge *b, uint32_t connector)
{
	return connector < b->limits.connectors ? b->connectors[connector].ops : NULL;
}

const char *bridge_connector_type(const struct bridge *b, uint32_t connector)
{
	if (connector >= b->limits.connectors || !b->connectors[connector].ops)
		return "";
	return b->connectors[connector].ops->type;
}
