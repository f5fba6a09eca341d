#include "store/sqlite_pages.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstring>

#include "store/error.hpp"

namespace telltale::store {

namespace fs = std::filesystem;

namespace {

constexpr std::uint32_t most_page_size = 65536;
constexpr std::size_t wal_header_bytes = 32, wal_frame_header_bytes = 24;
constexpr unsigned char table_leaf = 0x0D;
constexpr std::size_t most_record_bytes = 64u << 20;

Fd open_file(const fs::path& file) {
  Fd fd(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd && errno != ENOENT) throw StoreFailure(file.string() + ": " + std::strerror(errno));
  return fd;
}

std::uint64_t size_of(const Fd& fd) {
  struct stat info {};
  return fd && ::fstat(fd.get(), &info) == 0 ? static_cast<std::uint64_t>(info.st_size) : 0;
}

/// Fewer bytes only at the end of the file.
std::string_view read_at(const Fd& fd, const std::string& name, std::uint64_t offset, std::size_t size,
                         std::string& buffer) {
  buffer.resize(size);
  std::size_t got = 0;
  while (got < size) {
    const auto n = ::pread(fd.get(), buffer.data() + got, size - got, static_cast<off_t>(offset + got));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) throw StoreFailure(name + ": " + std::strerror(errno));
    if (n == 0) break;
    got += static_cast<std::size_t>(n);
  }
  return std::string_view(buffer).substr(0, got);
}

std::uint64_t big_endian(std::string_view bytes, std::size_t at, std::size_t size) {
  std::uint64_t v = 0;
  for (std::size_t i = 0; i < size; ++i) v = v << 8 | static_cast<unsigned char>(bytes[at + i]);
  return v;
}
std::uint32_t u32(std::string_view bytes, std::size_t at) {
  return static_cast<std::uint32_t>(big_endian(bytes, at, 4));
}

bool is_page_size(std::uint32_t size) { return size >= 512 && size <= most_page_size && std::has_single_bit(size); }

struct Sum {
  std::uint32_t a = 0, b = 0;
  friend bool operator==(const Sum&, const Sum&) = default;

  void add(std::string_view bytes, bool big) {
    const auto word = [&](std::size_t at) {
      const auto v = u32(bytes, at);
      return big ? v : __builtin_bswap32(v);
    };
    for (std::size_t at = 0; at + 8 <= bytes.size(); at += 8) {
      a += word(at) + b;
      b += word(at + 4) + a;
    }
  }
};

/// SQLite's variable-length integer; moves `at`. Nothing behind the end.
std::optional<std::uint64_t> varint(std::string_view bytes, std::size_t& at) {
  std::uint64_t v = 0;
  for (int i = 0; i < 9; ++i) {
    if (at >= bytes.size()) return std::nullopt;
    const auto byte = static_cast<unsigned char>(bytes[at++]);
    if (i == 8) return v << 8 | byte;
    v = v << 7 | (byte & 0x7Fu);
    if ((byte & 0x80u) == 0) return v;
  }
  return v;
}

}  // namespace

std::optional<std::size_t> WalFrames::first_damaged() const {
  for (std::size_t i = 0; i < frames.size(); ++i) {
    if (frames[i].intact) continue;
    // Without a commit it is what a transaction left that was rolled back or cut off by a kill.
    const bool commit_follows = std::any_of(frames.begin() + static_cast<std::ptrdiff_t>(i), frames.end(),
                                            [](const Frame& frame) { return frame.intact && frame.commit; });
    return commit_follows ? std::optional(i) : std::nullopt;
  }
  return std::nullopt;
}

WalFrames read_wal(const fs::path& wal) {
  WalFrames out;
  const auto fd = open_file(wal);
  const auto size = size_of(fd);
  if (size < wal_header_bytes) return out;
  std::string buffer;
  const std::string header(read_at(fd, wal.string(), 0, wal_header_bytes, buffer));
  if (header.size() < wal_header_bytes) return out;
  const auto magic = u32(header, 0);
  const bool big = (magic & 1u) != 0;
  Sum sum;
  sum.add(std::string_view(header).substr(0, 24), big);
  const auto page_size = u32(header, 8);
  if ((magic & ~1u) != 0x377F0682 || !is_page_size(page_size) || sum != Sum{u32(header, 24), u32(header, 28)}) {
    out.header_damaged = true;
    return out;
  }
  out.page_size = page_size;
  for (std::uint64_t at = wal_header_bytes; at + wal_frame_header_bytes + page_size <= size;
       at += wal_frame_header_bytes + page_size) {
    const auto frame = read_at(fd, wal.string(), at, wal_frame_header_bytes + page_size, buffer);
    if (frame.size() < wal_frame_header_bytes + page_size) break;
    // Frames of an earlier use of the file have another salt.
    if (frame.substr(8, 8) != std::string_view(header).substr(16, 8)) break;
    sum.add(frame.substr(0, 8), big);
    sum.add(frame.substr(wal_frame_header_bytes), big);
    const Sum said{u32(frame, 16), u32(frame, 20)};
    out.frames.push_back({u32(frame, 0), at + wal_frame_header_bytes, u32(frame, 4) != 0, sum == said});
    sum = said;
  }
  // A writer that began the file anew meanwhile: what was read belongs to two of its lives.
  if (read_at(fd, wal.string(), 0, wal_header_bytes, buffer) != header) return WalFrames{};
  return out;
}

SqlitePages::SqlitePages(const fs::path& database)
    : file_(open_file(database)), wal_(open_file(database.string() + "-wal")), name_(database.string()) {
  if (!file_) throw StoreFailure(name_ + ": is not there");
  const auto wal = read_wal(name_ + "-wal");
  const auto head = read_at(file_, name_, 0, 100, buffer_);
  if (wal.page_size != 0) {
    page_size_ = wal.page_size;
  } else if (head.size() == 100) {
    const auto said = static_cast<std::uint32_t>(big_endian(head, 16, 2));
    const auto size = said == 1 ? most_page_size : said;
    if (is_page_size(size)) page_size_ = size;
  }
  count_ = static_cast<std::uint32_t>(std::min<std::uint64_t>(size_of(file_) / page_size_, UINT32_MAX));
  std::size_t committed = 0;
  for (std::size_t i = 0; i < wal.frames.size(); ++i)
    if (wal.frames[i].intact && wal.frames[i].commit) committed = i + 1;
  for (std::size_t i = 0; i < committed; ++i) {
    const auto& frame = wal.frames[i];
    if (!frame.intact || frame.page == 0) continue;
    in_wal_[frame.page] = frame.offset;
    count_ = std::max(count_, frame.page);
  }
}

std::string_view SqlitePages::page(std::uint32_t number) {
  if (number == 0 || number > count_) return {};
  const auto found = in_wal_.find(number);
  const auto page = found != in_wal_.end()
                        ? read_at(wal_, name_, found->second, page_size_, buffer_)
                        : read_at(file_, name_, (number - std::uint64_t{1}) * page_size_, page_size_, buffer_);
  return page.size() == page_size_ ? page : std::string_view{};
}

std::vector<std::uint32_t> SqlitePages::cells(std::uint32_t number, Trust trust) {
  std::vector<std::uint32_t> out;
  const auto bytes = page(number);
  const std::size_t start = number == 1 ? 100 : 0;
  if (bytes.size() < start + 8) return out;
  if (trust == Trust::marked_leaves && static_cast<unsigned char>(bytes[start]) != table_leaf) return out;
  const auto count = big_endian(bytes, start + 3, 2);
  for (std::uint64_t i = 0; i < count; ++i) {
    const auto at = start + 8 + 2 * i;
    if (at + 2 > bytes.size()) break;
    const auto cell = static_cast<std::uint32_t>(big_endian(bytes, at, 2));
    if (cell >= at + 2 && cell < bytes.size()) out.push_back(cell);
  }
  return out;
}

std::optional<std::int64_t> SqlitePages::rowid(std::uint32_t number, std::uint32_t cell) {
  const auto bytes = page(number);
  std::size_t at = cell;
  const auto size = varint(bytes, at);
  const auto id = varint(bytes, at);
  if (!size || !id) return std::nullopt;
  return static_cast<std::int64_t>(*id);
}

std::optional<SqlitePages::Row> SqlitePages::row(std::uint32_t number, std::uint32_t cell) {
  auto bytes = page(number);
  std::size_t at = cell;
  const auto size = varint(bytes, at);
  const auto id = varint(bytes, at);
  if (!size || !id || *size < 2 || *size > most_record_bytes) return std::nullopt;
  const std::uint64_t usable = page_size_;  // our files reserve nothing at the end of a page
  const auto most_local = usable - 35;
  auto local = *size;
  if (local > most_local) {
    const auto least_local = (usable - 12) * 32 / 255 - 23;
    const auto wanted = least_local + (*size - least_local) % (usable - 4);
    local = wanted <= most_local ? wanted : least_local;
  }
  if (at + local + (local < *size ? 4 : 0) > bytes.size()) return std::nullopt;
  Row out{static_cast<std::int64_t>(*id), std::string(bytes.substr(at, local))};
  auto next = local < *size ? u32(bytes, at + local) : 0;
  while (out.record.size() < *size) {
    bytes = page(next);
    if (bytes.empty()) return std::nullopt;
    next = u32(bytes, 0);
    out.record.append(bytes.substr(4, std::min<std::size_t>(usable - 4, *size - out.record.size())));
  }
  return out;
}

std::optional<std::vector<RecordColumn>> record_columns(std::string_view record) {
  std::size_t at = 0;
  const auto header_size = varint(record, at);
  if (!header_size || *header_size > record.size() || *header_size < at) return std::nullopt;
  const auto header = record.substr(0, *header_size);
  std::size_t data = *header_size;
  std::vector<RecordColumn> out;
  const auto take = [&](std::uint64_t size) -> std::optional<std::string_view> {
    if (size > record.size() - data) return std::nullopt;
    data += size;
    return record.substr(data - size, size);
  };
  while (at < header.size()) {
    const auto type = varint(header, at);
    if (!type) return std::nullopt;
    RecordColumn column;
    if (*type >= 1 && *type <= 7) {
      constexpr std::size_t sizes[] = {0, 1, 2, 3, 4, 6, 8, 8};
      const auto bytes = take(sizes[*type]);
      if (!bytes) return std::nullopt;
      const auto bits = big_endian(*bytes, 0, bytes->size());
      const auto shift = 64 - 8 * bytes->size();
      column.kind = *type == 7 ? RecordColumn::Kind::real : RecordColumn::Kind::integer;
      column.integer = static_cast<std::int64_t>(bits << shift) >> shift;
      column.real = *type == 7 ? std::bit_cast<double>(bits) : static_cast<double>(column.integer);
    } else if (*type == 8 || *type == 9) {
      column.kind = RecordColumn::Kind::integer;
      column.integer = static_cast<std::int64_t>(*type) - 8;
      column.real = static_cast<double>(column.integer);
    } else if (*type >= 12) {
      const auto bytes = take((*type - 12) / 2);
      if (!bytes) return std::nullopt;
      column.kind = *type % 2 == 0 ? RecordColumn::Kind::blob : RecordColumn::Kind::text;
      column.bytes = *bytes;
    } else if (*type != 0) {
      return std::nullopt;
    }
    out.push_back(column);
  }
  return out;
}

}  // namespace telltale::store
