#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace telltale::store {

/// SQL over a data folder, beside a live service or without one, read-only: readings, hour and day (see
/// docs/operations.md), and the tables of catalog.db (device, series, latest, ...), also as catalog.device and so on.
/// Threads: one. Errors: StoreFailure, with what SQLite says.
class SqlSession {
 public:
  explicit SqlSession(const std::filesystem::path& folder);
  ~SqlSession();

  struct Cell {
    enum class Kind : std::uint8_t { null, integer, real, text, blob };
    Kind kind = Kind::null;
    std::int64_t integer = 0;
    double real = 0;
    std::string_view bytes;  // text, blob; valid during the call that brings it
  };
  /// Runs all statements of a text. For each that has columns: their names, then its rows as they are found, so that
  /// memory does not grow with them; end() after the last one.
  struct Output {
    std::function<void(const std::vector<std::string>&)> begin;
    std::function<void(const std::vector<Cell>&)> row;
    std::function<void()> end;
  };
  void run(const std::string& sql, const Output& output);

  /// Whether the text ends with a whole statement.
  [[nodiscard]] static bool complete(const std::string& sql);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace telltale::store
