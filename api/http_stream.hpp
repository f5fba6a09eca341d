#pragma once

// Inside api only: pulls in Boost.Beast and OpenSSL.
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <chrono>
#include <memory>
#include <optional>
#include <utility>

namespace telltale::api {

/// A connection's bytes, plain or TLS, with the members of a beast::tcp_stream that the session uses.
/// Threads: the io thread.
class HttpStream {
 public:
  using executor_type = boost::beast::tcp_stream::executor_type;

  /// Without a context the connection is plain.
  HttpStream(boost::asio::ip::tcp::socket&& socket, std::shared_ptr<boost::asio::ssl::context> context)
      : tcp_(std::move(socket)), context_(std::move(context)) {
    if (context_) tls_.emplace(tcp_, *context_);
  }

  [[nodiscard]] executor_type get_executor() noexcept { return tcp_.get_executor(); }
  [[nodiscard]] boost::asio::ip::tcp::socket& socket() noexcept { return tcp_.socket(); }
  void expires_after(std::chrono::steady_clock::duration time) { tcp_.expires_after(time); }
  void expires_never() { tcp_.expires_never(); }
  void close() { tcp_.close(); }

  [[nodiscard]] bool encrypted() const noexcept { return tls_.has_value(); }
  /// TLS only.
  template <class Handler>
  void async_handshake(Handler&& handler) {
    tls_->async_handshake(boost::asio::ssl::stream_base::server, std::forward<Handler>(handler));
  }
  /// TLS only: tells the client that nothing was cut off.
  template <class Handler>
  void async_shutdown(Handler&& handler) {
    tls_->async_shutdown(std::forward<Handler>(handler));
  }
  template <class Buffers, class Handler>
  void async_read_some(const Buffers& buffers, Handler&& handler) {
    if (tls_) return tls_->async_read_some(buffers, std::forward<Handler>(handler));
    tcp_.async_read_some(buffers, std::forward<Handler>(handler));
  }
  template <class Buffers, class Handler>
  void async_write_some(const Buffers& buffers, Handler&& handler) {
    if (tls_) return tls_->async_write_some(buffers, std::forward<Handler>(handler));
    tcp_.async_write_some(buffers, std::forward<Handler>(handler));
  }

 private:
  boost::beast::tcp_stream tcp_;
  std::shared_ptr<boost::asio::ssl::context> context_;  // a reload must not take it away
  std::optional<boost::asio::ssl::stream<boost::beast::tcp_stream&>> tls_;
};

/// TLS 1.2 or newer with this certificate chain and key (PEM). Throws proto::ConfigError, which names the file.
[[nodiscard]] std::shared_ptr<boost::asio::ssl::context> make_server_tls(const std::string& cert_file,
                                                                         const std::string& key_file);

}  // namespace telltale::api
