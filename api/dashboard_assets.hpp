#pragma once

#include <string_view>
#include <vector>

namespace telltale::api {

/// One file of the dashboard, as it was when the program was built.
struct Asset {
  std::string_view name;  // "main.js"
  std::string_view content_type;
  std::string_view bytes;
};

/// The files of api/dashboard/ and what is embedded of dygraphs.
[[nodiscard]] const std::vector<Asset>& dashboard_assets();

}  // namespace telltale::api
