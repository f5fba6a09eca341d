#include "app/logger.hpp"

#include <spdlog/logger.h>
#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <unistd.h>

#include "api/json_text.hpp"

namespace telltale::app {

namespace {

spdlog::level::level_enum to_spdlog(proto::LogLevel level) {
  switch (level) {
    case proto::LogLevel::debug:
      return spdlog::level::debug;
    case proto::LogLevel::info:
      return spdlog::level::info;
    case proto::LogLevel::warn:
      return spdlog::level::warn;
    case proto::LogLevel::error:
      break;
  }
  return spdlog::level::err;
}

std::string_view name(proto::LogLevel level) {
  constexpr std::string_view names[] = {"debug", "info", "warn", "error"};
  return names[static_cast<int>(level)];
}

/// What came from outside must not break the line or the terminal.
std::string printable(std::string_view text) {
  auto quoted = api::json_string(text);
  return quoted.find('\\') == std::string::npos ? std::string(text) : quoted;
}

}  // namespace

struct SpdLogger::Impl {
  Impl(bool as_json, std::shared_ptr<spdlog::sinks::sink> sink) : json(as_json), log("telltale", std::move(sink)) {
    const char* pattern = json ? R"({"ts":"%Y-%m-%dT%H:%M:%S.%eZ",%v})" : "%Y-%m-%d %H:%M:%S.%e %v";
    log.set_pattern(pattern, json ? spdlog::pattern_time_type::utc : spdlog::pattern_time_type::local);
    log.flush_on(spdlog::level::debug);
  }
  bool json;
  spdlog::logger log;
};

SpdLogger::SpdLogger(const LogOptions& options)
    : impl_(std::make_unique<Impl>(
          options.format == LogFormat::json || (options.format == LogFormat::automatic && !isatty(STDERR_FILENO)),
          std::make_shared<spdlog::sinks::stderr_sink_mt>())) {
  set_level(options.level);
}

SpdLogger::SpdLogger(const LogOptions& options, std::ostream& out)
    : impl_(std::make_unique<Impl>(options.format != LogFormat::text,
                                   std::make_shared<spdlog::sinks::ostream_sink_mt>(out))) {
  set_level(options.level);
}

SpdLogger::~SpdLogger() = default;

void SpdLogger::write(proto::LogLevel level, std::string_view component, std::string_view message) {
  const auto severity = to_spdlog(level);
  if (!impl_->log.should_log(severity)) return;
  std::string line;
  if (impl_->json) {
    line = "\"level\":\"" + std::string(name(level)) + "\",\"msg\":" + api::json_string(message) +
           ",\"component\":" + api::json_string(component);
  } else {
    line = std::string(name(level)) + std::string(6 - name(level).size(), ' ') + std::string(component) + ": " +
           printable(message);
  }
  impl_->log.log(severity, spdlog::string_view_t(line.data(), line.size()));
}

void SpdLogger::set_level(proto::LogLevel level) { impl_->log.set_level(to_spdlog(level)); }

}  // namespace telltale::app
