#pragma once

#include <optional>
#include <string>

#include "api/prom/archive_source.hpp"
#include "api/prom/form.hpp"
#include "api/rest_question.hpp"

namespace telltale::api::prom {

/// A question with its parameters.
struct PromQuestion {
  const Request& request;
  Timestamp now;
  const Form& form;
  ArchiveSource& source;
};
/// The JSON that stands under "data".
using Data = Result<std::string, QueryError>;

Data query(const PromQuestion& question);
Data query_range(const PromQuestion& question);
/// What a range query asks, and where the readings lie that its answer is made of. None when it is not valid.
struct AskedRange {
  std::string text;
  store::Range readings;
};
[[nodiscard]] std::optional<AskedRange> asked_range(const Form& form);
Data labels(const PromQuestion& question);
Data label_values(const PromQuestion& question);
Data series(const PromQuestion& question);
Data metadata(const PromQuestion& question);
Data build_information(const PromQuestion& question);

}  // namespace telltale::api::prom
