#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "app/config_tables.hpp"
#include "app/config_text.hpp"
#include "proto/topic.hpp"

namespace telltale::app {

namespace {

using notify::Channel;
using notify::ChannelKind;

constexpr Millis longest_wait{60 * 60'000};
constexpr Millis longest_repeat{std::int64_t{31} * 24 * 3600 * 1000};

/// TELLTALE_CHANNEL__NAME__KEY: capitals and digits; what a variable cannot have is _.
std::string variable_name(std::string_view name) {
  std::string out(name);
  for (auto& c : out) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
    if (!((c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'))) c = '_';
  }
  return out;
}

/// No spaces and nothing that would end a header or an SMTP command.
bool is_mail_address(std::string_view text) {
  const auto at = text.find('@');
  const auto good = [](char c) { return c > 0x20 && c < 0x7F && c != '<' && c != '>' && c != ',' && c != '"'; };
  return at != std::string_view::npos && at > 0 && at + 1 < text.size() && at == text.rfind('@') &&
         std::ranges::all_of(text, good);
}

class ChannelReader {
 public:
  ChannelReader(TableReader& table, bool multi_tenant, Problems& problems)
      : table_(table), multi_tenant_(multi_tenant), problems_(problems) {}

  Channel read() {
    read_name();
    read_kind();
    if (const auto value = table_.find("format")) {
      if (const auto choice = as_choice(*value, {"alertmanager", "flat"}, problems_)) {
        channel_.format = static_cast<notify::BodyFormat>(*choice);
      }
    }
    read_routing();
    read_pace();
    read_access();
    if (const auto value = table_.find("topic")) {
      if (auto text = as_text(*value, problems_)) channel_.topic = std::move(*text);
    }
    read_addresses();
    only_for("format", {ChannelKind::webhook});
    only_for("secret_file", {ChannelKind::webhook});
    only_for("topic", {ChannelKind::ntfy});
    only_for("from", {ChannelKind::email});
    only_for("to", {ChannelKind::email});
    only_for("token_file", {ChannelKind::webhook, ChannelKind::alertmanager, ChannelKind::ntfy, ChannelKind::slack});
    return channel_;
  }

 private:
  void read_name() {
    const auto value = table_.find("name");
    if (!value) return problems_.add(table_.value(), "needs a name");
    const auto name = as_text(*value, problems_);
    if (!name) return;
    if (!proto::valid_rule(*name)) {
      return problems_.add(
          *value, "\"" + *name + "\" is no name: a letter or _, then letters, digits and _ . : - (48 at most)");
    }
    channel_.name = *name;
    table_.rename("channel '" + *name + "'");
  }

  void read_kind() {
    const auto value = table_.find("kind");
    if (!value) return problems_.add(table_.value(), "needs a kind: webhook, alertmanager, ntfy, slack or email");
    if (const auto choice = as_choice(*value, {"webhook", "alertmanager", "ntfy", "slack", "email"}, problems_)) {
      channel_.kind = static_cast<ChannelKind>(*choice);
    }
  }

  void only_for(std::string_view key, std::initializer_list<ChannelKind> kinds) {
    const auto value = table_.find(key);
    if (!value || !table_.find("kind") || std::ranges::find(kinds, channel_.kind) != kinds.end()) return;
    problems_.add(*value, "is not for channels of kind " + std::string(to_string(channel_.kind)));
  }

  void read_routing() {
    if (const auto value = table_.find("severities")) {
      const auto words = as_texts(*value, problems_);
      for (const auto& word : words.value_or(std::vector<std::string>{})) {
        const std::array<std::string_view, 3> names = {"info", "warning", "critical"};
        const auto found = std::ranges::find(names, word);
        if (found == names.end()) {
          problems_.add(*value, "\"" + word + "\" is no severity: info, warning, critical" +
                                    suggestion(word, {names.begin(), names.end()}));
        } else {
          channel_.severities.push_back(static_cast<proto::Severity>(found - names.begin()));
        }
      }
      if (words && words->empty()) problems_.add(*value, "must not be empty: nobody would be told of anything");
    }
    read_pattern(table_, "tenant", multi_tenant_, channel_.tenant, problems_);
    read_pattern(table_, "site", multi_tenant_, channel_.site, problems_);
    read_pattern(table_, "device", multi_tenant_, channel_.device, problems_);
    read_pattern(table_, "rule", multi_tenant_, channel_.rule, problems_);
    if (const auto value = table_.find("resolve")) {
      if (const auto choice = as_boolean(*value, problems_)) channel_.resolve = *choice;
    }
  }

  void read_pace() {
    if (const auto value = table_.find("group_wait")) {
      if (const auto wait = as_duration(*value, Millis{0}, longest_wait, problems_)) channel_.group_wait = *wait;
    }
    if (const auto value = table_.find("repeat")) {
      if (const auto repeat = as_duration(*value, Millis{60'000}, longest_repeat, problems_)) channel_.repeat = *repeat;
    }
    if (const auto value = table_.find("rate_limit")) {
      if (const auto n = as_integer(*value, 0, 100'000, problems_))
        channel_.rate_limit = static_cast<std::uint32_t>(*n);
    }
    if (const auto value = table_.find("queue")) {
      if (const auto n = as_integer(*value, 1, 1'000'000, problems_)) channel_.queue = static_cast<std::size_t>(*n);
    }
  }

  void read_access() {
    if (const auto value = table_.find("url")) {
      if (auto text = as_text(*value, problems_)) channel_.url = std::move(*text);
    }
    read_secret("url_file", channel_.url);
    read_secret("secret_file", channel_.secret);
    read_secret("token_file", channel_.token);
    read_secret("password_file", channel_.password);
    if (const auto value = table_.find("username")) {
      if (auto text = as_text(*value, problems_)) channel_.username = std::move(*text);
    }
    if (const auto value = table_.find("ca")) {
      if (auto text = as_text(*value, problems_)) channel_.ca_file = std::move(*text);
    }
    if (const auto value = table_.find("insecure")) {
      if (const auto choice = as_boolean(*value, problems_)) channel_.insecure = *choice;
    }
  }

  void read_secret(std::string_view key, std::string& out) {
    const auto value = table_.find(key);
    if (!value) return;
    auto secret = as_secret_file(*value, problems_);
    if (secret && !secret->empty()) out = std::move(*secret);
  }

  void read_addresses() {
    const auto checked = [&](const Value& place, const std::string& address) {
      if (!is_mail_address(address))
        problems_.add(place, "\"" + address + "\" is no mail address, such as ops@mail.example");
    };
    if (const auto value = table_.find("from")) {
      if (const auto text = as_text(*value, problems_)) checked(*value, channel_.from = *text);
    }
    if (const auto value = table_.find("to")) {
      channel_.to = as_texts(*value, problems_).value_or(std::vector<std::string>{});
      for (const auto& address : channel_.to) checked(*value, address);
    }
  }

  TableReader& table_;
  bool multi_tenant_;
  Problems& problems_;
  Channel channel_;
};

/// What can be said once the environment's values are in.
void check_channel(const TableReader& table, const Channel& channel, Problems& problems) {
  const auto place = [&](std::string_view key) { return table.find(key).value_or(table.value()); };
  if (channel.url.empty()) {
    problems.add(table.value(),
                 "needs a url, or url_file, or TELLTALE_CHANNEL__" + variable_name(channel.name) + "__URL");
  } else if (const auto problem = channel.kind == ChannelKind::email ? url_problem(channel.url, {"smtp://", "smtps://"})
                                                                     : web_url_problem(channel.url)) {
    problems.add(place(table.find("url") ? "url" : "url_file"), *problem);
  }
  if (channel.kind == ChannelKind::ntfy && channel.topic.empty()) problems.add(table.value(), "needs a topic");
  if (channel.kind == ChannelKind::email && channel.from.empty()) problems.add(table.value(), "needs from, an address");
  if (channel.kind == ChannelKind::email && channel.to.empty())
    problems.add(table.value(), "needs to, a list of addresses");
  if (!channel.token.empty() && !channel.username.empty()) {
    problems.add(place("username"), "and a token exclude each other");
  }
  if (channel.username.empty() && !channel.password.empty()) {
    problems.add(place("password_file"), "a password needs a username");
  }
  for (const auto& secret : {channel.secret, channel.token, channel.password}) {
    if (std::ranges::any_of(secret, [](char c) { return static_cast<unsigned char>(c) < 0x20; })) {
      problems.add(table.value(), "has a secret with control characters in it");
    }
  }
}

}  // namespace

const std::vector<std::string_view>& channel_keys() {
  static const std::vector<std::string_view> keys = {
      "name",   "kind", "url",      "url_file", "format",  "secret_file", "token_file", "severities",
      "tenant", "site", "device",   "rule",     "resolve", "group_wait",  "repeat",     "rate_limit",
      "queue",  "ca",   "insecure", "topic",    "from",    "to",          "username",   "password_file"};
  return keys;
}

std::vector<Channel> read_channels(const Value* list, const ChannelSecrets& environment, bool multi_tenant,
                                   Problems& problems) {
  std::vector<Channel> channels;
  std::map<std::string, toml::source_index> lines;
  std::set<std::pair<std::string, std::string>> used;
  const auto from_environment = [&](const std::string& name, const char* key, std::string& out) {
    const auto found = environment.find({variable_name(name), key});
    if (found == environment.end()) return;
    out = found->second;
    used.insert(found->first);
  };
  const auto read_one = [&](const Value& entry) {
    TableReader table(entry, channel_keys(), problems);
    const auto before = problems.count();
    auto channel = ChannelReader(table, multi_tenant, problems).read();
    if (channel.name.empty()) return;
    from_environment(channel.name, "URL", channel.url);
    from_environment(channel.name, "SECRET", channel.secret);
    from_environment(channel.name, "TOKEN", channel.token);
    from_environment(channel.name, "PASSWORD", channel.password);
    const auto name = *table.find("name");
    const auto [first, fresh] = lines.emplace(channel.name, name.node->source().begin.line);
    if (!fresh) problems.add(name, "there is a channel of this name in line " + std::to_string(first->second));
    if (problems.count() == before) check_channel(table, channel, problems);
    channels.push_back(std::move(channel));
  };
  if (list != nullptr) for_each_entry(*list, problems, read_one);
  for (const auto& [key, secret] : environment) {
    if (used.contains(key)) continue;
    problems.add("environment TELLTALE_CHANNEL__" + key.first + "__" + key.second, {},
                 "is for no channel: the keys are URL, SECRET, TOKEN and PASSWORD, the name that of a [[channel]]");
  }
  return channels;
}

}  // namespace telltale::app
