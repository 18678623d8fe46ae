/* same.c - are two objects of the configuration the same to their users? By the rows of settings.def, so
 * that a new key needs no line here. */
#include <string.h>

#include "base/check.h"
#include "proto/conf/schema.h"

static bool same_scope(enum conf_scope scope, const void *x, const void *y);

static bool same_text(const char *const *x, const char *const *y)
{
	return strcmp(*x, *y) == 0;
}

static bool same_texts(const struct conf_texts *x, const struct conf_texts *y)
{
	if (x->n != y->n)
		return false;
	for (uint32_t i = 0; i < x->n; i++)
		if (strcmp(x->list[i], y->list[i]) != 0)
			return false;
	return true;
}

/* The file's name matters as little as its place: what it held is compared. */
static bool same_secret(const struct conf_secret *x, const struct conf_secret *y)
{
	return slice_eq(secret_expose(&x->value), secret_expose(&y->value));
}

static bool same_tls(const struct conf_switch_tls *x, const struct conf_switch_tls *y)
{
	return x->on == y->on && strcmp(x->own.certificate_file, y->own.certificate_file) == 0 &&
	       strcmp(x->own.key_file, y->own.key_file) == 0;
}

static bool same_list(const struct setting *s, const char *x, const char *y)
{
	size_t size = schema_of((enum conf_scope)s->sub).size;
	uint32_t n = *(const uint32_t *)(const void *)(x + s->offset_n);
	const char *const *xs = (const char *const *)(const void *)(x + s->offset);
	const char *const *ys = (const char *const *)(const void *)(y + s->offset);

	if (n != *(const uint32_t *)(const void *)(y + s->offset_n))
		return false;
	for (uint32_t i = 0; i < n; i++)
		if (!same_scope((enum conf_scope)s->sub, *xs + i * size, *ys + i * size))
			return false;
	return true;
}

static bool same_value(const struct setting *s, const char *x, const char *y)
{
	const void *a = x + s->offset, *b = y + s->offset;

	switch ((enum conf_kind)s->kind) {
	case KIND_GROUP:
		return same_scope((enum conf_scope)s->sub, a, b);
	case KIND_LIST:
		return same_list(s, x, y);
	case KIND_TEXT:
	case KIND_NAME:
	case KIND_PATH:
	case KIND_URL:
	case KIND_PROXY:
	case KIND_EMAIL:
	case KIND_GUID:
	case KIND_TENANT:
	case KIND_PEM:
	case KIND_USERS:
	case KIND_ZONE:
		return same_text(a, b);
	case KIND_WORD:
	case KIND_TYPE:
		return *(const uint8_t *)a == *(const uint8_t *)b;
	case KIND_SWITCH:
		return *(const bool *)a == *(const bool *)b;
	case KIND_COUNT:
		return *(const uint32_t *)a == *(const uint32_t *)b;
	case KIND_DURATION:
	case KIND_DURATION_OR_OFF:
		return *(const int32_t *)a == *(const int32_t *)b;
	case KIND_SECRET:
	case KIND_PEM_HELD:
	case KIND_LOGINS:
		return same_secret(a, b);
	case KIND_TEXTS:
	case KIND_PACKAGES:
	case KIND_RANGES:
	case KIND_DATES:
		return same_texts(a, b);
	case KIND_TLS:
		return same_tls(a, b);
	case KIND_QUOTA:
	case KIND_ADDRESS:
	case KIND_LINES:
	case KIND_HOLIDAYS:
	case KIND_OWN_POLICY:
	case KIND_COUNT_:
		break;
	}
	CHECK(false); /* no connector has one: a case is missing above */
	return false;
}

static bool same_scope(enum conf_scope scope, const void *x, const void *y)
{
	struct schema schema = schema_of(scope);

	for (size_t i = 0; i < schema.n; i++)
		if (!same_value(&schema.rows[i], x, y))
			return false;
	return true;
}

bool conf_connector_same(const struct conf_connector *x, const struct conf_connector *y)
{
	return same_scope(SCOPE_connector, x, y);
}
