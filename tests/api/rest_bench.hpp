#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "api/device_notes.hpp"
#include "api/device_replies.hpp"
#include "api/http_server.hpp"
#include "api/rest.hpp"
#include "api/rest_tenants.hpp"
#include "store/state_db.hpp"
#include "store/store.hpp"
#include "tests/api/channel_desk_double.hpp"
#include "tests/api/configs_double.hpp"
#include "tests/api/desk_double.hpp"
#include "tests/api/expectations_double.hpp"
#include "tests/api/http_client.hpp"
#include "tests/api/intake_double.hpp"
#include "tests/api/messenger_double.hpp"
#include "tests/api/trial_double.hpp"
#include "tests/support/recording.hpp"
#include "tests/support/simulated_clock.hpp"
#include "tests/support/temporary_folder.hpp"

namespace telltale::test {

/// A live store with two tenants, and the server over it, at 2025-11-21T04:40:00Z.
///   acme:  site1/boiler   temperature (Cel) 20, 21, … every hour for 50 hours, the newest 69 at 04:00 and one 500 at
///   04:30
///                         on (boolean), word (text), big (2^53 + 1): one each, at 04:39
///          site1/pump     temperature 7.5 at 04:39
///          west/boiler    temperature 1 at 04:39
///   rival: site9/vault    grail 42 at 04:39
///   spare: named, without devices
/// acme and spare have a key that nobody uses, acme_key and spare_key.
/// Alerts and silences: see DeskDouble.
class RestBench {
 public:
  struct Options {
    api::GateOptions gate{.anonymous_loopback = false, .requests_per_second = 0, .failures_per_second = 0};
    api::RestLimits limits{};
    std::vector<api::Route> more{};
    std::size_t workers = 2, max_waiting = 64;
    api::LiveOptions live{};
    proto::Tenancy tenancy = proto::Tenancy::multi;
  };
  RestBench() : RestBench(Options{}) {}
  explicit RestBench(Options options);
  ~RestBench();

  /// A new key's text.
  std::string key(const std::string& tenant, store::KeyScopes scopes = {.read = true});
  HttpAnswer get(std::string_view path, std::string_view headers = {});
  /// With a key of acme that may read.
  HttpAnswer read(std::string_view path, std::string_view headers = {});
  /// What get() would answer, without the body.
  HttpAnswer head(std::string_view path, std::string_view headers);
  /// Any method; a body goes as JSON unless the headers name another type.
  HttpAnswer send(std::string_view method, std::string_view path, std::string_view body, std::string_view headers);
  /// With a key of acme that may read and write.
  HttpAnswer order(std::string_view method, std::string_view path, std::string_view body = {});
  [[nodiscard]] api::RestParts parts() {
    return {*gate, *archive, desk,      *live,   intake,  rules,  tenancy,      clock,   decoding,
            trial, channels, messenger, replies, configs, *notes, expectations, &answers};
  }
  /// "hit" or "miss" of the cache of answers.
  [[nodiscard]] std::uint64_t answers_asked(const std::string& result) {
    return metrics.value("telltale_query_cache_requests_total{cache=\"answers\",result=\"" + result + "\"}");
  }
  /// All that the service serves and that is not the same for everybody.
  [[nodiscard]] std::vector<api::Route> routes(const api::RestLimits& limits = {});
  [[nodiscard]] std::uint16_t port() const { return server->port(); }

  const proto::Tenancy tenancy;
  SimulatedClock clock;
  RecordingLogger log;
  PlainMetrics metrics;
  TemporaryFolder folder;
  std::unique_ptr<store::Store> store;
  std::unique_ptr<store::StateDb> state;
  std::unique_ptr<store::KeysDb> keys;          // the command line's connection
  std::unique_ptr<store::KeysDb> service_keys;  // the gate's
  std::unique_ptr<api::Gate> gate;
  std::unique_ptr<api::Keyring> keyring;
  api::AnswerCache answers{1u << 20, metrics};
  std::unique_ptr<api::Archive> archive;
  DeskDouble desk;
  IntakeDouble intake;
  api::RulesInForce rules;        // `too-hot` of acme's temperatures, `secret` of rival's
  api::DecodingInForce decoding;  // multi-tenant: `tasmota` and the tutorial's
  TrialDouble trial;
  ChannelDeskDouble channels;
  std::unique_ptr<api::DeviceNotes> notes;
  ExpectationsDouble expectations;
  MessengerDouble messenger;
  api::DeviceReplies replies{clock};  // not started: a test that wants waits to end ends them
  ConfigsDouble configs{state};       // acme's site1/boiler has version 7
  std::unique_ptr<api::Live> live;    // not started: a test that wants its thread starts it
  std::unique_ptr<api::HttpServer> server;
  std::string acme;   // the key of read()
  std::string hand;   // the key of order()
  std::string chief;  // a key of the tenant `default` with all scopes

  static constexpr const char* acme_key = "aaaaaaaaaaaa";
  static constexpr const char* spare_key = "bbbbbbbbbbbb";
  static constexpr const char* spare_tenant = "spare";
};

[[nodiscard]] inline std::string bearer(std::string_view key) {
  return "Authorization: Bearer " + std::string(key) + "\r\n";
}

}  // namespace telltale::test
