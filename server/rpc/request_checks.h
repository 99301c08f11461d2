// Checks of classification requests, independent of the protocol. Pure functions. Every error names the
// field, its value and the limit, and never contains the text.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace newsgenre {

struct RequestLimits {
  int64_t max_text_bytes = 65536;  // in a text, or in a title and a body together
  int max_batch_texts = 256;       // in one call
};

// The fields of a request that hold the text; does not own them. Fields that are not set are empty.
struct TextRequest {
  std::string_view text;
  std::string_view title;
  std::string_view body;
};

// Returns the text to classify: `text`, or title and body joined as in training. Returns INVALID_ARGUMENT if
// the request is empty or too long, or has a text together with a title or a body.
absl::StatusOr<std::string> RequestText(const TextRequest& request, const RequestLimits& limits);

// Returns the INVALID_ARGUMENT error for a request whose text has no tokens.
absl::Status NoTokensError(const TextRequest& request);

// Returns INVALID_ARGUMENT if a call has no text or too many. `field` is the field that holds the texts.
absl::Status CheckBatchSize(std::string_view field, int texts, const RequestLimits& limits);

// Returns the size in bytes of the largest message that gRPC should accept: twice what the limits allow plus
// 4 MiB. A request above the limits is thus still read and answered with INVALID_ARGUMENT and the limit; gRPC
// itself would answer RESOURCE_EXHAUSTED, which invites the caller to retry.
int MaxReceiveBytes(const RequestLimits& limits);

}  // namespace newsgenre
