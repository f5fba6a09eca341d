#include "api/rest_removal.hpp"

#include "api/answer_encoding.hpp"
#include "api/query_text.hpp"
#include "api/rest_question.hpp"

namespace telltale::api {

namespace {

/// Why it is not removed: it is not there, or not as the client believes.
std::optional<Problem> why_not(const RestParts& parts, const Caller& caller, const Request& request) {
  const QueryText query(request, {});
  if (auto problem = query.problem()) return problem;
  const auto view = parts.archive.lend();
  const RestLimits limits;
  const auto now = one_device({caller, request, *view, parts.clock.now(), limits, parts});
  if (!now) return now.error();
  const auto expected = request.header("If-Match");
  if (!expected.empty() && !has_etag(expected, etag_of(now->body))) {
    return Problem{412, "precondition-failed", "It has changed", "If-Match names another state of the device"};
  }
  return std::nullopt;
}

}  // namespace

void remove_device(const RestParts& parts, const Caller& caller, const Request& request, const Settle& settle) {
  if (auto problem = why_not(parts, caller, request)) return settle(fail(*std::move(problem)));
  proto::DevicesRemoved removal;
  removal.tenant = caller.tenant;
  removal.site = request.parameter("site");
  removal.device = request.parameter("device");
  removal.by = caller.key_name;
  parts.intake.remove(std::move(removal), [settle](const std::optional<std::uint64_t>& sequence) {
    if (sequence) return settle(Response{204, {}, {}, {}});
    settle(fail(Problem{503, "unavailable", "Nothing can be stored now", "it could not be written"}));
  });
}

}  // namespace telltale::api
