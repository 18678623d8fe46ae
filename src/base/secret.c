#include "base/secret.h"

#include <stdlib.h>

enum err secret_set(struct secret *x, struct slice s)
{
	if (s.n > SECRET_MAX)
		return ERR_LIMIT;
	char *p = malloc(s.n + 1);
	if (!p)
		return ERR_NO_MEMORY;
	if (s.n)
		memcpy(p, s.p, s.n);
	p[s.n] = '\0';
	secret_fini(x);
	*x = (struct secret){ p, s.n };
	return ERR_OK;
}

void secret_fini(struct secret *x)
{
	if (x->hidden)
		explicit_bzero(x->hidden, x->n);
	free(x->hidden);
	*x = (struct secret){ 0 };
}

bool secret_is_set(const struct secret *x)
{
	return x->hidden != NULL;
}

struct slice secret_expose(const struct secret *x)
{
	return slice_of(x->hidden, x->n);
}
