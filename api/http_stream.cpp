#include "api/http_stream.hpp"

#include <openssl/ssl.h>

#include <string>

#include "proto/config_error.hpp"

namespace telltale::api {

namespace ssl = boost::asio::ssl;

std::shared_ptr<ssl::context> make_server_tls(const std::string& cert_file, const std::string& key_file) {
  const auto context = std::make_shared<ssl::context>(ssl::context::tls_server);
  if (SSL_CTX_set_min_proto_version(context->native_handle(), TLS1_2_VERSION) != 1) {
    throw proto::ConfigError("http.cert: this OpenSSL has no TLS 1.2");
  }
  boost::system::error_code error;
  context->use_certificate_chain_file(cert_file, error);
  if (error) throw proto::ConfigError("http.cert: " + cert_file + ": " + error.message());
  context->use_private_key_file(key_file, ssl::context::pem, error);  // also compares it with the certificate
  if (error) throw proto::ConfigError("http.key: " + key_file + ": " + error.message());
  return context;
}

}  // namespace telltale::api
