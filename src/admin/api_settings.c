/* api_settings.c - every key of the configuration: the console's forms are made of it. */
#include "admin/impl.h"
#include "proto/conf/describe.h"

void api_settings(struct request *r)
{
	struct jsonw j = jsonw_on(&r->out);

	jsonw_begin_object(&j, NULL);
	conf_describe(&j, "settings");
	jsonw_end_object(&j);
	respond_json(r, 200);
}
