// SPDX-License-Identifier: Apache-2.0
#include "cre2.h"

#include <re2/re2.h>

extern "C" int cre2_search(
    const char *pattern, size_t pattern_length, const char *text, size_t text_length, size_t *begin, size_t *end) {
    RE2::Options options;
    options.set_log_errors(false);
    RE2 expression(re2::StringPiece(pattern, pattern_length), options);
    if (!expression.ok()) return CRE2_REFUSED;
    re2::StringPiece match;
    re2::StringPiece subject(text, text_length);
    if (!expression.Match(subject, 0, text_length, RE2::UNANCHORED, &match, 1)) return CRE2_NO_MATCH;
    *begin = match.data() - text;
    *end = *begin + match.size();
    return CRE2_MATCH;
}
