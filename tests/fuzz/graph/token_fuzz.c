#include "base/check.h"
#include "proto/graph/token.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice body = slice_of((const char *)data, size);
	struct secret access = { 0 };
	struct token_refusal why;
	int32_t life_s = -1;

	if (token_answer_parse(body, &access, &life_s) == ERR_OK) {
		CHECK(life_s >= 0 && life_s <= TOKEN_LIFE_MAX_S);
		CHECK(slice_find(secret_expose(&access), '\n') == secret_expose(&access).n);
	}
	secret_fini(&access);
	token_refusal_parse(400, body, &why);
	CHECK(why.text[0]);
	return 0;
}
