/* package.h - rows of `packages` in the configuration: which lines are watched in another event package
 * than their connector's. "201=presence", "7*=presence": a line's number as it is configured, or how it
 * begins. Pure. */
#ifndef PROTO_SIP_PACKAGE_H
#define PROTO_SIP_PACKAGE_H

#include "base/err.h"
#include "base/slice.h"

struct sip_package_row {
	struct slice number; /* borrowed from the row's text; with `begins` what it begins with */
	bool begins;
	bool presence; /* else dialog */
};

/* ERR_MALFORMED */
MUST_CHECK enum err sip_package_row_parse(struct slice text, struct sip_package_row *ret);
bool sip_package_row_fits(const struct sip_package_row *row, struct slice number);

#endif
