#include "store/latest_table.hpp"

#include <algorithm>
#include <numeric>
#include <tuple>

namespace telltale::store {

using namespace proto;

void LatestTable::add(std::uint64_t generation, const Reading& reading, std::string_view text) {
  readings_.push_back(reading);
  generations_.push_back(generation);
  if (reading.type != ValueType::text) return;
  readings_.back().text = {static_cast<std::uint32_t>(arena_.size()), static_cast<std::uint32_t>(text.size())};
  arena_ += text;
}

void LatestTable::add(const LatestTable& other) {
  const auto shift = static_cast<std::uint32_t>(arena_.size());
  arena_ += other.arena_;
  const auto first = readings_.size();
  readings_.insert(readings_.end(), other.readings_.begin(), other.readings_.end());
  generations_.insert(generations_.end(), other.generations_.begin(), other.generations_.end());
  if (other.arena_.empty()) return;
  for (auto i = first; i < readings_.size(); ++i)
    if (readings_[i].type == ValueType::text) readings_[i].text.offset += shift;
}

void LatestTable::add(std::span<const SeriesId> series, const LatestTable& from) {
  const auto end = from.readings_.end();
  auto at = from.readings_.begin();
  for (const auto wanted : series) {
    // Entries are nearly as dense as numbers: the wanted one is no further than the numbers are apart.
    if (at == end) return;
    const auto distance =
        std::min<std::ptrdiff_t>(end - at, to_number(wanted) + std::ptrdiff_t{1} - to_number(at->series));
    if (distance <= 0) continue;
    at = std::ranges::lower_bound(at, at + distance, wanted, {}, &Reading::series);
    if (at == end || at->series != wanted) continue;
    const auto text = at->type == ValueType::text
                          ? std::string_view(from.arena_).substr(at->text.offset, at->text.length)
                          : std::string_view{};
    add(from.generations_[static_cast<std::size_t>(at - from.readings_.begin())], *at, text);
  }
}

void LatestTable::settle() {
  const auto& r = readings_;
  const auto ascending = [](const Reading& a, const Reading& b) { return a.series >= b.series; };
  if (std::ranges::adjacent_find(r, ascending) == r.end()) return;
  std::vector<std::uint32_t> order(r.size());
  std::iota(order.begin(), order.end(), 0u);
  std::ranges::stable_sort(order, [&](std::uint32_t a, std::uint32_t b) {
    return std::tie(r[a].series, r[a].ts, generations_[a]) < std::tie(r[b].series, r[b].ts, generations_[b]);
  });
  std::vector<Reading> readings;
  std::vector<std::uint64_t> generations;
  readings.reserve(order.size());
  generations.reserve(order.size());
  for (std::size_t i = 0; i < order.size(); ++i) {
    if (i + 1 < order.size() && r[order[i + 1]].series == r[order[i]].series) continue;
    readings.push_back(r[order[i]]);
    generations.push_back(generations_[order[i]]);
  }
  readings_ = std::move(readings);
  generations_ = std::move(generations);
}

}  // namespace telltale::store
