#include "app/command_healthcheck.hpp"

#include <curl/curl.h>

#include <CLI/CLI.hpp>
#include <boost/asio/ip/address.hpp>
#include <iostream>
#include <memory>

#include "app/config.hpp"
#include "app/config_option.hpp"

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

struct Place {
  std::string url;
  bool of_this_machine = false;  // by its own configuration
};

/// Where a service of this configuration listens. Of one that is not valid nothing is taken: the usual place.
Place configured_place(const std::string& config_flag) {
  const auto environment = process_environment();
  api::HttpOptions http;
  try {
    http = config_in_use(find_config(config_flag, environment), environment).http;
  } catch (const ConfigErrors& errors) {
    for (const auto& problem : errors.problems()) std::cerr << "telltale healthcheck: " << problem << '\n';
    std::cerr << "telltale healthcheck: asking at the usual place\n";
  }
  boost::system::error_code not_numeric;
  auto host = boost::asio::ip::make_address(http.host, not_numeric);
  if (host.is_unspecified() && host.is_v6()) host = boost::asio::ip::address_v6::loopback();
  if (host.is_unspecified()) host = boost::asio::ip::address_v4::loopback();
  const auto text = host.is_v6() ? '[' + host.to_string() + ']' : host.to_string();
  return {(http.cert_file.empty() ? "http://" : "https://") + text + ':' + std::to_string(http.port), true};
}

int healthcheck(Place place, const std::string& ca_file) {
  auto& url = place.url;
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
  if (place.of_this_machine) {
    // Its certificate is for the names that others call it by. Nothing is sent, and the answer is no secret.
    curl_easy_setopt(request.get(), CURLOPT_SSL_VERIFYPEER, ca_file.empty() ? 0L : 1L);
    curl_easy_setopt(request.get(), CURLOPT_SSL_VERIFYHOST, 0L);
    curl_easy_setopt(request.get(), CURLOPT_NOPROXY, "*");
  }
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
  const auto config = add_config_option(*command);
  auto url = std::make_shared<std::string>();
  command->add_option("--url", *url, "Where the service listens [http://127.0.0.1:8080, or as it is configured]")
      ->excludes("--config");
  auto ca = std::make_shared<std::string>();
  command->add_option("--ca", *ca, "PEM file of the certificate authority, for https:// [with --url, the system's]");
  command->callback([config, url, ca, &exit_code] {
    exit_code = healthcheck(url->empty() ? configured_place(*config) : Place{*url}, *ca);
  });
}

}  // namespace telltale::app
