/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CRE2_H
#define CRE2_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What the judge says of a pattern and a text. */
enum { CRE2_REFUSED = -1, CRE2_NO_MATCH = 0, CRE2_MATCH = 1 };

/* Compiles the pattern, searches the text, both UTF-8, and writes the first and the past-the-last byte of the leftmost
   match. */
int cre2_search(
    const char *pattern, size_t pattern_length, const char *text, size_t text_length, size_t *begin, size_t *end);

#ifdef __cplusplus
}
#endif

#endif
