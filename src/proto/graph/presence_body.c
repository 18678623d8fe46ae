#include "proto/graph/presence_body.h"

enum { MINUTE_MS = 60000, MINUTES_MIN = 5, MINUTES_MAX = 240 };

int32_t presence_body_lease_ms(int32_t lease_ms)
{
	int32_t minutes = lease_ms / MINUTE_MS + (lease_ms % MINUTE_MS > 0);

	if (minutes < MINUTES_MIN)
		minutes = MINUTES_MIN;
	if (minutes > MINUTES_MAX)
		minutes = MINUTES_MAX;
	return minutes * MINUTE_MS;
}

static void add_duration(struct buf *b, int32_t lease_ms)
{
	char digits[4];
	int n = 0;

	for (int m = presence_body_lease_ms(lease_ms) / MINUTE_MS; m > 0; m /= 10)
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
	add_duration(b, lease_ms);
}

void presence_body_clear(struct buf *b, const char *session_id)
{
	buf_str(b, "{\"sessionId\":\"");
	buf_str(b, session_id);
	buf_str(b, "\"}");
}

void presence_body_set_preferred(struct buf *b, const char *availability, const char *activity,
				 int32_t lease_ms)
{
	buf_char(b, '{');
	add_pair(b, availability, activity);
	add_duration(b, lease_ms);
}

void presence_body_clear_preferred(struct buf *b)
{
	buf_str(b, "{}");
}
