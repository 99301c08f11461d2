// What a request may hold. Pure functions; every error names the field, its value and the limit, never the
// text.
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "newsgenre/v1/classifier.pb.h"

namespace newsgenre {

struct RequestLimits {
  int64_t max_text_bytes = 65536;  // of a text, or of title and body together
  int max_batch_texts = 256;       // of a BatchClassify call
};

// The text to classify: `text`, or title and body joined as in training. INVALID_ARGUMENT: empty, too long,
// or text together with one of the others.
absl::StatusOr<std::string> RequestText(const v1::ClassifyRequest& request, const RequestLimits& limits);

// INVALID_ARGUMENT, for a request whose text has nothing in it that the model could read.
absl::Status NothingLeftError(const v1::ClassifyRequest& request);

// INVALID_ARGUMENT: none or too many.
absl::Status CheckBatchSize(int texts, const RequestLimits& limits);

// The most bytes of a message that gRPC lets through. Twice what the limits add up to, and 4 MiB more, so
// that a request above them is still read, and told which limit it broke: gRPC itself would answer
// RESOURCE_EXHAUSTED, as if it were worth sending again.
int MaxReceiveBytes(const RequestLimits& limits);

}  // namespace newsgenre
