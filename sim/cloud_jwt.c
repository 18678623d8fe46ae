/* RS256 tokens (RFC 7515) under a key made at the start, and the key set that verifies them. */
#include <stdlib.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

#include "cloud_parts.h"

static const char key_id[] = "teamsim-1";

struct cloud_jwt {
	EVP_PKEY *key;
};

enum err cloud_jwt_new(struct cloud_jwt **ret)
{
	struct cloud_jwt *j = calloc(1, sizeof *j);

	if (!j)
		return ERR_NO_MEMORY;
	j->key = EVP_RSA_gen(2048);
	if (!j->key) {
		free(j);
		return ERR_NO_MEMORY;
	}
	*ret = j;
	return ERR_OK;
}

void cloud_jwt_free(struct cloud_jwt *j)
{
	if (j)
		EVP_PKEY_free(j->key);
	free(j);
}

static void encode_json(json_t *o, struct buf *ret)
{
	char *text = json_dumps(o, JSON_COMPACT);

	if (text)
		cloud_base64(text, strlen(text), true, ret);
	free(text);
}

enum err cloud_jwt_sign(const struct cloud_jwt *j, json_t *claims, struct buf *ret)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	json_t *head = json_pack("{s:s,s:s,s:s}", "typ", "JWT", "alg", "RS256", "kid", key_id);
	unsigned char sig[512];
	size_t n = sizeof sig;
	enum err e = ERR_NO_MEMORY;

	encode_json(head, ret);
	buf_char(ret, '.');
	encode_json(claims, ret);
	if (ctx && EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, j->key) == 1 &&
	    EVP_DigestSign(ctx, sig, &n, (const unsigned char *)buf_cstr(ret), ret->n) == 1)
		e = ERR_OK;
	EVP_MD_CTX_free(ctx);
	json_decref(head);
	if (e)
		return e;
	buf_char(ret, '.');
	cloud_base64(sig, n, true, ret);
	return buf_err(ret);
}

static json_t *number(const EVP_PKEY *key, const char *name)
{
	unsigned char bytes[512];
	BIGNUM *n = NULL;
	struct buf text;
	json_t *v = NULL;

	buf_init(&text, 2048);
	if (EVP_PKEY_get_bn_param(key, name, &n) == 1 && BN_num_bytes(n) <= (int)sizeof bytes) {
		cloud_base64(bytes, (size_t)BN_bn2bin(n, bytes), true, &text);
		v = json_string(buf_cstr(&text));
	}
	BN_free(n);
	buf_fini(&text);
	return v ? v : json_null();
}

json_t *cloud_jwt_keys(const struct cloud_jwt *j)
{
	return json_pack("{s:[{s:s,s:s,s:s,s:s,s:o,s:o}]}", "keys", "kty", "RSA", "use", "sig", "alg",
			 "RS256", "kid", key_id, "n", number(j->key, OSSL_PKEY_PARAM_RSA_N), "e",
			 number(j->key, OSSL_PKEY_PARAM_RSA_E));
}
