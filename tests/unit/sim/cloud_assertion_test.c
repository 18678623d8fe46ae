/* The stand-in's look at signed statements: every way to be wrong has its number. */
#include "cloud_help.h"

#include "unit/proto/graph/keys.h"

#define PLACE "https://login.microsoftonline.com/" TENANT "/oauth2/v2.0/token"
#define NOW "1700000000"

static struct test_key own, other;

static int set_up(void **state)
{
	(void)state;
	test_key_of(&own, EVP_RSA_gen(2048));
	test_certificate(&own, "20230101000000Z", "20330101000000Z");
	test_key_of(&other, EVP_RSA_gen(2048));
	test_certificate(&other, "20230101000000Z", "20330101000000Z");
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	test_key_fini(&own);
	test_key_fini(&other);
	return 0;
}

static void put(char *dst, size_t cap, const void *bytes, size_t n)
{
	unsigned char text[8192];
	int len = EVP_EncodeBlock(text, bytes, (int)n);

	while (len > 0 && text[len - 1] == '=')
		len--;
	for (int i = 0; i < len; i++)
		text[i] = text[i] == '+' ? '-' : text[i] == '/' ? '_' : text[i];
	text[len] = '\0';
	assert_true(strlen(dst) + (size_t)len < cap);
	memcpy(dst + strlen(dst), text, (size_t)len + 1);
}

struct form {
	const char *alg, *name; /* NULL: PS256, x5t#S256 */
	const char *thumbprint; /* as text; NULL: the right one */
	const char *claims;
	EVP_PKEY *key; /* NULL: own */
	bool salt_max, broken;
};

static void dot(char *dst, size_t cap)
{
	size_t n = strlen(dst);

	assert_true(n + 1 < cap);
	dst[n] = '.';
	dst[n + 1] = '\0';
}

static void sign(const struct form *f, const char *text, char *dst, size_t cap)
{
	unsigned char sig[512];
	size_t n = sizeof(sig);
	EVP_MD_CTX *x = EVP_MD_CTX_new();
	EVP_PKEY_CTX *how;

	assert_int_equal(EVP_DigestSignInit(x, &how, EVP_sha256(), NULL, f->key ? f->key : own.pkey), 1);
	if (!f->alg || strcmp(f->alg, "PS256") == 0) {
		assert_int_equal(EVP_PKEY_CTX_set_rsa_padding(how, RSA_PKCS1_PSS_PADDING), 1);
		int salt = f->salt_max ? RSA_PSS_SALTLEN_MAX : 32;
		assert_int_equal(EVP_PKEY_CTX_set_rsa_pss_saltlen(how, salt), 1);
	}
	assert_int_equal(EVP_DigestSign(x, sig, &n, (const unsigned char *)text, strlen(text)), 1);
	EVP_MD_CTX_free(x);
	sig[7] ^= f->broken;
	put(dst, cap, sig, n);
}

static void thumbprint(const char *name, char *dst, size_t cap)
{
	unsigned char digest[64];
	unsigned n;

	const EVP_MD *md = strcmp(name, "x5t") == 0 ? EVP_sha1() : EVP_sha256();
	assert_int_equal(X509_digest(own.x, md, digest, &n), 1);
	dst[0] = '\0';
	put(dst, cap, digest, n);
}

static void statement(const struct form *f, char *dst, size_t cap)
{
	const char *alg = f->alg ? f->alg : "PS256", *name = f->name ? f->name : "x5t#S256";
	char hash[100], header[300], signed_text[6000];

	thumbprint(name, hash, sizeof(hash));
	snprintf(header, sizeof(header), "{\"alg\":\"%s\",\"typ\":\"JWT\",\"%s\":\"%s\"}", alg, name,
		 f->thumbprint ? f->thumbprint : hash);
	dst[0] = '\0';
	put(dst, cap, header, strlen(header));
	dot(dst, cap);
	put(dst, cap, f->claims, strlen(f->claims));
	snprintf(signed_text, sizeof(signed_text), "%s", dst);
	dot(dst, cap);
	sign(f, signed_text, dst, cap);
}

#define TYPE "urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer"

/* The AADSTS number of the answer, 0 for a token. */
static int64_t present(struct world *w, const char *jws, const char *type)
{
	char body[10000];

	snprintf(body, sizeof(body),
		 "client_id=" APP "&grant_type=client_credentials&scope=https://graph.microsoft.com/.default"
		 "&client_assertion_type=%s&client_assertion=%s", type, jws);
	w->bearer[0] = '\0';
	w->type = "application/x-www-form-urlencoded";
	int status = ask(w, "POST", "/" TENANT "/oauth2/v2.0/token", body);
	w->type = "application/json";
	if (status == 200)
		return 0;
	assert_true(status == 400 || status == 401);
	return json_integer_value(json_array_get(json_object_get(w->body, "error_codes"), 0));
}

static int64_t present_form(struct world *w, const struct form *f)
{
	char jws[8000];

	statement(f, jws, sizeof(jws));
	return present(w, jws, TYPE);
}

static void enrol(struct world *w, const char *certificate)
{
	json_t *o = json_pack("{s:s}", "certificate", certificate);
	char *text = json_dumps(o, 0);

	assert_int_equal(control(w, "POST", "/apps/" APP "/certificates", text), 200);
	free(text);
	json_decref(o);
}

#define CLAIMS(aud, app, jti, nbf, exp)                                                            \
	"{\"aud\":\"" aud "\",\"iss\":\"" app "\",\"sub\":\"" app "\",\"jti\":\"" jti "\"," \
	"\"nbf\":" nbf ",\"exp\":" exp "}"
#define GOOD(jti) CLAIMS(PLACE, APP, jti, NOW, "1700000600")

static void every_fault_has_its_number(void **state)
{
	const struct {
		struct form form;
		int64_t code;
	} rows[] = {
		{ { .claims = GOOD("1") }, 0 },
		{ { .claims = GOOD("1") }, 50012 }, /* the same id again */
		{ { .claims = GOOD("2"), .alg = "RS256", .name = "x5t" }, 0 },
		{ { .claims = GOOD("3"), .alg = "RS256" }, 700027 }, /* the other form's thumbprint */
		{ { .claims = GOOD("4"), .name = "x5t" }, 700027 },
		{ { .claims = GOOD("5"), .alg = "HS256" }, 50027 },
		{ { .claims = GOOD("6"), .alg = "none" }, 50027 },
		{ { .claims = GOOD("7"), .key = other.pkey }, 700027 },
		{ { .claims = GOOD("8"), .broken = true }, 700027 },
		{ { .claims = GOOD("9"), .salt_max = true }, 700027 },
		{ { .claims = GOOD("a"), .thumbprint = "A1B2C3D4" }, 700027 },
		{ { .claims = GOOD("b"), .thumbprint = "" }, 700027 },
		{ { .claims = CLAIMS(PLACE, NOBODY, "c", NOW, "1700000600") }, 700021 },
		{ { .claims = CLAIMS("https://elsewhere.example", APP, "d", NOW, "1700000600") }, 700023 },
		{ { .claims = CLAIMS(PLACE, APP, "", NOW, "1700000600") }, 50027 },
		{ { .claims = CLAIMS(PLACE, APP, "f", "1700000301", "1700000600") }, 700024 },
		{ { .claims = CLAIMS(PLACE, APP, "g", "1700000300", "1700000600") }, 0 },
		{ { .claims = CLAIMS(PLACE, APP, "h", "1699999000", "1699999699") }, 700024 },
		{ { .claims = CLAIMS(PLACE, APP, "i", "1699999000", "1699999700") }, 0 },
		{ { .claims = CLAIMS(PLACE, APP, "j", NOW, NOW) }, 700024 },
		{ { .claims = CLAIMS(PLACE, APP, "k", "\"now\"", "1700000600") }, 50027 },
		{ { .claims = "[1]" }, 50027 },
		{ { .claims = "" }, 50027 },
	};
	struct world w;
	(void)state;

	world_init(&w);
	enrol(&w, own.certificate);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		int64_t code = present_form(&w, &rows[i].form);

		if (code != rows[i].code)
			fail_msg("row %zu: %lld, not %lld", i, (long long)code, (long long)rows[i].code);
	}
	world_fini(&w);
}

static void certificates_come_and_go(void **state)
{
	const struct form by_own = { .claims = GOOD("x") }, again = { .claims = GOOD("y") },
			  late = { .claims = GOOD("z") };
	struct test_key small;
	struct world w;
	(void)state;

	world_init(&w);
	assert_int_equal(present_form(&w, &by_own), 700027);
	enrol(&w, other.certificate);
	assert_int_equal(present_form(&w, &by_own), 700027);
	enrol(&w, own.certificate);
	assert_int_equal(json_array_size(json_object_get(w.body, "certificates")), 2);
	assert_int_equal(present_form(&w, &by_own), 0);
	assert_int_equal(control(&w, "DELETE", "/apps/" APP "/certificates", ""), 200);
	assert_int_equal(present_form(&w, &again), 700027);
	test_certificate(&own, "20230101000000Z", "20230201000000Z"); /* it has ended */
	enrol(&w, own.certificate);
	assert_int_equal(present_form(&w, &late), 700027);
	assert_non_null(strstr(answer(&w, "error_description"), "expired"));
	test_certificate(&own, "20230101000000Z", "20330101000000Z");

	test_key_of(&small, EVP_RSA_gen(1024));
	json_t *o = json_pack("{s:s}", "certificate", small.certificate);
	char *text = json_dumps(o, 0);
	assert_int_equal(control(&w, "POST", "/apps/" APP "/certificates", text), 400);
	free(text);
	json_decref(o);
	test_key_fini(&small);
	assert_int_equal(control(&w, "POST", "/apps/" APP "/certificates", "{\"certificate\":\"x\"}"), 400);
	assert_int_equal(control(&w, "POST", "/apps/" NOBODY "/certificates", "{\"certificate\":\"x\"}"),
			 404);
	world_fini(&w);
}

static void no_statement_at_all(void **state)
{
	static const char *const texts[] = { "x", "a.b", "a.b.c.d", "..", "e30.e30.", "e30.e30.!",
					     "e30.e30.e30" };
	char jws[8000];
	struct world w;
	(void)state;

	world_init(&w);
	enrol(&w, own.certificate);
	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		assert_int_equal(present(&w, texts[i], TYPE), 50027);
	statement(&(struct form){ .claims = GOOD("t") }, jws, sizeof(jws));
	assert_int_equal(present(&w, jws, "password"), 900144);
	assert_int_equal(present(&w, jws, ""), 900144);
	world_fini(&w);
}

static void secrets_are_exchanged(void **state)
{
	struct world w;
	(void)state;

	world_init(&w);
	assert_int_equal(control(&w, "POST", "/apps/" APP "/secret", "{\"client_secret\":\"new\"}"), 200);
	assert_int_equal(get_token(&w), 401);
	assert_int_equal(control(&w, "POST", "/apps/" APP "/secret",
				 "{\"client_secret\":\"s3cret+/= &x\",\"expired\":true}"), 200);
	assert_int_equal(get_token(&w), 401);
	assert_non_null(strstr(answer(&w, "error_description"), "AADSTS7000222"));
	assert_int_equal(control(&w, "POST", "/apps/" APP "/secret", "{\"disabled\":true}"), 200);
	assert_int_equal(get_token(&w), 400);
	assert_int_equal(control(&w, "POST", "/apps/" APP "/secret", "{}"), 200);
	assert_int_equal(get_token(&w), 200);
	world_fini(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_fault_has_its_number),
		cmocka_unit_test(certificates_come_and_go),
		cmocka_unit_test(no_statement_at_all),
		cmocka_unit_test(secrets_are_exchanged),
	};
	return cmocka_run_group_tests_name("sim/cloud_assertion", tests, set_up, tear_down);
}
