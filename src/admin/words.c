#include "admin/words.h"

#include "base/check.h"

#define WORDS(function, ...)                                                                       \
	const char *function(unsigned v)                                                           \
	{                                                                                          \
		static const char *const words[] = {__VA_ARGS__};                                  \
		return v < ARRAY_LEN(words) ? words[v] : "?";                                      \
	}

WORDS(word_call, "none", "ringing", "dialing", "talking", "held", "conference")
WORDS(word_call_phrase, "is idle", "is ringing", "is placing a call", "is in a call",
      "has a call on hold", "is in a conference")
WORDS(word_sync, "synced", "standing", "expired")
WORDS(word_forward, "none", "voicemail", "internal", "external")
WORDS(word_link, "idle", "asking", "live", "waiting", "refused")
WORDS(word_line_write, "none", "asked", "refused")
WORDS(word_line_lend, "none", "held", "returned", "left")
WORDS(word_publish, "idle", "settling", "waiting", "backing-off", "held-back")
WORDS(word_winner, "nothing", "line", "profile")
WORDS(word_mode, "live", "dry-run", "off")
WORDS(word_token, "none", "asked", "good", "refused")
WORDS(word_precedence, "cloudlink", "call-first")
WORDS(word_ringing, "ignore", "busy")
WORDS(word_busy, "in-a-call", "dnd")
WORDS(word_dnd, "presenting", "preferred")
WORDS(word_not_available, "offline", "away", "dnd")
