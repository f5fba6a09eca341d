#pragma once

#include <stdexcept>
#include <string>

namespace telltale::proto {

/// The configuration cannot be used. The text names the place: "telltale.toml:12:3: unknown key 'abowe'".
class ConfigError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

}  // namespace telltale::proto
