#include "notify/delivery_id.hpp"

#include <array>
#include <cstdio>
#include <random>

namespace telltale::notify {

std::string new_delivery_id() {
  std::random_device random;
  std::array<char, 33> digits{};
  std::snprintf(digits.data(), digits.size(), "%08x%08x%08x%08x", random(), random(), random(), random());
  return digits.data();
}

}  // namespace telltale::notify
