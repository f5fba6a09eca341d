#include "proto/mapping.hpp"

namespace telltale::proto {

Mapping tutorial_mapping() {
  Mapping mapping;
  mapping.name = "tutorial";
  mapping.topic = "sensors/{metric}/{device}";
  mapping.codec = Mapping::Codec::plain;
  mapping.set = {{"site", "default"}};
  return mapping;
}

}  // namespace telltale::proto
