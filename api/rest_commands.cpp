#include "api/rest_commands.hpp"

#include "api/api_key.hpp"
#include "api/device_order.hpp"
#include "api/device_replies.hpp"
#include "api/once.hpp"
#include "api/rest_question.hpp"
#include "proto/output_topics.hpp"
#include "proto/publisher.hpp"

namespace telltale::api {

namespace {

constexpr std::uint64_t usual_ttl_s = 30, longest_ttl_s = 86'400;

struct Command {
  proto::Outgoing message;
  DeviceReplies::Awaited reply;  // its id is the command's
  std::optional<Millis> wait;
};

Response accepted(const std::string& id) {
  std::string body;
  JsonObject(body).text("id", id);
  return {202, "application/json", std::move(body), {}};
}

Response acknowledged(const std::string& id, const KeptReply& reply) {
  std::string body;
  {
    JsonObject out(body);
    out.text("id", id);
    out.member("ok") += reply.ok ? "true" : "false";
    out.integer("code", reply.code);
    if (!reply.msg.empty()) out.text("msg", reply.msg);
  }
  return json(std::move(body));
}

Problem not_sent() { return {503, "unavailable", "The broker cannot be reached", "the command was not sent"}; }

std::string command_payload(const std::string& id, Timestamp now, std::uint64_t ttl_s, const std::string& args) {
  std::string payload;
  {
    JsonObject out(payload);
    out.text("id", id).integer("ts", to_ms(now)).count("ttl_s", ttl_s);
    if (!args.empty()) out.member("args") += args;
  }
  return payload;
}

Result<Command, Problem> read_command(const RestParts& parts, const Caller& caller, const Request& request) {
  QueryText query(request, {"wait", "ttl_s"});
  const auto wait = query.count("wait", 1, longest_wait.count());
  const auto ttl_s = query.count("ttl_s", 1, longest_ttl_s).value_or(usual_ttl_s);
  if (auto problem = query.problem()) return fail(*std::move(problem));
  const auto& name = request.parameter("name");
  if (!proto::valid_name(name)) {
    return fail(
        Problem{400, "validation", "The path is not valid", "the command must be " + std::string(device_syntax)});
  }
  const auto args = compact_body(request);
  if (!args) return fail(args.error());
  if (auto problem = no_such_device(*parts.archive.lend(), caller, request)) return fail(*std::move(problem));

  Command command;
  const auto& site = request.parameter("site");
  const auto& device = request.parameter("device");
  command.reply = {caller.tenant, site, device, name, "c-" + make_api_key().id};
  if (wait) command.wait = std::chrono::seconds(*wait);
  command.message = {.topic = proto::OutputTopics(parts.tenancy).command(caller.tenant, site, device, name),
                     .payload = command_payload(command.reply.id, parts.clock.now(), ttl_s, *args),
                     .qos = 1,
                     .retain = false,
                     .expiry_s = static_cast<std::uint32_t>(ttl_s)};
  if (auto problem = too_long(command.message.payload)) return fail(*std::move(problem));
  return command;
}

void send_and_wait(const RestParts& parts, const Command& command, const Settle& settle) {
  auto& replies = parts.replies;
  const bool room = replies.expect(
      command.reply, *command.wait, [settle, id = command.reply.id](const std::optional<KeptReply>& reply) {
        if (reply) return settle(acknowledged(id, *reply));
        settle(
            fail(Problem{504, "unavailable", "The device has not answered", "command " + id + " has no answer yet"}));
      });
  if (!room) return settle(fail(Problem{503, "unavailable", "Too busy", "too many commands wait for an answer"}));
  const auto given_up = [&replies, settle, awaited = command.reply] {
    if (replies.forget(awaited)) settle(fail(not_sent()));
  };
  const bool sent = parts.messenger.publish(command.message, [given_up](bool delivered) {
    if (!delivered) given_up();
  });
  if (!sent) given_up();
}

void send(const RestParts& parts, const Command& command, const Settle& settle) {
  const bool sent = parts.messenger.publish(command.message, [settle, id = command.reply.id](bool delivered) {
    if (delivered) return settle(accepted(id));
    settle(fail(not_sent()));
  });
  if (!sent) settle(fail(not_sent()));
}

}  // namespace

void post_command(const RestParts& parts, const std::shared_ptr<RememberedAnswers>& remembered, const Caller& caller,
                  const Request& request, const Settle& settle) {
  const auto command = read_command(parts, caller, request);
  if (!command) return settle(fail(command.error()));
  const auto fingerprint = request.path + '\n' + request.body;
  once(remembered, caller, request, fingerprint, parts.clock.steady_now(), settle, [&](const Settle& done) {
    return command->wait ? send_and_wait(parts, *command, done) : send(parts, *command, done);
  });
}

}  // namespace telltale::api
