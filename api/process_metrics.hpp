#pragma once

#include <vector>

namespace prometheus {
struct MetricFamily;
}

namespace telltale::api {

/// The process_* family as every Prometheus client has it, read from /proc/self now. What cannot be read is left out.
void append_process_families(std::vector<prometheus::MetricFamily>& families);

}  // namespace telltale::api
