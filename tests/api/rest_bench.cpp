#include "tests/api/rest_bench.hpp"

#include <algorithm>
#include <iterator>
#include <stdexcept>

#include "api/api_key.hpp"
#include "api/device_metrics.hpp"
#include "api/grafana_routes.hpp"
#include "api/prom/prom_routes.hpp"
#include "proto/output_topics.hpp"
#include "store/chunk_cache.hpp"

namespace telltale::test {

namespace {

using proto::DeviceKey;
using proto::SeriesId;
using proto::ValueType;

constexpr Millis minute{60'000};
constexpr Millis hour{3'600'000};

proto::Reading reading(std::uint32_t series, Timestamp ts, ValueType type) {
  proto::Reading r{};
  r.ts = ts;
  r.series = SeriesId{series};
  r.type = type;
  r.source = proto::TsSource::device;
  return r;
}

void add_number(proto::Batch& batch, std::uint32_t series, Timestamp ts, double value,
                ValueType type = ValueType::number) {
  auto r = reading(series, ts, type);
  r.number = value;
  batch.readings.push_back(r);
}

std::shared_ptr<proto::Batch> contents(Timestamp now) {
  auto batch = std::make_shared<proto::Batch>();
  batch->log_time = now;
  batch->add(proto::NewDevice{DeviceKey{1}, "acme", "site1", "boiler"});
  batch->add(proto::NewDevice{DeviceKey{2}, "acme", "west", "boiler"});
  batch->add(proto::NewDevice{DeviceKey{3}, "rival", "site9", "vault"});
  batch->add(proto::NewDevice{DeviceKey{4}, "acme", "site1", "pump"});
  batch->add(proto::DeviceTags{DeviceKey{1}, {{"fw", "1.4.2"}, {"room", "cellar \"B\""}}});
  batch->add(proto::NewSeries{SeriesId{1}, DeviceKey{1}, "temperature", "Cel"});
  batch->add(proto::NewSeries{SeriesId{2}, DeviceKey{1}, "on", ""});
  batch->add(proto::NewSeries{SeriesId{3}, DeviceKey{1}, "word", ""});
  batch->add(proto::NewSeries{SeriesId{4}, DeviceKey{1}, "big", ""});
  batch->add(proto::NewSeries{SeriesId{5}, DeviceKey{2}, "temperature", ""});
  batch->add(proto::NewSeries{SeriesId{6}, DeviceKey{3}, "grail", ""});
  batch->add(proto::NewSeries{SeriesId{7}, DeviceKey{4}, "temperature", ""});

  const Timestamp four = now - 40 * minute;
  for (int i = 0; i < 50; ++i) add_number(*batch, 1, four - (49 - i) * hour, 20 + i);
  add_number(*batch, 1, now - 10 * minute, 500);
  const Timestamp recent = now - minute;
  add_number(*batch, 2, recent, 1, ValueType::boolean);
  auto word = reading(3, recent, ValueType::text);
  batch->text = "a \"word\"";
  word.text = {0, static_cast<std::uint32_t>(batch->text.size())};
  batch->readings.push_back(word);
  auto big = reading(4, recent, ValueType::integer);
  big.integer = 9'007'199'254'740'993;
  batch->readings.push_back(big);
  add_number(*batch, 5, recent, 1);
  add_number(*batch, 6, recent, 42);
  add_number(*batch, 7, recent, 7.5);
  return batch;
}

std::shared_ptr<const proto::RuleSet> some_rules() {
  auto set = std::make_shared<proto::RuleSet>();
  proto::Rule hot;
  hot.name = "too-hot";
  hot.tenant = "acme";
  hot.metric = "temperature";
  hot.check = proto::ThresholdCheck{80.0, std::nullopt, 75.0};
  hot.persistence = Millis{2000};
  hot.severity = proto::Severity::critical;
  set->rules.push_back(hot);
  auto secret = hot;
  secret.name = "secret";
  secret.tenant = "rival";
  set->rules.push_back(secret);
  return set;
}

std::shared_ptr<const proto::DecoderOptions> some_decoding() {
  auto options = std::make_shared<proto::DecoderOptions>();
  options->multi_tenant = true;
  proto::Mapping tasmota;
  tasmota.name = "tasmota";
  tasmota.topic = "tele/{device}/SENSOR";
  tasmota.set = {{"site", "home"}};
  tasmota.time = proto::Mapping::Time{"/Time", "Europe/Prague"};
  tasmota.metrics = {{"/*/Temperature", "{1}_temperature", "Cel"}, {"/ENERGY/Power", "power", "W"}};
  options->mappings = {tasmota, proto::tutorial_mapping()};
  return options;
}

}  // namespace

RestBench::RestBench(Options options) : tenancy(options.tenancy) {
  store::StoreOptions stored;
  stored.path = folder.path();
  stored.reserve_bytes = 1;
  stored.recent_hours = 0;
  store = std::make_unique<store::Store>(stored, clock, log, metrics);
  if (!store->append(contents(clock.now()))) throw std::runtime_error("cannot store");
  state = std::make_unique<store::StateDb>(folder.path() / "state.db");
  const auto presence = proto::OutputTopics(tenancy).presence("acme", "site1", "boiler");
  state->topic_changed({.topic = presence,
                        .payload =
                            R"({"ts":1763690000000,"time":"2025-11-21T01:53:20Z","tenant":"acme","site":"site1",)"
                            R"("device":"boiler","state":"online","online":1,"last_seen_ts":1763690000000,)"
                            R"("heartbeat_s":60,"source":"birth"})"});
  state->topic_changed({.topic = proto::OutputTopics(tenancy).config("acme", "site1", "boiler"),
                        .payload = R"({"version":7,"interval_s":60})"});
  notes = std::make_unique<api::DeviceNotes>(*state);
  keys = std::make_unique<store::KeysDb>(folder.path() / store::KeysDb::file_name);
  service_keys = std::make_unique<store::KeysDb>(folder.path() / store::KeysDb::file_name);
  gate = std::make_unique<api::Gate>(*service_keys, options.gate, clock);
  keyring = std::make_unique<api::Keyring>(folder.path());
  keys->name_tenant(spare_tenant, clock.now());
  keys->add({acme_key, std::string(32, 'a'), "acme", "in the drawer", {.read = true}, clock.now(), std::nullopt});
  keys->add(
      {spare_key, std::string(32, 'b'), spare_tenant, "in the drawer", {.read = true}, clock.now(), std::nullopt});
  store::ReaderOptions reader;
  reader.decoded = std::make_shared<store::ChunkCache>(1u << 20, metrics, "days");
  archive = std::make_unique<api::Archive>(folder.path(), tenancy, reader);
  rules.set(some_rules());
  decoding.set(some_decoding());
  live = std::make_unique<api::Live>(options.live, *archive, log, metrics);
  auto served = routes(options.limits);
  std::ranges::move(options.more, std::back_inserter(served));
  api::HttpOptions http;
  http.port = 0;
  http.workers = options.workers;
  http.max_waiting = options.max_waiting;
  server = std::make_unique<api::HttpServer>(http, std::move(served), clock, log, metrics);
  server->start();
  acme = key("acme");
  hand = key("acme", {.read = true, .write = true});
  chief = key("default", {.read = true, .write = true, .admin = true});
}

std::vector<api::Route> RestBench::routes(const api::RestLimits& limits) {
  auto all = api::rest_routes(parts(), limits);
  std::ranges::move(api::tenant_routes({*gate, *keyring, *archive, intake, tenancy, clock, log}),
                    std::back_inserter(all));
  std::ranges::move(api::prom::prom_routes(*gate, *archive, clock, limits, &answers), std::back_inserter(all));
  std::ranges::move(api::grafana_routes(parts(), limits), std::back_inserter(all));
  all.push_back(api::device_metrics_route(*gate, *archive, clock, limits));
  return all;
}

RestBench::~RestBench() {
  live->stop();  // before what it tells is gone
  server->stop();
}

std::string RestBench::key(const std::string& tenant, store::KeyScopes scopes) {
  const auto made = api::make_api_key();
  keys->add({made.id, api::sha256(made.secret), tenant, "test", scopes, clock.now(), std::nullopt});
  return api::to_text(made);
}

HttpAnswer RestBench::get(std::string_view path, std::string_view headers) {
  return HttpClient(port()).get(path, headers).value();
}

HttpAnswer RestBench::head(std::string_view path, std::string_view headers) {
  HttpClient client(port());
  client.send("HEAD " + std::string(path) + " HTTP/1.1\r\nHost: localhost\r\n" + std::string(headers) + "\r\n");
  return client.receive(true).value();
}

HttpAnswer RestBench::send(std::string_view method, std::string_view path, std::string_view body,
                           std::string_view headers) {
  HttpClient client(port());
  std::string request = std::string(method) + " " + std::string(path) + " HTTP/1.1\r\nHost: localhost\r\n";
  request += headers;
  if (!body.empty() && headers.find("Content-Type") == std::string_view::npos) {
    request += "Content-Type: application/json\r\n";
  }
  request += "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n";
  client.send(request + std::string(body));
  return client.receive().value();
}

HttpAnswer RestBench::order(std::string_view method, std::string_view path, std::string_view body) {
  return send(method, path, body, bearer(hand));
}

HttpAnswer RestBench::read(std::string_view path, std::string_view headers) {
  return get(path, bearer(acme) + std::string(headers));
}

}  // namespace telltale::test
