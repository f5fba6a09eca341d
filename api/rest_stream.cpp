#include <algorithm>
#include <array>

#include "api/live.hpp"
#include "api/rest_question.hpp"

namespace telltale::api {

namespace {

constexpr std::array<std::string_view, 3> stream_topics = {"alerts", "presence", "readings"};

Live::Wish read_wish(QueryText& query) {
  Live::Wish wish;
  const auto filter = read_filter(query);
  wish.site = filter.site;
  wish.device = filter.device;
  const std::array<bool*, 3> wanted = {&wish.alerts, &wish.presence, &wish.readings};
  const auto topics = query.text("topics").value_or("alerts,presence");
  for (std::string_view rest = topics;;) {
    const auto comma = std::min(rest.find(','), rest.size());
    const auto topic = rest.substr(0, comma);
    const auto found = std::ranges::find(stream_topics, topic);
    if (found == stream_topics.end()) {
      query.fault("topics", "'" + std::string(topic) + "' is none of alerts presence readings");
    } else {
      *wanted.at(static_cast<std::size_t>(found - stream_topics.begin())) = true;
    }
    if (comma == rest.size()) return wish;
    rest.remove_prefix(comma + 1);
  }
}

}  // namespace

Answer stream(const Question& question) {
  QueryText query(question.request, {"topics", "site", "device"});
  auto wish = read_wish(query);
  if (auto problem = query.problem()) return fail(*std::move(problem));
  wish.tenant = question.caller.tenant;
  wish.allowed = [&gate = question.parts.gate, key = question.caller.key_id] { return gate.still_valid(key); };
  auto events = question.parts.live.join(std::move(wish));
  if (!events) {
    return fail(Problem{503, "unavailable", "Too busy", "too many clients are told already; ask again"});
  }
  Response response{200, "text/event-stream", {}, {}};
  response.headers.emplace_back("X-Accel-Buffering", "no");  // proxies would wait for more
  response.stream = std::move(events);
  return response;
}

}  // namespace telltale::api
