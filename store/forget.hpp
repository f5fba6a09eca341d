#pragma once

#include <filesystem>

#include "proto/clock.hpp"
#include "proto/event.hpp"
#include "proto/log.hpp"
#include "proto/metrics.hpp"
#include "store/directory.hpp"

namespace telltale::store {

/// `asked` with the devices and series that it means: one device, with device "-" all of the site, with site "-" as
/// well all of the tenant.
[[nodiscard]] proto::DevicesRemoved removal_of(proto::DevicesRemoved asked, const Directory& directory);

/// Writes a removal into the log of a folder whose service is stopped. Queries obey it at once; the service does the
/// rest when it runs again. Takes the folder's lock meanwhile. `asked` as above; returns it with what it meant.
/// Errors: StoreFailure.
proto::DevicesRemoved forget(const std::filesystem::path& folder, proto::DevicesRemoved asked, const Clock& clock,
                             proto::Logger& log, proto::Metrics& metrics);

}  // namespace telltale::store
