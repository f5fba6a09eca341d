#include "app/command_deadletter_list.hpp"

#include <ostream>

#include "api/json_text.hpp"
#include "proto/timestamp.hpp"

namespace telltale::app {

namespace {

constexpr std::size_t shown_bytes = 60;

void print_row(const store::Reader::DeadLetterRow& letter, std::ostream& out) {
  const std::string_view payload(letter.payload);
  out << letter.id << "  " << proto::format_rfc3339(letter.at) << "  " << letter.reason << "  "
      << api::json_string(letter.topic) << "  " << letter.payload_bytes << " bytes\n    "
      << api::json_string(payload.substr(0, shown_bytes)) << (payload.size() > shown_bytes ? " ..." : "") << "\n    "
      << api::json_string(letter.detail) << '\n';
}

void print_object(const store::Reader::DeadLetterRow& letter, std::ostream& out) {
  out << "{\"id\":" << letter.id << ",\"ts\":" << to_ms(letter.at) << ",\"time\":\"" << proto::format_rfc3339(letter.at)
      << "\",\"reason\":" << api::json_string(letter.reason) << ",\"topic\":" << api::json_string(letter.topic)
      << ",\"payload_bytes\":" << letter.payload_bytes << ",\"payload\":" << api::json_string(letter.payload)
      << ",\"detail\":" << api::json_string(letter.detail) << "}\n";
}

}  // namespace

std::vector<store::Reader::DeadLetterRow> chosen_letters(std::vector<store::Reader::DeadLetterRow> letters,
                                                         std::string_view reason, std::size_t limit) {
  if (!reason.empty()) std::erase_if(letters, [&](const auto& letter) { return letter.reason != reason; });
  if (limit > 0 && letters.size() > limit)
    letters.erase(letters.begin() + static_cast<std::ptrdiff_t>(limit), letters.end());
  return letters;
}

void print_dead_letters(const std::vector<store::Reader::DeadLetterRow>& letters, std::string_view format,
                        std::ostream& out) {
  for (const auto& letter : letters) {
    if (format == "json") {
      print_object(letter, out);
    } else {
      print_row(letter, out);
    }
  }
}

}  // namespace telltale::app
