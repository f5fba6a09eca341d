#include "ingest/message_taker.hpp"

#include <algorithm>
#include <functional>
#include <numeric>
#include <tuple>
#include <utility>

#include "proto/quantity_text.hpp"
#include "proto/topic.hpp"

namespace telltale::ingest {

using proto::DeadLetterReason;
using proto::Outcome;

namespace {
constexpr std::size_t kept_payload_bytes = 64 * 1024;
constexpr std::size_t kept_of_flood_bytes = 200;
constexpr std::size_t new_series = SIZE_MAX;

/// Not so orders, and what is passed over.
bool sent_by_device(proto::MessageKind kind) {
  return kind == proto::MessageKind::telemetry || kind == proto::MessageKind::status || kind == proto::MessageKind::ack;
}
}  // namespace

MessageTaker::MessageTaker(const WriterOptions& options, const store::Directory& directory,
                           const std::vector<proto::PacketRecord>& redelivery, proto::Metrics& metrics)
    : filters_(options.filters),
      tenancy_(options.decoder.multi_tenant ? proto::Tenancy::multi : proto::Tenancy::single),
      limits_(options.limits),
      decoder_(options.decoder),
      registry_(directory, options.limits, metrics),
      redelivery_(options.receive_maximum),
      on_reply_(options.on_reply),
      metrics_(metrics) {
  redelivery_.restore(redelivery);
  for (std::size_t i = 0; i < dropped_.size(); ++i) {
    dropped_[i] = &metrics.counter("telltale_samples_dropped_total", "Values left out of otherwise good messages.",
                                   {{"reason", std::string(proto::drop_reason_names[i])}});
  }
  for (std::size_t i = 0; i < replaced_.size(); ++i) {
    replaced_[i] = &metrics.counter("telltale_timestamps_replaced_total",
                                    "Device times that were not believable; the receive time was stored.",
                                    {{"reason", std::string(proto::time_replaced_names[i])}});
  }
}

void MessageTaker::connected(std::uint32_t epoch, bool session_present) {
  redelivery_.connected(epoch, session_present);
  caught_up_ = false;
}

bool MessageTaker::is_overlap(const broker::InboundMessage& message) const {
  if (message.filter > filters_.size()) return false;  // names none
  return std::any_of(filters_.begin(), filters_.begin() + message.filter,
                     [&](const std::string& earlier) { return proto::filter_matches(earlier, message.topic); });
}

Outcome MessageTaker::take(const broker::InboundMessage& message, Timestamp received, proto::Batch& batch) {
  // A copy for a later filter is the same message once more (MQTT 5, 3.3.4); the first filter's copy counts.
  if (is_overlap(message)) return Outcome::overlap;

  original_.assign(message.payload, message.payload_size);
  if (message.qos > 0 && !message.retain) {
    const auto taken = redelivery_.take(message.packet_id, message.dup, message_hash(message.topic, original_));
    batch.packets.push_back(taken.record);
    if (taken.repetition) return Outcome::duplicate;
  }
  if (message.original_size > message.payload_size) {
    // The decoder is not asked, but the topic may still name a device for errors/….
    return dead_letter(DeadLetterReason::too_large, std::to_string(message.original_size) + " bytes", message, batch);
  }

  const auto result = decoder_.decode(message.topic, message.payload, message.payload_size, received, decoded_);
  count_losses();
  const bool flood = (!result || sent_by_device(decoded_.kind)) && floods(message, received, !result);
  if (flood) original_.resize(std::min(original_.size(), kept_of_flood_bytes));
  if (!result) return dead_letter(result.error().reason, result.error().detail, message, batch);
  if (flood) {
    auto why = "more than " + std::to_string(limits_.device_messages_per_minute) + " messages a minute";
    return dead_letter(DeadLetterReason::device_limit, std::move(why), message, batch);
  }

  switch (decoded_.kind) {
    case proto::MessageKind::ignored:
      return Outcome::ignored;
    case proto::MessageKind::control:
      if (message.retain) return Outcome::retained;  // an order is not repeated because we subscribed
      batch.add(decoded_.control);
      return Outcome::status;
    case proto::MessageKind::silence:
      if (message.retain) return Outcome::retained;
      batch.add(decoded_.silence);
      return Outcome::status;
    case proto::MessageKind::removal:
      if (message.retain) return Outcome::retained;
      registry_.remove(std::move(decoded_.removal), batch);
      return Outcome::status;
    case proto::MessageKind::ack: {
      if (message.retain) return Outcome::retained;
      auto* device = registry_.find_or_add({decoded_.tenant, decoded_.site, decoded_.device}, batch);
      if (!device) break;
      batch.add(proto::Heard{device->key});
      tell_reply();
      return Outcome::status;
    }
    case proto::MessageKind::status: {
      const auto outcome = take_status(message.retain, batch);
      if (outcome != Outcome::dead_letter) return outcome;
      break;
    }
    case proto::MessageKind::telemetry: {
      const auto outcome = take_telemetry(message.retain, received, batch);
      if (outcome != Outcome::dead_letter) return outcome;
      return dead_letter(refused_, std::move(refused_detail_), message, batch);
    }
  }
  limit_hit_ = true;
  return dead_letter(DeadLetterReason::device_limit, "more than the allowed devices", message, batch);
}

proto::Receipt MessageTaker::take(proto::PostedTelemetry message, Timestamp received, proto::Batch& batch) {
  proto::NativeTopic native;
  native.tenant = message.tenant;
  native.topic_class = proto::TopicClass::telemetry;
  native.site = message.site;
  native.device = message.device;
  const auto topic = proto::to_topic(native, tenancy_);
  const auto size = static_cast<std::uint32_t>(message.payload.size());
  message.payload.push_back('\0');  // the decoder's writable byte
  const broker::InboundMessage inbound{topic, message.payload.data(), size, size, 0, 0, 0, false, false};

  const auto readings_before = batch.readings.size();
  const bool caught_up = std::exchange(caught_up_, true);
  proto::Receipt receipt;
  receipt.outcome = take(inbound, received, batch);
  caught_up_ = caught_up;
  if (receipt.outcome == Outcome::dead_letter) {
    const auto& letter = std::get<proto::DeadLetter>(batch.events.back().event);
    receipt.reason = letter.reason;
    receipt.detail = letter.detail;
    return receipt;
  }
  receipt.accepted = batch.readings.size() - readings_before;
  for (std::size_t i = 0; i < decoded_.dropped.size(); ++i) {
    if (static_cast<proto::DropReason>(i) != proto::DropReason::null_value) receipt.rejected += decoded_.dropped[i];
  }
  return receipt;
}

void MessageTaker::count_losses() {
  for (std::size_t i = 0; i < dropped_.size(); ++i) {
    if (decoded_.dropped[i]) dropped_[i]->add(decoded_.dropped[i]);
  }
  for (std::size_t i = 0; i < replaced_.size(); ++i) {
    if (decoded_.replaced[i]) replaced_[i]->add(decoded_.replaced[i]);
  }
}

/// Of a device that there is: what is kept about replies is bounded by their number.
void MessageTaker::tell_reply() const {
  if (on_reply_ && !decoded_.reply.id.empty()) on_reply_(decoded_.reply);
}

Outcome MessageTaker::take_status(bool retain, proto::Batch& batch) {
  auto* device = registry_.find_or_add({decoded_.tenant, decoded_.site, decoded_.device}, batch);
  if (!device) return Outcome::dead_letter;
  auto status = decoded_.status;
  status.device = device->key;
  status.retained = retain;
  note_tags(*device, batch);
  batch.add(std::move(status));
  tell_reply();
  return retain ? Outcome::retained : Outcome::status;
}

Outcome MessageTaker::take_telemetry(bool retain, Timestamp received, proto::Batch& batch) {
  auto& samples = decoded_.samples;
  const bool had_samples = !samples.empty();
  const auto oldest = received - limits_.max_age;
  const auto late = std::erase_if(samples, [&](const proto::Sample& s) { return s.ts && *s.ts < oldest; });
  if (had_samples && samples.empty()) {
    refused_ = DeadLetterReason::too_late;
    refused_detail_ =
        "all readings are older than " + proto::duration_text(limits_.max_age) + ", the most that is taken back";
    return Outcome::dead_letter;
  }
  if (late > 0) {
    constexpr auto too_late = static_cast<std::size_t>(proto::DropReason::too_late);
    dropped_[too_late]->add(late);
    decoded_.dropped[too_late] += static_cast<std::uint32_t>(late);
  }

  const SeriesRegistry::Identity who{decoded_.tenant, decoded_.site, decoded_.device};
  auto* device = registry_.find(who);
  places_.clear();
  fresh_.clear();
  for (const auto& sample : samples) {
    const auto place = device ? SeriesRegistry::find_series(*device, sample.metric, places_.size()) : std::nullopt;
    places_.push_back(place.value_or(new_series));
    if (!place && std::find(fresh_.begin(), fresh_.end(), sample.metric) == fresh_.end()) {
      fresh_.push_back(sample.metric);
    }
  }
  // All or nothing: a message over a limit stores nothing of itself.
  if (!fresh_.empty() && !registry_.room_for(fresh_.size(), received)) {
    limit_hit_ = true;
    refused_ = DeadLetterReason::series_limit;
    refused_detail_ = std::to_string(fresh_.size()) + " new series; first: " + std::string(fresh_.front());
    return Outcome::dead_letter;
  }
  if (!device) device = registry_.find_or_add(who, batch);
  if (!device) {
    limit_hit_ = true;
    refused_ = DeadLetterReason::device_limit;
    refused_detail_ = "more than the allowed devices";
    return Outcome::dead_letter;
  }
  note_tags(*device, batch);

  const auto first = batch.readings.size();
  for (std::size_t i = 0; i < samples.size(); ++i) {
    const auto& sample = samples[i];
    auto place = places_[i];
    if (place == new_series) {
      const auto known = SeriesRegistry::find_series(*device, sample.metric, new_series);
      place = known ? *known : registry_.add_series(*device, sample.metric, sample.unit, batch);
    }
    auto& series = device->series[place];
    if (!sample.unit.empty() && series.unit != sample.unit) {
      series.unit = sample.unit;
      batch.add(proto::SeriesUnit{series.id, series.unit});
    }
    if (!retain) {
      store_sample(*device, series, sample, received, batch);
    } else if (sample.ts && sample.type != proto::ValueType::text) {
      // Without a time of its own a retained copy may be of any age: stamping it now would make it look alive.
      const double value =
          sample.type == proto::ValueType::integer ? static_cast<double>(sample.integer) : sample.number;
      batch.add(proto::RetainedValue{series.id, *sample.ts, value});
    }
  }
  if (retain) return Outcome::retained;
  if (samples.empty()) {
    batch.add(proto::Heard{device->key});
    return Outcome::empty;
  }
  device->samples->add(samples.size());
  count_collapsed(batch, first);
  return Outcome::stored;
}

/// What was decoded, or could not be, is more than the devices of its name may send: a bucket of ten minutes' worth
/// that fills at the permitted rate. What is refused is kept whole while there is enough in it, and counts by its size.
bool MessageTaker::floods(const broker::InboundMessage& message, Timestamp received, bool refused) {
  // What the broker kept for us comes as fast as we read it: that is no fault of the device.
  if (message.retain || !caught_up_) return false;
  auto* allowance = registry_.find_allowance({decoded_.tenant, decoded_.site, decoded_.device});
  if (!allowance && refused && limits_.device_messages_per_minute > 0) allowance = &nameless_;
  if (!allowance) return false;
  constexpr double bytes_of_one = 1024;
  const double cost = refused ? 1 + static_cast<double>(original_.size()) / bytes_of_one : 1;
  const double most = 10.0 * limits_.device_messages_per_minute;
  const std::chrono::duration<double, std::ratio<60>> passed = std::max(received - allowance->counted, Millis{0});
  allowance->messages = std::min(most, allowance->messages + passed.count() * limits_.device_messages_per_minute);
  allowance->counted = received;
  if (allowance->messages < cost) return true;
  allowance->messages -= cost;
  return false;
}

/// All readings go to the log; of those with the same series and time the readers and the seal keep the last. Behind
/// the message nobody can tell a correction by the device from a repetition, so it is counted here.
void MessageTaker::count_collapsed(const proto::Batch& batch, std::size_t first) {
  const auto& all = batch.readings;
  const auto ascending = [](const proto::Reading& a, const proto::Reading& b) { return a.series < b.series; };
  const auto begin = all.begin() + static_cast<std::ptrdiff_t>(first);
  if (std::ranges::adjacent_find(begin, all.end(), std::not_fn(ascending)) == all.end()) return;  // one row
  order_.resize(all.size() - first);
  std::iota(order_.begin(), order_.end(), first);
  std::ranges::sort(order_, {}, [&](std::size_t i) { return std::tuple(all[i].series, all[i].ts, i); });
  const auto collapses = [&](std::size_t earlier, std::size_t later) {
    const auto &a = all[earlier], &b = all[later];
    if (a.series != b.series || a.ts != b.ts) return false;
    if (a.type != b.type) return true;
    if (a.type == proto::ValueType::text) return batch.text_of(a) != batch.text_of(b);
    return a.type == proto::ValueType::integer ? a.integer != b.integer : a.number != b.number;
  };
  std::uint64_t collapsed = 0;
  for (std::size_t i = 1; i < order_.size(); ++i)
    if (collapses(order_[i - 1], order_[i])) ++collapsed;
  if (collapsed > 0) dropped_[static_cast<std::size_t>(proto::DropReason::collapsed)]->add(collapsed);
}

void MessageTaker::store_sample(DeviceSlot&, SeriesSlot& series, const proto::Sample& sample, Timestamp received,
                                proto::Batch& batch) {
  proto::Reading reading{};
  reading.series = series.id;
  reading.type = sample.type;
  if (sample.ts) {
    reading.ts = *sample.ts;
    reading.source = sample.source;
    series.newest_ms = std::max(series.newest_ms, to_ms(reading.ts));
  } else {
    // Later than all of the series, so that a reading without a time of its own never takes the place of another one,
    // also when our clock was set back.
    series.newest_ms = std::max(to_ms(received), series.newest_ms + 1);
    reading.ts = from_ms(series.newest_ms);
    reading.source = caught_up_ ? proto::TsSource::receive : proto::TsSource::backlog;
  }
  switch (sample.type) {
    case proto::ValueType::text:
      reading.text = {static_cast<std::uint32_t>(batch.text.size()), static_cast<std::uint32_t>(sample.text.size())};
      batch.text.append(sample.text);
      break;
    case proto::ValueType::integer:
      reading.integer = sample.integer;
      break;
    default:
      reading.number = sample.number;
  }
  batch.readings.push_back(reading);
}

void MessageTaker::note_tags(DeviceSlot& device, proto::Batch& batch) {
  if (decoded_.tags.empty()) return;
  std::uint64_t hash = 1;
  for (const auto& [key, value] : decoded_.tags) hash = hash * 31 + message_hash(key, value);
  if (hash == device.tags_hash) return;
  device.tags_hash = hash;
  proto::DeviceTags tags{device.key, {}};
  for (const auto& [key, value] : decoded_.tags) tags.tags.emplace_back(key, value);
  batch.add(std::move(tags));
}

Outcome MessageTaker::dead_letter(DeadLetterReason reason, std::string detail, const broker::InboundMessage& message,
                                  proto::Batch& batch) {
  metrics_
      .counter("telltale_dead_letters_total", "Messages that could not be taken.",
               {{"reason", std::string(to_string(reason))}})
      .add();
  proto::DeadLetter letter;
  letter.reason = reason;
  letter.topic = message.topic;
  letter.payload = original_.substr(0, kept_payload_bytes);
  letter.payload_bytes = message.original_size;
  letter.detail = std::move(detail);
  const bool asked = reason != DeadLetterReason::too_large || message.original_size == message.payload_size;
  if (asked && !decoded_.device.empty()) {
    if (const auto* device = registry_.find({decoded_.tenant, decoded_.site, decoded_.device})) {
      letter.device = device->key;
    }
  }
  batch.add(std::move(letter));
  return Outcome::dead_letter;
}

}  // namespace telltale::ingest
