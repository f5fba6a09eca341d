#include <catch2/catch.hpp>
#include <fstream>

#include "app/config.hpp"
#include "tests/support/temporary_folder.hpp"

namespace telltale::app {
namespace {

using notify::BodyFormat;
using notify::Channel;
using notify::ChannelKind;

std::vector<std::string> problems_of(const std::string& text, const Environment& environment = {}) {
  try {
    (void)parse_config(text, "t.toml", environment);
  } catch (const ConfigErrors& errors) {
    return errors.problems();
  }
  return {};
}

const std::string webhook = "[[channel]]\nname = \"ops\"\nkind = \"webhook\"\nurl = \"http://a/\"\n";

}  // namespace

TEST_CASE("a channel has sensible defaults", "[app]") {
  const auto channels = parse_config(webhook, "t.toml").notify.channels;
  REQUIRE(channels.size() == 1);
  Channel expected;
  expected.name = "ops";
  expected.url = "http://a/";
  CHECK(channels[0] == expected);
  CHECK(expected.group_wait == Millis{10'000});
  CHECK(expected.repeat == Millis{4 * 3600 * 1000});
  CHECK(expected.resolve);
}

TEST_CASE("every key of a channel is read", "[app]") {
  const test::TemporaryFolder folder;
  const auto secret = [&](const char* name, const char* text) {
    std::ofstream(folder.path() / name) << text << "\r\nsecond line\n";
    return (folder.path() / name).string();
  };
  const auto channels =
      parse_config("[tenants]\nenabled = true\n[[channel]]\nname = \"ops\"\nkind = \"webhook\"\nurl_file = \"" +
                       secret("url", "https://h/x") + "\"\nformat = \"flat\"\nsecret_file = \"" + secret("key", "k") +
                       "\"\nseverities = [\"critical\", \"info\"]\ntenant = \"acme\"\nsite = \"s*\"\ndevice = \"d\"\n"
                       "rule = \"too-*\"\nresolve = false\ngroup_wait = \"1s\"\nrepeat = \"1h\"\nrate_limit = 3\n"
                       "queue = 7\nca = \"ca.pem\"\ninsecure = true\ntoken_file = \"" +
                       secret("token", "t") +
                       "\"\n[[channel]]\nname = \"mail\"\nkind = \"email\"\nurl = \"smtps://m:465\"\nfrom = \"a@b\"\n"
                       "to = [\"c@d\", \"e@f\"]\nusername = \"u\"\npassword_file = \"" +
                       secret("password", "p") + "\"\n",
                   "t.toml")
          .notify.channels;
  REQUIRE(channels.size() == 2);
  CHECK(channels[0] == Channel{.name = "ops",
                               .kind = ChannelKind::webhook,
                               .url = "https://h/x",
                               .format = BodyFormat::flat,
                               .severities = {proto::Severity::critical, proto::Severity::info},
                               .tenant = "acme",
                               .site = "s*",
                               .device = "d",
                               .rule = "too-*",
                               .resolve = false,
                               .group_wait = Millis{1000},
                               .repeat = Millis{3'600'000},
                               .rate_limit = 3,
                               .queue = 7,
                               .secret = "k",
                               .token = "t",
                               .username = {},
                               .password = {},
                               .ca_file = "ca.pem",
                               .insecure = true,
                               .topic = {},
                               .from = {}});
  CHECK(channels[1].to == std::vector<std::string>{"c@d", "e@f"});
  CHECK(channels[1].password == "p");
}

TEST_CASE("a channel's secrets come from the environment too", "[app]") {
  const auto channels =
      parse_config("[[channel]]\nname = \"ops-1\"\nkind = \"slack\"\n", "t.toml",
                   {{"TELLTALE_CHANNEL__OPS_1__URL", "https://hooks/x"}, {"TELLTALE_CHANNEL__OPS_1__TOKEN", "t"}})
          .notify.channels;
  CHECK(channels.at(0).url == "https://hooks/x");
  CHECK(channels.at(0).token == "t");
  CHECK(problems_of(webhook, {{"TELLTALE_CHANNEL__OOPS__SECRET", "s"}}) ==
        std::vector<std::string>{"environment TELLTALE_CHANNEL__OOPS__SECRET: is for no channel: the keys are URL, "
                                 "SECRET, TOKEN and PASSWORD, the name that of a [[channel]]"});
}

TEST_CASE("a mistake in a channel is an error with its place", "[app][lesson-30]") {
  auto [lines, problem] = GENERATE(table<const char*, const char*>({
      {"kind = \"webhook\"\n", "t.toml:1:1: channel: needs a name"},
      {"name = \"a b\"\nkind = \"webhook\"\n", "t.toml:2:8: channel.name: \"a b\" is no name"},
      {"name = \"x\"\n", "t.toml:1:1: channel 'x': needs a kind"},
      {"name = \"x\"\nkind = \"pager\"\n", "t.toml:3:8: channel 'x'.kind: must be one of \"webhook\""},
      {"name = \"x\"\nkind = \"webhook\"\n",
       "t.toml:1:1: channel 'x': needs a url, or url_file, or TELLTALE_CHANNEL__X__URL"},
      {"name = \"x\"\nkind = \"webhook\"\nurl = \"ftp://a\"\n",
       "t.toml:4:7: channel 'x'.url: must begin with http:// or https://"},
      {"name = \"x\"\nkind = \"webhook\"\nurl = \"http://u:p@a/\"\n",
       "t.toml:4:7: channel 'x'.url: credentials do not belong into a URL"},
      {"name = \"x\"\nkind = \"webhook\"\nurl = \"http:///x\"\n", "t.toml:4:7: channel 'x'.url: needs a host"},
      {"name = \"x\"\nkind = \"webhook\"\nurl = \"http://a/ b\"\n", "t.toml:4:7: channel 'x'.url: has a space"},
      {"name = \"x\"\nkind = \"email\"\nurl = \"http://a\"\nfrom = \"a@b\"\nto = [\"a@b\"]\n",
       "t.toml:4:7: channel 'x'.url: must begin with smtp:// or smtps://"},
      {"name = \"x\"\nkind = \"email\"\nurl = \"smtp://a\"\nto = [\"a@b\"]\n", "t.toml:1:1: channel 'x': needs from"},
      {"name = \"x\"\nkind = \"email\"\nurl = \"smtp://a\"\nfrom = \"a@b\"\nto = [\"a@b\\r\\nRCPT TO:<x@y>\"]\n",
       "t.toml:6:6: channel 'x'.to: \"a@b\r\nRCPT TO:<x@y>\" is no mail address"},
      {"name = \"x\"\nkind = \"ntfy\"\nurl = \"http://a\"\n", "t.toml:1:1: channel 'x': needs a topic"},
      {"name = \"x\"\nkind = \"slack\"\nurl = \"http://a\"\nformat = \"flat\"\n",
       "t.toml:5:10: channel 'x'.format: is not for channels of kind slack"},
      {"name = \"x\"\nkind = \"webhook\"\nurl = \"http://a\"\nsecret = \"s\"\n",
       "t.toml:5:1: channel.secret: unknown key"},
      {"name = \"x\"\nkind = \"webhook\"\nurl = \"http://a\"\nsecret_file = \"/no/such\"\n",
       "t.toml:5:15: channel 'x'.secret_file: /no/such: cannot be read: No such file or directory"},
      {"name = \"x\"\nkind = \"webhook\"\nurl = \"http://a\"\nseverities = [\"critcal\"]\n",
       "t.toml:5:14: channel 'x'.severities: \"critcal\" is no severity: info, warning, critical, did you mean "
       "'critical'?"},
      {"name = \"x\"\nkind = \"webhook\"\nurl = \"http://a\"\nrepeat = \"1s\"\n",
       "t.toml:5:10: channel 'x'.repeat: must be from 1m to 31d"},
      {"name = \"x\"\nkind = \"webhook\"\nurl = \"http://a\"\ntenant = \"acme\"\n",
       "t.toml:5:10: channel 'x'.tenant: no tenant can match"},
  }));
  const auto problems = problems_of(std::string("[[channel]]\n") + lines);
  REQUIRE_FALSE(problems.empty());
  CHECK_THAT(problems[0], Catch::StartsWith(problem));
}

TEST_CASE("two channels of one name are a mistake", "[app]") {
  CHECK(problems_of(webhook + webhook) ==
        std::vector<std::string>{"t.toml:6:8: channel 'ops'.name: there is a channel of this name in line 2"});
}

}  // namespace telltale::app
