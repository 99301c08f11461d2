// A way through the network on a GPU for one batch at a time: a stream, and a CUDA graph for each bucket of
// batch shapes. Starting a layer's kernels one by one costs the CPU more time than a small batch costs the
// GPU; a graph starts all layers at once. What it does with its stream is the same on any device.
#pragma once

#include <ATen/core/Tensor.h>

#include <deque>
#include <functional>
#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "common/inference/cuda_stream.h"
#include "common/model/packed_batch.h"
#include "common/text/tokenizer.h"

namespace newsgenre {

// Owns the stream, the recordings and their buffers. For one thread at a time, any.
class CudaExecutor {
 public:
  // A batch on the stream's device to [texts, labels] logits there, as Engine::Logits.
  using Logits = std::function<at::Tensor(const PackedBatch&)>;

  struct Options {
    std::vector<BatchShape> buckets;  // smallest first; none: nothing is recorded
    int64_t max_length = 0;           // no text is longer, in tokens
  };

  // Records `logits` at each bucket, and holds each recording against the same batch run at once: INTERNAL
  // where a probability is off by more than 1e-3. Record's error; torch's exceptions pass. In a
  // c10::InferenceMode, as Run.
  static absl::StatusOr<std::unique_ptr<CudaExecutor>> Make(std::unique_ptr<DeviceStream> stream,
                                                            Logits logits, const Options& options);

  // [texts, labels] logits, on the CPU. A batch that no bucket has room for runs as it is, unrecorded.
  at::Tensor Run(const std::vector<const Encoding*>& batch);

 private:
  struct CapturedGraph {
    BatchShape shape;
    PackedBatch batch;  // in input_
    at::Tensor logits;  // [shape.texts, labels], where the recording leaves them
    DeviceStream::Run replay;
  };

  CudaExecutor(std::unique_ptr<DeviceStream> stream, Logits logits, const Options& options);
  absl::Status Record();
  absl::Status RecordBucket(CapturedGraph* recording);
  absl::Status CheckRecording(CapturedGraph* recording);
  void CopyIn(const std::vector<const Encoding*>& batch, CapturedGraph* recording);

  // Declared first: what was recorded must not outlive it.
  const std::unique_ptr<DeviceStream> stream_;
  const Logits logits_;
  const Options options_;
  // The buckets share them. Those on the CPU are pinned where the device is a GPU.
  at::Tensor cpu_input_, input_;          // [PackedSize of the largest bucket] int32
  at::Tensor cpu_output_;                 // [texts of the largest bucket, labels]
  std::deque<CapturedGraph> recordings_;  // by bucket
};

}  // namespace newsgenre
