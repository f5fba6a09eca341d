#pragma once

#include <string>
#include <string_view>

#include "app/config_text.hpp"
#include "store/directory.hpp"

namespace telltale::app {

/// What a name could have been, among those that there are: ", did you mean 'esp32-7'?" or "".
template <class Rows, class Name>
[[nodiscard]] std::string near(const std::string& unknown, const Rows& rows, Name name) {
  std::vector<std::string_view> known;
  for (const auto& row : rows) known.push_back(name(row));
  return suggestion(unknown, known);
}

/// Names as typed; empty ones were not.
struct TypedNames {
  const std::string &tenant, &site, &device;
};
/// Which of the names keeps a device from being found: "no site 'site', did you mean 'site1'?".
[[nodiscard]] std::string no_such_device(const store::Directory& directory, const TypedNames& names);

}  // namespace telltale::app
