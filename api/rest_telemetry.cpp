#include "api/rest_telemetry.hpp"

#include "api/body_json.hpp"
#include "api/json_object.hpp"
#include "api/once.hpp"
#include "api/query_text.hpp"
#include "api/rest_question.hpp"

namespace telltale::api {

namespace {

using proto::DeadLetterReason;

/// What keeps a body from being a message at all; nothing of it is kept.
std::optional<Problem> not_a_message(const RestParts& parts, const Caller& caller, const Request& request) {
  const QueryText query(request, {});
  if (auto problem = query.problem()) return problem;
  if (auto problem = not_json(request)) return problem;
  const auto& site = request.parameter("site");
  const auto& device = request.parameter("device");
  if (!proto::valid_site(site)) {
    return Problem{400, "validation", "The path is not valid", "the site must be " + std::string(proto::site_syntax)};
  }
  if (!proto::valid_device(device)) {
    return Problem{400, "validation", "The path is not valid", "the device must be " + std::string(device_syntax)};
  }
  if (parts.tenancy == proto::Tenancy::single && caller.tenant != proto::default_tenant) {
    return Problem{403, "forbidden", "Not allowed", "there is one tenant here, and this key is of another"};
  }
  return std::nullopt;
}

Problem refused(const proto::Receipt& receipt) {
  auto detail = std::string(to_string(receipt.reason)) + ": " + receipt.detail;
  switch (receipt.reason) {
    case DeadLetterReason::too_large:
      return {413, "too-large", "Content too large", std::move(detail)};
    case DeadLetterReason::bad_topic:
    case DeadLetterReason::bad_json:
    case DeadLetterReason::bad_utf8:
      return {400, "validation", "The body is not valid", std::move(detail)};
    default:
      return {422, "validation", "The message cannot be taken", std::move(detail)};
  }
}

Result<Response, Problem> answer_to(const proto::Receipt& receipt) {
  if (receipt.outcome == proto::Outcome::dead_letter) return fail(refused(receipt));
  std::string body;
  JsonObject(body).count("accepted", receipt.accepted).count("rejected", receipt.rejected);
  return Response{202, "application/json", std::move(body), {}};
}

Problem unavailable(std::string detail) { return {503, "unavailable", "Nothing can be stored now", std::move(detail)}; }

}  // namespace

void post_telemetry(const RestParts& parts, const std::shared_ptr<RememberedAnswers>& remembered, const Caller& caller,
                    const Request& request, const Settle& settle) {
  if (auto problem = not_a_message(parts, caller, request)) return settle(fail(*std::move(problem)));
  const auto fingerprint = request.path + '\n' + request.body;
  once(remembered, caller, request, fingerprint, parts.clock.steady_now(), settle, [&](const Settle& done) {
    if (auto problem = parts.intake.problem(); !problem.empty()) return done(fail(unavailable(std::move(problem))));
    parts.intake.post({caller.tenant, request.parameter("site"), request.parameter("device"), request.body},
                      [done](const std::optional<proto::Receipt>& receipt) {
                        if (receipt) return done(answer_to(*receipt));
                        done(fail(unavailable("it could not be written")));
                      });
  });
}

}  // namespace telltale::api
