#include "tests/store/chunk_csv.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <system_error>

namespace telltale::test {

using namespace proto;
using store::ChunkPoints;

namespace {

constexpr std::array<std::string_view, 4> type_names = {"number", "integer", "boolean", "text"};

template <class T, class... Format>
std::string written(T value, Format... format) {
  std::array<char, 40> buffer{};
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value, format...).ptr;
  return {buffer.data(), end};
}

template <class T, class... Format>
T parsed(std::string_view text, Format... format) {
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, format...);
  if (error != std::errc() || end != text.data() + text.size())
    throw std::runtime_error("bad csv: " + std::string(text));
  return value;
}

std::string number_text(double v) {
  return std::isfinite(v) ? written(v) : "0x" + written(std::bit_cast<std::uint64_t>(v), 16);
}

double number_of(std::string_view text) {
  if (text.starts_with("0x")) return std::bit_cast<double>(parsed<std::uint64_t>(text.substr(2), 16));
  return parsed<double>(text);
}

std::string escaped(std::string_view text) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x20 && byte < 0x7F && c != '\\') {
      out += c;
    } else {
      out += "\\x";
      out += digits[byte >> 4];
      out += digits[byte & 15];
    }
  }
  return out;
}

std::string unescaped(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\') {
      out += text[i];
      continue;
    }
    out += static_cast<char>(parsed<std::uint8_t>(text.substr(i + 2, 2), 16));
    i += 3;
  }
  return out;
}

std::string_view taken(std::string_view& rest, char end) {
  const auto at = rest.find(end);
  if (at == std::string_view::npos) throw std::runtime_error("bad csv: " + std::string(rest));
  const auto field = rest.substr(0, at);
  rest.remove_prefix(at + 1);
  return field;
}

void add_value(ChunkPoints& points, std::string_view value) {
  switch (points.type) {
    case ValueType::integer:
      points.integers.push_back(parsed<std::int64_t>(value));
      break;
    case ValueType::text:
      add_text(points, unescaped(value));
      break;
    case ValueType::number:
    case ValueType::boolean:
      points.numbers.push_back(number_of(value));
      break;
  }
}

std::string value_text(const ChunkPoints& points, std::size_t i) {
  switch (points.type) {
    case ValueType::integer:
      return written(points.integers[i]);
    case ValueType::text:
      return escaped(points.text(i));
    case ValueType::number:
    case ValueType::boolean:
      return number_text(points.numbers[i]);
  }
  return {};
}

}  // namespace

std::string read_bytes(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  if (!in) throw std::runtime_error("cannot read " + file.string());
  std::ostringstream bytes;
  bytes << in.rdbuf();
  return bytes.str();
}

void write_bytes(const std::filesystem::path& file, std::string_view bytes) {
  std::ofstream out(file, std::ios::binary);
  out.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  if (!out.flush()) throw std::runtime_error("cannot write " + file.string());
}

std::string to_csv(const ChunkPoints& points) {
  std::string out = "ts,source," + std::string(type_names[static_cast<std::size_t>(points.type)]) + "\n";
  for (std::size_t i = 0; i < points.size(); ++i)
    out += written(points.ts[i]) + "," + std::string(to_string(points.source[i])) + "," + value_text(points, i) + "\n";
  return out;
}

ChunkPoints from_csv(std::string_view csv) {
  ChunkPoints points;
  if (taken(csv, ',') != "ts" || taken(csv, ',') != "source") throw std::runtime_error("bad csv: no head");
  const auto type = taken(csv, '\n');
  for (std::size_t i = 0; i < type_names.size(); ++i)
    if (type_names[i] == type) points.type = static_cast<ValueType>(i);
  while (!csv.empty()) {
    points.ts.push_back(parsed<std::int64_t>(taken(csv, ',')));
    const auto source = taken(csv, ',');
    for (const auto s : {TsSource::device, TsSource::receive, TsSource::relative, TsSource::backlog})
      if (to_string(s) == source) points.source.push_back(s);
    add_value(points, taken(csv, '\n'));
  }
  return points;
}

bool same(const ChunkPoints& a, const ChunkPoints& b) {
  if (a.type != b.type || a.ts != b.ts || a.source != b.source || a.integers != b.integers) return false;
  if (a.numbers.size() != b.numbers.size() || a.texts.size() != b.texts.size()) return false;
  for (std::size_t i = 0; i < a.numbers.size(); ++i)
    if (std::bit_cast<std::uint64_t>(a.numbers[i]) != std::bit_cast<std::uint64_t>(b.numbers[i])) return false;
  for (std::size_t i = 0; i < a.texts.size(); ++i)
    if (a.text(i) != b.text(i)) return false;
  return true;
}

void add_text(ChunkPoints& points, std::string_view text) {
  points.texts.push_back({static_cast<std::uint32_t>(points.arena.size()), static_cast<std::uint32_t>(text.size())});
  points.arena += text;
}

}  // namespace telltale::test
