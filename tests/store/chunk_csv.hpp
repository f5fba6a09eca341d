#pragma once

#include <bit>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "store/chunk_codec.hpp"

namespace telltale::test {

[[nodiscard]] std::string read_bytes(const std::filesystem::path& file);
void write_bytes(const std::filesystem::path& file, std::string_view bytes);

/// Readings as text that other languages read too: a line "ts,source,{type}", then one line a reading. Numbers are
/// shortest decimals, or 16 hexadecimal digits of their bits behind 0x when not finite; text has \xNN for
/// what is not printable ASCII, and for the backslash.
[[nodiscard]] std::string to_csv(const store::ChunkPoints& points);
[[nodiscard]] store::ChunkPoints from_csv(std::string_view csv);

/// Equal to the last bit. How text lies in the arena does not count.
[[nodiscard]] bool same(const store::ChunkPoints& a, const store::ChunkPoints& b);

void add_text(store::ChunkPoints& points, std::string_view text);

}  // namespace telltale::test
