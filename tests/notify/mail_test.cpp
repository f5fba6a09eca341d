#include "notify/mail.hpp"

#include <openssl/evp.h>

#include <catch2/catch.hpp>

#include "tests/notify/scene.hpp"

using namespace telltale;
using namespace std::chrono_literals;
using notify::Message;
using proto::AlertState;

namespace {

std::string mail_of(const proto::AlertTransition& transition, const std::vector<std::string>& roots = {}) {
  const auto alert = notify::read_alert("default", alerting::render(transition, proto::Tenancy::single).event.payload);
  const Message message{.receiver = "mail",
                        .group = notify::group_of(*alert),
                        .external_url = "https://telltale.example",
                        .alerts = {{&*alert, !alert->ended()}},
                        .truncated = 0};
  return notify::mail(message, test::channel("mail", notify::ChannelKind::email), "d7", roots, transition.ts);
}

std::string headers_of(const std::string& mail) { return mail.substr(0, mail.find("\r\n\r\n") + 2); }

/// The value of a header with its folding undone.
std::string header(const std::string& mail, const std::string& name) {
  const std::string headers = "\r\n" + headers_of(mail);
  const auto at = headers.find("\r\n" + name + ": ");
  if (at == std::string::npos) return "(none)";
  std::string value;
  for (auto i = at + name.size() + 4; i < headers.size(); ++i) {
    if (headers[i] == '\r') {
      if (headers[i + 2] != ' ') break;
      i += 1;
    } else {
      value += headers[i];
    }
  }
  return value;
}

/// The first part's text.
std::string text_of(const std::string& mail) {
  const auto begin = mail.find("base64\r\n\r\n") + 10;
  std::string encoded = mail.substr(begin, mail.find("\r\n--", begin) - begin);
  std::erase_if(encoded, [](char c) { return c == '\r' || c == '\n'; });
  std::string text(encoded.size(), '\0');
  const int n =
      EVP_DecodeBlock(reinterpret_cast<unsigned char*>(text.data()),
                      reinterpret_cast<const unsigned char*>(encoded.data()), static_cast<int>(encoded.size()));
  REQUIRE(n > 0);
  text.resize(static_cast<std::size_t>(n));
  while (text.ends_with('\0')) text.pop_back();
  return text;
}

}  // namespace

TEST_CASE("a mail says what, where and since when", "[notify]") {
  const std::string mail = mail_of(test::too_hot());
  CHECK(headers_of(mail) ==
        "From: Telltale <telltale@plant.test>\r\n"
        "To: ops@plant.test\r\n"
        "Subject: [FIRING][critical] too-hot esp32-7 (site1)\r\n"
        "Date: Fri, 21 Nov 2025 04:40:42 +0000\r\n"
        "Message-ID: <d7@plant.test>\r\n"
        "Auto-Submitted: auto-generated\r\n"
        "X-Telltale-Delivery: d7\r\n"
        "MIME-Version: 1.0\r\n"
        "Content-Type: multipart/alternative; boundary=\"=_d7\"\r\n");
  CHECK(text_of(mail) ==
        "FIRING: temperature 86.2 Cel > 80 on esp32-7\n"
        "  Rule     too-hot (critical)\n"
        "  Device   esp32-7\n"
        "  Site     site1\n"
        "  Metric   temperature\n"
        "  Value    86.2\n"
        "  Since    2025-11-21T04:40:40Z\n"
        "  Link     https://telltale.example/alerts/a-9c1f0a77be02d641\n"
        "\n");
  CHECK(mail.ends_with("--=_d7--\r\n"));
}

TEST_CASE("a mail's lines end in CRLF and have at most 998 characters", "[notify]") {
  auto transition = test::too_hot();
  transition.summary = std::string(5000, 'x') + "\n.\n" + std::string(2000, 'y');
  const std::string mail = mail_of(transition);
  std::size_t line = 0;
  for (std::size_t i = 0; i < mail.size(); ++i) {
    line = mail[i] == '\n' ? 0 : line + 1;
    CHECK(line <= 999);  // with its CR
    if (mail[i] == '\n') CHECK(mail[i - 1] == '\r');
  }
}

TEST_CASE("nothing that a device or a rule is called adds a header", "[notify]") {
  auto transition = test::too_hot();
  transition.rule = "too-hot\r\nBcc: thief@evil.test";
  transition.device = "esp\n\nHello";
  transition.site = std::string("s\0te", 4);
  const std::string mail = mail_of(transition);
  CHECK(header(mail, "Bcc") == "(none)");
  CHECK(header(mail, "Subject") == "[FIRING][critical] too-hot  Bcc: thief@evil.test esp  Hello (s te)");
  CHECK(headers_of(mail).find("Hello\r\n") == std::string::npos);
}

TEST_CASE("a subject beyond ASCII is encoded in words that do not divide a character", "[notify]") {
  std::string name;
  for (int i = 0; i < 40; ++i) name += "\xC3\xBC";  // 40 times u with two dots
  const std::string value = notify::header_value(name);
  std::string decoded;
  for (std::size_t at = value.find("=?UTF-8?B?"); at != std::string::npos; at = value.find("=?UTF-8?B?", at + 1)) {
    const std::string word = value.substr(at + 10, value.find("?=", at) - at - 10);
    CHECK(word.size() + 12 <= 75);
    std::string bytes(word.size(), '\0');
    const int n = EVP_DecodeBlock(reinterpret_cast<unsigned char*>(bytes.data()),
                                  reinterpret_cast<const unsigned char*>(word.data()), static_cast<int>(word.size()));
    bytes.resize(static_cast<std::size_t>(n));
    while (bytes.ends_with('\0')) bytes.pop_back();
    CHECK(bytes.size() % 2 == 0);
    decoded += bytes;
  }
  CHECK(decoded == name);
}

TEST_CASE("mails about one alert refer to the first, each with an id of its own", "[notify]") {
  test::NotifyScene scene({test::channel("mail", notify::ChannelKind::email)});
  scene.say(AlertState::firing);
  scene.run_for(10s + 4h);
  scene.restart();
  scene.say(AlertState::resolved);
  scene.run_for(10s);
  const auto mails = scene.bodies();
  REQUIRE(mails.size() == 3);
  CHECK(header(mails[0], "Message-ID") == "<d1@plant.test>");
  CHECK(header(mails[0], "References") == "(none)");
  CHECK(header(mails[1], "Message-ID") == "<d2@plant.test>");
  CHECK(header(mails[1], "References") == "<d1@plant.test>");
  CHECK(header(mails[2], "Subject") == "[RESOLVED][critical] too-hot esp32-7 (site1)");
  CHECK(header(mails[2], "References") == "<d1@plant.test>");
  CHECK(scene.transfer.accepted[0].request.to == std::vector<std::string>{"ops@plant.test"});
}
