// Runs a network on a GPU, one batch at a time: a stream, and a CUDA graph for each bucket of batch shapes.
// Starting a layer's kernels one by one takes the CPU longer than a small batch takes the GPU; a graph starts
// all layers at once. This class works on any device that has a DeviceStream.
#pragma once

#include <ATen/core/Tensor.h>

#include <deque>
#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "common/inference/cuda_stream.h"
#include "common/inference/network.h"
#include "common/model/packed_batch.h"
#include "common/text/tokenizer.h"

namespace newsgenre {

// Owns the stream, the graphs and their buffers. Not thread-safe, but not bound to one thread.
class CudaExecutor {
 public:
  struct Options {
    std::vector<BatchShape> buckets;  // smallest first; empty: no graph is captured
    int64_t max_length = 0;           // tokens of the longest text
  };

  // Captures `network` in each bucket and compares each graph with a direct run of the same batch. Returns
  // INTERNAL if a probability differs by more than 1e-3, or DeviceStream::Capture's error. Throws torch's
  // exceptions. The caller holds a c10::InferenceMode, also for Run. `network` is on the stream's device.
  static absl::StatusOr<std::unique_ptr<CudaExecutor>> Make(std::unique_ptr<DeviceStream> stream,
                                                            std::shared_ptr<const Network> network,
                                                            const Options& options);

  // Returns the [texts, labels] logits on the CPU. A batch that no bucket holds runs without a graph. Throws
  // torch's exceptions.
  at::Tensor Run(const std::vector<const Encoding*>& batch);

 private:
  struct CapturedGraph {
    BatchShape shape;
    PackedBatch batch;  // in input_
    at::Tensor logits;  // [shape.texts, labels], written by the graph
    DeviceStream::Work replay;
  };

  CudaExecutor(std::unique_ptr<DeviceStream> stream, std::shared_ptr<const Network> network,
               const Options& options);
  absl::Status CaptureBuckets();
  absl::Status CaptureBucket(CapturedGraph* graph);
  absl::Status CheckGraph(CapturedGraph* graph);
  void CopyIn(const std::vector<const Encoding*>& batch, CapturedGraph* graph);

  // Declared first, because the graphs must not outlive it.
  const std::unique_ptr<DeviceStream> stream_;
  const std::shared_ptr<const Network> network_;
  const Options options_;
  // Buffers that all buckets share. Those on the CPU are pinned if the device is a GPU.
  at::Tensor cpu_input_, input_;      // [PackedSize of the largest bucket] int32
  at::Tensor cpu_output_;             // [texts of the largest bucket, labels]
  std::deque<CapturedGraph> graphs_;  // one per bucket
};

}  // namespace newsgenre
