#pragma once

#include <string>

#include "proto/bytes.hpp"

namespace telltale::proto {

struct AlertTransition;

/// Which alerts are meant: patterns of their names, `*` for any run of characters. A site's alert has device `-`, the
/// service's site `-` as well; `*` matches those, too.
struct AlertPattern {
  std::string tenant = "*", site = "*", device = "*", metric = "*", rule = "*", severity = "*";
  friend bool operator==(const AlertPattern&, const AlertPattern&) = default;
};

[[nodiscard]] bool matches(const AlertPattern& pattern, const AlertTransition& alert);

void encode(const AlertPattern& pattern, ByteWriter& out);
/// Any bytes are safe; `in` says whether they were a pattern.
void decode(ByteReader& in, AlertPattern& pattern);

}  // namespace telltale::proto
