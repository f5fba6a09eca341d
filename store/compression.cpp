#include "store/compression.hpp"

#include <zstd.h>

#include <memory>
#include <new>

namespace telltale::store {

namespace {

constexpr int level = 1;

struct FreeContext {
  void operator()(ZSTD_CCtx* context) const noexcept { ZSTD_freeCCtx(context); }
  void operator()(ZSTD_DCtx* context) const noexcept { ZSTD_freeDCtx(context); }
};

}  // namespace

std::string compress(std::string_view bytes) {
  thread_local const std::unique_ptr<ZSTD_CCtx, FreeContext> context(ZSTD_createCCtx());
  if (!context) throw std::bad_alloc();
  std::string out(ZSTD_compressBound(bytes.size()), '\0');
  const auto n = ZSTD_compressCCtx(context.get(), out.data(), out.size(), bytes.data(), bytes.size(), level);
  if (ZSTD_isError(n) != 0) throw std::bad_alloc();  // the bound excludes every other error
  out.resize(n);
  return out;
}

bool decompress(std::string_view bytes, std::size_t most_bytes, std::string& out) {
  thread_local const std::unique_ptr<ZSTD_DCtx, FreeContext> context(ZSTD_createDCtx());
  if (!context) throw std::bad_alloc();
  const auto size = ZSTD_getFrameContentSize(bytes.data(), bytes.size());
  if (size == ZSTD_CONTENTSIZE_UNKNOWN || size == ZSTD_CONTENTSIZE_ERROR || size > most_bytes) return false;
  out.resize(size);
  const auto n = ZSTD_decompressDCtx(context.get(), out.data(), out.size(), bytes.data(), bytes.size());
  return ZSTD_isError(n) == 0 && n == size;
}

}  // namespace telltale::store
