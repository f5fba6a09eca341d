#include <rapidjson/document.h>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include "api/answer_encoding.hpp"
#include "api/device_order.hpp"
#include "api/device_replies.hpp"
#include "api/rest_commands.hpp"
#include "api/rest_question.hpp"
#include "proto/device_configs.hpp"
#include "proto/output_topics.hpp"

namespace telltale::api {

namespace {

std::string topic_of(const RestParts& parts, const Caller& caller, const Request& request) {
  return proto::OutputTopics(parts.tenancy)
      .config(caller.tenant, request.parameter("site"), request.parameter("device"));
}

/// {"version":7,"reported_version":6,"applied":false,"config":{…}} of what is retained.
std::string config_json(const std::string& payload, std::optional<std::int64_t> reported) {
  rapidjson::Document stored;
  stored.Parse<rapidjson::kParseNumbersAsStringsFlag>(payload.data(), payload.size());
  const bool usable = !stored.HasParseError() && stored.IsObject() && stored.HasMember("version");
  if (!usable) throw store::StoreFailure("state.db: a configuration is no JSON object with a version");
  const std::string version(stored["version"].GetString(), stored["version"].GetStringLength());
  std::string body;
  {
    JsonObject out(body);
    out.member("version") += version;
    if (reported) out.integer("reported_version", *reported);
    out.member("applied") += reported && std::to_string(*reported) == version ? "true" : "false";
    auto& config = out.member("config");
    // {"version":7,"interval_s":60} without its first member, which put_config() has written.
    const auto comma = payload.find(',');
    config += comma == std::string::npos ? "{}" : '{' + payload.substr(comma + 1);
  }
  return body;
}

/// The payload that is retained, or stands to be.
std::optional<std::string> stored_config(const ArchiveView& view, const std::string& topic) {
  auto payload = view.retained(topic);
  return payload && !payload->empty() ? payload : std::nullopt;
}

Problem has_changed() {
  return {412, "precondition-failed", "It has changed", "If-Match names another state of the configuration"};
}

/// The change of the configuration, of what If-Match names only; or that it names something else.
Result<proto::ConfigChange, Problem> wanted_change(const RestParts& parts, const ArchiveView& view,
                                                   const Request& request, std::string topic) {
  proto::ConfigChange change{.topic = std::move(topic), .payload = {}};
  const auto expected = request.header("If-Match");
  if (expected.empty()) return change;
  change.instead_of = stored_config(view, change.topic);
  if (change.instead_of &&
      has_etag(expected, etag_of(config_json(*change.instead_of, parts.configs.reported(change.topic))))) {
    return change;
  }
  return fail(has_changed());
}

/// Why it was not stored.
Problem not_stored(proto::ConfigOutcome outcome, bool guarded) {
  if (outcome == proto::ConfigOutcome::failed) {
    return {503, "unavailable", "Nothing can be stored now", "it could not be written"};
  }
  if (guarded) return has_changed();
  return {409, "conflict", "Conflict", "another configuration was given at the same time"};
}

/// The members of the body behind a version; or what is wrong with it.
Result<std::string, Problem> settings_of(const Request& request) {
  auto settings = compact_body(request);
  if (!settings) return settings;
  rapidjson::Document read;
  read.Parse<rapidjson::kParseIterativeFlag>(settings->data(), settings->size());
  if (settings->empty() || !read.IsObject()) {
    return fail(Problem{400, "validation", "The body is not valid", "a JSON object is needed"});
  }
  if (read.HasMember("version")) {
    const std::string detail = "is given by the service";
    return fail(Problem{422, "validation", "The body is not valid", detail, {{{}, detail, "/version"}}});
  }
  return settings;
}

std::string put_answer(std::int64_t version, bool applied) {
  std::string body;
  {
    JsonObject out(body);
    out.integer("version", version);
    out.member("applied") += applied ? "true" : "false";
  }
  return body;
}

}  // namespace

Answer get_config(const Question& question) {
  const QueryText query(question.request, {});
  if (auto problem = query.problem()) return fail(*std::move(problem));
  if (auto problem = no_such_device(question.archive, question.caller, question.request)) {
    return fail(*std::move(problem));
  }
  const auto topic = topic_of(question.parts, question.caller, question.request);
  const auto payload = stored_config(question.archive, topic);
  if (!payload) return fail(not_found("the device has no configuration"));
  return json(config_json(*payload, question.parts.configs.reported(topic)));
}

void put_config(const RestParts& parts, const Caller& caller, const Request& request, const Settle& settle) {
  QueryText query(request, {"wait"});
  const auto wait = query.count("wait", 1, longest_wait.count());
  if (auto problem = query.problem()) return settle(fail(*std::move(problem)));
  const auto settings = settings_of(request);
  if (!settings) return settle(fail(settings.error()));
  const auto view = parts.archive.lend();
  if (auto problem = no_such_device(*view, caller, request)) return settle(fail(*std::move(problem)));
  auto change = wanted_change(parts, *view, request, topic_of(parts, caller, request));
  if (!change) return settle(fail(change.error()));
  // Before a number is spent: the longest version that there will be.
  const auto with = [&](std::int64_t version) {
    const auto head = "{\"version\":" + std::to_string(version);
    return *settings == "{}" ? head + '}' : head + ',' + settings->substr(1);
  };
  if (auto problem = too_long(with(999'999))) return settle(fail(*std::move(problem)));

  const auto version = change->version = parts.configs.next_version(change->topic);
  change->payload = with(version);
  const bool guarded = change->instead_of.has_value();
  if (!wait) {
    return parts.configs.retain(*std::move(change), [settle, version, guarded](proto::ConfigOutcome outcome) {
      if (outcome == proto::ConfigOutcome::stored) return settle(json(put_answer(version, false)));
      settle(fail(not_stored(outcome, guarded)));
    });
  }
  const DeviceReplies::Awaited awaited{caller.tenant, request.parameter("site"), request.parameter("device"), "",
                                       std::to_string(version)};
  const bool room = parts.replies.expect(
      awaited, std::chrono::seconds(*wait), [settle, version](const std::optional<KeptReply>& reply) {
        if (reply) return settle(json(put_answer(version, true)));
        settle(fail(Problem{504, "unavailable", "The device has not answered",
                            "version " + std::to_string(version) + " stays in force, and is not confirmed yet"}));
      });
  if (!room) return settle(fail(Problem{503, "unavailable", "Too busy", "too many requests wait for devices"}));
  parts.configs.retain(*std::move(change),
                       [&replies = parts.replies, settle, awaited, guarded](proto::ConfigOutcome outcome) {
                         if (outcome == proto::ConfigOutcome::stored || !replies.forget(awaited)) return;
                         settle(fail(not_stored(outcome, guarded)));
                       });
}

void remove_config(const RestParts& parts, const Caller& caller, const Request& request, const Settle& settle) {
  const QueryText query(request, {});
  if (auto problem = query.problem()) return settle(fail(*std::move(problem)));
  const auto view = parts.archive.lend();
  if (auto problem = no_such_device(*view, caller, request)) return settle(fail(*std::move(problem)));
  const auto topic = topic_of(parts, caller, request);
  if (!stored_config(*view, topic)) return settle(fail(not_found("the device has no configuration")));
  auto change = wanted_change(parts, *view, request, topic);
  if (!change) return settle(fail(change.error()));
  const bool guarded = change->instead_of.has_value();
  parts.configs.retain(*std::move(change), [settle, guarded](proto::ConfigOutcome outcome) {
    if (outcome == proto::ConfigOutcome::stored) return settle(Response{204, {}, {}, {}});
    settle(fail(not_stored(outcome, guarded)));
  });
}

}  // namespace telltale::api
