#include "app/config_text.hpp"

#include <arpa/inet.h>
#include <cerrno>
#include <system_error>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

namespace telltale::app {

namespace {

std::string quoted(std::string_view text) { return "\"" + std::string(text) + "\""; }

bool parse_port(std::string_view text, std::uint16_t& port) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  return error == std::errc{} && end == text.data() + text.size();
}

/// "host", "host:port", "[v6]:port". False when malformed; `port` empty when there is none.
bool split_authority(std::string_view text, std::string& host, std::string_view& port) {
  std::size_t end = 0;
  if (text.starts_with('[')) {
    const auto bracket = text.find(']');
    if (bracket == std::string_view::npos) return false;
    host = text.substr(1, bracket - 1);
    in6_addr parsed{};
    if (inet_pton(AF_INET6, host.c_str(), &parsed) != 1) return false;
    end = bracket + 1;
  } else {
    end = std::min(text.find(':'), text.size());
    host = text.substr(0, end);
  }
  const auto rest = text.substr(end);
  if (rest.empty()) {
    port = {};
    return !host.empty();
  }
  port = rest.substr(1);
  return rest.front() == ':' && !port.empty() && !host.empty();
}

bool host_characters(std::string_view host) {
  return std::ranges::all_of(host, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
           c == '_' || c == ':';
  });
}

constexpr std::size_t longest_key = 32;

/// Optimal string alignment distance: insertions, deletions, replacements and swaps of neighbours cost 1.
/// Precondition: both at most longest_key.
std::size_t distance(std::string_view a, std::string_view b) {
  std::array<std::array<std::size_t, longest_key + 1>, longest_key + 1> cost{};
  for (std::size_t i = 0; i <= a.size(); ++i) cost[i][0] = i;
  for (std::size_t j = 0; j <= b.size(); ++j) cost[0][j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = cost[i - 1][j - 1] + (a[i - 1] == b[j - 1] ? 0U : 1U);
      cost[i][j] = std::min({cost[i - 1][j] + 1, cost[i][j - 1] + 1, replaced});
      const bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (swapped) cost[i][j] = std::min(cost[i][j], cost[i - 2][j - 2] + 1);
    }
  }
  return cost[a.size()][b.size()];
}

}  // namespace

Result<BrokerUrl, std::string> parse_broker_url(std::string_view text) {
  BrokerUrl url;
  if (text.starts_with("mqtts://")) {
    url.tls = true;
  } else if (!text.starts_with("mqtt://")) {
    return fail(std::string("must begin with mqtt:// or mqtts://"));
  }
  text.remove_prefix(url.tls ? 8 : 7);
  if (text.find('@') != std::string_view::npos) {
    return fail(std::string("no credentials here: use username and password_file"));
  }
  if (text.ends_with('/')) text.remove_suffix(1);
  if (text.find_first_of("/?#") != std::string_view::npos) return fail(std::string("nothing may follow host and port"));
  std::string_view port;
  if (!split_authority(text, url.host, port) || !host_characters(url.host)) {
    return fail("no usable host in " + quoted(text) + " (IPv6 addresses are written in brackets)");
  }
  url.port = url.tls ? 8883 : 1883;
  if (!port.empty() && (!parse_port(port, url.port) || url.port == 0)) {
    return fail("not a port: " + quoted(port));
  }
  return url;
}

std::string broker_url_text(std::string_view host, std::uint16_t port, bool tls) {
  return (tls ? "mqtts://" : "mqtt://") + listen_text(host, port);
}

std::optional<std::string> url_problem(std::string_view text, std::initializer_list<std::string_view> schemes) {
  std::string list;
  for (const auto scheme : schemes) {
    list += (list.empty() ? "" : " or ") + std::string(scheme);
    if (!text.starts_with(scheme)) continue;
    const auto authority = text.substr(scheme.size(), text.find_first_of("/?#", scheme.size()) - scheme.size());
    if (authority.find('@') != std::string_view::npos)
      return "credentials do not belong into a URL: use their own keys";
    std::string host;
    std::string_view port;
    if (!split_authority(authority, host, port) || !host_characters(host))
      return "needs a host behind " + std::string(scheme);
    if (std::ranges::any_of(text, [](char c) { return static_cast<unsigned char>(c) <= 0x20 || c == 0x7F; })) {
      return "has a space or a control character in it";
    }
    return std::nullopt;
  }
  return "must begin with " + list;
}

std::optional<std::string> web_url_problem(std::string_view text) { return url_problem(text, {"http://", "https://"}); }

Result<ListenAddress, std::string> parse_listen(std::string_view text) {
  ListenAddress address;
  std::string_view port;
  if (!split_authority(text, address.host, port) || port.empty()) {
    return fail("expected address:port such as \"127.0.0.1:8080\", found " + quoted(text));
  }
  if (!parse_port(port, address.port)) return fail("not a port: " + quoted(port));
  if (address.host == "localhost") address.host = "127.0.0.1";
  in6_addr parsed{};
  const int family = text.starts_with('[') ? AF_INET6 : AF_INET;
  if (inet_pton(family, address.host.c_str(), &parsed) != 1) {
    return fail("not a numeric address: " + quoted(address.host) + " (all interfaces: \"0.0.0.0\" or \"[::]\")");
  }
  return address;
}

std::string listen_text(std::string_view host, std::uint16_t port) {
  const bool v6 = host.find(':') != std::string_view::npos;
  return (v6 ? "[" : "") + std::string(host) + (v6 ? "]" : "") + ":" + std::to_string(port);
}

std::string cannot_be_read(const std::string& file) {
  const int why = errno;
  return file + ": cannot be read" + (why ? ": " + std::generic_category().message(why) : "");
}

std::string suggestion(std::string_view unknown, const std::vector<std::string_view>& known) {
  std::string_view best;
  std::size_t least = std::max<std::size_t>(1, unknown.size() / 3) + 1;
  if (unknown.size() > longest_key) return "";
  for (const auto candidate : known) {
    if (candidate.size() > longest_key) continue;
    const auto d = distance(unknown, candidate);
    if (d < least) {
      least = d;
      best = candidate;
    }
  }
  return best.empty() ? "" : ", did you mean '" + std::string(best) + "'?";
}

}  // namespace telltale::app
