#pragma once

#include <string>

namespace telltale::notify {

/// 128 random bits in hex: no two deliveries of any installation have the same.
[[nodiscard]] std::string new_delivery_id();

}  // namespace telltale::notify
