#include "alerting/sent.hpp"

#include <string>

namespace telltale::alerting {

using proto::TopicClass;

TopicClass class_of(std::string_view topic) noexcept {
  const std::size_t first = topic.find('/');
  if (const auto known = proto::topic_class(topic.substr(0, first))) return *known;
  const std::string_view rest = topic.substr(first + 1);
  return proto::topic_class(rest.substr(0, rest.find('/'))).value_or(TopicClass::alerts);
}

SentCounters::SentCounters(proto::Metrics& metrics) {
  constexpr std::array ours = {TopicClass::alerts,        TopicClass::alert_state, TopicClass::presence,
                               TopicClass::control_reply, TopicClass::aggregates,  TopicClass::rollup,
                               TopicClass::errors};
  constexpr std::array<std::string_view, 3> results = {"delivered", "failed", "dropped"};
  for (const TopicClass output : ours) {
    for (std::size_t r = 0; r < results.size(); ++r) {
      counters_[static_cast<std::size_t>(output)][r] =
          &metrics.counter("telltale_mqtt_messages_published_total", "Derived messages by class and result",
                           {{"class", std::string(to_string(output))}, {"result", std::string(results[r])}});
    }
  }
}

}  // namespace telltale::alerting
