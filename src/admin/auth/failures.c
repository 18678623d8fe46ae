#include "admin/auth/failures.h"

bool failures_note(struct failures *f, int64_t now_ms, uint32_t *ret_left_out)
{
	if (!f->from_ms || now_ms - f->from_ms >= FAILURES_MS) {
		f->from_ms = now_ms;
		f->written = 0;
	}
	if (f->written == FAILURES_WRITTEN_MAX) {
		f->left_out++;
		return false;
	}
	f->written++;
	*ret_left_out = f->left_out;
	f->left_out = 0;
	return true;
}
