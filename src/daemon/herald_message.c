#include "daemon/herald_message.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdio.h>

#include "admin/said.h"
#include "base/date.h"
#include "base/jsonw.h"

static void item_json(const struct herald_item *x, struct jsonw *j)
{
	const struct alarm_row *row = &alarm_rows[x->alarm.kind];
	char since[DATE_LEN + 1];

	date_format(x->alarm.since_wall_ms, since);
	jsonw_begin_object(j, NULL);
	jsonw_string(j, "state", x->gone ? "over" : "raised");
	jsonw_string(j, "id", row->name);
	jsonw_string(j, "severity", severity_name((enum severity)row->severity));
	jsonw_string(j, "account", x->alarm.account[0] ? x->alarm.account : NULL);
	jsonw_string(j, "connector", x->alarm.connector[0] ? x->alarm.connector : NULL);
	jsonw_string(j, "text", row->text);
	said_write(j, "detail", slice_str(x->alarm.detail));
	jsonw_string(j, "fix", row->fix);
	jsonw_string(j, "since", since);
	jsonw_end_object(j);
}

void herald_json(const struct herald_item *list, uint32_t n, struct buf *out)
{
	struct jsonw j = jsonw_on(out);

	jsonw_begin_object(&j, NULL);
	jsonw_begin_array(&j, "alarms");
	for (uint32_t i = 0; i < n; i++)
		item_json(&list[i], &j);
	jsonw_end_array(&j);
	jsonw_end_object(&j);
}

/* What comes from a PBX must not begin a header or a line of its own. */
static void plain(struct buf *out, const char *s)
{
	for (; *s; s++)
		buf_char(out, (unsigned char)*s < 0x20 || *s == 0x7f ? ' ' : *s);
}

static void where(const struct alarm *x, struct buf *out)
{
	plain(out, x->account[0] ? x->account : "offhookd");
	if (x->connector[0]) {
		buf_char(out, '/');
		plain(out, x->connector);
	}
}

static void item_text(const struct herald_item *x, struct buf *out)
{
	const struct alarm_row *row = &alarm_rows[x->alarm.kind];
	char since[DATE_LEN + 1];

	date_format(x->alarm.since_wall_ms, since);
	buf_fmt(out, "%s: ", x->gone ? "over" : severity_name((enum severity)row->severity));
	where(&x->alarm, out);
	buf_fmt(out, ": %s\r\n", row->text);
	if (x->alarm.detail[0]) {
		buf_str(out, "  ");
		plain(out, x->alarm.detail);
		buf_str(out, "\r\n");
	}
	if (!x->gone)
		buf_fmt(out, "  what to do: %s\r\n", row->fix);
	buf_fmt(out, "  since %s\r\n\r\n", since);
}

static void head(const struct herald_item *list, uint32_t n, struct buf *out)
{
	const struct alarm_row *row = &alarm_rows[list[0].alarm.kind];

	buf_fmt(out, "Subject: [offhook] %s", list[0].gone ? "over: " : "");
	where(&list[0].alarm, out);
	buf_fmt(out, ": %s", row->text);
	if (n > 1)
		buf_fmt(out, " (and %u more)", n - 1);
	buf_str(out, "\r\n");
}

void herald_mail(const struct herald_item *list, uint32_t n, const char *from,
		 const char *const *to, uint32_t to_n, int64_t wall_ms, struct buf *out)
{
	static const char *const days[] = { "Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed" },
				 *const months[] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun",
						     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
	char now[DATE_LEN + 1];

	date_format(wall_ms, now); /* 2026-11-24T14:00:00Z */
	buf_fmt(out, "Date: %s, %.2s %s %.4s %.8s +0000\r\n", days[wall_ms / 86400000 % 7], now + 8,
		months[(now[5] - '0') * 10 + (now[6] - '0') - 1], now, now + 11);
	buf_fmt(out, "From: <%s>\r\nTo: ", from);
	for (uint32_t i = 0; i < to_n; i++)
		buf_fmt(out, "%s<%s>", i ? ", " : "", to[i]);
	buf_str(out, "\r\n");
	head(list, n, out);
	buf_str(out, "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"
		     "Content-Transfer-Encoding: 8bit\r\nAuto-Submitted: auto-generated\r\n\r\n");
	for (uint32_t i = 0; i < n; i++)
		item_text(&list[i], out);
}

void herald_sign(const struct secret *key, struct slice body, char ret[static HERALD_SIGNATURE_MAX])
{
	unsigned char mac[EVP_MAX_MD_SIZE];
	unsigned n = 0;
	struct slice k = secret_expose(key);

	HMAC(EVP_sha256(), k.p, (int)k.n, (const unsigned char *)body.p, body.n, mac, &n);
	EVP_EncodeBlock((unsigned char *)ret, mac, (int)n);
}
