#pragma once

#include <functional>
#include <memory>

#include "api/gate.hpp"
#include "api/remembered_answers.hpp"

namespace telltale::api {

/// Has `work` done for a request, once though the request comes again with the same Idempotency-Key: a repetition is
/// answered as the first one was. What ended in 503 was not done and is not remembered.
/// `fingerprint` is what must be the same in a repetition.
void once(const std::shared_ptr<RememberedAnswers>& remembered, const Caller& caller, const Request& request,
          const std::string& fingerprint, std::chrono::steady_clock::time_point now, const Settle& settle,
          const std::function<void(const Settle&)>& work);

}  // namespace telltale::api
