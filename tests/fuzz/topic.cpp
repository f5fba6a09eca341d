#include "proto/topic.hpp"

#include "tests/fuzz/targets.hpp"

namespace telltale::fuzz {

namespace {

void run(std::string_view bytes) {
  for (const auto tenancy : {proto::Tenancy::single, proto::Tenancy::multi}) {
    const auto parts = proto::split_tenant(bytes, tenancy);
    if (!parts) {
      promise(!parts.error().empty(), "a refused topic is told why");
      continue;
    }
    if (!parts->topic_class) continue;
    const auto read = proto::parse_native(*parts);
    if (!read) {
      promise(!read.error().empty(), "a refused topic is told why");
      continue;
    }
    if (proto::written_by_service(read->topic_class)) continue;
    promise(proto::valid_tenant(read->tenant), "a tenant is one");
    promise(proto::to_topic(*read, tenancy) == bytes, "a topic survives");
  }
}

}  // namespace

Target topic() { return {"topic", &run}; }

}  // namespace telltale::fuzz
