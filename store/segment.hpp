#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "store/disk.hpp"

namespace telltale::store {

// The bytes of log/<generation>.log: a header (twice, so that one damaged copy does not cost the segment), then frames:
// magic, payload length, CRC32C of both and the payload. The sum is seeded with the segment's random salt, so that
// bytes a device sent can never pass for a frame when the log is searched behind a damaged place.

struct SegmentHeader {
  std::uint64_t generation = 0;
  std::uint64_t first_sequence = 0;  // of the first batch that may stand here
  std::uint32_t salt = 0;
};

inline constexpr std::size_t segment_header_bytes = 64;
inline constexpr std::size_t frame_header_bytes = 12;
inline constexpr std::size_t most_frame_bytes = 512u << 20;

[[nodiscard]] std::string encode_segment_header(const SegmentHeader& header);

/// Fills in the frame header at the front of `frame`, whose first frame_header_bytes were left free for it.
void finish_frame(std::string& frame, std::uint32_t salt);

/// Whether the bytes begin as every frame does.
[[nodiscard]] bool is_frame_start(std::string_view bytes) noexcept;

[[nodiscard]] std::filesystem::path segment_path(const std::filesystem::path& log_folder, std::uint64_t generation);

/// The segments in log/, by generation.
struct SegmentFile {
  std::uint64_t generation;
  std::filesystem::path path;
};
[[nodiscard]] std::vector<SegmentFile> list_segments(const std::filesystem::path& log_folder);

/// The number of the first batch that may stand in a segment; nothing when its header is not intact.
[[nodiscard]] std::optional<std::uint64_t> first_sequence(const std::filesystem::path& segment);

/// Reads one segment front to back, beside its writer if need be. Steps over damage as soon as a good frame follows it.
/// Keeps working when the file is unlinked meanwhile. Errors: StoreFailure for I/O errors.
class SegmentScanner {
 public:
  struct Place {
    std::uint64_t begin = 0, end = 0;  // bytes in the file
  };

  /// Nothing when the file is not there (any more).
  [[nodiscard]] static std::optional<SegmentScanner> open(const std::filesystem::path& path);

  /// Absent when neither copy is intact: no frame can be trusted then.
  [[nodiscard]] const std::optional<SegmentHeader>& header() const noexcept { return header_; }

  /// The payload of the next good frame, valid until the next call. Nothing at the end: asked again later, it goes on
  /// with what was appended meanwhile.
  [[nodiscard]] std::optional<std::string_view> next();

  [[nodiscard]] Place last() const noexcept { return last_; }                  // of the frame that next() gave
  [[nodiscard]] std::uint64_t good_end() const noexcept { return position_; }  // where the next frame is expected
  [[nodiscard]] const std::vector<Place>& damage() const noexcept { return damage_; }
  [[nodiscard]] std::uint64_t file_size() const;
  [[nodiscard]] std::string bytes(Place place);

 private:
  explicit SegmentScanner(Fd file, std::string name) : file_(std::move(file)), name_(std::move(name)) {}
  void read_header();
  std::string_view window(std::uint64_t offset, std::size_t size);
  std::optional<std::string_view> frame_at(std::uint64_t offset);
  [[nodiscard]] bool begins_frame(std::uint64_t offset) const;
  std::optional<std::uint64_t> find_frame(std::uint64_t from);

  Fd file_;
  std::string name_;
  std::optional<SegmentHeader> header_;
  std::uint64_t position_ = segment_header_bytes;
  Place last_;
  std::vector<Place> damage_;
  std::unique_ptr<char[]> buffer_;  // not a string: that would write zeros before each read
  std::size_t buffer_capacity_ = 0;
  std::size_t buffer_size_ = 0;
  std::uint64_t buffer_offset_ = 0;
  std::uint64_t searched_size_ = 0;  // of the file when nothing good was found behind position_; 0 = not searched
};

}  // namespace telltale::store
