#pragma once

// Inside app only: pulls in toml++.
#include <toml++/toml.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "proto/clock.hpp"

namespace telltale::app {

/// A value, where it stands and what it is called in messages.
struct Value {
  const toml::node* node;
  std::string origin;  // "telltale.toml", "environment TELLTALE_MQTT__URL"
  std::string name;    // "mqtt.url", "rule 'too-hot'.above"

  [[nodiscard]] Value child(const toml::node& other, std::string_view suffix) const {
    return {&other, origin, name + std::string(suffix)};
  }
};

/// Collects what is wrong, in the order of the file.
class Problems {
 public:
  void add(const Value& value, std::string_view text);
  void add(std::string_view origin, const toml::source_position& at, std::string_view text);
  /// One sentence a problem, by line and column; what has no place in the file comes last.
  [[nodiscard]] std::vector<std::string> sorted() const;
  struct Placed {
    std::size_t line;  // 0: none
    std::string text;  // without the place
  };
  /// The same for whoever has no file.
  [[nodiscard]] std::vector<Placed> placed() const;
  [[nodiscard]] std::size_t count() const noexcept { return found_.size(); }

 private:
  struct Found {
    toml::source_position at;
    std::string where, text;
  };
  [[nodiscard]] std::vector<Found> in_order() const;
  std::vector<Found> found_;
};

// Each gives nothing after telling `problems` why.
[[nodiscard]] std::optional<std::string> as_text(const Value& value, Problems& problems);
[[nodiscard]] std::optional<bool> as_boolean(const Value& value, Problems& problems);
[[nodiscard]] std::optional<std::int64_t> as_integer(const Value& value, std::int64_t least, std::int64_t most,
                                                     Problems& problems);
/// Any finite number; integers too.
[[nodiscard]] std::optional<double> as_number(const Value& value, Problems& problems);
[[nodiscard]] std::optional<Millis> as_duration(const Value& value, Millis least, Millis most, Problems& problems);
[[nodiscard]] std::optional<std::uint64_t> as_size(const Value& value, std::uint64_t least, std::uint64_t most,
                                                   Problems& problems);
[[nodiscard]] std::optional<std::vector<std::string>> as_texts(const Value& value, Problems& problems);
/// The first line of the file that is named, which is a secret; "" names none.
[[nodiscard]] std::optional<std::string> as_secret_file(const Value& value, Problems& problems);
/// The index of the word among `words`.
[[nodiscard]] std::optional<std::size_t> as_choice(const Value& value, const std::vector<std::string_view>& words,
                                                   Problems& problems);

/// A table whose keys are known. Tells about unknown ones at once.
class TableReader {
 public:
  /// Nothing is found when `value` is no table.
  TableReader(const Value& value, const std::vector<std::string_view>& known, Problems& problems);

  [[nodiscard]] bool is_table() const noexcept { return table_ != nullptr; }
  /// No key was unknown; otherwise one that is missing may have been meant by it.
  [[nodiscard]] bool all_known() const noexcept { return all_known_; }
  [[nodiscard]] std::optional<Value> find(std::string_view key) const;
  /// Later messages name this entry: "rule 'too-hot'".
  void rename(std::string name) { value_.name = std::move(name); }
  [[nodiscard]] const Value& value() const noexcept { return value_; }

 private:
  Value value_;
  const toml::table* table_;
  bool all_known_ = true;
};

}  // namespace telltale::app
