#include "app/command_healthcheck.hpp"

#include <curl/curl.h>

#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>

namespace telltale::app {

namespace {

constexpr long patience_ms = 5000;
constexpr std::size_t longest_answer = 64 * 1024;

std::size_t keep(char* bytes, std::size_t, std::size_t n, void* into) {
  auto& body = *static_cast<std::string*>(into);
  if (body.size() + n > longest_answer) return 0;
  body.append(bytes, n);
  return n;
}

int healthcheck(std::string url, const std::string& ca_file) {
  while (url.ends_with('/')) url.pop_back();
  if (!url.ends_with("/readyz")) url += "/readyz";
  const std::unique_ptr<CURL, decltype(&curl_easy_cleanup)> request(curl_easy_init(), &curl_easy_cleanup);
  if (!request) {
    std::cerr << "telltale healthcheck: no memory\n";
    return 1;
  }
  std::string body;
  curl_easy_setopt(request.get(), CURLOPT_URL, url.c_str());
  curl_easy_setopt(request.get(), CURLOPT_PROTOCOLS_STR, "http,https");
  if (!ca_file.empty()) curl_easy_setopt(request.get(), CURLOPT_CAINFO, ca_file.c_str());
  curl_easy_setopt(request.get(), CURLOPT_TIMEOUT_MS, patience_ms);
  curl_easy_setopt(request.get(), CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(request.get(), CURLOPT_WRITEFUNCTION, &keep);
  curl_easy_setopt(request.get(), CURLOPT_WRITEDATA, &body);
  const auto result = curl_easy_perform(request.get());
  if (result != CURLE_OK) {
    std::cerr << "telltale healthcheck: " << url << ": " << curl_easy_strerror(result) << '\n';
    return 1;
  }
  long status = 0;
  curl_easy_getinfo(request.get(), CURLINFO_RESPONSE_CODE, &status);
  std::cout << body << '\n';
  return status == 200 ? 0 : 1;
}

}  // namespace

void add_healthcheck_command(CLI::App& app, int& exit_code) {
  auto* command = app.add_subcommand("healthcheck", "Ask a running service whether it is ready; exit 0 or 1");
  auto url = std::make_shared<std::string>("http://127.0.0.1:8080");
  command->add_option("--url", *url, "Where the service listens")->capture_default_str();
  auto ca = std::make_shared<std::string>();
  command->add_option("--ca", *ca, "PEM file of the certificate authority, for https:// [the system's]");
  command->callback([url, ca, &exit_code] { exit_code = healthcheck(*url, *ca); });
}

}  // namespace telltale::app
