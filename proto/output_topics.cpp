#include "proto/output_topics.hpp"

#include <initializer_list>

namespace telltale::proto {

namespace {

std::string& add(std::string& topic, std::initializer_list<std::string_view> levels) {
  for (const auto level : levels) topic.append("/").append(level);
  return topic;
}

}  // namespace

std::string OutputTopics::start(std::string_view tenant, TopicClass topic_class) const {
  std::string topic;
  if (tenancy_ == Tenancy::multi) topic.append(tenant).append("/");
  return topic.append(to_string(topic_class));
}

std::string OutputTopics::alert(const AlertTransition& a) const {
  auto topic = start(a.tenant, TopicClass::alerts);
  return add(topic, {to_string(a.severity), a.site, a.device, a.rule, a.metric});
}

std::string OutputTopics::alert_state(const AlertTransition& a) const {
  auto topic = start(a.tenant, TopicClass::alert_state);
  return add(topic, {a.site, a.device, a.rule, a.metric});
}

std::string OutputTopics::presence(std::string_view tenant, std::string_view site, std::string_view device) const {
  auto topic = start(tenant, TopicClass::presence);
  return add(topic, {site, device});
}

std::string OutputTopics::command(std::string_view tenant, std::string_view site, std::string_view device,
                                  std::string_view name) const {
  auto topic = start(tenant, TopicClass::cmd);
  return add(topic, {site, device, name});
}

std::string OutputTopics::config(std::string_view tenant, std::string_view site, std::string_view device) const {
  auto topic = start(tenant, TopicClass::config);
  return add(topic, {site, device});
}

std::string OutputTopics::aggregate(const WindowAggregate& w) const {
  auto topic = start(w.tenant, TopicClass::aggregates);
  return add(topic, {window_name(w.window), w.site, w.device, w.metric});
}

std::string OutputTopics::rollup(const DeviceRollup& r) const {
  auto topic = start(r.tenant, TopicClass::rollup);
  return add(topic, {window_name(r.window), r.site, r.device});
}

std::string OutputTopics::errors(std::string_view tenant, std::string_view site, std::string_view device) const {
  auto topic = start(tenant, TopicClass::errors);
  return add(topic, {site, device});
}

std::string OutputTopics::control_reply(std::string_view tenant, std::string_view alert_id) const {
  auto topic = start(tenant, TopicClass::control_reply);
  return add(topic, {"alert", alert_id});
}

std::string OutputTopics::silence_reply(std::string_view tenant, std::string_view name) const {
  auto topic = start(tenant, TopicClass::control_reply);
  return add(topic, {"silence", name});
}

std::string OutputTopics::removal_reply(const RemovalReply& reply) const {
  auto topic = start(reply.tenant, TopicClass::control_reply);
  return add(topic, {"device", reply.site, reply.device});
}

std::string OutputTopics::service_time(std::string_view tenant) const {
  auto topic = start(tenant, TopicClass::service);
  return add(topic, {"time"});
}

std::string OutputTopics::service_status(std::string_view instance) {
  std::string topic(to_string(TopicClass::service));
  return add(topic, {instance, "status"});
}

}  // namespace telltale::proto
