#pragma once

#include <iosfwd>
#include <string>
#include <string_view>
#include <vector>

#include "store/query.hpp"

namespace telltale::app {

/// Keeps the letters with this reason ("" = all), at most `limit` (0 = all).
[[nodiscard]] std::vector<store::Reader::DeadLetterRow> chosen_letters(
    std::vector<store::Reader::DeadLetterRow> letters, std::string_view reason, std::size_t limit);

/// `format` is "table" (the beginning of each payload) or "json" (one object a line, the payload as kept).
void print_dead_letters(const std::vector<store::Reader::DeadLetterRow>& letters, std::string_view format,
                        std::ostream& out);

}  // namespace telltale::app
