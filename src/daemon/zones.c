#include "daemon/zones.h"

#include <stdio.h>
#include <stdlib.h>

#include "daemon/config.h"

enum err zones_load(const char *name, struct zone **ret)
{
	const char *folder = getenv("TZDIR");
	char path[512], *text = NULL;
	size_t n = 0;

	*ret = NULL;
	if (!name || !name[0])
		return ERR_OK;
	if (!zone_name_is_valid(slice_str(name)) ||
	    snprintf(path, sizeof(path), "%s/%s", folder ? folder : "/usr/share/zoneinfo", name) >=
		    (int)sizeof(path))
		return ERR_MALFORMED;
	enum err e = conf_read_file(path, ZONE_FILE_MAX, &text, &n);
	if (!e)
		e = zone_parse(slice_of(text, n), ret);
	free(text);
	return e;
}

const char *zones_fault(const char *name)
{
	struct zone *z;
	enum err e = zones_load(name, &z);

	zone_free(z);
	if (!e)
		return "";
	return e == ERR_NOT_FOUND ? "no such time zone on this machine; is tzdata installed?"
				  : "the time zone's file cannot be read";
}
