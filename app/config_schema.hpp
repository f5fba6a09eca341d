#pragma once

// Inside app only: pulls in toml++. The sections with one value a key.
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "app/config.hpp"
#include "app/config_value.hpp"

namespace telltale::app {

/// How a value of the environment, which is text, becomes a TOML value.
enum class KeyKind { text, literal, list };

/// One key: read, shown in the example, and settable by the environment, from this one description.
struct Key {
  std::string_view section;
  std::string_view name;
  std::string_view comment;  // what it does, with the unit where there is one
  KeyKind kind;
  std::function<void(const Value&, Config&, Problems&)> read;
  std::function<std::string(const Config&)> show;  // as TOML; the default in the example

  [[nodiscard]] std::string full_name() const { return std::string(section) + "." + std::string(name); }
};

/// In the order of the example.
[[nodiscard]] const std::vector<Key>& config_keys();
[[nodiscard]] const Key* find_key(std::string_view section, std::string_view name);

}  // namespace telltale::app
