/* POST /$batch (Graph "JSON batching"): at most 20 requests, each counted and checked by itself. */
#include <stdio.h>

#include "cloud_parts.h"

static const char *text_member(const json_t *o, const char *name)
{
	return json_string_value(json_object_get(o, name));
}

static const char *part_header(const json_t *part, const char *name)
{
	const char *key;
	json_t *value, *headers = json_object_get(part, "headers");

	json_object_foreach(headers, key, value)
		if (strcasecmp(key, name) == 0)
			return json_string_value(value);
	return NULL;
}

static int index_of(const json_t *parts, const char *id, size_t before)
{
	for (size_t i = 0; i < before; i++)
		if (id && strcmp(text_member(json_array_get(parts, i), "id"), id) == 0)
			return (int)i;
	return -1;
}

static bool look_part(struct cloud_call *k, const json_t *parts, size_t at)
{
	const json_t *part = json_array_get(parts, at), *wait;
	const char *id = text_member(part, "id"), *url = text_member(part, "url");
	size_t i;

	if (!id || !id[0] || index_of(parts, id, at) >= 0)
		return cloud_fail(k, 400, "BadRequest", "Each request needs an id of its own.");
	if (!url || !url[0] || strstr(url, "://") || !text_member(part, "method"))
		return cloud_fail(k, 400, "BadRequest", "Request %s needs a method and a relative url.", id);
	if (json_object_get(part, "body") && !part_header(part, "content-type"))
		return cloud_fail(k, 400, "BadRequest",
				  "Write request id : %s does not contain Content-Type header or body.", id);
	json_array_foreach(json_object_get(part, "dependsOn"), i, wait)
		if (index_of(parts, json_string_value(wait), at) < 0)
			return cloud_fail(k, 400, "BadRequest",
					  "Request %s depends on an unknown or later one.", id);
	return true;
}

bool cloud_look_batch(struct cloud_call *k)
{
	const json_t *parts = json_object_get(k->in, "requests");
	size_t n = json_array_size(parts);

	if (!json_is_array(parts) || n == 0)
		return cloud_fail(k, 400, "BadRequest", "Invalid batch payload format.");
	if (n > CLOUD_BATCH_MAX)
		return cloud_fail(k, 400, "MaximumBatchSizeExceeded",
				  "Number of batch request steps exceeds the maximum value of 20.");
	for (size_t i = 0; i < n; i++)
		if (!look_part(k, parts, i))
			return false;
	snprintf(k->summary, sizeof k->summary, "%zu parts", n);
	return true;
}

/* ---- one part ---- */

struct part {
	const json_t *json;
	const struct cloud_request *outer;
};

/* A part has its own headers; only the authorization is the batch's. */
static struct slice header_of_part(void *arg, const char *name)
{
	const struct part *p = arg;
	const char *value = part_header(p->json, name);

	if (value)
		return slice_str(value);
	return strcasecmp(name, "authorization") == 0 ? p->outer->header(p->outer->arg, name)
						      : SLICE_NONE;
}

static json_t *headers_json(const struct cloud_response *rs)
{
	struct slice rest = buf_view(&rs->headers), line;
	json_t *o = json_object();

	while (slice_split(&rest, '\n', &line)) {
		size_t colon = slice_find(line, ':');
		struct slice value = slice_trim(slice_sub(line, colon + 1, line.n));
		char name[64];

		if (colon < line.n && slice_copy(slice_sub(line, 0, colon), name, sizeof name) == ERR_OK)
			json_object_set_new(o, name, json_stringn(value.p ? value.p : "", value.n));
	}
	return o;
}

static json_t *response_json(const char *id, const struct cloud_call *k)
{
	json_t *o = json_pack("{s:s,s:i,s:o}", "id", id, "status", (int)k->rs->status, "headers",
			      headers_json(k->rs));

	if (k->out)
		json_object_set_new(json_object_get(o, "headers"), "Content-Type",
				    json_string("application/json"));
	json_object_set(o, "body", k->out ? k->out : json_null());
	return o;
}

static json_t *serve_part(struct cloud_call *outer, json_t *json)
{
	struct part part = { json, outer->rq };
	const char *url = text_member(json, "url");
	struct cloud_response rs;
	struct cloud_request rq = { .method = slice_str(text_member(json, "method")),
				    .target = slice_str(url),
				    .header = header_of_part,
				    .arg = &part };
	struct cloud_call k = { .c = outer->c,
				.now_ms = outer->now_ms,
				.rq = &rq,
				.rs = &rs,
				.outer = outer,
				.user = CLOUD_NO_USER,
				.in = json_incref(json_object_get(json, "body")) };

	cloud_response_init(&rs);
	cloud_guid(&outer->c->random, k.request_id);
	cloud_part(&k, rq.target);
	json_t *answer = response_json(text_member(json, "id"), &k);
	if (rs.cut)
		outer->rs->cut = rs.cut;
	if (rs.delay_ms > outer->rs->delay_ms)
		outer->rs->delay_ms = rs.delay_ms;
	cloud_call_fini(&k);
	cloud_response_fini(&rs);
	return answer;
}

static bool failed(const json_t *answer)
{
	return json_integer_value(json_object_get(answer, "status")) >= 400;
}

static bool blocked(const json_t *parts, const json_t *answers, size_t at)
{
	const json_t *wait;
	size_t i;

	json_array_foreach(json_object_get(json_array_get(parts, at), "dependsOn"), i, wait)
		if (failed(json_array_get(answers,
					  (size_t)index_of(parts, json_string_value(wait), at))))
			return true;
	return false;
}

static void shuffle(struct cloud *c, json_t *list)
{
	for (size_t n = json_array_size(list); n > 1; n--) {
		size_t i = (size_t)prng_below(&c->random, n);
		json_t *one = json_incref(json_array_get(list, i));

		json_array_remove(list, i);
		json_array_append_new(list, one);
	}
}

void cloud_do_batch(struct cloud_call *k)
{
	json_t *parts = json_object_get(k->in, "requests"), *answers = json_array();
	bool throttled = false;

	for (size_t i = 0; i < json_array_size(parts); i++) {
		json_t *part = json_array_get(parts, i), *answer;

		if (blocked(parts, answers, i))
			answer = json_pack("{s:s,s:i,s:{},s:{s:{s:s,s:s}}}", "id",
					   text_member(part, "id"), "status", 424, "headers", "body",
					   "error", "code", "FailedDependency", "message",
					   "A request this one depends on has failed.");
		else
			answer = serve_part(k, part);
		throttled = throttled || json_integer_value(json_object_get(answer, "status")) == 429;
		json_array_append_new(answers, answer);
	}
	if (cloud_fault_hit(k, CLOUD_FAULT_BATCH_SHUFFLE))
		shuffle(k->c, answers);
	cloud_ok(k, json_pack("{s:o}", "responses", answers));
	if (throttled && cloud_fault_hit(k, CLOUD_FAULT_BATCH_424))
		k->rs->status = 424;
}
