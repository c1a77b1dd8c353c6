/* person_words.h: the words for a person's income class and flags, in tables and in what is shown; `suiren person show`, `change`, `card`
 * and `erase`. */
#ifndef SUIREN_PERSON_WORDS_H
#define SUIREN_PERSON_WORDS_H

#include "fields.h"

extern const struct field_word person_income_words[]; /* enum income_class */
extern const struct field_word person_flag_words[];   /* enum person_flag */

int person_show_run(struct cli *cli, int argc, char **argv);
int person_card_run(struct cli *cli, int argc, char **argv);
int person_change_run(struct cli *cli, int argc, char **argv);
int person_erase_run(struct cli *cli, int argc, char **argv);

#endif
