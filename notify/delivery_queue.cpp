#include "notify/delivery_queue.hpp"

#include <algorithm>

#include "notify/retry.hpp"

namespace telltale::notify {

namespace {

std::vector<std::pair<std::string, bool>> from_text(const std::string& text) {
  std::vector<std::pair<std::string, bool>> told;
  for (std::size_t at = 0; at + 2 < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    told.emplace_back(text.substr(at + 2, end - at - 2), text[at] == 'f');
    at = end + 1;
  }
  return told;
}

}  // namespace

std::string DeliveryQueue::to_text(const std::vector<std::pair<std::string, bool>>& told) {
  std::string text;
  for (const auto& [alert, firing] : told) text += (firing ? "f " : "r ") + alert + '\n';
  return text;
}

void DeliveryQueue::add(Delivery delivery) {
  agenda_.emplace(delivery.row.next_ms, ++last_);
  deliveries_.emplace(last_, std::move(delivery));
}

void DeliveryQueue::restore(const Row& row) { add({row, from_text(row.alerts)}); }

const DeliveryQueue::Row* DeliveryQueue::next(Timestamp now) {
  if (running_ != 0 || agenda_.empty() || agenda_.begin()->first > to_ms(now)) return nullptr;
  running_ = agenda_.begin()->second;
  agenda_.erase(agenda_.begin());
  Row& row = deliveries_.at(running_).row;
  if (row.attempts == 0) row.first_ms = to_ms(now);
  return &row;
}

DeliveryQueue::Settled DeliveryQueue::settle(const Outcome& outcome, Timestamp now) {
  const auto at = deliveries_.find(std::exchange(running_, 0));
  Row& row = at->second.row;
  ++row.attempts;
  if (outcome.verdict == Verdict::retry) {
    if (const auto again = next_attempt(row.attempts, from_ms(row.first_ms), now, outcome.retry_after)) {
      row.next_ms = to_ms(*again);
      agenda_.emplace(row.next_ms, at->first);
      return {.again = row, .over = {}};
    }
  }
  Settled settled{.again = {}, .over = std::move(at->second)};
  deliveries_.erase(at);
  return settled;
}

std::optional<Timestamp> DeliveryQueue::due() const {
  if (running_ != 0 || agenda_.empty()) return std::nullopt;
  return from_ms(agenda_.begin()->first);
}

std::vector<std::string> DeliveryQueue::ids() const {
  std::vector<std::string> all;
  for (const auto& [number, delivery] : deliveries_) all.push_back(delivery.row.id);
  return all;
}

}  // namespace telltale::notify
