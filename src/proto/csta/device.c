#include "proto/csta/device.h"

static struct slice up_to(struct slice s, const char *ends)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] && strchr(ends, s.p[i]))
			return slice_sub(s, 0, i);
	return s;
}

struct slice csta_device_number(struct slice id)
{
	static const char *const schemes[] = { "tel:", "sip:", "sips:" };
	size_t open;

	id = slice_trim(id);
	open = slice_find(id, '<');
	if (open < id.n)
		id = up_to(slice_sub(id, open + 1, id.n), ">!;");
	for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++)
		if (slice_starts_nocase(id, schemes[i]))
			return up_to(slice_sub(id, strlen(schemes[i]), id.n), "@;");
	return id;
}

bool csta_device_same(struct slice a, struct slice b)
{
	a = csta_device_number(a);
	return a.n && slice_eq_nocase(a, csta_device_number(b));
}
