#include "server/client/result_writer.h"

#include <charconv>
#include <utility>

#include "nlohmann/json.hpp"

namespace newsgenre {
namespace {

std::string Quote(const std::string& text) {
  return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::string ShortestDecimal(float value) {
  char buffer[32];
  const auto end = std::to_chars(buffer, buffer + sizeof(buffer), value);
  return std::string(buffer, end.ptr);
}

}  // namespace

std::string ResultLine(const absl::StatusOr<v1::ClassifyResponse>& result) {
  if (!result.ok()) return "{\"error\": " + Quote(result.status().ToString()) + "}";
  std::string probabilities;
  for (const auto& entry : result->probabilities()) {
    if (!probabilities.empty()) probabilities += ", ";
    probabilities += Quote(entry.label()) + ": " + ShortestDecimal(entry.probability());
  }
  return "{\"label\": " + Quote(result->label()) + ", \"probabilities\": {" + probabilities +
         "}, \"tokens\": " + std::to_string(result->token_count()) +
         ", \"truncated\": " + (result->truncated() ? "true" : "false") +
         ", \"model_version\": " + Quote(result->model_version()) + "}";
}

void OrderedWriter::Write(size_t index, std::string text) {
  held_.emplace(index, std::move(text));
  for (auto it = held_.begin(); it != held_.end() && it->first == next_; it = held_.erase(it)) {
    *out_ << it->second;
    ++next_;
  }
}

}  // namespace newsgenre
