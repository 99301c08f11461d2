#include "server/rpc/request_checks.h"

#include <algorithm>
#include <limits>

#include "common/text/clean_text.h"

namespace newsgenre {
namespace {

// "text has 12 bytes", "title and body have 12 bytes".
std::string Size(const v1::ClassifyRequest& request) {
  const size_t title_and_body = request.title().size() + request.body().size();
  if (title_and_body > 0) return "title and body have " + std::to_string(title_and_body) + " bytes";
  return "text has " + std::to_string(request.text().size()) + " bytes";
}

}  // namespace

absl::StatusOr<std::string> RequestText(const v1::ClassifyRequest& request, const RequestLimits& limits) {
  const size_t title_and_body = request.title().size() + request.body().size();
  if (!request.text().empty() && title_and_body > 0) {
    return absl::InvalidArgumentError(
        "text (" + std::to_string(request.text().size()) + " bytes) is set together with " +
        (request.title().empty() ? "body" : "title") + "; the limit is one of them: text, or title and body");
  }
  const size_t bytes = request.text().size() + title_and_body;
  if (bytes == 0) return absl::InvalidArgumentError("text, title and body have 0 bytes; the least is 1 byte");
  if (bytes > static_cast<size_t>(limits.max_text_bytes)) {
    return absl::InvalidArgumentError(Size(request) + "; the limit is " +
                                      std::to_string(limits.max_text_bytes) + " bytes");
  }
  return title_and_body > 0 ? JoinTitleAndBody(request.title(), request.body()) : request.text();
}

absl::Status NothingLeftError(const v1::ClassifyRequest& request) {
  return absl::InvalidArgumentError(Size(request) +
                                    ", of which cleaning leaves 0 tokens; the least is 1 token");
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
  constexpr int64_t kGrpcDefault = 4 << 20;
  const int64_t largest = limits.max_batch_texts * (limits.max_text_bytes + kFraming);
  return static_cast<int>(std::min<int64_t>(2 * largest + kGrpcDefault, std::numeric_limits<int>::max()));
}

}  // namespace newsgenre
