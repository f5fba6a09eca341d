#pragma once

#include <string>
#include <vector>

#include "app/config.hpp"

namespace telltale::app {

/// The names of what differs between the configuration that runs and the one read now, and that Service::reload does
/// not put in force: "store.rotate_age", "retention" for the list. In the order of the example.
[[nodiscard]] std::vector<std::string> waiting_for_restart(const Config& running, const Config& fresh);

}  // namespace telltale::app
