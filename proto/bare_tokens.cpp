#include "proto/bare_tokens.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "proto/number_text.hpp"

namespace telltale::proto {

namespace {

enum class Char : std::uint8_t { other, quote, letter, digit };

constexpr std::array<Char, 256> char_kinds = [] {
  std::array<Char, 256> table{};
  for (int c = 'a'; c <= 'z'; ++c) table[static_cast<std::size_t>(c)] = Char::letter;
  for (int c = 'A'; c <= 'Z'; ++c) table[static_cast<std::size_t>(c)] = Char::letter;
  for (int c = '0'; c <= '9'; ++c) table[static_cast<std::size_t>(c)] = Char::digit;
  table[static_cast<std::size_t>('"')] = Char::quote;
  return table;
}();

Char kind_of(char c) noexcept { return char_kinds[static_cast<unsigned char>(c)]; }

bool numeric(char c) noexcept {
  return kind_of(c) == Char::digit || c == '.' || c == 'e' || c == 'E' || c == '+' || c == '-';
}

void overwrite(char* at, std::string_view text) noexcept { std::memcpy(at, text.data(), text.size()); }

}  // namespace

bool rewrite_bare_tokens(char* text, std::size_t size) noexcept {
  constexpr std::size_t suspicious_digits = 300;  // a double holds 308
  bool backslash = false;
  char* const end = text + size;
  char* p = text;
  while (p != end) {
    switch (kind_of(*p)) {
      case Char::other:
        ++p;
        break;
      case Char::quote: {
        ++p;
        while (p != end && *p != '"') {
          if (*p == '\\') {
            backslash = true;
            if (++p == end) break;
          }
          ++p;
        }
        if (p != end) ++p;
        break;
      }
      case Char::letter: {
        char* const start = p;
        while (p != end && kind_of(*p) == Char::letter) ++p;
        const std::string_view word(start, static_cast<std::size_t>(p - start));
        std::string_view known;
        for (const std::string_view token : {"NaN", "Inf", "Infinity"}) {
          if (equal_ignoring_case(word, token)) known = token;
        }
        if (known.empty()) break;
        overwrite(start, known);
        if (start != text && start[-1] == '+') start[-1] = ' ';  // printf's %+f
        break;
      }
      case Char::digit: {
        char* const start = p;
        bool exponent = false;
        while (p != end && numeric(*p)) {
          exponent = exponent || *p == 'e' || *p == 'E';
          ++p;
        }
        const std::string_view number(start, static_cast<std::size_t>(p - start));
        if (!exponent && number.size() < suspicious_digits) break;
        if (const auto read = read_number(number); !read.value && read.fault == NumberFault::not_finite) {
          std::fill(start, p, ' ');
          overwrite(start, "NaN");
        }
        break;
      }
    }
  }
  return backslash;
}

}  // namespace telltale::proto
