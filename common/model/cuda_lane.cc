#include "common/model/cuda_lane.h"

#include <ATen/ops/empty.h>

#include <algorithm>
#include <utility>

#include "common/base/status_macros.h"
#include "common/model/cuda_buckets.h"

namespace newsgenre {

CudaLane::CudaLane(std::unique_ptr<DeviceStream> stream, Logits logits, const Options& options)
    : stream_(std::move(stream)), logits_(std::move(logits)), options_(options) {}

absl::StatusOr<std::unique_ptr<CudaLane>> CudaLane::Make(std::unique_ptr<DeviceStream> stream, Logits logits,
                                                         const Options& options) {
  std::unique_ptr<CudaLane> lane(new CudaLane(std::move(stream), std::move(logits), options));
  if (!options.buckets.empty()) RETURN_IF_ERROR(lane->Record());
  return lane;
}

absl::Status CudaLane::Record() {
  const bool pinned = stream_->device().is_cuda();
  const int64_t size = PackedSize(options_.buckets.back());
  cpu_input_ = at::empty({size}, at::TensorOptions(at::kInt).pinned_memory(pinned));
  input_ = at::empty({size}, at::TensorOptions(at::kInt).device(stream_->device()));
  for (const BatchShape& shape : options_.buckets) {
    recordings_.push_back({shape, ViewOf(input_.narrow(0, 0, PackedSize(shape)), shape), {}, {}});
    recordings_.back().batch.max_length = std::min(shape.rows, options_.max_length);
  }
  absl::Status status;
  stream_->Finish([&] {
    // Largest first: the smaller ones fit into its memory.
    for (auto it = recordings_.rbegin(); it != recordings_.rend() && status.ok(); ++it) {
      status = RecordBucket(&*it);
    }
  });
  RETURN_IF_ERROR(status);
  const int64_t texts = options_.buckets.back().texts, labels = recordings_.front().logits.size(1);
  cpu_output_ = at::empty({texts, labels}, at::TensorOptions(at::kFloat).pinned_memory(pinned));
  return absl::OkStatus();
}

absl::Status CudaLane::RecordBucket(Recording* recording) {
  // Some batch that the bucket has room for: a recording holds no values but addresses.
  const Encoding text{std::vector<int32_t>(recording->batch.max_length, 0)};
  CopyIn({&text}, recording);
  ASSIGN_OR_RETURN(recording->replay,
                   stream_->Record([this, recording] { recording->logits = logits_(recording->batch); }));
  return absl::OkStatus();
}

void CudaLane::CopyIn(const std::vector<const Encoding*>& batch, Recording* recording) {
  const int64_t size = PackedSize(recording->shape);
  const at::Tensor packed = cpu_input_.narrow(0, 0, size);
  recording->batch.starts = PackInto(batch, recording->shape, packed);
  input_.narrow(0, 0, size).copy_(packed, /*non_blocking=*/true);
}

at::Tensor CudaLane::Run(const std::vector<const Encoding*>& batch) {
  const std::optional<size_t> bucket = SmallestBucket(options_.buckets, ShapeOf(batch));
  at::Tensor logits;
  if (!bucket) {
    stream_->Finish([&] { logits = logits_(PackBatch(batch, stream_->device())).to(at::kCPU); });
    return logits;
  }
  Recording& recording = recordings_[*bucket];
  const int64_t texts = static_cast<int64_t>(batch.size());
  const at::Tensor rows = cpu_output_.narrow(0, 0, texts);
  stream_->Finish([&] {
    CopyIn(batch, &recording);
    recording.replay();
    rows.copy_(recording.logits.narrow(0, 0, texts), /*non_blocking=*/true);
  });
  // The next batch writes over the buffer.
  return rows.clone();
}

}  // namespace newsgenre
