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

class ExecutorPool : public Forward {
 public:
  explicit ExecutorPool(std::vector<std::unique_ptr<CudaExecutor>> executors) : free_(std::move(executors)) {}

  at::Tensor Logits(const std::vector<const Encoding*>& batch) const override {
    // Returns the executor to the pool if torch throws, too.
    const auto give_back = [this](CudaExecutor* executor) {
      Return(std::unique_ptr<CudaExecutor>(executor));
    };
    const std::unique_ptr<CudaExecutor, decltype(give_back)> executor(Take().release(), give_back);
    return executor->Run(batch);
  }

 private:
  std::unique_ptr<CudaExecutor> Take() const ABSL_LOCKS_EXCLUDED(mutex_) {
    MutexLock lock(&mutex_);
    while (free_.empty()) returned_.Wait(&mutex_);
    std::unique_ptr<CudaExecutor> executor = std::move(free_.back());
    free_.pop_back();
    return executor;
  }

  void Return(std::unique_ptr<CudaExecutor> executor) const ABSL_LOCKS_EXCLUDED(mutex_) {
    {
      MutexLock lock(&mutex_);
      free_.push_back(std::move(executor));
    }
    returned_.NotifyOne();
  }

  mutable Mutex mutex_;
  mutable CondVar returned_;
  mutable std::vector<std::unique_ptr<CudaExecutor>> free_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace

std::shared_ptr<const Forward> MakePooledForward(std::vector<std::unique_ptr<CudaExecutor>> executors) {
  return std::make_shared<const ExecutorPool>(std::move(executors));
}

absl::StatusOr<std::shared_ptr<const Forward>> MakeCudaForward(std::shared_ptr<const Network> network,
                                                               const CudaForwardOptions& options) {
  CudaExecutor::Options executor_options;
  if (options.graphs) executor_options.buckets = GraphBuckets(kMaxGraphRows);
  executor_options.max_length = options.max_length;
  std::vector<std::unique_ptr<CudaExecutor>> executors;
  for (int i = 0; i < options.executors; ++i) {
    RETURN_IF_ERROR(CatchTorch([&]() -> absl::Status {
      const c10::InferenceMode inference;
      ASSIGN_OR_RETURN(std::unique_ptr<DeviceStream> stream, MakeCudaStream(network->device()));
      ASSIGN_OR_RETURN(executors.emplace_back(),
                       CudaExecutor::Make(std::move(stream), network, executor_options));
      return absl::OkStatus();
    }));
  }
  return MakePooledForward(std::move(executors));
}

}  // namespace newsgenre
