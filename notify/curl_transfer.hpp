#pragma once

#include <memory>

#include "notify/transfer.hpp"

namespace telltale::notify {

/// Transfers by libcurl, all on the caller's thread: HTTP POST, and SMTP. Redirections are not followed.
/// Errors: construction throws std::runtime_error; what goes wrong with a request is its outcome.
class CurlTransfer final : public Transfer {
 public:
  struct Patience {
    Millis connect{10'000};
    Millis whole{30'000};
  };
  CurlTransfer() : CurlTransfer(Patience{}) {}
  explicit CurlTransfer(Patience patience);
  ~CurlTransfer() override;

  void start(std::uint64_t token, Request request) override;
  [[nodiscard]] std::vector<Done> wait(Millis timeout) override;
  void wake() override;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace telltale::notify
