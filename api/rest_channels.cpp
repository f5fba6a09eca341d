#include "api/rest_channels.hpp"

#include "api/channel_desk.hpp"
#include "api/page.hpp"
#include "api/rest_question.hpp"

namespace telltale::api {

namespace {

double seconds(Millis span) { return static_cast<double>(span.count()) / 1000; }

void append_channel(JsonObject& out, const ChannelFacts& channel) {
  out.text("id", channel.name).text("kind", channel.kind).text("host", channel.host);
  auto& severities = out.member("severities");
  severities += '[';
  for (const auto severity : channel.severities) append_json_string(next_item(severities), to_string(severity));
  severities += ']';
  out.text("site", channel.site).text("device", channel.device).text("rule", channel.rule);
  out.member("resolve") += channel.resolve ? "true" : "false";
  out.number("group_wait_s", seconds(channel.group_wait)).number("repeat_s", seconds(channel.repeat));
  out.count("rate_limit", channel.rate_limit);
}

Result<Response, Problem> answer_to(const ChannelDesk::Tried& tried) {
  if (!tried.delivered) return fail(Problem{502, "unavailable", "Test delivery failed", tried.detail});
  std::string body;
  JsonObject(body).text("detail", tried.detail).number("seconds", tried.seconds);
  return json(std::move(body));
}

}  // namespace

Answer list_channels(const Question& question) {
  const QueryText query(question.request, {});
  if (auto problem = query.problem()) return fail(*std::move(problem));
  ItemList list;
  for (const auto& channel : question.parts.channels.channels(question.caller.tenant)) {
    auto item = list.item();
    append_channel(item, channel);
  }
  return json(list.end());
}

void test_channel(const RestParts& parts, const Caller& caller, const Request& request, const Settle& settle) {
  const QueryText query(request, {});
  if (auto problem = query.problem()) return settle(fail(*std::move(problem)));
  const auto refusal = parts.channels.test(caller.tenant, request.parameter("id"),
                                           [settle](const ChannelDesk::Tried& tried) { settle(answer_to(tried)); });
  if (!refusal) return;
  if (*refusal == ChannelDesk::Refusal::unknown) return settle(fail(not_found("there is no such channel")));
  settle(fail(Problem{503, "unavailable", "Too busy", "another channel is tested now; ask again"}));
}

}  // namespace telltale::api
