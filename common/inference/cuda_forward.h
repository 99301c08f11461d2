// The network on a GPU for several threads.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "common/inference/cuda_executor.h"
#include "common/inference/engine.h"
#include "common/inference/predict.h"

namespace newsgenre {

// A thread takes a lane that is free, or waits for one. Owns `lanes`, at least one. Any thread.
Forward LanesForward(std::vector<std::unique_ptr<CudaExecutor>> lanes);

struct CudaForwardOptions {
  int64_t max_length = 0;  // tokens of the longest text
  int lanes = 1;           // batches that may run at once
  // Batches of up to 8,192 tokens run from CUDA graphs, which are captured here (seconds a lane) and hold
  // some hundred MiB of the GPU's memory; larger ones keep the GPU busy without.
  bool graphs = true;
};

// `engine`, which is on a GPU. INTERNAL, or RESOURCE_EXHAUSTED for the GPU's memory.
absl::StatusOr<Forward> CudaForward(const Engine& engine, const CudaForwardOptions& options);

}  // namespace newsgenre
