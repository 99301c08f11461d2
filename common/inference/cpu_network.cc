#include "common/inference/cpu_network.h"

#include <ATen/Parallel.h>
#include <ATen/TensorOperators.h>
#include <ATen/ops/empty.h>
#include <c10/core/InferenceMode.h>

#include <algorithm>

#include "common/device/parallel.h"
#include "common/kernels/attention.h"
#include "common/simd/row_norm.h"
#include "common/simd/thread_buffer.h"

namespace newsgenre {
namespace {

// The number of tokens that go through a layer together: enough to hide the time to load the weights from
// memory, and few enough for their activations to fit in a second-level cache.
constexpr int64_t kBlockRows = kLargeRows;
// The least number of tokens for which waking another thread pays.
constexpr int64_t kLeastRows = 4;
// The number of tokens per thread above which a batch runs in pieces of whole texts. This bounds the memory
// and keeps Q, K and V in the last-level cache.
constexpr int64_t kPieceRows = 256;

// Calls body(begin, end) for blocks that cover 0 … count, in parallel on the calling thread's CPU threads.
// The threads get about equal shares, and the blocks are of about equal size.
void ForBlocks(int64_t count, const std::function<void(int64_t begin, int64_t end)>& body) {
  const int64_t shares = std::clamp<int64_t>(count / kLeastRows, 1, at::get_num_threads());
  ParallelFor(shares, 1, [&](int64_t first_share, int64_t end_share) {
    const c10::InferenceMode inference;
    for (int64_t share = first_share; share < end_share; ++share) {
      const int64_t begin = count * share / shares, rows = count * (share + 1) / shares - begin;
      const int64_t blocks = (rows + kBlockRows - 1) / kBlockRows;
      for (int64_t i = 0; i < blocks; ++i) body(begin + rows * i / blocks, begin + rows * (i + 1) / blocks);
    }
  });
}

const float* Values(const at::Tensor& tensor) { return tensor.const_data_ptr<float>(); }

// Returns the keys and values of one text: rows of `stride` values, each a key of `hidden` values and then
// its value.
AttentionArgs KeysAndValues(const float* keys, int64_t hidden, int64_t stride) {
  AttentionArgs attention{};
  attention.k = keys;
  attention.v = keys + hidden;
  attention.kv_stride = stride;
  return attention;
}

}  // namespace

// A run of whole texts of a batch that go through the network together.
struct CpuNetwork::Piece {
  const int32_t* ids;
  const int32_t* positions;
  std::vector<int64_t> starts;  // as in PackedBatch; the first is 0

  int64_t rows() const { return starts.back(); }
  int64_t texts() const { return static_cast<int64_t>(starts.size()) - 1; }
  int64_t length(int64_t text) const { return starts[text + 1] - starts[text]; }
};

CpuNetwork::CpuNetwork(const Albert& model, Precision precision, const std::vector<KernelChoice>& kernels)
    : config_(model.config()),
      weights_(CastWeights(model.weights(), at::kFloat)),
      position_embeddings_(PositionEmbeddings(weights_)) {
  const Epilogue gelu = config_.hidden_act == Activation::kGeluNew ? Epilogue::kGeluTanh : Epilogue::kGelu;
  const auto choose = [&](const LinearMap& map) { return Choose(map, precision, kernels); };
  mapping_in_ = choose({"mapping_in", weights_.mapping_in});
  query_key_value_ = choose({"qkv", ConcatLinear({weights_.query, weights_.key, weights_.value})});
  dense_ = choose({"dense", weights_.dense, Epilogue::kAddResidual});
  ffn_ = choose({"ffn", weights_.ffn, gelu});
  ffn_output_ = choose({"ffn_output", weights_.ffn_output, Epilogue::kAddResidual});
  last_query_ = choose({"last_query", weights_.query});
  last_key_value_ = choose({"last_key_value", ConcatLinear({weights_.key, weights_.value})});
}

CpuNetwork::Kernel CpuNetwork::Choose(const LinearMap& map, Precision precision,
                                      const std::vector<KernelChoice>& kernels) {
  const auto given = std::find_if(kernels.begin(), kernels.end(),
                                  [&](const KernelChoice& choice) { return choice.linear == map.name; });
  if (given != kernels.end()) {
    for (const Kernel& kernel : MakeLinearKernels(map, precision)) {
      if (kernel->name() != given->kernel) continue;
      choices_.push_back(*given);
      return kernel;
    }
  }
  const TimedKernel chosen = ChooseLinearKernel(map, precision);
  choices_.push_back({map.name, chosen.kernel->name(), chosen.small_gflops, chosen.large_gflops});
  return chosen.kernel;
}

void CpuNetwork::Norm(float* x, int64_t rows, const Affine& norm) const {
  NormalizeRows(x, rows, norm.weight.numel(), Values(norm.weight), Values(norm.bias), config_.layer_norm_eps);
}

void CpuNetwork::Embed(const Piece& piece, int64_t begin, int64_t end, float* x) const {
  const int64_t width = config_.embedding_size;
  float* const embeddings = ThreadBuffer<Piece, float>(kBlockRows * width);
  const float* const word_embeddings = Values(weights_.word_embeddings);
  const float* const position_embeddings = Values(position_embeddings_);
  for (int64_t row = begin; row < end; ++row) {
    const int32_t id = piece.ids[row], position = piece.positions[row];
    TORCH_CHECK(id >= 0 && id < config_.vocab_size, "a token id is ", id, "; the vocabulary has ",
                config_.vocab_size);
    TORCH_CHECK(position < config_.max_position_embeddings, "a text has more than ",
                config_.max_position_embeddings, " tokens");
    const float* const word = word_embeddings + id * width;
    std::transform(word, word + width, position_embeddings + position * width,
                   embeddings + (row - begin) * width, std::plus<>());
  }
  Norm(embeddings, end - begin, weights_.embeddings_norm);
  mapping_in_->Run(embeddings, end - begin, nullptr, x + begin * config_.hidden_size);
}

void CpuNetwork::FinishLayer(const float* context, int64_t rows, float* x) const {
  struct Middle {};
  struct Wide {};
  float* const y = ThreadBuffer<Middle, float>(kBlockRows * config_.hidden_size);
  float* const wide = ThreadBuffer<Wide, float>(kBlockRows * config_.intermediate_size);
  dense_->Run(context, rows, x, y);
  Norm(y, rows, weights_.attention_norm);
  ffn_->Run(y, rows, nullptr, wide);
  ffn_output_->Run(wide, rows, y, x);
  Norm(x, rows, weights_.layer_norm);
}

void CpuNetwork::RunLayer(const Piece& piece, int64_t begin, int64_t end, const float* qkv, float* x) const {
  struct Context {};
  const int64_t hidden = config_.hidden_size, heads = config_.num_attention_heads, stride = 3 * hidden;
  float* const context = ThreadBuffer<Context, float>(kBlockRows * hidden);
  const std::vector<int64_t>& starts = piece.starts;
  int64_t text = std::upper_bound(starts.begin(), starts.end(), begin) - starts.begin() - 1;
  for (int64_t row = begin; row < end; ++text) {
    const int64_t queries = std::min(end, starts[text + 1]) - row;
    if (queries == 0) continue;
    AttentionArgs attention = KeysAndValues(qkv + starts[text] * stride + hidden, hidden, stride);
    attention.length = piece.length(text);
    attention.q = qkv + row * stride;
    attention.queries = queries;
    attention.q_stride = stride;
    attention.context = context + (row - begin) * hidden;
    attention.context_stride = hidden;
    Attend(attention, heads, hidden / heads);
    row += queries;
  }
  FinishLayer(context, end - begin, x + begin * hidden);
}

void CpuNetwork::RunLastLayer(const Piece& piece, int64_t begin, int64_t end, const float* key_value,
                              const float* x, float* first) const {
  struct Query {};
  struct Context {};
  const int64_t hidden = config_.hidden_size, heads = config_.num_attention_heads, stride = 2 * hidden;
  float* const query = ThreadBuffer<Query, float>(kBlockRows * hidden);
  float* const context = ThreadBuffer<Context, float>(kBlockRows * hidden);
  float* const x_first = first + begin * hidden;
  for (int64_t text = begin; text < end; ++text) {
    float* const row = x_first + (text - begin) * hidden;
    if (piece.length(text) == 0) {
      std::fill_n(row, hidden, 0.0f);
    } else {
      std::copy_n(x + piece.starts[text] * hidden, hidden, row);
    }
  }
  last_query_->Run(x_first, end - begin, nullptr, query);
  for (int64_t text = begin; text < end; ++text) {
    const int64_t row = text - begin, length = piece.length(text);
    if (length == 0) {
      std::fill_n(context + row * hidden, hidden, 0.0f);
      continue;
    }
    AttentionArgs attention = KeysAndValues(key_value + piece.starts[text] * stride, hidden, stride);
    attention.length = length;
    attention.q = query + row * hidden;
    attention.queries = 1;
    attention.q_stride = hidden;
    attention.context = context + row * hidden;
    attention.context_stride = hidden;
    Attend(attention, heads, hidden / heads);
  }
  FinishLayer(context, end - begin, x_first);
}

void CpuNetwork::RunPiece(const Piece& piece, float* first) const {
  const int64_t hidden = config_.hidden_size, layers = config_.num_hidden_layers;
  const auto buffer = [&](int64_t columns) { return at::empty({piece.rows(), columns}, at::kFloat); };
  const at::Tensor states = buffer(hidden), this_qkv = buffer(3 * hidden), next_qkv = buffer(3 * hidden);
  float* const x = states.mutable_data_ptr<float>();
  float* qkv = this_qkv.mutable_data_ptr<float>();
  float* next = next_qkv.mutable_data_ptr<float>();
  // Computes the queries, keys and values of a layer's input. The heads read only the last layer's first
  // tokens, whose queries RunLastLayer computes, so that layer gets keys and values alone.
  const auto project = [&](int64_t layer, int64_t begin, int64_t end, float* out) {
    const bool last = layer == layers;
    const LinearKernel& map = last ? *last_key_value_ : *query_key_value_;
    map.Run(x + begin * hidden, end - begin, nullptr, out + begin * (last ? 2 : 3) * hidden);
  };
  ForBlocks(piece.rows(), [&](int64_t begin, int64_t end) {
    Embed(piece, begin, end, x);
    project(1, begin, end, qkv);
  });
  for (int64_t layer = 1; layer < layers; ++layer) {
    ForBlocks(piece.rows(), [&](int64_t begin, int64_t end) {
      RunLayer(piece, begin, end, qkv, x);
      project(layer + 1, begin, end, next);
    });
    std::swap(qkv, next);
  }
  ForBlocks(piece.texts(),
            [&](int64_t begin, int64_t end) { RunLastLayer(piece, begin, end, qkv, x, first); });
}

at::Tensor CpuNetwork::Logits(const PackedBatch& batch) const {
  const std::vector<int64_t>& starts = batch.starts;
  const at::Tensor first = at::empty({batch.texts(), config_.hidden_size}, at::kFloat);
  // Pieces of about the same number of tokens each.
  const int64_t pieces = (batch.tokens() - 1) / (kPieceRows * at::get_num_threads()) + 1;
  for (int64_t number = 1, text = 0; number <= pieces; ++number) {
    const auto from = starts.begin() + text;
    const auto end = number == pieces
                         ? starts.end() - 1
                         : std::lower_bound(from, starts.end() - 1, batch.tokens() * number / pieces);
    if (end == from) continue;
    Piece piece{
        batch.ids.const_data_ptr<int32_t>() + *from, batch.positions.const_data_ptr<int32_t>() + *from, {}};
    std::transform(from, end + 1, std::back_inserter(piece.starts),
                   [&](int64_t start) { return start - *from; });
    RunPiece(piece, first.mutable_data_ptr<float>() + text * config_.hidden_size);
    text += end - from;
  }
  return HeadLogits(weights_, first);
}

}  // namespace newsgenre
