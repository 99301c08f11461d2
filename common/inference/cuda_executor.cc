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

// Returns texts of several lengths that nearly fill a bucket.
std::vector<Encoding> TextsFor(const BatchShape& shape, int64_t max_length) {
  constexpr int64_t kLengths[] = {21, 7, 150, 54, 2};
  constexpr int32_t kIds = 4;  // any vocabulary has these ids
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

CudaExecutor::CudaExecutor(std::unique_ptr<DeviceStream> stream, std::shared_ptr<const Network> network,
                           const Options& options)
    : stream_(std::move(stream)), network_(std::move(network)), options_(options) {}

absl::StatusOr<std::unique_ptr<CudaExecutor>> CudaExecutor::Make(std::unique_ptr<DeviceStream> stream,
                                                                 std::shared_ptr<const Network> network,
                                                                 const Options& options) {
  std::unique_ptr<CudaExecutor> executor(new CudaExecutor(std::move(stream), std::move(network), options));
  if (!options.buckets.empty()) RETURN_IF_ERROR(executor->CaptureBuckets());
  return executor;
}

absl::Status CudaExecutor::CaptureBuckets() {
  const bool pinned = stream_->device().is_cuda();
  const int64_t size = PackedSize(options_.buckets.back());
  cpu_input_ = at::empty({size}, at::TensorOptions(at::kInt).pinned_memory(pinned));
  input_ = at::empty({size}, at::TensorOptions(at::kInt).device(stream_->device()));
  for (const BatchShape& shape : options_.buckets) {
    graphs_.push_back({shape, ViewOf(input_.narrow(0, 0, PackedSize(shape)), shape), {}, {}});
    graphs_.back().batch.max_length = std::min(shape.rows, options_.max_length);
  }
  absl::Status status;
  stream_->RunAndWait([&] {
    // Largest first, so that the smaller ones fit into its memory.
    for (auto it = graphs_.rbegin(); it != graphs_.rend() && status.ok(); ++it) {
      status = CaptureBucket(&*it);
    }
  });
  RETURN_IF_ERROR(status);
  const int64_t texts = options_.buckets.back().texts, labels = graphs_.front().logits.size(1);
  cpu_output_ = at::empty({texts, labels}, at::TensorOptions(at::kFloat).pinned_memory(pinned));
  return absl::OkStatus();
}

absl::Status CudaExecutor::CaptureBucket(CapturedGraph* graph) {
  // Any batch that fits the bucket works, because a graph holds addresses, not values.
  const Encoding text{std::vector<int32_t>(graph->batch.max_length, 0)};
  CopyIn({&text}, graph);
  ASSIGN_OR_RETURN(graph->replay,
                   stream_->Capture([this, graph] { graph->logits = network_->Logits(graph->batch); }));
  return CheckGraph(graph);
}

absl::Status CudaExecutor::CheckGraph(CapturedGraph* graph) {
  // The kernels and shapes are the same, so the results are nearly equal.
  constexpr double kMaxDeviation = 1e-3;
  const std::vector<Encoding> texts = TextsFor(graph->shape, options_.max_length);
  std::vector<const Encoding*> batch;
  for (const Encoding& text : texts) batch.push_back(&text);
  CopyIn(batch, graph);
  graph->replay();
  const auto probabilities = [&](const at::Tensor& logits) {
    return at::softmax(logits.narrow(0, 0, static_cast<int64_t>(batch.size())), /*dim=*/1, at::kFloat);
  };
  const at::Tensor replayed = probabilities(graph->logits).to(at::kCPU);
  const at::Tensor direct = probabilities(network_->Logits(graph->batch)).to(at::kCPU);
  const double deviation = (replayed - direct).abs().max().item<double>();
  if (deviation <= kMaxDeviation) return absl::OkStatus();  // false for a NaN
  return absl::InternalError(absl::StrFormat(
      "in the graph of %d rows a probability differs by %.2g from a direct run of the same batch; the limit "
      "is %g",
      graph->shape.rows, deviation, kMaxDeviation));
}

void CudaExecutor::CopyIn(const std::vector<const Encoding*>& batch, CapturedGraph* graph) {
  const int64_t size = PackedSize(graph->shape);
  const at::Tensor packed = cpu_input_.narrow(0, 0, size);
  graph->batch.starts = PackInto(batch, graph->shape, packed);
  input_.narrow(0, 0, size).copy_(packed, /*non_blocking=*/true);
}

at::Tensor CudaExecutor::Run(const std::vector<const Encoding*>& batch) {
  const std::optional<size_t> bucket = SmallestBucket(options_.buckets, ShapeOf(batch));
  at::Tensor logits;
  if (!bucket) {
    stream_->RunAndWait([&] { logits = network_->Logits(PackBatch(batch, stream_->device())).to(at::kCPU); });
    return logits;
  }
  CapturedGraph& graph = graphs_[*bucket];
  const int64_t texts = static_cast<int64_t>(batch.size());
  const at::Tensor rows = cpu_output_.narrow(0, 0, texts);
  stream_->RunAndWait([&] {
    CopyIn(batch, &graph);
    graph.replay();
    rows.copy_(graph.logits.narrow(0, 0, texts), /*non_blocking=*/true);
  });
  // A copy, because the next batch overwrites the buffer.
  return rows.clone();
}

}  // namespace newsgenre
