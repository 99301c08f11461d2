// What a person sees of an answer. Pure.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "newsgenre/v1/classifier.pb.h"

namespace newsgenre {

// The text, a line with a bar for each label in the model's order, the top one marked, and the facts beside
// it.
std::string RenderTable(std::string_view text, const v1::ClassifyResponse& response);

// The text, and why it has no table.
std::string RenderFailure(std::string_view text, const absl::Status& error);

std::string RenderModel(const v1::GetModelResponse& model);

}  // namespace newsgenre
