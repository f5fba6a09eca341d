#pragma once

#include <string_view>

namespace telltale::proto {

enum class LogLevel { debug, info, warn, error };

/// Where a room says what happened, once, for the person at night. Made by `app` on spdlog.
/// Threads: safe from any thread. Cost: not for per-message use.
class Logger {
 public:
  virtual ~Logger() = default;
  virtual void write(LogLevel level, std::string_view component, std::string_view message) = 0;

  void debug(std::string_view component, std::string_view message) { write(LogLevel::debug, component, message); }
  void info(std::string_view component, std::string_view message) { write(LogLevel::info, component, message); }
  void warn(std::string_view component, std::string_view message) { write(LogLevel::warn, component, message); }
  void error(std::string_view component, std::string_view message) { write(LogLevel::error, component, message); }
};

}  // namespace telltale::proto
