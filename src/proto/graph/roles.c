#include "proto/graph/roles.h"

#include <stdlib.h>

#include "proto/graph/base64.h"
#include "proto/graph/json.h"

static const struct {
	const char *name;
	uint32_t permits;
} roles[] = {
#define ROLE(name, permits) { name, permits },
#include "proto/graph/roles.def"
};

static uint32_t permits_of(const json_t *names)
{
	uint32_t permits = 0;

	for (size_t i = 0; i < json_array_size(names); i++) {
		struct slice name = slice_str(json_string_value(json_array_get(names, i)));

		for (size_t r = 0; r < sizeof(roles) / sizeof(*roles); r++)
			if (slice_is_nocase(name, roles[r].name))
				permits |= roles[r].permits;
	}
	return permits;
}

/* The middle of header.payload.signature. */
enum err token_roles(struct slice access, uint32_t *ret_permits)
{
	struct slice rest = access, payload;
	char *text = malloc(ROLES_PAYLOAD_MAX);
	size_t n = 0;
	enum err e = ERR_MALFORMED;

	if (!text)
		return ERR_NO_MEMORY;
	if (slice_split(&rest, '.', &payload) && slice_split(&rest, '.', &payload) && rest.p &&
	    base64_decode(payload, text, ROLES_PAYLOAD_MAX, &n) == ERR_OK) {
		json_t *claims = graph_json(slice_of(text, n), ROLES_PAYLOAD_MAX);

		if (json_is_object(claims)) {
			*ret_permits = permits_of(json_object_get(claims, "roles"));
			e = ERR_OK;
		}
		json_decref(claims);
	}
	free(text);
	return e;
}

const char *token_role_for(enum token_permits one)
{
	switch (one) {
	case PERMITS_SET:
		return "Presence.ReadWrite.All";
	case PERMITS_READ:
		return "Presence.Read.All";
	case PERMITS_LOOK_UP:
		return "User.Read.All";
	case PERMITS_GROUPS:
		return "GroupMember.Read.All";
	}
	return "?";
}
