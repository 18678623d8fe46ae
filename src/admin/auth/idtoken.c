#include "admin/auth/idtoken.h"

#include <jansson.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/param_build.h>
#include <stdio.h>
#include <stdlib.h>

#include "admin/auth/document.h"
#include "admin/auth/keys.h"

enum { BITS_MIN = 2048, NUMBER_MAX = 1024, SIGNATURE_MAX = 1024, HEAD_MAX = 4096 };

/* ---- keys ---- */

static BIGNUM *number(json_t *jwk, const char *name)
{
	unsigned char raw[NUMBER_MAX];
	const char *text = json_string_value(json_object_get(jwk, name));
	size_t n;

	if (!text || base64url_decode(slice_str(text), raw, sizeof(raw), &n))
		return NULL;
	return BN_bin2bn(raw, (int)n, NULL);
}

static EVP_PKEY *key_of(json_t *jwk)
{
	BIGNUM *n = number(jwk, "n"), *e = number(jwk, "e");
	OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
	OSSL_PARAM *params = NULL;
	EVP_PKEY *key = NULL;

	if (n && e && build && OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_N, n) &&
	    OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_E, e))
		params = OSSL_PARAM_BLD_to_param(build);
	if (!params || !ctx || EVP_PKEY_fromdata_init(ctx) != 1 ||
	    EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY, params) != 1)
		key = NULL;
	OSSL_PARAM_free(params);
	OSSL_PARAM_BLD_free(build);
	EVP_PKEY_CTX_free(ctx);
	BN_free(n);
	BN_free(e);
	if (key && EVP_PKEY_get_bits(key) < BITS_MIN) {
		EVP_PKEY_free(key);
		return NULL;
	}
	return key;
}

static bool says(json_t *o, const char *name, const char *value)
{
	const char *text = json_string_value(json_object_get(o, name));

	return text && strcmp(text, value) == 0;
}

static void take_key(struct idtoken_keys *k, json_t *jwk)
{
	if (k->n == IDTOKEN_KEYS_MAX || !says(jwk, "kty", "RSA") ||
	    (json_object_get(jwk, "use") && !says(jwk, "use", "sig")) ||
	    !document_text(jwk, "kid", k->list[k->n].kid, sizeof(k->list[k->n].kid)))
		return;
	k->list[k->n].key = key_of(jwk);
	k->n += k->list[k->n].key != NULL;
}

enum err idtoken_keys_parse(struct slice document, struct idtoken_keys *ret)
{
	json_t *doc = json_loadb(document.p, document.n, 0, NULL), *jwk;
	json_t *list = json_object_get(doc, "keys");
	size_t i;

	if (!json_is_array(list)) {
		json_decref(doc);
		return ERR_MALFORMED;
	}
	*ret = (struct idtoken_keys){ 0 };
	json_array_foreach(list, i, jwk) take_key(ret, jwk);
	json_decref(doc);
	return ERR_OK;
}

void idtoken_keys_fini(struct idtoken_keys *k)
{
	for (uint32_t i = 0; i < k->n; i++)
		EVP_PKEY_free(k->list[i].key);
	k->n = 0;
}

/* ---- the token ---- */

static json_t *part(struct slice text)
{
	unsigned char *raw = malloc(text.n + 1);
	json_t *doc = NULL;
	size_t n;

	if (raw && !base64url_decode(text, raw, text.n + 1, &n))
		doc = json_loadb((const char *)raw, n, JSON_REJECT_DUPLICATES, NULL);
	free(raw);
	return doc;
}

static bool verify(EVP_PKEY *key, struct slice what, struct slice signature)
{
	unsigned char raw[SIGNATURE_MAX];
	EVP_MD_CTX *ctx;
	size_t n;
	bool good;

	if (base64url_decode(signature, raw, sizeof(raw), &n))
		return false;
	ctx = EVP_MD_CTX_new();
	good = ctx && EVP_DigestVerifyInit(ctx, NULL, EVP_sha256(), NULL, key) == 1 &&
	       EVP_DigestVerify(ctx, raw, n, (const unsigned char *)what.p, what.n) == 1;
	EVP_MD_CTX_free(ctx);
	return good;
}

static EVP_PKEY *key_named(const struct idtoken_keys *k, const char *kid)
{
	for (uint32_t i = 0; kid && i < k->n; i++)
		if (strcmp(kid, k->list[i].kid) == 0)
			return k->list[i].key;
	return NULL;
}

static bool claim_is(json_t *claims, const char *name, struct slice wanted)
{
	const char *text = json_string_value(json_object_get(claims, name));

	return wanted.n && text && key_equal(slice_str(text), wanted);
}

/* The first thing that is wrong, or NULL. */
static const char *wrong_claim(json_t *c, const struct idtoken_wanted *w)
{
	json_int_t now = w->wall_ms / 1000, skew = IDTOKEN_SKEW_MS / 1000;
	json_t *exp = json_object_get(c, "exp"), *nbf = json_object_get(c, "nbf");

	if (!claim_is(c, "iss", w->issuer))
		return "issuer";
	if (!claim_is(c, "aud", w->audience))
		return "audience";
	if (!claim_is(c, "tid", w->tenant))
		return "tenant";
	if (!claim_is(c, "nonce", w->nonce))
		return "nonce";
	if (!json_is_integer(exp) || json_integer_value(exp) <= now - skew)
		return "expired";
	if (nbf && (!json_is_integer(nbf) || json_integer_value(nbf) > now + skew))
		return "not-yet";
	return NULL;
}

static enum role role_of(json_t *roles)
{
	static const char *const names[ROLE_COUNT] = { "", "Offhook.Viewer", "Offhook.Operator",
						       "Offhook.Owner" };
	enum role best = ROLE_NONE;
	json_t *v;
	size_t i;

	json_array_foreach(roles, i, v) for (enum role r = ROLE_VIEWER; r < ROLE_COUNT;
					     r++) if (json_is_string(v) &&
						      strcmp(json_string_value(v), names[r]) == 0 &&
						      r > best) best = r;
	return best;
}

static enum err take_claims(json_t *claims, const struct idtoken_wanted *w, struct idtoken *ret,
			    const char **ret_why)
{
	*ret_why = wrong_claim(claims, w);
	if (!*ret_why && !document_text(claims, "oid", ret->oid, sizeof(ret->oid)))
		*ret_why = "no-oid";
	if (*ret_why)
		return ERR_DENIED;
	if (!document_text(claims, "preferred_username", ret->name, sizeof(ret->name)))
		ret->name[0] = '\0';
	ret->role = (uint8_t)role_of(json_object_get(claims, "roles"));
	return ERR_OK;
}

static enum err check_parts(json_t *head, struct slice what, struct slice body,
			    struct slice signature, const struct idtoken_keys *k,
			    const struct idtoken_wanted *w, struct idtoken *ret,
			    const char **ret_why)
{
	EVP_PKEY *key = key_named(k, json_string_value(json_object_get(head, "kid")));
	json_t *claims;
	enum err e;

	*ret_why = "algorithm";
	if (!says(head, "alg", "RS256") || json_object_get(head, "crit"))
		return ERR_DENIED;
	*ret_why = "signature";
	if (!key)
		return ERR_NOT_FOUND;
	if (!verify(key, what, signature))
		return ERR_DENIED;
	claims = part(body);
	e = json_is_object(claims) ? take_claims(claims, w, ret, ret_why) : ERR_MALFORMED;
	json_decref(claims);
	return e;
}

enum err idtoken_check(struct slice token, const struct idtoken_keys *k,
		       const struct idtoken_wanted *w, struct idtoken *ret, const char **ret_why)
{
	struct slice rest = token, head_text, body, signature;
	json_t *head;
	enum err e;

	*ret_why = "form";
	if (token.n > IDTOKEN_MAX || !slice_split(&rest, '.', &head_text) ||
	    !slice_split(&rest, '.', &body) || !slice_split(&rest, '.', &signature) || rest.p ||
	    head_text.n > HEAD_MAX)
		return ERR_MALFORMED;
	*ret = (struct idtoken){ 0 };
	head = part(head_text);
	e = json_is_object(head) ? check_parts(head, slice_of(token.p, head_text.n + 1 + body.n),
					       body, signature, k, w, ret, ret_why)
				 : ERR_MALFORMED;
	json_decref(head);
	return e;
}
