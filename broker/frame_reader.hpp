#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "broker/mqtt5_parse.hpp"
#include "proto/result.hpp"

namespace telltale::broker {

/// One packet without its fixed header, in a slab. body[body_size] is a writable byte of the slab.
struct Frame {
  std::uint8_t first_byte;
  char* body;
  std::uint32_t body_size;         // bytes present here
  std::uint32_t remaining_length;  // > body_size when the frame was over the limit and only its beginning was kept
};

struct Frames {
  std::vector<Frame> frames;                              // in arrival order
  std::vector<std::shared_ptr<std::vector<char>>> slabs;  // what they lie in
};

/// Cuts the bytes of one connection into packets.
/// Whole packets are copied, many at once, into a slab of their exact size, which belongs to the receiver alone: the
/// reader's own buffer is never seen by another thread (a decoder writes into a slab while the next bytes come in),
/// and a slab holds no more memory than its messages need, however few came in one read.
/// A PUBLISH over the limit is streamed past: its topic, properties and first KB are kept and come out, in order,
/// when its last byte has passed.
/// Threads: one. Cost: one memcpy per read; memory max_frame_bytes + 256 KB. Errors: after one the reader is spent.
class FrameReader {
 public:
  static constexpr std::size_t read_bytes = 256 * 1024;
  static constexpr std::size_t kept_payload_bytes = 1024;

  explicit FrameReader(std::uint32_t max_frame_bytes);

  /// Where the next bytes go; never empty, at most read_bytes.
  [[nodiscard]] std::span<char> writable();
  /// `n` bytes were written to writable(). Call take() before more than read_bytes have been appended.
  void appended(std::size_t n) { end_ += n; }
  /// The packets that are complete.
  [[nodiscard]] Result<Frames, mqtt5::WireError> take();

 private:
  struct Oversize {
    std::shared_ptr<std::vector<char>> slab;
    Frame frame;
    std::uint64_t bytes_to_skip;
  };

  [[nodiscard]] Result<std::size_t, mqtt5::WireError> take_whole_frames(Frames& out);
  [[nodiscard]] Result<bool, mqtt5::WireError> start_oversize(const mqtt5::FixedHeader& header);
  void skip_oversize(Frames& out);
  void drop_front(std::size_t n);

  std::uint32_t max_frame_bytes_;
  std::vector<char> buffer_;
  std::size_t begin_ = 0, end_ = 0;
  std::optional<Oversize> oversize_;
};

}  // namespace telltale::broker
