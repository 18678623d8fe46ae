#include "oracle.h"

static bool in_call(const struct oracle_line *l, const struct oracle_rules *rules)
{
	if (l->phone == ORACLE_TALKS || l->phone == ORACLE_DIALS || l->phone == ORACLE_ON_HOLD)
		return true;
	return l->phone == ORACLE_RINGS && rules->ringing_busy;
}

enum oracle_held oracle_expects(const struct oracle_line *lines, int n, enum oracle_app app,
				const struct oracle_rules *rules)
{
	bool away = app == ORACLE_APP_AWAY;
	bool busy = app == ORACLE_APP_BUSY || app == ORACLE_APP_MEETING;
	bool dnd = false;

	for (int i = 0; i < n; i++) {
		if (!lines[i].heard)
			continue;
		dnd = dnd || lines[i].dnd;
		busy = busy || in_call(&lines[i], rules);
	}
	if (away && !(rules->call_first && (busy || dnd)))
		return ORACLE_AWAY;
	if (dnd)
		return ORACLE_DND_PRESENTING;
	if (busy)
		return rules->busy_is_dnd ? ORACLE_DND_PRESENTING : ORACLE_BUSY_IN_A_CALL;
	return ORACLE_NOTHING;
}

const char *oracle_words(enum oracle_held h)
{
	switch (h) {
	case ORACLE_NOTHING:
		return "";
	case ORACLE_BUSY_IN_A_CALL:
		return "Busy/InACall";
	case ORACLE_DND_PRESENTING:
		return "DoNotDisturb/Presenting";
	case ORACLE_AWAY:
		return "Away/Away";
	}
	return "?";
}
