#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "proto/clock.hpp"
#include "proto/quantity_text.hpp"
#include "proto/result.hpp"

namespace telltale::app {

// How values are written in the configuration. The error of each is a sentence without the value's place.

using proto::duration_text;
using proto::parse_duration;
using proto::parse_size;
using proto::size_text;

struct BrokerUrl {
  std::string host;
  std::uint16_t port = 1883;
  bool tls = false;
};
/// mqtt:// or mqtts://, host (IPv6 in brackets), optional port (1883, 8883). Credentials do not belong there.
[[nodiscard]] Result<BrokerUrl, std::string> parse_broker_url(std::string_view text);
[[nodiscard]] std::string broker_url_text(std::string_view host, std::uint16_t port, bool tls);

/// What is wrong with `text` as scheme://host…, one of the schemes; credentials do not belong there.
[[nodiscard]] std::optional<std::string> url_problem(std::string_view text,
                                                     std::initializer_list<std::string_view> schemes);
/// The same for http:// and https://.
[[nodiscard]] std::optional<std::string> web_url_problem(std::string_view text);

struct ListenAddress {
  std::string host;  // numeric
  std::uint16_t port = 0;
};
/// "127.0.0.1:8080" "[::1]:8080" "localhost:8080" (= 127.0.0.1).
[[nodiscard]] Result<ListenAddress, std::string> parse_listen(std::string_view text);
[[nodiscard]] std::string listen_text(std::string_view host, std::uint16_t port);

/// ", did you mean 'above'?" for the nearest of `known`, or "" when nothing is near.
[[nodiscard]] std::string suggestion(std::string_view unknown, const std::vector<std::string_view>& known);

/// "FILE: cannot be read: No such file or directory", by the errno that opening it left behind.
[[nodiscard]] std::string cannot_be_read(const std::string& file);

}  // namespace telltale::app
