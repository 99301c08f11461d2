#include "server/config.h"

#include <string>

#include "absl/strings/numbers.h"
#include "absl/strings/string_view.h"
#include "common/base/status_macros.h"
#include "common/device/precision.h"

namespace newsgenre {
namespace {

absl::Status CheckAddress(const std::string& field, const std::string& address) {
  const size_t colon = address.rfind(':');
  int port = -1;
  if (colon != std::string::npos && colon > 0 &&
      absl::SimpleAtoi(absl::string_view(address).substr(colon + 1), &port) && port >= 0 && port <= 65535) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(field + " is '" + address +
                                    "'; it must be HOST:PORT with a port from 0 to 65535");
}

absl::Status CheckRange(const std::string& field, int64_t value, int64_t least, int64_t most) {
  if (value >= least && value <= most) return absl::OkStatus();
  return absl::InvalidArgumentError(field + " is " + std::to_string(value) + "; it must lie between " +
                                    std::to_string(least) + " and " + std::to_string(most));
}

}  // namespace

absl::Status ServerConfig::Validate() const {
  RETURN_IF_ERROR(CheckAddress("address", address));
  RETURN_IF_ERROR(CheckAddress("metrics_address", metrics_address));
  if (model_dir.empty())
    return absl::InvalidArgumentError("model_dir is empty; it must name a model's folder");
  RETURN_IF_ERROR(CheckPrecisionName(precision));
  RETURN_IF_ERROR(CheckRange("max_text_bytes", max_text_bytes, 1, 1 << 20));
  RETURN_IF_ERROR(CheckRange("max_batch_texts", max_batch_texts, 1, 4096));
  // Fewer, and the largest BatchClassify call would never find room; more, and looking at all that wait, as
  // BatchQueue does now and then, would hold up the batches.
  RETURN_IF_ERROR(CheckRange("max_queue_texts", max_queue_texts, max_batch_texts, 1 << 16));
  RETURN_IF_ERROR(CheckRange("workers", workers, 0, ClassifierModelOptions::kMaxWorkers));
  RETURN_IF_ERROR(CheckRange("threads_per_worker", threads_per_worker, 0, 1024));
  return CheckRange("drain_seconds", drain_seconds, 0, 3600);
}

ClassifierModelOptions ServerConfig::ModelOptions() const {
  ClassifierModelOptions options;
  options.model_dir = model_dir;
  options.device = device;
  options.precision = precision;
  options.workers = workers;
  options.threads_per_worker = threads_per_worker;
  return options;
}

}  // namespace newsgenre
