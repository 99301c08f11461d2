// Runs a network on a GPU for several threads.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "common/inference/cuda_executor.h"
#include "common/inference/network.h"
#include "common/inference/predict.h"

namespace newsgenre {

// Returns a Forward that runs each batch on a free executor and blocks while all are in use. `executors` has
// at least one.
std::shared_ptr<const Forward> MakePooledForward(std::vector<std::unique_ptr<CudaExecutor>> executors);

struct CudaForwardOptions {
  int64_t max_length = 0;  // tokens of the longest text
  int executors = 1;       // batches that can run at once
  // Runs batches of up to 8,192 tokens from CUDA graphs; larger batches keep the GPU busy without them. The
  // graphs of an executor take seconds to capture and some hundred MiB of the GPU's memory.
  bool graphs = true;
};

// Returns a pool of executors for `network`, which is on a GPU. Returns RESOURCE_EXHAUSTED if the GPU has too
// little memory, INTERNAL for CudaExecutor::Make's other errors.
absl::StatusOr<std::shared_ptr<const Forward>> MakeCudaForward(std::shared_ptr<const Network> network,
                                                               const CudaForwardOptions& options);

}  // namespace newsgenre
