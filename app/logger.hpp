#pragma once

#include <memory>
#include <ostream>
#include <string_view>

#include "app/config.hpp"
#include "proto/log.hpp"

namespace telltale::app {

/// Writes to stderr through spdlog: one JSON object a line (ts level msg component), or text on a terminal.
/// Threads: safe from any thread; a line is written whole. Cost: one write(2) a line, under a lock.
class SpdLogger final : public proto::Logger {
 public:
  explicit SpdLogger(const LogOptions& options);
  /// Same, to a stream. `automatic` is JSON here. The stream outlives the logger.
  SpdLogger(const LogOptions& options, std::ostream& out);
  ~SpdLogger() override;

  void write(proto::LogLevel level, std::string_view component, std::string_view message) override;
  void set_level(proto::LogLevel level);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace telltale::app
