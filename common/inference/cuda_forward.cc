#include "common/inference/cuda_forward.h"

#include <c10/core/InferenceMode.h>

#include <utility>

#include "common/base/mutex.h"
#include "common/base/status_macros.h"
#include "common/device/device.h"
#include "common/inference/cuda_buckets.h"
#include "common/inference/cuda_stream.h"

namespace newsgenre {
namespace {

constexpr int64_t kMaxGraphRows = 8192;

class ExecutorPool {
 public:
  explicit ExecutorPool(std::vector<std::unique_ptr<CudaExecutor>> lanes) : free_(std::move(lanes)) {}

  std::unique_ptr<CudaExecutor> Take() ABSL_LOCKS_EXCLUDED(mutex_) {
    MutexLock lock(&mutex_);
    while (free_.empty()) returned_.Wait(&mutex_);
    std::unique_ptr<CudaExecutor> lane = std::move(free_.back());
    free_.pop_back();
    return lane;
  }

  void Return(std::unique_ptr<CudaExecutor> lane) ABSL_LOCKS_EXCLUDED(mutex_) {
    {
      MutexLock lock(&mutex_);
      free_.push_back(std::move(lane));
    }
    returned_.NotifyOne();
  }

 private:
  Mutex mutex_;
  CondVar returned_;
  std::vector<std::unique_ptr<CudaExecutor>> free_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace

Forward LanesForward(std::vector<std::unique_ptr<CudaExecutor>> lanes) {
  const auto pool = std::make_shared<ExecutorPool>(std::move(lanes));
  return [pool](const std::vector<const Encoding*>& batch) {
    // Goes back also where torch throws.
    const auto give_back = [&](CudaExecutor* lane) { pool->Return(std::unique_ptr<CudaExecutor>(lane)); };
    const std::unique_ptr<CudaExecutor, decltype(give_back)> lane(pool->Take().release(), give_back);
    return lane->Run(batch);
  };
}

absl::StatusOr<Forward> CudaForward(const Engine& engine, const CudaForwardOptions& options) {
  CudaExecutor::Options lane_options;
  if (options.graphs) lane_options.buckets = GraphBuckets(kMaxGraphRows);
  lane_options.max_length = options.max_length;
  std::vector<std::unique_ptr<CudaExecutor>> lanes;
  for (int i = 0; i < options.lanes; ++i) {
    RETURN_IF_ERROR(CatchTorch([&]() -> absl::Status {
      const c10::InferenceMode inference;
      ASSIGN_OR_RETURN(std::unique_ptr<DeviceStream> stream, MakeCudaStream(engine.device()));
      const auto logits = [engine](const PackedBatch& batch) { return engine.Logits(batch); };
      ASSIGN_OR_RETURN(lanes.emplace_back(), CudaExecutor::Make(std::move(stream), logits, lane_options));
      return absl::OkStatus();
    }));
  }
  return LanesForward(std::move(lanes));
}

}  // namespace newsgenre
