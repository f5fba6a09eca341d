#pragma once

#include <filesystem>
#include <string>

namespace telltale::test {

/// A certificate authority, a server certificate for `host`, and a client certificate, made by openssl in `directory`.
/// Throws std::runtime_error when openssl fails.
struct TlsFiles {
  TlsFiles(const std::filesystem::path& directory, const std::string& host);

  std::string ca, server_cert, server_key, client_cert, client_key;
};

}  // namespace telltale::test
