#include "server/rpc/request_checks.h"

#include <algorithm>
#include <limits>

#include "common/text/clean_text.h"

namespace newsgenre {
namespace {

size_t TitleAndBodyBytes(const TextRequest& request) { return request.title.size() + request.body.size(); }

// Returns "text has 12 bytes" or "title and body have 12 bytes".
std::string DescribeSize(const TextRequest& request) {
  const size_t title_and_body = TitleAndBodyBytes(request);
  if (title_and_body > 0) return "title and body have " + std::to_string(title_and_body) + " bytes";
  return "text has " + std::to_string(request.text.size()) + " bytes";
}

}  // namespace

absl::StatusOr<std::string> RequestText(const TextRequest& request, const RequestLimits& limits) {
  const size_t title_and_body = TitleAndBodyBytes(request);
  if (!request.text.empty() && title_and_body > 0) {
    return absl::InvalidArgumentError("text (" + std::to_string(request.text.size()) + " bytes) and " +
                                      (request.title.empty() ? "body" : "title") +
                                      " are both set; a request has either a text, or a title and a body");
  }
  const size_t bytes = request.text.size() + title_and_body;
  if (bytes == 0) {
    return absl::InvalidArgumentError("text, title and body have 0 bytes; the minimum is 1 byte");
  }
  if (bytes > static_cast<size_t>(limits.max_text_bytes)) {
    return absl::InvalidArgumentError(DescribeSize(request) + "; the limit is " +
                                      std::to_string(limits.max_text_bytes) + " bytes");
  }
  return title_and_body > 0 ? JoinTitleAndBody(request.title, request.body) : std::string(request.text);
}

absl::Status NoTokensError(const TextRequest& request) {
  return absl::InvalidArgumentError(DescribeSize(request) +
                                    " and, after cleaning, 0 tokens; the minimum is 1 token");
}

absl::Status CheckBatchSize(std::string_view field, int texts, const RequestLimits& limits) {
  if (texts > 0 && texts <= limits.max_batch_texts) return absl::OkStatus();
  return absl::InvalidArgumentError(
      std::string(field) + " has " + std::to_string(texts) + " texts; the " +
      (texts == 0 ? "minimum is 1 text" : "limit is " + std::to_string(limits.max_batch_texts) + " texts"));
}

int MaxReceiveBytes(const RequestLimits& limits) {
  constexpr int64_t kFraming = 64;  // a generous bound for the tags and lengths of a text
  constexpr int64_t kGrpcDefault = 4 << 20;
  const int64_t largest = limits.max_batch_texts * (limits.max_text_bytes + kFraming);
  return static_cast<int>(std::min<int64_t>(2 * largest + kGrpcDefault, std::numeric_limits<int>::max()));
}

}  // namespace newsgenre
