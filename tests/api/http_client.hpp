#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace telltale::test {

struct HttpAnswer {
  int status = 0;
  std::map<std::string, std::string> headers;  // names in lower case
  std::string body;
};

/// A plain socket to 127.0.0.1, so that a test can send what no decent client would.
class HttpClient {
 public:
  enum class Buffer { usual, small };  // of the system, for what comes
  explicit HttpClient(std::uint16_t port, Buffer buffer = Buffer::usual);
  ~HttpClient();
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  /// False when the other side has closed.
  bool send(std::string_view bytes);
  /// One whole answer; nothing when the connection ended before. `head`: no body follows. Throws after 10 s.
  std::optional<HttpAnswer> receive(bool head = false);
  /// `headers`: whole lines, each with its line end.
  std::optional<HttpAnswer> get(std::string_view path, std::string_view headers = {});
  /// What came up to and with `part`; throws after 10 s without news, and when the other side closes.
  std::string until(std::string_view part);
  /// Waits until the other side closes; the bytes that still came.
  std::string until_closed();

 private:
  bool fill();
  int fd_;
  std::string buffer_;
};

}  // namespace telltale::test
