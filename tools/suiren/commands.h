/* commands.h: the files of commands, in the order in which `suiren help` shows them. Each name stands for
 * tools/suiren/<name>.c, which defines <name>_commands. A line that starts a group has its heading. */
#ifndef SUIREN_COMMANDS_H
#define SUIREN_COMMANDS_H

#include "cli.h"

/* heading, or NULL to stay in the group; file */
#define COMMAND_FILES(X)                  \
	X("A node", init)                 \
	X(NULL, status)                   \
	X(NULL, key)                      \
	X(NULL, officer)                  \
	X(NULL, peer)                     \
	X(NULL, deliver)                  \
	X("Policy", policy)               \
	X("Registers", institution)       \
	X(NULL, person)                   \
	X(NULL, assessment)               \
	X(NULL, filing)                   \
	X(NULL, grant)                    \
	X(NULL, stay)                     \
	X(NULL, fund)                     \
	X("Settlement", window)           \
	X(NULL, dispute)                  \
	X(NULL, clearing)                 \
	X(NULL, payment)                  \
	X(NULL, prefund)                  \
	X("Claims and allowances", claim) \
	X(NULL, allowance)                \
	X("The books", balance)           \
	X(NULL, account)                  \
	X(NULL, export)                   \
	X("Proof", verify)                \
	X(NULL, log)                      \
	X(NULL, proof)                    \
	X(NULL, receipt)                  \
	X("Trying it", demo)              \
	X(NULL, sample)                   \
	X(NULL, bank)                     \
	X(NULL, bench)

#define COMMAND_FILE_DECLARE(heading, file) extern const struct cli_command file##_commands[];
COMMAND_FILES(COMMAND_FILE_DECLARE)
#undef COMMAND_FILE_DECLARE

#endif
