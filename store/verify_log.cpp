#include <algorithm>
#include <chrono>
#include <optional>
#include <thread>
#include <utility>

#include "proto/timestamp.hpp"
#include "store/batch_codec.hpp"
#include "store/segment.hpp"
#include "store/verify_parts.hpp"

namespace telltale::store {

using namespace proto;
namespace fs = std::filesystem;

namespace {

// A live service's write is in the file long before these have passed.
constexpr int tail_looks = 40;
constexpr auto tail_pause = std::chrono::milliseconds(5);

std::string batches(std::uint64_t first, std::uint64_t last) {
  return first == last ? "batch " + std::to_string(first)
                       : "batches " + std::to_string(first) + " to " + std::to_string(last);
}

std::string bytes(SegmentScanner::Place place) {
  return "bytes " + std::to_string(place.begin) + " to " + std::to_string(place.end);
}

class SegmentCheck {
 public:
  SegmentCheck(Verification& v, const SegmentFile& file, SegmentScanner& scanner, bool newest)
      : v_(v), file_(file), scanner_(scanner), newest_(newest) {}

  /// Returns the last batch that the segment holds, 0 = none.
  std::uint64_t run() {
    if (!scanner_.header()) {
      if (!newest_ || scanner_.file_size() > segment_header_bytes)
        v_.report(file_.path, "", "both copies of the header are damaged: its batches cannot be read");
      return 0;
    }
    const auto copies = scanner_.bytes({0, segment_header_bytes});
    constexpr auto half = segment_header_bytes / 2;
    if (copies.size() == segment_header_bytes && copies.compare(0, half, copies, half, half) != 0)
      v_.report(file_.path, bytes({0, segment_header_bytes}),
                "one of the two copies of the header is damaged; nothing is lost");
    last_ = scanner_.header()->first_sequence - 1;
    read();
    if (newest_) check_tail();
    return last_;
  }

 private:
  void read() {
    while (const auto payload = scanner_.next()) {
      if (!decode_batch(*payload, batch_)) {
        v_.report(file_.path, bytes(scanner_.last()), "a whole record that is no batch: it is lost");
        continue;
      }
      ++v_.result.batches;
      const auto sequence = batch_.position.sequence;
      const bool damage_before = scanner_.damage().size() > told_;
      if (damage_before || sequence > last_ + 1) tell_gap(sequence, damage_before);
      last_ = std::max(last_, sequence);
      last_time_ = batch_.log_time;
    }
  }

  void tell_gap(std::uint64_t sequence, bool damage) {
    std::string place;
    for (; told_ < scanner_.damage().size(); ++told_)
      place += (place.empty() ? "" : ", ") + bytes(scanner_.damage()[told_]);
    const auto until = format_rfc3339(batch_.log_time);
    place += (place.empty() ? "" : ", ") +
             (last_time_ ? "between " + format_rfc3339(*last_time_) + " and " + until : "before " + until);
    v_.report(file_.path, place,
              sequence > last_ + 1 ? batches(last_ + 1, sequence - 1) + (damage ? " damaged: lost" : " missing: lost")
                                   : "damaged, but no batch is missing");
  }

  /// Behind the newest segment's last batch: nothing, a write that goes on, what a crash cut off, or damage.
  void check_tail() {
    for (int look = 0; look < tail_looks; ++look) {
      const auto size = scanner_.file_size();
      if (size <= scanner_.good_end()) return;
      const auto tail = scanner_.bytes({scanner_.good_end(), size});
      if (tail.find_first_not_of('\0') == std::string::npos) return;
      SegmentScanner::Place place{scanner_.good_end(), size};
      if (is_cut_off(tail)) return;
      if (look + 1 == tail_looks) {
        v_.report(file_.path, bytes(place) + (last_time_ ? ", after " + format_rfc3339(*last_time_) : ""),
                  "the last record is not intact: batch " + std::to_string(last_ + 1) +
                      " is lost, if it was acknowledged; a power cut also leaves this behind, of one that was not");
        return;
      }
      std::this_thread::sleep_for(tail_pause);
      read();
    }
  }

  /// A record that says it is longer than what is there was never whole, so never acknowledged.
  static bool is_cut_off(std::string_view tail) {
    if (tail.size() < frame_header_bytes) return true;
    std::uint32_t size = 0;
    for (std::size_t i = 0; i < 4; ++i) size |= std::uint32_t{static_cast<unsigned char>(tail[4 + i])} << (8 * i);
    return is_frame_start(tail) && tail.size() < frame_header_bytes + std::size_t{size};
  }

  Verification& v_;
  const SegmentFile& file_;
  SegmentScanner& scanner_;
  bool newest_;
  Batch batch_;
  std::uint64_t last_ = 0;
  std::optional<Timestamp> last_time_;
  std::size_t told_ = 0;  // places of damage
};

}  // namespace

std::set<std::uint64_t> verify_log(Verification& v, const SeenUpto& seen, std::uint64_t sealed_upto) {
  std::set<std::uint64_t> present;
  std::vector<SegmentFile> files;
  const auto log = v.folder / "log";
  for (const auto& place : {log / "archive", log}) {
    if (!fs::is_directory(place)) continue;
    for (auto& file : list_segments(place)) {
      if (place == log) present.insert(file.generation);
      files.push_back(std::move(file));
    }
  }
  std::stable_sort(files.begin(), files.end(),
                   [](const SegmentFile& a, const SegmentFile& b) { return a.generation < b.generation; });
  std::uint64_t last = 0;
  for (std::size_t i = 0; i < files.size(); ++i) {
    const auto next_first = i + 1 < files.size() ? first_sequence(files[i + 1].path).value_or(0) : 0;
    auto scanner = SegmentScanner::open(files[i].path);
    if (!scanner) continue;  // sealed and unlinked meanwhile
    ++v.result.files;
    last = SegmentCheck(v, files[i], *scanner, i + 1 == files.size()).run();
    // Every segment begins where the one before it ended.
    if (scanner->header() && last + 1 < next_first)
      v.report(files[i].path, "from byte " + std::to_string(scanner->good_end()),
               batches(last + 1, next_first - 1) + " missing at the end: lost");
  }
  const auto known = std::max(last, sealed_upto);
  if (seen.sequence > known)
    v.report(files.empty() ? log : files.back().path, "after batch " + std::to_string(known),
             batches(known + 1, seen.sequence) + " missing, which " + seen.by +
                 " has seen: lost, as far as they are in no day file");
  return present;
}

}  // namespace telltale::store
