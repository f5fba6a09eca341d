#include "store/segment.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>

#include "proto/bytes.hpp"
#include "store/crc32c.hpp"
#include "store/error.hpp"

namespace telltale::store {

namespace {

constexpr std::string_view header_magic = "TLTLOG1\n";
constexpr std::size_t header_copy_bytes = segment_header_bytes / 2;
constexpr std::string_view frame_magic = "\xF5TLR";
constexpr std::size_t read_ahead_bytes = 1u << 20;

std::uint32_t load32(std::string_view bytes, std::size_t at) noexcept {
  std::uint32_t v = 0;
  std::memcpy(&v, bytes.data() + at, sizeof v);
  return v;
}

std::uint32_t frame_sum(std::string_view head, std::string_view payload, std::uint32_t salt) noexcept {
  return crc32c(payload, crc32c(head, salt));
}

std::optional<SegmentHeader> parse_header(std::string_view copy) {
  proto::ByteReader in(copy);
  if (in.raw(header_magic.size()) != header_magic) return std::nullopt;
  SegmentHeader header;
  header.generation = in.u64();
  header.first_sequence = in.u64();
  header.salt = in.u32();
  const auto sum = in.u32();
  if (!in.ok() || sum != crc32c(copy.substr(0, header_copy_bytes - sizeof sum))) return std::nullopt;
  return header;
}

}  // namespace

std::string encode_segment_header(const SegmentHeader& header) {
  std::string copy;
  proto::ByteWriter out(copy);
  out.raw(header_magic);
  out.u64(header.generation);
  out.u64(header.first_sequence);
  out.u32(header.salt);
  out.u32(crc32c(copy));
  return copy + copy;
}

void finish_frame(std::string& frame, std::uint32_t salt) {
  const auto size = static_cast<std::uint32_t>(frame.size() - frame_header_bytes);
  std::memcpy(frame.data(), frame_magic.data(), 4);
  std::memcpy(frame.data() + 4, &size, 4);
  const std::string_view all = frame;
  const auto sum = frame_sum(all.substr(0, 8), all.substr(frame_header_bytes), salt);
  std::memcpy(frame.data() + 8, &sum, 4);
}

bool is_frame_start(std::string_view bytes) noexcept { return bytes.starts_with(frame_magic); }

std::filesystem::path segment_path(const std::filesystem::path& log_folder, std::uint64_t generation) {
  std::string name = std::to_string(generation);
  if (name.size() < 8) name.insert(0, 8 - name.size(), '0');
  return log_folder / (name + ".log");
}

std::vector<SegmentFile> list_segments(const std::filesystem::path& log_folder) {
  std::vector<SegmentFile> found;
  std::error_code error;
  for (auto it = std::filesystem::directory_iterator(log_folder, error);
       !error && it != std::filesystem::directory_iterator(); it.increment(error)) {
    const auto stem = it->path().stem().string();
    std::uint64_t generation = 0;
    const auto [end, bad] = std::from_chars(stem.data(), stem.data() + stem.size(), generation);
    if (it->path().extension() == ".log" && bad == std::errc{} && end == stem.data() + stem.size())
      found.push_back({generation, it->path()});
  }
  if (error) throw StoreFailure(log_folder.string() + ": " + error.message());
  std::sort(found.begin(), found.end(), [](const auto& a, const auto& b) { return a.generation < b.generation; });
  return found;
}

std::optional<std::uint64_t> first_sequence(const std::filesystem::path& segment) {
  const auto scanner = SegmentScanner::open(segment);
  if (!scanner || !scanner->header()) return std::nullopt;
  return scanner->header()->first_sequence;
}

std::optional<SegmentScanner> SegmentScanner::open(const std::filesystem::path& path) {
  Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) {
    if (errno == ENOENT) return std::nullopt;
    throw StoreFailure(path.string() + ": " + std::strerror(errno));
  }
  SegmentScanner scanner(std::move(file), path.string());
  scanner.read_header();
  return scanner;
}

void SegmentScanner::read_header() {
  const auto both = window(0, segment_header_bytes);
  header_ = parse_header(both.substr(0, header_copy_bytes));
  if (!header_ && both.size() > header_copy_bytes) header_ = parse_header(both.substr(header_copy_bytes));
}

std::uint64_t SegmentScanner::file_size() const {
  struct stat info {};
  if (::fstat(file_.get(), &info) != 0) throw StoreFailure(name_ + ": " + std::strerror(errno));
  return static_cast<std::uint64_t>(info.st_size);
}

/// Up to `size` bytes from `offset`; fewer only at the end of the file. Valid until the next call.
std::string_view SegmentScanner::window(std::uint64_t offset, std::size_t size) {
  if (offset >= buffer_offset_ && offset + size <= buffer_offset_ + buffer_size_)
    return {buffer_.get() + (offset - buffer_offset_), size};
  const auto wanted = std::max(size, read_ahead_bytes);
  buffer_size_ = 0;
  if (buffer_capacity_ < wanted) {
    buffer_ = std::make_unique_for_overwrite<char[]>(wanted);
    buffer_capacity_ = wanted;
  }
  buffer_offset_ = offset;
  while (buffer_size_ < wanted) {
    const auto n = ::pread(file_.get(), buffer_.get() + buffer_size_, wanted - buffer_size_,
                           static_cast<off_t>(offset + buffer_size_));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) throw StoreFailure(name_ + ": " + std::strerror(errno));
    if (n == 0) break;
    buffer_size_ += static_cast<std::size_t>(n);
  }
  return {buffer_.get(), std::min(size, buffer_size_)};
}

std::optional<std::string_view> SegmentScanner::frame_at(std::uint64_t offset) {
  const auto head = window(offset, frame_header_bytes);
  if (head.size() < frame_header_bytes || !head.starts_with(frame_magic)) return std::nullopt;
  const std::size_t size = load32(head, 4);
  if (size > most_frame_bytes || offset + frame_header_bytes + size > file_size()) return std::nullopt;
  const auto frame = window(offset, frame_header_bytes + size);
  if (frame.size() != frame_header_bytes + size) return std::nullopt;
  const auto payload = frame.substr(frame_header_bytes);
  if (load32(frame, 8) != frame_sum(frame.substr(0, 8), payload, header_->salt)) return std::nullopt;
  return payload;
}

/// As the file is now, whatever was read ahead.
bool SegmentScanner::begins_frame(std::uint64_t offset) const {
  char bytes[4];
  const auto n = ::pread(file_.get(), bytes, sizeof bytes, static_cast<off_t>(offset));
  return n == sizeof bytes && std::string_view(bytes, sizeof bytes) == frame_magic;
}

std::optional<std::uint64_t> SegmentScanner::find_frame(std::uint64_t from) {
  for (;;) {
    const auto view = window(from, read_ahead_bytes);
    if (view.size() < frame_header_bytes) return std::nullopt;
    const auto at = view.find(frame_magic);
    if (at == std::string_view::npos) {
      from += view.size() - (frame_magic.size() - 1);
      if (view.size() < read_ahead_bytes) return std::nullopt;
      continue;
    }
    if (frame_at(from + at)) return from + at;
    from += at + 1;
  }
}

std::optional<std::string_view> SegmentScanner::next() {
  if (!header_) {
    read_header();
    if (!header_) return std::nullopt;
  }
  // Asked again: nothing but the next frame can have come, unless the file grew. Most often it has not, and then there
  // is nothing to read but its first bytes.
  const auto size_before = file_size();
  if (position_ >= size_before) return std::nullopt;
  const bool searched = searched_size_ != 0 && searched_size_ == size_before;
  if (searched && !begins_frame(position_)) return std::nullopt;
  auto payload = frame_at(position_);
  if (!payload) {
    // What was read ahead may have been written meanwhile.
    buffer_size_ = 0;
    payload = frame_at(position_);
  }
  if (!payload) {
    const auto size = file_size();
    if (position_ >= size || searched) return std::nullopt;
    const auto good = find_frame(position_ + 1);
    if (!good) {
      buffer_size_ = 0;
      searched_size_ = size;
      return std::nullopt;
    }
    // Beside a writer the frame may have been half there before, and whole now that another one follows it.
    buffer_size_ = 0;
    payload = frame_at(position_);
    if (!payload) {
      damage_.push_back({position_, *good});
      position_ = *good;
      payload = frame_at(position_);
      if (!payload) return std::nullopt;
    }
  }
  last_ = {position_, position_ + frame_header_bytes + payload->size()};
  position_ = last_.end;
  searched_size_ = 0;
  return payload;
}

std::string SegmentScanner::bytes(Place place) {
  return std::string(window(place.begin, static_cast<std::size_t>(place.end - place.begin)));
}

}  // namespace telltale::store
