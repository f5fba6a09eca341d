#pragma once

#include <string_view>

namespace telltale::store {

/// Ends the process by SIGKILL at the count-th pass of the point named by the environment variable
/// TELLTALE_FAIL_POINT="name[:count]" (read once, at the first pass of any point). For the kill tests:
/// append-before-sync, append-after-sync, rotate, seal-before-commit, seal-after-commit, rollup-refresh,
/// seal-before-unlink, close-before-sync, close-before-rollup, close-between-rollups, close-before-switch,
/// close-after-switch, close-before-unlink, retain-before-forget, retain-before-unlink, remove-before-rollup,
/// remove-before-done, repair-rollup, salvage-before-rename, salvage-before-switch, salvage-after-switch,
/// aside-before-rename, checkpoint, outbox-send, notify-send, notify-record. Cost: one load and compare when the
/// variable is not set. Threads: any.
void fail_point(std::string_view name) noexcept;

}  // namespace telltale::store
