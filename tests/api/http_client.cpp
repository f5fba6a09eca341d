#include "tests/api/http_client.hpp"

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cctype>
#include <stdexcept>

namespace telltale::test {

HttpClient::HttpClient(std::uint16_t port, Buffer buffer) : fd_(socket(AF_INET, SOCK_STREAM, 0)) {
  constexpr int few_bytes = 4096;
  if (buffer == Buffer::small) setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &few_bytes, sizeof few_bytes);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    close(fd_);
    throw std::runtime_error("cannot connect");
  }
}

HttpClient::~HttpClient() { close(fd_); }

bool HttpClient::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const auto n = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (n <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
  return true;
}

bool HttpClient::fill() {
  pollfd ready{fd_, POLLIN, 0};
  if (poll(&ready, 1, 10'000) != 1) throw std::runtime_error("no answer within 10 s");
  char bytes[4096];
  const auto n = recv(fd_, bytes, sizeof bytes, 0);
  if (n <= 0) return false;
  buffer_.append(bytes, static_cast<std::size_t>(n));
  return true;
}

std::optional<HttpAnswer> HttpClient::receive(bool head) {
  std::size_t end = 0;
  while ((end = buffer_.find("\r\n\r\n")) == std::string::npos) {
    if (!fill()) return std::nullopt;
  }
  HttpAnswer answer;
  answer.status = std::stoi(buffer_.substr(9, 3));
  for (std::size_t at = buffer_.find("\r\n") + 2; at < end;) {
    const auto line_end = buffer_.find("\r\n", at);
    const auto colon = buffer_.find(':', at);
    std::string name = buffer_.substr(at, colon - at);
    for (auto& c : name) c = static_cast<char>(std::tolower(c));
    answer.headers[name] = buffer_.substr(colon + 2, line_end - colon - 2);
    at = line_end + 2;
  }
  buffer_.erase(0, end + 4);
  const bool bare = head || answer.status == 304 || answer.status == 204;
  const std::size_t length = bare ? 0 : std::stoul(answer.headers.at("content-length"));
  while (buffer_.size() < length) {
    if (!fill()) return std::nullopt;
  }
  answer.body = buffer_.substr(0, length);
  buffer_.erase(0, length);
  return answer;
}

std::optional<HttpAnswer> HttpClient::get(std::string_view path, std::string_view headers) {
  if (!send("GET " + std::string(path) + " HTTP/1.1\r\nHost: localhost\r\n" + std::string(headers) + "\r\n")) {
    return std::nullopt;
  }
  return receive();
}

std::string HttpClient::until(std::string_view part) {
  std::size_t at = 0;
  while ((at = buffer_.find(part)) == std::string::npos) {
    if (!fill()) throw std::runtime_error("closed before '" + std::string(part) + "' came");
  }
  auto came = buffer_.substr(0, at + part.size());
  buffer_.erase(0, at + part.size());
  return came;
}

std::string HttpClient::until_closed() {
  while (fill()) {
  }
  return std::move(buffer_);
}

}  // namespace telltale::test
