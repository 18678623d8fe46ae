#include "proto/graph/presence_body.h"

enum { MINUTE_MS = 60000, MINUTES_MIN = 5, MINUTES_MAX = 240, PREFERRED_MINUTES_MAX = 7 * 24 * 60 };

static int32_t whole_minutes(int32_t ms, int32_t most)
{
	int32_t minutes = ms / MINUTE_MS + (ms % MINUTE_MS > 0);

	if (minutes < MINUTES_MIN)
		return MINUTES_MIN;
	return minutes < most ? minutes : most;
}

int32_t presence_body_lease_ms(int32_t lease_ms)
{
	return whole_minutes(lease_ms, MINUTES_MAX) * MINUTE_MS;
}

static void add_duration(struct buf *b, int32_t minutes)
{
	char digits[6];
	int n = 0;

	for (int m = minutes; m > 0; m /= 10)
		digits[n++] = (char)('0' + m % 10);
	buf_str(b, "\"expirationDuration\":\"PT");
	while (n > 0)
		buf_char(b, digits[--n]);
	buf_str(b, "M\"}");
}

static void add_pair(struct buf *b, const char *availability, const char *activity)
{
	buf_str(b, "\"availability\":\"");
	buf_str(b, availability);
	buf_str(b, "\",\"activity\":\"");
	buf_str(b, activity);
	buf_str(b, "\",");
}

void presence_body_set(struct buf *b, const char *session_id, const char *availability,
		       const char *activity, int32_t lease_ms)
{
	buf_str(b, "{\"sessionId\":\"");
	buf_str(b, session_id);
	buf_str(b, "\",");
	add_pair(b, availability, activity);
	add_duration(b, whole_minutes(lease_ms, MINUTES_MAX));
}

void presence_body_clear(struct buf *b, const char *session_id)
{
	buf_str(b, "{\"sessionId\":\"");
	buf_str(b, session_id);
	buf_str(b, "\"}");
}

void presence_body_set_preferred(struct buf *b, const char *availability, const char *activity,
				 int32_t life_ms)
{
	buf_char(b, '{');
	add_pair(b, availability, activity);
	add_duration(b, whole_minutes(life_ms, PREFERRED_MINUTES_MAX));
}

void presence_body_clear_preferred(struct buf *b)
{
	buf_str(b, "{}");
}
