#include "server/rpc/request_checks.h"

#include <algorithm>
#include <limits>

#include "common/text/clean_text.h"

namespace newsgenre {

absl::StatusOr<std::string> RequestText(const v1::ClassifyRequest& request, const RequestLimits& limits) {
  const size_t title_and_body = request.title().size() + request.body().size();
  if (!request.text().empty() && title_and_body > 0) {
    return absl::InvalidArgumentError(
        "text (" + std::to_string(request.text().size()) + " bytes) is set together with " +
        (request.title().empty() ? "body" : "title") + "; the limit is one of them: text, or title and body");
  }
  const std::string field = title_and_body > 0 ? "title and body" : "text";
  const size_t bytes = request.text().size() + title_and_body;
  if (bytes == 0) return absl::InvalidArgumentError("text, title and body have 0 bytes; the least is 1 byte");
  if (bytes > static_cast<size_t>(limits.max_text_bytes)) {
    return absl::InvalidArgumentError(field + (title_and_body > 0 ? " have " : " has ") +
                                      std::to_string(bytes) + " bytes; the limit is " +
                                      std::to_string(limits.max_text_bytes) + " bytes");
  }
  return title_and_body > 0 ? JoinTitleAndBody(request.title(), request.body()) : request.text();
}

absl::Status CheckBatchSize(int texts, const RequestLimits& limits) {
  if (texts == 0) return absl::InvalidArgumentError("requests has 0 texts; the least is 1 text");
  if (texts > limits.max_batch_texts) {
    return absl::InvalidArgumentError("requests has " + std::to_string(texts) + " texts; the limit is " +
                                      std::to_string(limits.max_batch_texts) + " texts");
  }
  return absl::OkStatus();
}

int MaxReceiveBytes(const RequestLimits& limits) {
  constexpr int64_t kFraming = 64;  // tags and lengths of a text, generously
  const int64_t bytes = int64_t{2} * limits.max_batch_texts * (limits.max_text_bytes + kFraming);
  return static_cast<int>(std::min<int64_t>(bytes, std::numeric_limits<int>::max()));
}

}  // namespace newsgenre
