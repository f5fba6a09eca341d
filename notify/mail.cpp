#include "notify/mail.hpp"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <ctime>

#include "proto/markup.hpp"
#include "proto/timestamp.hpp"

namespace telltale::notify {

namespace {

constexpr std::string_view crlf = "\r\n";

std::string base64(std::string_view bytes) {
  std::string out(4 * ((bytes.size() + 2) / 3) + 1, '\0');  // OpenSSL ends it with a zero
  const int length =
      EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                      reinterpret_cast<const unsigned char*>(bytes.data()), static_cast<int>(bytes.size()));
  out.resize(static_cast<std::size_t>(length));
  return out;
}

std::string base64_lines(std::string_view bytes) {
  constexpr std::size_t bytes_per_line = 57;  // 76 characters
  std::string out;
  for (std::size_t at = 0; at < bytes.size(); at += bytes_per_line) {
    out += base64(bytes.substr(at, bytes_per_line)) + std::string(crlf);
  }
  return out;
}

/// "Fri, 21 Nov 2025 04:40:42 +0000"
std::string rfc5322_date(Timestamp at) {
  constexpr std::array days = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  constexpr std::array months = {"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const std::time_t seconds = std::chrono::duration_cast<std::chrono::seconds>(at.time_since_epoch()).count();
  std::tm utc{};
  gmtime_r(&seconds, &utc);
  const auto two = [](int n) { return (n < 10 ? "0" : "") + std::to_string(n); };
  return std::string(days[static_cast<std::size_t>(utc.tm_wday)]) + ", " + two(utc.tm_mday) + ' ' +
         months[static_cast<std::size_t>(utc.tm_mon)] + ' ' + std::to_string(utc.tm_year + 1900) + ' ' +
         two(utc.tm_hour) + ':' + two(utc.tm_min) + ':' + two(utc.tm_sec) + " +0000";
}

Pairs facts(const Told& told, const Message& message) {
  const Alert& alert = *told.alert;
  Pairs all{{"Rule", alert.rule + " (" + std::string(to_string(alert.severity)) + ')'}};
  const auto add = [&](const char* name, const std::string& value) {
    if (!value.empty() && value != "-" && value != "_") all.emplace_back(name, value);
  };
  add("Device", alert.device);
  add("Site", alert.site);
  add("Metric", alert.metric);
  add("Value", alert.value);
  add("Since", proto::format_rfc3339(alert.started));
  if (!told.firing) add("Until", proto::format_rfc3339(alert.ts));
  add("Runbook", alert.runbook);
  add("Link", message.link_to(alert));
  return all;
}

std::string truncated(const Message& message) {
  return message.truncated == 0 ? std::string() : "and " + std::to_string(message.truncated) + " more";
}

std::string text_part(const Message& message) {
  std::string out;
  for (const auto& told : message.alerts) {
    out += std::string(told.firing ? "FIRING: " : "RESOLVED: ") + told.alert->summary + '\n';
    for (const auto& [name, value] : facts(told, message)) {
      out += "  " + name + std::string(9 - std::min<std::size_t>(name.size(), 8), ' ') + value + '\n';
    }
    out += '\n';
  }
  if (const auto more = truncated(message); !more.empty()) out += more + '\n';
  return out;
}

bool is_link(std::string_view value) { return value.starts_with("https://") || value.starts_with("http://"); }

std::string html_part(const Message& message) {
  std::string out = "<!DOCTYPE html><html><body>\n";
  for (const auto& told : message.alerts) {
    out += "<h3>" + std::string(told.firing ? "Firing: " : "Resolved: ") + proto::escape_markup(told.alert->summary) +
           "</h3>\n<table>\n";
    for (const auto& [name, value] : facts(told, message)) {
      const std::string shown = proto::escape_markup(value);
      out += "<tr><td>" + name + "</td><td>" +
             (is_link(value) ? "<a href=\"" + shown + "\">" + shown + "</a>" : shown) + "</td></tr>\n";
    }
    out += "</table>\n";
  }
  if (const auto more = truncated(message); !more.empty()) out += "<p>" + more + "</p>\n";
  return out + "</body></html>\n";
}

void part(std::string& out, const std::string& boundary, std::string_view type, std::string_view content) {
  out += "--" + boundary + "\r\nContent-Type: " + std::string(type) +
         "; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n" + base64_lines(content);
}

}  // namespace

std::string header_value(std::string_view raw) {
  std::string text(raw);
  const auto control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; };
  std::replace_if(text.begin(), text.end(), control, ' ');
  const auto ascii = [](char c) { return static_cast<unsigned char>(c) < 0x80; };
  if (std::all_of(text.begin(), text.end(), ascii)) return text;
  constexpr std::size_t bytes_per_word = 42;  // an encoded word has 75 characters at most
  std::string out;
  std::string_view rest = text;
  while (!rest.empty()) {
    std::size_t end = std::min(bytes_per_word, rest.size());
    // A character is not divided between words.
    while (end < rest.size() && end > 1 && (static_cast<unsigned char>(rest[end]) & 0xC0) == 0x80) --end;
    out += (out.empty() ? "=?UTF-8?B?" : "\r\n =?UTF-8?B?") + base64(rest.substr(0, end)) + "?=";
    rest.remove_prefix(end);
  }
  return out;
}

std::string mail(const Message& message, const Channel& channel, const std::string& delivery,
                 const std::vector<std::string>& roots, Timestamp date) {
  const std::string domain = channel.from.substr(std::min(channel.from.find('@') + 1, channel.from.size()));
  const auto message_id = [&](const std::string& of) { return '<' + of + '@' + header_value(domain) + '>'; };
  const std::string boundary = "=_" + delivery;
  std::string out;
  const auto header = [&](std::string_view name, const std::string& value) {
    out += std::string(name) + ": " + value + std::string(crlf);
  };
  header("From", "Telltale <" + header_value(channel.from) + '>');
  std::string recipients, references;
  for (const auto& to : channel.to) recipients += (recipients.empty() ? "" : ",\r\n ") + header_value(to);
  for (const auto& root : roots) references += (references.empty() ? "" : "\r\n ") + message_id(root);
  header("To", recipients);
  header("Subject", header_value(message.subject()));
  header("Date", rfc5322_date(date));
  header("Message-ID", message_id(delivery));
  if (!roots.empty()) {
    header("In-Reply-To", message_id(roots.front()));
    header("References", references);
  }
  header("Auto-Submitted", "auto-generated");
  header("X-Telltale-Delivery", delivery);
  header("MIME-Version", "1.0");
  header("Content-Type", "multipart/alternative; boundary=\"" + boundary + '"');
  out += crlf;
  part(out, boundary, "text/plain", text_part(message));
  part(out, boundary, "text/html", html_part(message));
  return out + "--" + boundary + "--\r\n";
}

}  // namespace telltale::notify
