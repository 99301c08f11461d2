#include "common/inference/cuda_executor.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/softmax.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "absl/strings/str_format.h"
#include "common/base/status_macros.h"
#include "common/inference/cuda_buckets.h"

namespace newsgenre {
namespace {

// Texts of several lengths that all but fill a bucket.
std::vector<Encoding> ProbeTexts(const BatchShape& shape, int64_t max_length) {
  constexpr int64_t kLengths[] = {21, 7, 150, 54, 2};
  // Ids that any vocabulary has.
  constexpr int32_t kIds = 4;
  std::vector<Encoding> texts;
  int64_t rows = 0;
  while (static_cast<int64_t>(texts.size()) < shape.texts) {
    const int64_t length = std::min(kLengths[texts.size() % std::size(kLengths)], max_length);
    if (rows + length > shape.rows) break;
    Encoding& text = texts.emplace_back();
    for (int64_t i = 0; i < length; ++i) text.ids.push_back(static_cast<int32_t>(rows + i * i) % kIds);
    rows += length;
  }
  return texts;
}

}  // namespace

CudaExecutor::CudaExecutor(std::unique_ptr<DeviceStream> stream, Logits logits, const Options& options)
    : stream_(std::move(stream)), logits_(std::move(logits)), options_(options) {}

absl::StatusOr<std::unique_ptr<CudaExecutor>> CudaExecutor::Make(std::unique_ptr<DeviceStream> stream,
                                                                 Logits logits, const Options& options) {
  std::unique_ptr<CudaExecutor> lane(new CudaExecutor(std::move(stream), std::move(logits), options));
  if (!options.buckets.empty()) RETURN_IF_ERROR(lane->Record());
  return lane;
}

absl::Status CudaExecutor::Record() {
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

absl::Status CudaExecutor::RecordBucket(CapturedGraph* recording) {
  // Some batch that the bucket has room for: a recording holds no values but addresses.
  const Encoding text{std::vector<int32_t>(recording->batch.max_length, 0)};
  CopyIn({&text}, recording);
  ASSIGN_OR_RETURN(recording->replay,
                   stream_->Record([this, recording] { recording->logits = logits_(recording->batch); }));
  return CheckRecording(recording);
}

// Same kernels, same shapes: all but equal.
absl::Status CudaExecutor::CheckRecording(CapturedGraph* recording) {
  constexpr double kMaxDrift = 1e-3;
  const std::vector<Encoding> texts = ProbeTexts(recording->shape, options_.max_length);
  std::vector<const Encoding*> batch;
  for (const Encoding& text : texts) batch.push_back(&text);
  CopyIn(batch, recording);
  recording->replay();
  const auto probabilities = [&](const at::Tensor& logits) {
    return at::softmax(logits.narrow(0, 0, static_cast<int64_t>(batch.size())), /*dim=*/1, at::kFloat);
  };
  const at::Tensor replayed = probabilities(recording->logits).to(at::kCPU);
  const at::Tensor at_once = probabilities(logits_(recording->batch)).to(at::kCPU);
  const double drift = (replayed - at_once).abs().max().item<double>();
  if (drift <= kMaxDrift) return absl::OkStatus();  // false for a NaN
  return absl::InternalError(absl::StrFormat(
      "recorded, a batch of %d rows gives a probability that is %.2g from that of the same batch "
      "run at once; the limit is %g",
      recording->shape.rows, drift, kMaxDrift));
}

void CudaExecutor::CopyIn(const std::vector<const Encoding*>& batch, CapturedGraph* recording) {
  const int64_t size = PackedSize(recording->shape);
  const at::Tensor packed = cpu_input_.narrow(0, 0, size);
  recording->batch.starts = PackInto(batch, recording->shape, packed);
  input_.narrow(0, 0, size).copy_(packed, /*non_blocking=*/true);
}

at::Tensor CudaExecutor::Run(const std::vector<const Encoding*>& batch) {
  const std::optional<size_t> bucket = SmallestBucket(options_.buckets, ShapeOf(batch));
  at::Tensor logits;
  if (!bucket) {
    stream_->Finish([&] { logits = logits_(PackBatch(batch, stream_->device())).to(at::kCPU); });
    return logits;
  }
  CapturedGraph& recording = recordings_[*bucket];
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
