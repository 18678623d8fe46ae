#include "base/err.h"

static const char *const names[ERR_COUNT] = {
	[ERR_OK] = "ok",
	[ERR_BUG] = "internal error",
	[ERR_MALFORMED] = "malformed",
	[ERR_PROTOCOL] = "protocol violation",
	[ERR_AGAIN] = "try again later",
	[ERR_LIMIT] = "limit reached",
	[ERR_DENIED] = "denied",
	[ERR_NOT_FOUND] = "not found",
	[ERR_EXISTS] = "exists already",
	[ERR_NO_MEMORY] = "out of memory",
	[ERR_IO] = "input/output error",
};

const char *err_name(enum err e)
{
	return (unsigned)e < ERR_COUNT ? names[e] : "unknown error";
}
