#include "proto/compiled_mapping.hpp"

#include "proto/config_error.hpp"
#include "proto/topic.hpp"

namespace telltale::proto {

namespace {

TimeZone zone_of(const Mapping& mapping, const TimeZone& decoder_zone) {
  return mapping.time && !mapping.time->zone.empty() ? TimeZone(mapping.time->zone) : decoder_zone;
}

TopicTemplate checked_template(const Mapping& mapping) {
  TopicTemplate topic(mapping.topic);
  const auto first = topic.first_literal();
  if (const auto own = topic_class(first)) {
    const std::string why = written_by_service(*own) ? "is published by the service itself: its output would come back"
                                                     : "is native and never reaches a mapping";
    throw ConfigError("topic template '" + mapping.topic + "': '" + std::string(first) + "' " + why);
  }
  return topic;
}

/// Runs a part of the construction so that its errors name the mapping.
template <class F>
auto for_mapping(const Mapping& mapping, F&& f) {
  try {
    return f();
  } catch (const ConfigError& e) {
    throw ConfigError("mapping '" + mapping.name + "': " + e.what());
  }
}

}  // namespace

CompiledMapping::CompiledMapping(const Mapping& mapping, const TimeZone& decoder_zone)
    : name_(mapping.name),
      codec_(mapping.codec),
      role_(mapping.role),
      topic_(for_mapping(mapping, [&] { return checked_template(mapping); })),
      auto_(mapping.metrics_auto),
      zone_(for_mapping(mapping, [&] { return zone_of(mapping, decoder_zone); })),
      enum_values_(mapping.enum_values),
      state_at_(for_mapping(mapping, [&] { return JsonSelector(mapping.state_at); })),
      online_(mapping.online),
      offline_(mapping.offline),
      sleeping_(mapping.sleeping) {
  for_mapping(mapping, [&] {
    compile_names(mapping);
    for (const auto& pointer : mapping.ignore) ignore_.emplace_back(pointer);
    if (mapping.time) time_.emplace(mapping.time->at);
    if (role_ == Mapping::Role::telemetry) {
      compile_metrics(mapping);
    } else {
      compile_status(mapping);
    }
  });
}

void CompiledMapping::compile_names(const Mapping& mapping) {
  site_ = NameTemplate(default_tenant, topic_, 0);  // the site is called "default" as well when nothing names it
  const auto place = [&](std::string_view name, NameTemplate value) {
    if (name == "site") {
      site_ = std::move(value);
    } else if (name == "device") {
      device_ = std::move(value);
    } else if (name == "metric") {
      metric_ = std::move(value);
    } else if (name != "type") {  // a kind of message, for codecs that have several
      if (!valid_metric(name)) throw ConfigError("'" + std::string(name) + "' cannot be a tag");
      tags_.emplace_back(name, std::move(value));
    }
  };
  for (std::size_t i = 0; i < topic_.size(); ++i) {
    if (!topic_.name(i).empty()) place(topic_.name(i), NameTemplate::of_level(i));
  }
  for (const auto& [name, text] : mapping.set) {
    std::erase_if(tags_, [&key = name](const auto& tag) { return tag.first == key; });
    place(name, NameTemplate(text, topic_, 0));
  }
  if (!mapping.device.empty()) device_ = NameTemplate(mapping.device, topic_, 0);
  if (device_.empty()) throw ConfigError("nothing names the device: {device}, set.device or device");
  if (const auto site = site_.constant(); !site.empty() && !valid_site(site)) {
    throw ConfigError("'" + std::string(site) + "' is not a site (" + std::string(site_syntax) + ")");
  }
  if (const auto device = device_.constant(); !device.empty() && !valid_device(device)) {
    throw ConfigError("'" + std::string(device) + "' is not a device");
  }
}

void CompiledMapping::compile_metrics(const Mapping& mapping) {
  const bool plain = codec_ == Mapping::Codec::plain;
  if (plain && (auto_ || !ignore_.empty() || time_)) {
    throw ConfigError("codec plain has one value: no metrics = auto, ignore or time");
  }
  if (!plain && !enum_values_.empty()) throw ConfigError("enum belongs to codec plain");
  if (auto_ && !mapping.metrics.empty()) throw ConfigError("metrics are listed or auto, not both");
  for (const auto& metric : mapping.metrics) {
    JsonSelector at(metric.at);
    if (plain && !metric.at.empty()) throw ConfigError("codec plain has no pointers");
    NameTemplate name;
    if (!metric.name.empty()) {
      name = NameTemplate(metric.name, topic_, at.stars());
    } else if (at.ends_in_star()) {
      name = NameTemplate::of_capture(at.stars() - 1);
    } else if (!at.last_segment().empty()) {
      name = NameTemplate::of_text(at.last_segment());
    } else {
      name = metric_;
    }
    if (name.empty()) throw ConfigError("a metric has no name");
    if (const auto constant = name.constant(); !constant.empty() && !valid_metric(constant)) {
      throw ConfigError("'" + std::string(constant) + "' is not a metric name");
    }
    metrics_.push_back({std::move(at), std::move(name), metric.unit});
  }
  if (auto_) return;
  if (metrics_.empty()) {
    if (metric_.empty()) throw ConfigError("nothing names the metric: {metric}, set.metric or metrics");
    metrics_.push_back({JsonSelector(""), metric_, {}});
  }
  if (plain && metrics_.size() != 1) throw ConfigError("codec plain has one value, so one metric");
}

void CompiledMapping::compile_status(const Mapping& mapping) {
  if (!mapping.metrics.empty() || auto_) throw ConfigError("role status has no metrics");
  if (codec_ == Mapping::Codec::plain && !mapping.state_at.empty()) throw ConfigError("codec plain has no pointers");
  if (state_at_.stars() != 0) throw ConfigError("state_at names one value, without stars");
}

}  // namespace telltale::proto
