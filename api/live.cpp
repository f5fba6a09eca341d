#include "api/live.hpp"

#include <algorithm>
#include <condition_variable>
#include <map>
#include <mutex>
#include <thread>
#include <tuple>
#include <unordered_map>
#include <vector>

#include "api/alert_json.hpp"
#include "api/rest_question.hpp"
#include "store/error.hpp"

namespace telltale::api {

namespace {

using SteadyTime = std::chrono::steady_clock::time_point;
using Text = std::shared_ptr<const std::string>;

struct Client {
  Live::Wish wish;
  std::weak_ptr<EventStream> stream;  // the connection's

  [[nodiscard]] bool wants(std::string_view tenant, std::string_view site, std::string_view device) const {
    return wish.tenant == tenant && (wish.site.empty() || wish.site == site) &&
           (wish.device.empty() || wish.device == device);
  }
};

Text event(std::string_view name, std::string_view data) {
  std::string text = "event: ";
  text.append(name).append("\ndata: ").append(data).append("\n\n");
  return std::make_shared<const std::string>(std::move(text));
}

store::Row row_of(const proto::Batch& batch, const proto::Reading& reading) {
  store::Row row{};
  row.ts = reading.ts;
  row.type = reading.type;
  row.source = reading.source;
  if (reading.type == proto::ValueType::text) {
    row.text = batch.text_of(reading);
  } else if (reading.type == proto::ValueType::integer) {
    row.integer = reading.integer;
  } else {
    row.number = reading.number;
  }
  return row;
}

using Newest = std::unordered_map<proto::SeriesId, store::Row>;

}  // namespace

struct Live::Impl {
  Impl(LiveOptions o, Archive& a, proto::Logger& l, proto::Metrics& metrics)
      : options(o),
        archive(a),
        log(l),
        connected(metrics.gauge("telltale_stream_clients", "Clients that are told what happens.")),
        slow(metrics.counter("telltale_stream_clients_dropped_total", "Clients ended by us.", {{"reason", "slow"}})),
        overrun(
            metrics.counter("telltale_stream_clients_dropped_total", "Clients ended by us.", {{"reason", "overrun"}})),
        displaced(metrics.counter("telltale_stream_clients_dropped_total", "Clients ended by us.",
                                  {{"reason", "displaced"}})),
        refused(metrics.counter("telltale_stream_clients_dropped_total", "Clients ended by us.", {{"reason", "key"}})),
        left_out(metrics.counter("telltale_stream_readings_left_out_total",
                                 "Newest readings that were not told, because too many series had one.")) {}

  void run(const std::stop_token& ending) {
    auto readings_due = std::chrono::steady_clock::now() + options.readings_every;
    auto heartbeat_due = std::chrono::steady_clock::now() + options.heartbeat_every;
    while (!ending.stop_requested()) {
      std::vector<proto::Finding> said;
      Newest read;
      std::vector<Client> to;
      {
        std::unique_lock lock(mutex);
        news.wait_until(lock, ending, std::min(readings_due, heartbeat_due), [&] { return !findings.empty(); });
        said.swap(findings);
        if (std::chrono::steady_clock::now() >= readings_due) read.swap(newest);
        to = clients;
      }
      for (const auto& finding : said) tell_finding(finding, to);
      const auto now = std::chrono::steady_clock::now();
      if (now >= readings_due) {
        readings_due = now + options.readings_every;
        if (!read.empty()) tell_readings(std::move(read), to);
      }
      if (now >= heartbeat_due) {
        heartbeat_due = now + options.heartbeat_every;
        heartbeat(to);
      }
      forget_gone();
    }
  }

  void send(const Client& client, const Text& text) {
    const auto stream = client.stream.lock();
    if (!stream || stream->ended()) return;
    if (!stream->push(text)) slow.add();
  }

  void tell_finding(const proto::Finding& finding, const std::vector<Client>& to) {
    std::string data;
    if (const auto* alert = std::get_if<proto::AlertTransition>(&finding)) {
      {
        JsonObject out(data);
        append_alert(out, *alert);
      }
      const auto text = event("alert", data);
      for (const auto& client : to)
        if (client.wish.alerts && client.wants(alert->tenant, alert->site, alert->device)) send(client, text);
    } else if (const auto* presence = std::get_if<proto::PresenceChange>(&finding)) {
      {
        JsonObject out(data);
        append_presence(out, *presence);
      }
      const auto text = event("presence", data);
      for (const auto& client : to)
        if (client.wish.presence && client.wants(presence->tenant, presence->site, presence->device))
          send(client, text);
    }
  }

  /// What came late is stored, but is not how things are now.
  static void leave_out_late(Newest& read, const store::Reader& reader) {
    std::vector<proto::SeriesId> ids;
    for (const auto& [id, row] : read) ids.push_back(id);
    for (const auto& [id, stored] : reader.latest(ids))
      if (const auto told = read.find(id); told->second.ts < stored.ts) read.erase(told);
  }

  /// One event for each device.
  void tell_readings(Newest read, const std::vector<Client>& to) {
    try {
      const auto view = archive.lend();
      leave_out_late(read, view->reader());
      const auto directory = view->reader().shared_directory();
      std::vector<const store::SeriesEntry*> known;
      for (const auto& [id, row] : read) {
        const auto found = std::ranges::lower_bound(directory->series, id, {}, &store::SeriesEntry::id);
        if (found != directory->series.end() && found->id == id) known.push_back(&*found);  // else removed since
      }
      std::ranges::sort(known, {}, [](const auto* s) { return std::tie(s->device, s->metric); });
      for (auto first = known.begin(); first != known.end();) {
        const auto key = (*first)->device;
        const auto last = std::find_if(first, known.end(), [&](const auto* s) { return s->device != key; });
        const auto device = std::ranges::lower_bound(directory->devices, key, {}, &store::DeviceEntry::key);
        if (device != directory->devices.end() && device->key == key) tell_device(*device, {first, last}, read, to);
        first = last;
      }
    } catch (const store::StoreFailure& failure) {
      log.warn("http", std::string("readings are not streamed: ") + failure.what());
    }
  }

  void tell_device(const store::DeviceEntry& device, std::span<const store::SeriesEntry* const> series,
                   const Newest& read, const std::vector<Client>& to) {
    Text text;
    for (const auto& client : to) {
      if (!client.wish.readings || !client.wants(device.tenant, device.site, device.device)) continue;
      if (!text) text = event("readings", rows_of(device, series, read));
      send(client, text);
    }
  }

  static std::string rows_of(const store::DeviceEntry& device, std::span<const store::SeriesEntry* const> series,
                             const Newest& read) {
    std::string data = "[";
    for (const auto* one : series) {
      const auto& row = read.at(one->id);
      JsonObject item(next_item(data));
      item.moment(row.ts).text("site", device.site).text("device", device.device).text("metric", one->metric);
      append_value(item, "value", row);
    }
    return data + ']';
  }

  bool still_allowed(const Client& client) {
    try {
      return !client.wish.allowed || client.wish.allowed();
    } catch (const store::StoreFailure& failure) {
      log.warn("http", std::string("a stream's key cannot be looked up: ") + failure.what());
      return true;  // it was when the stream began; asked again at the next heartbeat
    }
  }

  /// Also shows a connection that is gone: its bytes are not taken.
  void heartbeat(const std::vector<Client>& to) {
    static const Text text = std::make_shared<const std::string>(": heartbeat\n\n");
    for (const auto& client : to) {
      const auto stream = client.stream.lock();
      if (!stream) continue;
      if (!still_allowed(client)) {
        refused.add();
        stream->end();
      } else {
        send(client, text);
      }
    }
  }

  void forget_gone() {
    const std::lock_guard lock(mutex);
    std::erase_if(clients, [](const Client& client) {
      const auto stream = client.stream.lock();
      return !stream || stream->ended();
    });
    connected.set(static_cast<double>(clients.size()));
    if (std::ranges::none_of(clients, [](const Client& c) { return c.wish.readings; })) newest.clear();
  }

  /// With the lock held. When there is none, the tenant that has most gives its newest, unless that is the one who asks
  /// or would have fewer then.
  bool make_place(std::string_view asking) {
    if (clients.size() < options.clients) return true;
    std::map<std::string_view, std::size_t> of_tenant;
    for (const auto& client : clients) ++of_tenant[client.wish.tenant];
    const auto size = [](const auto& tenant) { return tenant.second; };
    const auto most = std::ranges::max_element(of_tenant, {}, size);
    if (most == of_tenant.end() || most->second <= of_tenant[asking] + 1) return false;
    const auto its = [&](const Client& client) { return client.wish.tenant == most->first; };
    const auto last = std::ranges::find_if(clients.rbegin(), clients.rend(), its);
    if (const auto stream = last->stream.lock()) stream->end();
    clients.erase(std::prev(last.base()));
    displaced.add();
    return true;
  }

  /// With the lock held.
  void take_readings(const proto::Batch& batch) {
    for (const auto& reading : batch.readings) {
      const auto known = newest.find(reading.series);
      if (known != newest.end()) {
        if (known->second.ts <= reading.ts) known->second = row_of(batch, reading);
      } else if (newest.size() < options.series) {
        newest.emplace(reading.series, row_of(batch, reading));
      } else {
        left_out.add();
      }
    }
  }

  const LiveOptions options;
  Archive& archive;
  proto::Logger& log;
  proto::Gauge& connected;
  proto::Counter &slow, &overrun, &displaced, &refused, &left_out;
  std::mutex mutex;
  std::condition_variable_any news;
  std::vector<Client> clients;
  std::vector<proto::Finding> findings;  // alerts and presence, not told yet
  Newest newest;
  bool stopped = false;
  std::jthread thread;
};

Live::Live(LiveOptions options, Archive& archive, proto::Logger& log, proto::Metrics& metrics)
    : impl_(std::make_unique<Impl>(options, archive, log, metrics)) {}
Live::~Live() { stop(); }

void Live::start() {
  impl_->thread = std::jthread([this](const std::stop_token& ending) { impl_->run(ending); });
}

void Live::stop() {
  impl_->thread.request_stop();
  if (impl_->thread.joinable()) impl_->thread.join();
  std::vector<Client> open;
  {
    const std::lock_guard lock(impl_->mutex);
    impl_->stopped = true;
    open.swap(impl_->clients);
  }
  for (const auto& client : open)
    if (const auto stream = client.stream.lock()) stream->end();
}

std::shared_ptr<EventStream> Live::join(Wish wish) {
  auto stream = std::make_shared<EventStream>(impl_->options.client_bytes);
  stream->push(std::make_shared<const std::string>("retry: 2000\n\n"));
  const std::lock_guard lock(impl_->mutex);
  if (impl_->stopped || !impl_->make_place(wish.tenant)) return nullptr;
  impl_->clients.push_back({std::move(wish), stream});
  impl_->connected.set(static_cast<double>(impl_->clients.size()));
  return stream;
}

void Live::tell(const proto::Batch& batch, std::span<const proto::Finding> findings) {
  auto& self = *impl_;
  std::vector<Client> behind;
  bool woken = false;
  {
    const std::lock_guard lock(self.mutex);
    if (self.clients.empty()) return;
    for (const auto& finding : findings) {
      if (std::holds_alternative<proto::AlertTransition>(finding) ||
          std::holds_alternative<proto::PresenceChange>(finding)) {
        self.findings.push_back(finding);
        woken = true;
      }
    }
    if (self.findings.size() > self.options.findings) {
      self.findings.clear();
      behind.swap(self.clients);
    }
    if (std::ranges::any_of(self.clients, [](const Client& c) { return c.wish.readings; })) self.take_readings(batch);
  }
  for (const auto& client : behind)
    if (const auto stream = client.stream.lock()) stream->end();
  self.overrun.add(behind.size());
  if (woken) self.news.notify_one();
}

}  // namespace telltale::api
