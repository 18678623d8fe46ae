#include "io/tls.h"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdio.h>

#include "base/buf.h"

enum { NAMES_SHOWN = 3, NAME_SHOWN_MAX = 64, WORDS_MAX = 255 };

enum err tls_files_set(struct tls_files *f, const struct channel_tls *tls)
{
	if (slice_copy(slice_str(tls->name), f->name, sizeof(f->name)) ||
	    slice_copy(slice_str(tls->ca_file), f->ca_file, sizeof(f->ca_file)) ||
	    slice_copy(slice_str(tls->certificate_file), f->certificate_file,
		       sizeof(f->certificate_file)) ||
	    slice_copy(slice_str(tls->key_file), f->key_file, sizeof(f->key_file)))
		return ERR_MALFORMED;
	return ERR_OK;
}

/* Text from a foreign certificate goes to logs and screens: printable ASCII only, and not much. */
static void add_foreign(struct buf *b, const unsigned char *p, int n)
{
	for (int i = 0; i < n && i < NAME_SHOWN_MAX; i++)
		buf_char(b, p[i] > ' ' && p[i] < 0x7f ? (char)p[i] : p[i] == ' ' ? ' ' : '?');
}

static void add_common_name(struct buf *b, const X509_NAME *name)
{
	int at = X509_NAME_get_index_by_NID(name, NID_commonName, -1);
	const ASN1_STRING *s = NULL;

	if (at >= 0)
		s = X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at));
	if (s)
		add_foreign(b, ASN1_STRING_get0_data(s), ASN1_STRING_length(s));
	else
		buf_str(b, "(no name)");
}

static void add_address(struct buf *b, const ASN1_OCTET_STRING *ip)
{
	char text[ENDPOINT_HOST_MAX] = "?";

	if (ASN1_STRING_length(ip) == 4)
		inet_ntop(AF_INET, ASN1_STRING_get0_data(ip), text, sizeof(text));
	else if (ASN1_STRING_length(ip) == 16)
		inet_ntop(AF_INET6, ASN1_STRING_get0_data(ip), text, sizeof(text));
	buf_str(b, text);
}

/* Subject alternative names, or the common name of certificates from before there were any. */
static void add_names(struct buf *b, X509 *cert)
{
	GENERAL_NAMES *names = X509_get_ext_d2i(cert, NID_subject_alt_name, NULL, NULL);
	int shown = 0;

	for (int i = 0; i < sk_GENERAL_NAME_num(names) && shown < NAMES_SHOWN; i++) {
		const GENERAL_NAME *g = sk_GENERAL_NAME_value(names, i);

		if (g->type != GEN_DNS && g->type != GEN_IPADD)
			continue;
		buf_str(b, shown++ ? ", " : "");
		if (g->type == GEN_DNS)
			add_foreign(b, ASN1_STRING_get0_data(g->d.dNSName),
				    ASN1_STRING_length(g->d.dNSName));
		else
			add_address(b, g->d.iPAddress);
	}
	if (!shown)
		add_common_name(b, X509_get_subject_name(cert));
	GENERAL_NAMES_free(names);
}

static void add_date(struct buf *b, const ASN1_TIME *t)
{
	struct tm tm;

	if (t && ASN1_TIME_to_tm(t, &tm))
		buf_fmt(b, "%04d-%02d-%02d", tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday);
	else
		buf_str(b, "(no date)");
}

static void explain(struct buf *b, int error, X509 *cert, const struct tls_verdict *v)
{
	switch (error) {
	case X509_V_ERR_HOSTNAME_MISMATCH:
	case X509_V_ERR_IP_ADDRESS_MISMATCH:
		buf_str(b, "certificate is for ");
		add_names(b, cert);
		buf_fmt(b, ", not %.64s", v->name);
		return;
	case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
		buf_str(b, v->system ? "certificate is self-signed; set ca_file to trust it: "
				     : "certificate is self-signed and not in the ca_file: ");
		add_common_name(b, X509_get_subject_name(cert));
		return;
	case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
	case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
		buf_str(b, v->system ? "certificate is not signed by an authority of the system; "
				       "set ca_file: "
				     : "certificate is from an issuer that is not in the ca_file: ");
		add_common_name(b, X509_get_issuer_name(cert));
		return;
	case X509_V_ERR_CERT_HAS_EXPIRED:
		buf_str(b, "certificate expired on ");
		add_date(b, X509_get0_notAfter(cert));
		return;
	case X509_V_ERR_CERT_NOT_YET_VALID:
		buf_str(b, "certificate is valid only from ");
		add_date(b, X509_get0_notBefore(cert));
		return;
	default:
		buf_fmt(b, "certificate refused: %s", X509_verify_cert_error_string(error));
	}
}

/* OpenSSL asks after every check; only here is the certificate still at hand when it is refused. */
static int on_verify(int good, X509_STORE_CTX *x)
{
	SSL *ssl = X509_STORE_CTX_get_ex_data(x, SSL_get_ex_data_X509_STORE_CTX_idx());
	struct tls_verdict *v = SSL_get_app_data(ssl);
	X509 *cert = X509_STORE_CTX_get_current_cert(x);
	struct buf b;

	if (good || !v || v->words[0])
		return good;
	buf_init(&b, 4 * WORDS_MAX);
	explain(&b, X509_STORE_CTX_get_error(x), cert ? cert : X509_STORE_CTX_get0_cert(x), v);
	snprintf(v->words, sizeof(v->words), "%s", buf_cstr(&b));
	buf_fini(&b);
	return 0;
}

/* What kind of failure OpenSSL's last error is, for messages about files. */
static const char *file_error(void)
{
	unsigned long code = ERR_peek_last_error();
	const char *text = ERR_reason_error_string(code);

	return text ? text : "not usable";
}

static enum err load_identity(SSL_CTX *x, const struct tls_files *f, char *ret_why, size_t cap)
{
	if (SSL_CTX_use_certificate_chain_file(x, f->certificate_file) != 1)
		snprintf(ret_why, cap, "certificate file %s: %s", f->certificate_file,
			 file_error());
	else if (SSL_CTX_use_PrivateKey_file(x, f->key_file, SSL_FILETYPE_PEM) != 1)
		snprintf(ret_why, cap, "key file %s: %s", f->key_file, file_error());
	else if (SSL_CTX_check_private_key(x) != 1)
		snprintf(ret_why, cap, "key file %s does not belong to the certificate",
			 f->key_file);
	else
		return ERR_OK;
	return ERR_IO;
}

static enum err load_trust(SSL_CTX *x, const struct tls_files *f, char *ret_why, size_t cap)
{
	if (!f->ca_file[0]) {
		if (SSL_CTX_set_default_verify_paths(x) == 1)
			return ERR_OK;
		snprintf(ret_why, cap, "the system's certificates: %s", file_error());
		return ERR_IO;
	}
	if (SSL_CTX_load_verify_file(x, f->ca_file) != 1) {
		snprintf(ret_why, cap, "ca_file %s: %s", f->ca_file, file_error());
		return ERR_IO;
	}
	/* A server's own certificate in the file is trust enough, whoever issued it. */
	X509_VERIFY_PARAM_set_flags(SSL_CTX_get0_param(x), X509_V_FLAG_PARTIAL_CHAIN);
	return ERR_OK;
}

static SSL_CTX *context(const SSL_METHOD *method)
{
	SSL_CTX *x = SSL_CTX_new(method);

	if (!x)
		return NULL;
	SSL_CTX_set_min_proto_version(x, TLS1_2_VERSION);
	SSL_CTX_set_options(x, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
				   SSL_OP_IGNORE_UNEXPECTED_EOF);
	SSL_CTX_set_mode(x, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
				SSL_MODE_RELEASE_BUFFERS);
	SSL_CTX_set_session_cache_mode(x, SSL_SESS_CACHE_OFF);
	return x;
}

/* Without the name in the verify parameters, any certificate of the issuer would pass. */
static enum err expect(SSL *ssl, const char *name)
{
	X509_VERIFY_PARAM *p = SSL_get0_param(ssl);
	struct slice bare = slice_str(name);
	char text[256];

	if (bare.n > 2 && bare.p[0] == '[')
		bare = slice_sub(bare, 1, bare.n - 1);
	if (slice_copy(bare, text, sizeof(text)) != ERR_OK || !bare.n)
		return ERR_MALFORMED;
	if (endpoint_is_numeric(text))
		return X509_VERIFY_PARAM_set1_ip_asc(p, text) == 1 ? ERR_OK : ERR_MALFORMED;
	X509_VERIFY_PARAM_set_hostflags(p, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
	if (SSL_set1_host(ssl, text) != 1 || SSL_set_tlsext_host_name(ssl, text) != 1)
		return ERR_MALFORMED;
	return ERR_OK;
}

static enum err prepare(SSL_CTX *x, const struct tls_files *f, char *ret_why, size_t cap)
{
	enum err e = load_trust(x, f, ret_why, cap);

	if (!e && f->certificate_file[0])
		e = load_identity(x, f, ret_why, cap);
	return e;
}

enum err tls_client_new(SSL **ret, const struct tls_files *f, struct tls_verdict *verdict,
			char *ret_why, size_t cap)
{
	SSL_CTX *x = context(TLS_client_method());
	enum err e = x ? prepare(x, f, ret_why, cap) : ERR_NO_MEMORY;
	SSL *ssl = e ? NULL : SSL_new(x);

	SSL_CTX_free(x); /* the SSL holds it */
	if (e || !ssl) {
		ERR_clear_error();
		return e ? e : ERR_NO_MEMORY;
	}
	if (expect(ssl, f->name) != ERR_OK) {
		snprintf(ret_why, cap, "no certificate can be for the name %.64s", f->name);
		SSL_free(ssl);
		return ERR_IO;
	}
	verdict->name = f->name;
	verdict->system = !f->ca_file[0];
	verdict->words[0] = '\0';
	SSL_set_app_data(ssl, verdict);
	SSL_set_verify(ssl, SSL_VERIFY_PEER, on_verify);
	*ret = ssl;
	return ERR_OK;
}

enum err tls_server_new(SSL_CTX **ret, const struct tls_files *f, char *ret_why, size_t cap)
{
	SSL_CTX *x = context(TLS_server_method());
	enum err e;

	if (!x)
		return ERR_NO_MEMORY;
	e = load_identity(x, f, ret_why, cap);
	if (e) {
		ERR_clear_error();
		SSL_CTX_free(x);
		return e;
	}
	*ret = x;
	return ERR_OK;
}

static const char *known_words(unsigned long code)
{
	switch (ERR_GET_REASON(code)) {
	case SSL_R_WRONG_VERSION_NUMBER:
	case SSL_R_HTTP_REQUEST:
	case SSL_R_PACKET_LENGTH_TOO_LONG:
		return "the other end does not speak TLS on this port";
	case SSL_R_UNSUPPORTED_PROTOCOL:
	case SSL_R_TLSV1_ALERT_PROTOCOL_VERSION:
		return "the other end does not speak TLS 1.2 or later";
	case SSL_R_TLSV1_ALERT_UNKNOWN_CA:
		return "the other end does not trust the issuer of our certificate";
	case SSL_R_SSLV3_ALERT_BAD_CERTIFICATE:
	case SSL_R_SSLV3_ALERT_CERTIFICATE_UNKNOWN:
		return "the other end refuses our certificate";
	case SSL_R_SSLV3_ALERT_CERTIFICATE_EXPIRED:
		return "the other end says that our certificate has expired";
	default:
		return NULL;
	}
}

void tls_words(unsigned long code, char *ret, size_t cap)
{
	const char *words = NULL;

	ret[0] = '\0';
	if (!code)
		return;
	if (ERR_GET_LIB(code) == ERR_LIB_SSL)
		words = known_words(code);
	if (words) {
		snprintf(ret, cap, "%s", words);
		return;
	}
	words = ERR_reason_error_string(code);
	snprintf(ret, cap, "TLS: %s", words ? words : "unknown error");
}
