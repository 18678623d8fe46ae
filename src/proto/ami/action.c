#include "proto/ami/action.h"

#include <stdarg.h>
#include <stdio.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>

static void fail(struct ami_action *a, enum err e)
{
	if (!a->err)
		a->err = e;
}

void ami_begin(struct ami_action *a, struct buf *out, const char *name, uint32_t id)
{
	*a = (struct ami_action){ .out = out };
	buf_reset(out);
	ami_put(a, "Action", slice_str(name));
	if (id)
		ami_put_fmt(a, "ActionID", "%u", id);
}

void ami_put(struct ami_action *a, const char *key, struct slice value)
{
	if (value.n + strlen(key) > AMI_LINE_MAX)
		fail(a, ERR_LIMIT);
	for (size_t i = 0; i < value.n; i++)
		if (value.p[i] == '\r' || value.p[i] == '\n' || value.p[i] == '\0')
			fail(a, ERR_DENIED);
	if (a->err)
		return;
	buf_str(a->out, key);
	buf_str(a->out, ": ");
	buf_slice(a->out, value);
	buf_str(a->out, "\r\n");
}

void ami_put_fmt(struct ami_action *a, const char *key, const char *fmt, ...)
{
	char value[AMI_LINE_MAX + 1];
	va_list args;

	va_start(args, fmt);
	int n = vsnprintf(value, sizeof(value), fmt, args);
	va_end(args);
	if (n < 0 || (size_t)n >= sizeof(value))
		fail(a, ERR_LIMIT);
	else
		ami_put(a, key, slice_of(value, (size_t)n));
}

enum err ami_end(struct ami_action *a)
{
	buf_str(a->out, "\r\n");
	if (!a->err)
		a->err = buf_err(a->out);
	if (!a->err && a->out->n > AMI_ACTION_MAX)
		a->err = ERR_LIMIT;
	if (a->err)
		buf_reset(a->out);
	return a->err;
}

enum err ami_login_key(struct slice challenge, struct slice secret, char ret[AMI_KEY_HEX])
{
	unsigned char raw[EVP_MAX_MD_SIZE];
	unsigned int n = 0;
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	bool ok = ctx && EVP_DigestInit_ex(ctx, EVP_md5(), NULL) == 1;

	ok = ok && EVP_DigestUpdate(ctx, challenge.n ? challenge.p : "", challenge.n) == 1;
	ok = ok && EVP_DigestUpdate(ctx, secret.n ? secret.p : "", secret.n) == 1;
	ok = ok && EVP_DigestFinal_ex(ctx, raw, &n) == 1;
	EVP_MD_CTX_free(ctx);
	if (!ok || n * 2 + 1 != AMI_KEY_HEX)
		return ERR_NO_MEMORY;
	for (unsigned int i = 0; i < n; i++) {
		ret[2 * i] = "0123456789abcdef"[raw[i] >> 4];
		ret[2 * i + 1] = "0123456789abcdef"[raw[i] & 15];
	}
	ret[2 * n] = '\0';
	OPENSSL_cleanse(raw, sizeof(raw));
	return ERR_OK;
}
