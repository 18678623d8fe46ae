/* offhook.yaml from a hostile hand: the reader takes it whole or says why, and never both. */
#include <stdint.h>
#include <stdlib.h>

#include "base/check.h"
#include "proto/conf/conf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct conf_errors errs;
	struct conf *c = NULL;
	enum err err = conf_parse(slice_of((const char *)data, size), "fuzz.yaml", &c, &errs);

	CHECK(err == ERR_OK || err == ERR_MALFORMED);
	CHECK((err == ERR_OK) == (errs.errors == 0));
	CHECK((err == ERR_OK) == (c != NULL));
	if (!c)
		return 0;
	err = conf_finish(c, &errs);
	CHECK((err == ERR_OK) == (errs.errors == 0));
	for (uint32_t i = 0; i < errs.n; i++) {
		char text[1024];

		conf_error_text(&errs.list[i], text, sizeof(text));
		CHECK(strlen(text) < sizeof(text));
	}
	conf_free(c);
	return 0;
}
