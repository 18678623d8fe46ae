#include "proto/sip/package.h"

/* A number may hold a '=' (URI parameters), a package's name none: the last one parts them. */
enum err sip_package_row_parse(struct slice text, struct sip_package_row *ret)
{
	struct sip_package_row row = { 0 };
	size_t eq = text.n;

	while (eq > 0 && text.p[eq - 1] != '=')
		eq--;
	if (eq < 2)
		return ERR_MALFORMED;
	struct slice package = slice_trim(slice_sub(text, eq, text.n));
	row.number = slice_trim(slice_sub(text, 0, eq - 1));
	row.presence = slice_is(package, "presence");
	if (!row.presence && !slice_is(package, "dialog"))
		return ERR_MALFORMED;
	row.begins = row.number.n && row.number.p[row.number.n - 1] == '*';
	if (row.begins)
		row.number.n--;
	if (row.number.n == 0) /* of all lines it is the connector's own package */
		return ERR_MALFORMED;
	*ret = row;
	return ERR_OK;
}

bool sip_package_row_fits(const struct sip_package_row *row, struct slice number)
{
	return row->begins ? number.n >= row->number.n &&
				     slice_eq(slice_sub(number, 0, row->number.n), row->number)
			   : slice_eq(number, row->number);
}
