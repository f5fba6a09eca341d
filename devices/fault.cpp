#include "devices/fault.hpp"

#include <algorithm>

namespace telltale::devices {

const Fault* FaultPlan::active(FaultKind kind, Millis elapsed) const noexcept {
  const Millis now = phase(elapsed);
  for (const auto& fault : faults) {
    if (fault.kind == kind && now >= fault.start && now < fault.start + fault.length) return &fault;
  }
  return nullptr;
}

Millis FaultPlan::since(const Fault& fault, Millis elapsed) const noexcept { return phase(elapsed) - fault.start; }

bool FaultPlan::has(FaultKind kind) const noexcept {
  return std::any_of(faults.begin(), faults.end(), [&](const Fault& f) { return f.kind == kind; });
}

}  // namespace telltale::devices
