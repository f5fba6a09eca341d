#include "api/prom/prom_routes.hpp"

#include "api/prom/answer_text.hpp"
#include "api/prom/prom_question.hpp"

namespace telltale::api::prom {

namespace {

Response answer(const Request& request, Timestamp now, ArchiveSource source, Data (*data)(const PromQuestion&)) {
  const auto form = Form::read(request);
  if (!form) return failure(form.error());
  const auto made = data({request, now, *form, source});
  return made ? success(*made) : failure(made.error());
}

}  // namespace

std::vector<Route> prom_routes(Gate& gate, Archive& archive, const Clock& clock, RestLimits limits,
                               AnswerCache* answers) {
  std::vector<Route> routes;
  const auto range = [&archive, &clock, limits, answers](const Caller& caller, const Request& request) -> Answer {
    const auto view = archive.lend();
    const auto make = [&]() -> Answer {
      return answer(request, clock.now(), ArchiveSource(*view, caller.tenant, limits.readings), &query_range);
    };
    const auto form = Form::read(request);
    const auto asked = answers != nullptr && form ? asked_range(*form) : std::nullopt;
    if (!asked) return make();
    const auto& reader = view->reader();
    return answers->answer(
        request, "prom " + caller.tenant + ' ' + asked->text,
        [&] { return reader.directory_revision() + ' ' + reader.revision(asked->readings); }, make);
  };
  const auto serve = [&](const char* method, const std::string& path, Data (*data)(const PromQuestion&)) {
    auto handler = gate.guard(
        Scope::read, [&archive, &clock, limits, data](const Caller& caller, const Request& request) -> Answer {
          const auto view = archive.lend();
          return answer(request, clock.now(), ArchiveSource(*view, caller.tenant, limits.readings), data);
        });
    routes.push_back({method, "/prom/api/v1" + path, std::move(handler), RunsOn::worker_pool});
  };
  for (const auto* method : {"GET", "POST"}) {
    serve(method, "/query", &query);
    routes.push_back({method, "/prom/api/v1/query_range", gate.guard(Scope::read, range), RunsOn::worker_pool});
    serve(method, "/labels", &labels);
    serve(method, "/series", &series);
  }
  serve("GET", "/label/{name}/values", &label_values);
  serve("GET", "/metadata", &metadata);
  serve("GET", "/status/buildinfo", &build_information);
  return routes;
}

}  // namespace telltale::api::prom
