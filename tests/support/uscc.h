/* uscc.h: codes of institutions that nobody has, for tests. */
#ifndef SUIREN_TEST_USCC_H
#define SUIREN_TEST_USCC_H

#include <stdio.h>
#include <string.h>

#include "institution.h"

/* A code that is valid for a running number: the organisation number's check digit by GB 11714, the
 * last by GB 32100. */
static inline void uscc_make(unsigned number, char uscc[USCC_SIZE + 1])
{
	static const char alphabet[] = "0123456789ABCDEFGHJKLMNPQRTUWXY";
	static const int weights[] = {3, 7, 9, 10, 5, 8, 4, 2};
	unsigned sum = 0, weight = 1;

	snprintf(uscc, USCC_SIZE + 1, "52510100%08u", number);
	for (int i = 0; i < 8; i++)
		sum += (unsigned)(uscc[8 + i] - '0') * (unsigned)weights[i];
	sum = (11 - sum % 11) % 11;
	uscc[16] = sum == 10 ? 'X' : (char)('0' + sum);
	sum = 0;
	for (int i = 0; i < 17; i++) {
		sum += (unsigned)(strchr(alphabet, uscc[i]) - alphabet) * weight;
		weight = weight * 3 % 31;
	}
	uscc[17] = alphabet[(31 - sum % 31) % 31];
	uscc[18] = '\0';
}

#endif
