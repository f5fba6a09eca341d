#include "api/remembered_answers.hpp"

#include <iterator>
#include <utility>

namespace telltale::api {

RememberedAnswers::RememberedAnswers(std::size_t most, Millis keep) : most_(most), keep_(keep) {}

std::shared_ptr<RememberedAnswers> RememberedByTenant::of(const std::string& tenant) {
  const std::lock_guard lock(mutex_);
  auto& answers = tenants_[tenant];
  if (!answers) answers = std::make_shared<RememberedAnswers>();
  return answers;
}

RememberedAnswers::Known RememberedAnswers::begin(const std::string& key, const std::string& fingerprint,
                                                  std::chrono::steady_clock::time_point now) {
  const std::lock_guard lock(mutex_);
  forget_old(now);
  if (const auto known = entries_.find(key); known != entries_.end()) {
    if (known->second.fingerprint != fingerprint) return OtherBody{};
    if (!known->second.answer) return UnderWay{};
    return *known->second.answer;
  }
  by_age_.push_back(key);
  entries_.emplace(key, Entry{fingerprint, now, std::nullopt, std::prev(by_age_.end())});
  return Fresh{};
}

void RememberedAnswers::end(const std::string& key, std::optional<Remembered> answer) {
  const std::lock_guard lock(mutex_);
  const auto known = entries_.find(key);
  if (known == entries_.end() || known->second.answer) return;
  if (answer) {
    known->second.answer = std::move(answer);
  } else {
    by_age_.erase(known->second.place);
    entries_.erase(known);
  }
}

void RememberedAnswers::forget_old(std::chrono::steady_clock::time_point now) {
  for (auto key = by_age_.begin(); key != by_age_.end();) {
    const auto oldest = entries_.find(*key);
    if (entries_.size() < most_ && now - oldest->second.since < keep_) return;
    if (!oldest->second.answer) {  // its end() would find the key begun anew for something else
      ++key;
      continue;
    }
    entries_.erase(oldest);
    key = by_age_.erase(key);
  }
}

}  // namespace telltale::api
