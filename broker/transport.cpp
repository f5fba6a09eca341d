#include "broker/transport.hpp"

#include <boost/asio/connect.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/write.hpp>

#include "proto/config_error.hpp"

namespace telltale::broker {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

template <class Stream>
class StreamTransport : public Transport, public std::enable_shared_from_this<StreamTransport<Stream>> {
 public:
  template <class... Arguments>
  explicit StreamTransport(asio::io_context& io, Arguments&&... arguments)
      : resolver_(io), stream_(io, std::forward<Arguments>(arguments)...) {}

  void connect(const std::string& host, std::uint16_t port, Done done) override {
    resolver_.async_resolve(
        host, std::to_string(port),
        [self = this->shared_from_this(), host, done = std::move(done)](error_code error, const auto& endpoints) {
          if (error) return done(error);
          asio::async_connect(self->stream_.lowest_layer(), endpoints,
                              [self, host, done](error_code failed, const tcp::endpoint&) {
                                if (failed) return done(failed);
                                error_code ignored;
                                self->stream_.lowest_layer().set_option(tcp::no_delay(true), ignored);
                                self->shake_hands(host, done);
                              });
        });
  }
  void read(std::span<char> into, Read done) override {
    stream_.async_read_some(
        asio::buffer(into.data(), into.size()),
        [self = this->shared_from_this(), done = std::move(done)](error_code error, std::size_t n) { done(error, n); });
  }
  void write(std::string_view bytes, Done done) override {
    asio::async_write(
        stream_, asio::buffer(bytes),
        [self = this->shared_from_this(), done = std::move(done)](error_code error, std::size_t) { done(error); });
  }
  void finish_writing() override {
    error_code ignored;
    stream_.lowest_layer().shutdown(tcp::socket::shutdown_send, ignored);
  }
  void close() override {
    resolver_.cancel();
    error_code ignored;
    stream_.lowest_layer().close(ignored);
  }

 protected:
  virtual void shake_hands(const std::string& host, const Done& done) = 0;
  Stream& stream() { return stream_; }

 private:
  tcp::resolver resolver_;
  Stream stream_;
};

class PlainTransport final : public StreamTransport<tcp::socket> {
 public:
  using StreamTransport::StreamTransport;
  [[nodiscard]] bool more_at_hand() override { return false; }

 private:
  void shake_hands(const std::string&, const Done& done) override { done({}); }
};

class TlsTransport final : public StreamTransport<asio::ssl::stream<tcp::socket>> {
 public:
  using StreamTransport::StreamTransport;
  [[nodiscard]] bool more_at_hand() override {
    SSL* const ssl = stream().native_handle();
    return SSL_pending(ssl) > 0 || BIO_pending(SSL_get_rbio(ssl)) > 0;
  }

 private:
  void shake_hands(const std::string& host, const Done& done) override {
    error_code error;
    stream().set_verify_callback(asio::ssl::host_name_verification(host), error);
    if (error) return done(error);
    // Server Name Indication takes no addresses (RFC 6066, section 3).
    error_code not_an_address;
    asio::ip::make_address(host, not_an_address);
    if (not_an_address)
      SSL_ctrl(stream().native_handle(), SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name,
               const_cast<char*>(host.c_str()));
    stream().async_handshake(asio::ssl::stream_base::client,
                             [self = this->shared_from_this(), done](error_code failed) { done(failed); });
  }
};

template <class Use>
void use_file(const char* what, const std::string& file, Use&& use) {
  if (file.empty()) return;
  error_code error;
  use(error);
  if (error) throw proto::ConfigError(std::string("mqtt ") + what + " '" + file + "': " + error.message());
}

}  // namespace

std::shared_ptr<Transport> plain_transport(asio::io_context& io) { return std::make_shared<PlainTransport>(io); }

std::shared_ptr<Transport> tls_transport(asio::io_context& io, asio::ssl::context& tls) {
  return std::make_shared<TlsTransport>(io, tls);
}

asio::ssl::context make_tls_context(const std::string& ca_file, const std::string& cert_file,
                                    const std::string& key_file) {
  asio::ssl::context context(asio::ssl::context::tls_client);
  context.set_options(asio::ssl::context::default_workarounds | asio::ssl::context::no_sslv2 |
                      asio::ssl::context::no_sslv3 | asio::ssl::context::no_tlsv1 | asio::ssl::context::no_tlsv1_1);
  context.set_verify_mode(asio::ssl::verify_peer);
  if (ca_file.empty()) context.set_default_verify_paths();
  use_file("ca", ca_file, [&](error_code& e) { context.load_verify_file(ca_file, e); });
  use_file("cert", cert_file, [&](error_code& e) { context.use_certificate_chain_file(cert_file, e); });
  use_file("key", key_file, [&](error_code& e) { context.use_private_key_file(key_file, asio::ssl::context::pem, e); });
  return context;
}

}  // namespace telltale::broker
