#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace telltale::bench {

enum class Stamps : std::uint8_t { device, none, mixed };
enum class Shape : std::uint8_t { single, arrays, mixed };

struct LoadShape {
  std::size_t topics = 1000;
  std::size_t rows = 50;    // of an array
  std::size_t metrics = 3;  // values per row, 1 to 3, beside "n"
  Shape shape = Shape::single;
  Stamps stamps = Stamps::device;
  bool numbered = false;  // every row carries its own number as metric "n"
  unsigned qos = 1;
  std::string site = "load";
};

/// What one message says: enough to look for its rows in the store afterwards.
struct MessageRecord {
  std::uint64_t device = 0;
  std::uint64_t first_number = 0;  // "n" of the first row; rows count on from it
  std::uint64_t rows = 0;
  std::int64_t first_ts = 0;  // ms; rows are 1 ms apart; 0: no time of its own
};

/// PUBLISH frames for devices {site}/dev-00000 and on, encoded once per topic and kind; numbers, times and packet
/// ids are written into their places, so that making a frame costs little more than copying it.
class LoadFrames {
 public:
  explicit LoadFrames(LoadShape shape, std::uint64_t first_number);

  /// Appends the next message's frame.
  MessageRecord append_next(std::string& out, std::uint16_t packet_id, std::int64_t now_ms);

  /// Numbers have ten digits, as a field of fixed width must not begin with 0 in JSON.
  static constexpr std::uint64_t number_base = 1'000'000'000;

 private:
  struct Place {
    std::size_t number = 0, ts = 0, value = 0;  // offsets; 0: not there
  };
  struct Template {
    std::string frame;
    std::size_t packet_id = 0;
    std::vector<Place> rows;
  };
  [[nodiscard]] Template build(std::size_t device, bool array, bool stamped) const;

  LoadShape shape_;
  std::vector<Template> templates_;    // [device * 4 + array * 2 + stamped], built when first used
  std::vector<std::int64_t> last_ts_;  // per device: rows of one device never share a time
  std::uint64_t message_ = 0;
  std::uint64_t next_number_;
};

}  // namespace telltale::bench
