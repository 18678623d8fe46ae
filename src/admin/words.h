/* words.h - outside names of values that have none in core/names.def. "?" out of range. */
#ifndef ADMIN_WORDS_H
#define ADMIN_WORDS_H

const char *word_call(unsigned call);	     /* enum call_state: "talking" */
const char *word_call_phrase(unsigned call); /* "is in a call" */
const char *word_sync(unsigned sync);	     /* enum line_sync */
const char *word_line_write(unsigned write);  /* enum line_write */
const char *word_line_lend(unsigned lend);    /* enum line_lend */
const char *word_link(unsigned link);	     /* enum line_link of the source */
const char *word_publish(unsigned publish);  /* enum admin_publish */
const char *word_winner(unsigned winner);
const char *word_forward(unsigned forward);
const char *word_mode(unsigned mode);
const char *word_token(unsigned token);
const char *word_precedence(unsigned v);
const char *word_ringing(unsigned v);
const char *word_busy(unsigned v);
const char *word_dnd(unsigned v);
const char *word_not_available(unsigned v);

#endif
