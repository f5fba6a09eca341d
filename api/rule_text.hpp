#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "proto/result.hpp"

namespace telltale::api {

/// A rule that was given as a JSON object with the keys of the file, in the file's language.
struct RuleText {
  std::string toml;
  std::vector<std::string> members;  // by line: members[i] stands in line i + 2, behind [[rule]]
};

/// null is the same as absent. Precondition: `object` is a JSON object. Errors: what is wrong, for people.
[[nodiscard]] Result<RuleText, std::string> rule_text(std::string_view object);

}  // namespace telltale::api
