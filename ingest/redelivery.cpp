#include "ingest/redelivery.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

namespace telltale::ingest {

namespace {

// Multiply-rotate over 8-byte words; finalised as in MurmurHash3's fmix64 (Appleby, public domain).
std::uint64_t mix(std::uint64_t h, std::string_view bytes) noexcept {
  constexpr std::uint64_t k = 0x9E3779B97F4A7C15ull;
  h ^= bytes.size() * k;
  while (bytes.size() >= 8) {
    std::uint64_t word;
    std::memcpy(&word, bytes.data(), 8);
    h = std::rotl((h ^ word) * k, 29);
    bytes.remove_prefix(8);
  }
  std::uint64_t tail = 0;
  std::memcpy(&tail, bytes.data(), bytes.size());
  return std::rotl((h ^ tail) * k, 29);
}

}  // namespace

std::uint64_t message_hash(std::string_view topic, std::string_view payload) noexcept {
  std::uint64_t h = mix(mix(0x6A09E667F3BCC908ull, topic), payload);
  h ^= h >> 33;
  h *= 0xFF51AFD7ED558CCDull;
  h ^= h >> 33;
  h *= 0xC4CEB9FE1A85EC53ull;
  h ^= h >> 33;
  return h;
}

Redelivery::Redelivery(std::size_t receive_maximum) : receive_maximum_(receive_maximum), slots_(65536) {}

void Redelivery::restore(const std::vector<proto::PacketRecord>& records) {
  for (const auto& r : records) slots_[r.packet_id] = {r.hash, ++order_, r.epoch};
}

void Redelivery::connected(std::uint32_t epoch, bool session_present) {
  epoch_ = epoch;
  session_present_ = session_present;
}

Redelivery::Taken Redelivery::take(std::uint16_t packet_id, bool dup, std::uint64_t hash) {
  Slot& slot = slots_[packet_id];
  const bool recent = slot.order != 0 && order_ - slot.order < receive_maximum_;
  const bool repetition = dup && session_present_ && recent && slot.epoch != epoch_ && slot.hash == hash;
  // A repetition is recorded again: if this connection goes too, the broker repeats it once more.
  slot = {hash, ++order_, epoch_};
  return {repetition, {epoch_, packet_id, hash}};
}

proto::RedeliveryTable Redelivery::snapshot() const {
  struct Ordered {
    std::uint64_t order;
    proto::PacketRecord record;
  };
  std::vector<Ordered> found;
  for (std::size_t id = 0; id < slots_.size(); ++id) {
    const Slot& s = slots_[id];
    if (s.order == 0 || order_ - s.order >= receive_maximum_) continue;
    found.push_back({s.order, {s.epoch, static_cast<std::uint16_t>(id), s.hash}});
  }
  std::sort(found.begin(), found.end(), [](const Ordered& a, const Ordered& b) { return a.order < b.order; });
  proto::RedeliveryTable table;
  table.records.reserve(found.size());
  for (const auto& f : found) table.records.push_back(f.record);
  return table;
}

}  // namespace telltale::ingest
