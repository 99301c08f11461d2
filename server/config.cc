#include "server/config.h"

#include "common/base/flag_checks.h"
#include "common/base/status_macros.h"
#include "common/device/precision.h"

namespace newsgenre {

absl::Status ServerConfig::Validate() const {
  RETURN_IF_ERROR(CheckAddress("address", address));
  RETURN_IF_ERROR(CheckAddress("metrics_address", metrics_address));
  RETURN_IF_ERROR(CheckRequired("model_dir", model.model_dir));
  RETURN_IF_ERROR(CheckPrecisionName(model.precision));
  RETURN_IF_ERROR(CheckRange("workers", model.workers, 0, ClassifierModelOptions::kMaxWorkers));
  RETURN_IF_ERROR(CheckRange("threads_per_worker", model.threads_per_worker, 0, 1024));
  RETURN_IF_ERROR(CheckRange("max_text_bytes", static_cast<double>(limits.max_text_bytes), 1, 1 << 20));
  RETURN_IF_ERROR(CheckRange("max_batch_texts", limits.max_batch_texts, 1, 4096));
  // In a shorter queue the largest BatchClassify call would never fit. In a longer one BatchQueue's
  // sweeps would delay the batches.
  RETURN_IF_ERROR(CheckRange("max_queue_texts", max_queue_texts, limits.max_batch_texts, 1 << 16));
  return CheckRange("drain_seconds", drain_seconds, 0, 3600);
}

}  // namespace newsgenre
