#include "tests/broker/tls_files.hpp"

#include <fstream>
#include <stdexcept>
#include <utility>
#include <vector>

#include "tests/support/child_process.hpp"

namespace telltale::test {
namespace {

void openssl(const std::filesystem::path& directory, const std::vector<std::string>& arguments) {
  std::vector<std::string> command{"openssl"};
  command.insert(command.end(), arguments.begin(), arguments.end());
  ChildProcess process({.arguments = std::move(command), .working_directory = directory});
  if (process.wait(std::chrono::seconds{60}) != 0) throw std::runtime_error("openssl failed");
}

void issue(const std::filesystem::path& directory, const std::string& name, const std::string& common_name,
           const std::string& alternative_name) {
  std::ofstream(directory / (name + ".ext")) << "subjectAltName=" << alternative_name << '\n';
  openssl(directory, {"req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj",
                      "/CN=" + common_name, "-keyout", name + ".key", "-out", name + ".csr"});
  openssl(directory, {"x509", "-req", "-in", name + ".csr", "-CA", "ca.crt", "-CAkey", "ca.key", "-CAcreateserial",
                      "-days", "2", "-extfile", name + ".ext", "-out", name + ".crt"});
}

}  // namespace

TlsFiles::TlsFiles(const std::filesystem::path& directory, const std::string& host)
    : ca((directory / "ca.crt").string()),
      server_cert((directory / "server.crt").string()),
      server_key((directory / "server.key").string()),
      client_cert((directory / "client.crt").string()),
      client_key((directory / "client.key").string()) {
  openssl(directory, {"req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days",
                      "2", "-subj", "/CN=test authority", "-keyout", "ca.key", "-out", "ca.crt"});
  issue(directory, "server", host, (host == "127.0.0.1" ? "IP:" : "DNS:") + host);
  issue(directory, "client", "client", "DNS:client");
}

}  // namespace telltale::test
