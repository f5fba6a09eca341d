#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "proto/clock.hpp"

namespace telltale::notify {

/// One message for one receiver, ready for the wire.
struct Request {
  enum class Kind : std::uint8_t { http, mail };
  Kind kind = Kind::http;
  std::string url;
  std::vector<std::string> headers = {};  // http: "Name: value"
  std::string body;                       // http: POST body; mail: the whole message, lines end in CRLF
  std::string username = {}, password = {};
  std::string ca_file = {};
  bool insecure = false;
  std::string from = {};             // mail: envelope
  std::vector<std::string> to = {};  // mail: envelope
};

enum class Verdict : std::uint8_t { accepted, retry, refused };

struct Outcome {
  Verdict verdict = Verdict::retry;
  std::optional<Millis> retry_after = {};
  std::string detail;  // for people: status and first line of the answer, or what went wrong; without secrets
  double seconds = 0;  // how long it took
};

/// Sends requests side by side; none waits for another. Implemented by CurlTransfer, and by a double in tests.
/// Threads: one, but for wake().
class Transfer {
 public:
  struct Done {
    std::uint64_t token;
    Outcome outcome;
  };
  virtual ~Transfer() = default;
  virtual void start(std::uint64_t token, Request request) = 0;
  /// What has ended, waiting for it up to `timeout`, or until wake().
  [[nodiscard]] virtual std::vector<Done> wait(Millis timeout) = 0;
  /// From any thread: the wait that goes on, or the next one, ends at once.
  virtual void wake() = 0;
};

}  // namespace telltale::notify
