/* check.h - assertions that stay on in release builds.
 *
 * CHECK(cond) is for our own contracts only, never for foreign input: a failing CHECK is a bug of
 * ours, and a daemon that goes on with a broken invariant would publish a wrong state. systemd
 * restarts it and the leases bridge the gap. */
#ifndef BASE_CHECK_H
#define BASE_CHECK_H

_Noreturn void check_failed(const char *what, const char *file, int line);

#define CHECK(cond)                                              \
	do {                                                     \
		if (__builtin_expect(!(cond), 0))                \
			check_failed(#cond, __FILE__, __LINE__); \
	} while (0)

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

#endif
