#pragma once

#include "proto/bytes.hpp"
#include "proto/event.hpp"

namespace telltale::store {

/// One event as bytes. Dead letter payloads are compressed.
void encode(const proto::Event& event, proto::ByteWriter& out);

/// Any bytes are safe; false when they are not an event.
[[nodiscard]] bool decode(proto::ByteReader& in, proto::Event& event);

}  // namespace telltale::store
