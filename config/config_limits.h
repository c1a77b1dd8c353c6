/* config_limits.h: every bound of the config floor, published in docs/limits.md. */
#ifndef SUIREN_CONFIG_LIMITS_H
#define SUIREN_CONFIG_LIMITS_H

#define CONFIG_FILE_MAX (1u << 20)
#define CONFIG_DEPTH_MAX 16
#define CONFIG_KEYS_MAX 256
#define YAML_NODES_MAX 65536u
#define PROGRAMMES_MAX 128
#define FUNDS_MAX 64
#define PROGRAMME_FUNDS_MAX 4
#define BANDS_MAX 32
/* pieces of a line, and of a cap; the most that one piece or day can be worth, in fen, so that nothing overflows */
#define PIECES_MAX 9999
#define PIECE_AMOUNT_MAX INT64_C(10000000000)
#define REGIONS_MAX 32
/* hosts with which a city lodges a reserve, and the most that its factor can be, in hundredths */
#define PREFUNDS_MAX 64
#define PREFUND_PERCENT_MAX 10000
#define EXCLUDES_MAX 8
#define PROGRAMME_CODE_SIZE 32
#define FUND_CODE_SIZE 32
#define NAME_SIZE 96
#define SOURCE_SIZE 128
#define CLAUSE_SIZE 128
#define PEERS_MAX 64

#endif
