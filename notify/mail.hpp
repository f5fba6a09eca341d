#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "notify/channel.hpp"
#include "notify/message.hpp"

namespace telltale::notify {

/// A mail (RFC 5322, lines end in CRLF) with a text and an HTML part. `roots`: deliveries whose mails were the first
/// about alerts in this one; clients thread by them. Whatever names and summaries contain, they cannot add a header.
[[nodiscard]] std::string mail(const Message& message, const Channel& channel, const std::string& delivery,
                               const std::vector<std::string>& roots, Timestamp date);

/// The value of a header: no control characters; not ASCII becomes encoded words (RFC 2047).
[[nodiscard]] std::string header_value(std::string_view text);

}  // namespace telltale::notify
