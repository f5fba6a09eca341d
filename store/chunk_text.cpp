#include "store/chunk_text.hpp"

#include <algorithm>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "store/chunk_column.hpp"
#include "store/compression.hpp"

namespace telltale::store {

using namespace proto;

namespace {

constexpr std::size_t least_worth_compressing = 64;
constexpr std::size_t most_text_bytes = 1u << 30;
// A zstd block of 4 bytes can stand for 128 KiB (RFC 8878, 3.1.1.2), not more: whoever claims more is not believed,
// so that a few bytes cannot ask for a gigabyte.
constexpr std::size_t most_expansion = 1u << 15;

/// varint distinct texts, which one each reading has, then: a varint length of each distinct text, their bytes.
bool take_dictionary(std::string_view bytes, std::size_t distinct, std::vector<TextRef>& out, std::string& arena) {
  ByteReader in(bytes);
  std::uint64_t offset = 0;
  out.resize(distinct);
  for (auto& text : out) {
    const auto length = in.varint();
    if (!in.ok() || length > in.remaining()) return false;
    text = {static_cast<std::uint32_t>(offset), static_cast<std::uint32_t>(length)};
    offset += length;
    if (offset > most_text_bytes) return false;
  }
  arena = in.raw(offset);
  return in.ok() && in.at_end();
}

}  // namespace

TextBytes put_texts(const ChunkPoints& points, std::string& out) {
  std::unordered_map<std::string_view, std::int64_t> known;
  std::vector<std::int64_t> which(points.size());
  std::vector<std::string_view> distinct;
  for (std::size_t i = 0; i < points.size(); ++i) {
    const auto [entry, fresh] = known.try_emplace(points.text(i), static_cast<std::int64_t>(distinct.size()));
    if (fresh) distinct.push_back(entry->first);
    which[i] = entry->second;
  }
  std::string dictionary;
  ByteWriter lengths(dictionary);
  for (const auto text : distinct) lengths.varint(text.size());
  for (const auto text : distinct) dictionary += text;

  ByteWriter(out).varint(distinct.size());
  put_column(which.data(), which.size(), out);
  if (dictionary.size() >= least_worth_compressing) {
    const auto packed = compress(dictionary);
    if (packed.size() < dictionary.size()) {
      out += packed;
      return TextBytes::zstd;
    }
  }
  out += dictionary;
  return TextBytes::plain;
}

bool take_texts(ByteReader& in, std::size_t n, TextBytes how, ChunkPoints& points) {
  const auto distinct = in.varint();
  if (!in.ok() || distinct == 0 || distinct > n) return false;
  points.integers.resize(n);
  if (!take_column(in, n, points.integers.data())) return false;
  const auto bytes = in.raw(in.remaining());
  std::vector<TextRef> dictionary;
  if (how == TextBytes::zstd) {
    std::string unpacked;
    const auto most = std::min(most_text_bytes, bytes.size() * most_expansion);
    if (!decompress(bytes, most, unpacked) || !take_dictionary(unpacked, distinct, dictionary, points.arena))
      return false;
  } else if (!take_dictionary(bytes, distinct, dictionary, points.arena)) {
    return false;
  }
  points.texts.resize(n);
  for (std::size_t i = 0; i < n; ++i) {
    const auto which = static_cast<std::uint64_t>(points.integers[i]);
    if (which >= distinct) return false;
    points.texts[i] = dictionary[which];
  }
  points.integers.clear();
  return true;
}

}  // namespace telltale::store
