#include "alerting/output_class.hpp"

namespace telltale::alerting {

proto::TopicClass class_of(std::string_view topic) noexcept {
  const std::size_t first = topic.find('/');
  if (const auto known = proto::topic_class(topic.substr(0, first))) return *known;
  const std::string_view rest = topic.substr(first + 1);
  return proto::topic_class(rest.substr(0, rest.find('/'))).value_or(proto::TopicClass::alerts);
}

}  // namespace telltale::alerting
