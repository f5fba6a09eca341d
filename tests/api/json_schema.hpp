#pragma once

#include <string>

#include <rapidjson/document.h>

namespace telltale::test {

/// What openapi.json uses of JSON Schema 2020-12: $ref, type, enum, properties, required, additionalProperties, items,
/// oneOf (any of them), maximum. "" when `value` fits, else what does not and where.
[[nodiscard]] std::string misfit(const rapidjson::Value& value, const rapidjson::Value& schema,
                                 const rapidjson::Document& document, const std::string& where = "");

/// The value a local reference such as "#/components/schemas/Device" points to. Throws when there is none.
[[nodiscard]] const rapidjson::Value& resolved(const rapidjson::Value& maybe_reference,
                                               const rapidjson::Document& document);

}  // namespace telltale::test
