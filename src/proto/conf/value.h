/* value.h - the forms of single values. Pure; nothing is copied. Private to proto/conf, and of use
 * to the API, which takes some of the same forms. */
#ifndef PROTO_CONF_VALUE_H
#define PROTO_CONF_VALUE_H

#include "proto/conf/conf.h"

/* yes, no, true, false, on, off in any case. */
bool value_switch(struct slice s, bool *ret);
/* A whole number with its unit: 0s, 500ms, 2m, 10m, 1h. At most 100 days. */
bool value_duration(struct slice s, int64_t *ret_ms);
/* 1500/30s: 1 to 1,000,000 requests per 1 s to 1 h. */
bool value_quota(struct slice s, struct conf_quota *ret);
/* 127.0.0.1:8470, [::1]:8470; numeric, port 1..65535. */
bool value_address(struct slice s, struct conf_address *ret);
bool value_address_is_loopback(const struct conf_address *a);
/* One @, something on both sides, no blanks or control characters, a domain of dot-separated
 * labels; at most 254 bytes. */
bool value_email(struct slice s);
/* Letters, digits, dot, dash, underscore; 1..64. */
bool value_name(struct slice s);
bool value_guid(struct slice s);
/* Dot-separated labels of letters, digits, dashes; bytes above 127 pass (IDN). */
bool value_domain(struct slice s);
/* https://host[:port][/path] without query or trailing slash; http:// only for loopback or when
 * `plain` is allowed. */
bool value_url(struct slice s, bool plain);
/* UTF-8 without control characters. */
bool value_text(struct slice s);
/* How many bytes from the start are that. */
size_t value_text_prefix(struct slice s);
/* Name or numeric address, with a port or without. */
bool value_host_port(struct slice s);
/* sip:[user@]host[:port][;transport=udp|tcp|tls] or sips:. */
bool value_sip_uri(struct slice s);

#endif
