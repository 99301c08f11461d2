// One line of JSON for one text. Pure.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "newsgenre/v1/classifier.pb.h"

namespace newsgenre {

// {"label": "World", "probabilities": {"World": 0.98, …}, "tokens": 54, "truncated": false, "model_version":
// "…"} with the labels in the model's order and each probability as the shortest decimal that reads back as
// the same float; or
// {"error": "INVALID_ARGUMENT: …"}. No line break at the end.
std::string ResultLine(const absl::StatusOr<v1::ClassifyResponse>& result);

}  // namespace newsgenre
