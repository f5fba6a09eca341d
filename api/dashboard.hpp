#pragma once

#include <vector>

#include "api/http_message.hpp"

namespace telltale::api {

/// GET / and /assets/{file}: the page people look at, for anybody: it holds no data and asks /api/v1 for them.
/// Its Content-Security-Policy allows scripts, styles and connections of this server only, nothing inline, and no
/// text that becomes markup.
[[nodiscard]] std::vector<Route> dashboard_routes();

}  // namespace telltale::api
