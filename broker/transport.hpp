#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/system/error_code.hpp>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace telltale::broker {

/// One byte stream to a broker, plain or TLS; used once. Internal to this room.
/// Threads: the io thread only. Handlers are called from the io_context and keep the transport alive; after close()
/// the ones under way come with operation_aborted. The memory given to read() and write() outlives the call.
class Transport {
 public:
  using Done = std::function<void(boost::system::error_code)>;
  using Read = std::function<void(boost::system::error_code, std::size_t)>;

  virtual ~Transport() = default;
  /// Resolves, connects, and shakes hands.
  virtual void connect(const std::string& host, std::uint16_t port, Done done) = 0;
  virtual void read(std::span<char> into, Read done) = 0;
  virtual void write(std::string_view bytes, Done done) = 0;
  /// Bytes have already come in that no read has taken: TLS records are handed out one by one.
  [[nodiscard]] virtual bool more_at_hand() = 0;
  /// No more will be written; what the peer still sends can be read. The peer sees everything that was written, which
  /// close() alone does not promise: with unread bytes it resets the connection.
  virtual void finish_writing() = 0;
  virtual void close() = 0;
};

[[nodiscard]] std::shared_ptr<Transport> plain_transport(boost::asio::io_context& io);
/// Verifies the certificate chain and that it was issued for the host name given to connect().
[[nodiscard]] std::shared_ptr<Transport> tls_transport(boost::asio::io_context& io, boost::asio::ssl::context& tls);

/// TLS 1.2 or newer. Throws proto::ConfigError naming the file that cannot be used.
[[nodiscard]] boost::asio::ssl::context make_tls_context(const std::string& ca_file, const std::string& cert_file,
                                                         const std::string& key_file);

}  // namespace telltale::broker
