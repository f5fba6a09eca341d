#include "alerting/operator_desk.hpp"

#include <future>
#include <memory>
#include <utility>

namespace telltale::alerting {

namespace {

using Answer = Result<std::string, proto::DeskRefusal>;

Answer refuse(proto::OrderRefusal why, std::string text) { return fail(proto::DeskRefusal{why, std::move(text)}); }

}  // namespace

OperatorDesk::OperatorDesk(const std::filesystem::path& state_db, Answers& answers, LogAlone log_alone, Millis patience)
    : reader_(state_db), answers_(answers), log_alone_(std::move(log_alone)), patience_(patience) {}

Answer OperatorDesk::ask(proto::Event order) {
  const auto end = std::chrono::steady_clock::now() + patience_;
  Answers::Waiting waiting(answers_);
  auto logged = std::make_shared<std::promise<std::optional<std::uint64_t>>>();
  auto number = logged->get_future();
  log_alone_(std::move(order), [logged](std::optional<std::uint64_t> sequence) { logged->set_value(sequence); });
  if (number.wait_until(end) != std::future_status::ready)
    return refuse(proto::OrderRefusal::unavailable, "the log does not take the order now; it may still be followed");
  const auto sequence = number.get();
  if (!sequence) return refuse(proto::OrderRefusal::unavailable, "the order could not be logged");
  const auto left = std::chrono::duration_cast<Millis>(end - std::chrono::steady_clock::now());
  const auto reply = waiting.take(*sequence, std::max(left, Millis{0}));
  if (!reply) return refuse(proto::OrderRefusal::unavailable, "logged, but not answered yet: it will be followed");
  if (!reply->ok) return refuse(reply->refusal, reply->detail);
  return reply->detail;
}

Answer OperatorDesk::order(proto::OperatorAction action) { return ask(std::move(action)); }
Answer OperatorDesk::order(proto::SilenceOrder order) { return ask(std::move(order)); }

std::vector<proto::RecordedTransition> OperatorDesk::active_alerts(const std::string& tenant) const {
  return reader_.active_alerts(tenant);
}

std::vector<proto::RecordedTransition> OperatorDesk::transitions(const proto::TransitionQuery& query) const {
  return reader_.transitions(query);
}

std::vector<proto::SilenceState> OperatorDesk::silences(const std::string& tenant) const {
  return reader_.silences(tenant);
}

}  // namespace telltale::alerting
