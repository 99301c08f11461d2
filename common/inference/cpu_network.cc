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

// So many tokens go through a layer together: enough that the weights' way from memory does not show, and so
// few that what they become fits a second-level cache.
constexpr int64_t kBlockRows = kLargeRows;
// A thread's share of a layer is worth waking it from so many tokens on.
constexpr int64_t kLeastRows = 4;
// A batch of more tokens than this for each thread runs in pieces of whole texts, so that memory stays
// bounded, and Q, K and V in the last-level cache.
constexpr int64_t kPieceRows = 256;

// Calls body(begin, end) for blocks of 0 … count side by side on the calling thread's CPU threads, which get
// about the same number each, in blocks of about the same size.
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

}  // namespace

// Texts that run together.
struct CpuNetwork::Piece {
  const int32_t* ids;
  const int32_t* positions;
  std::vector<int64_t> starts;  // as PackedBatch's, the first is 0

  int64_t rows() const { return starts.back(); }
  int64_t texts() const { return static_cast<int64_t>(starts.size()) - 1; }
  int64_t length(int64_t text) const { return starts[text + 1] - starts[text]; }
};

CpuNetwork::CpuNetwork(const Albert& model, Precision precision)
    : config_(model.config()),
      weights_(CastWeights(model.weights(), at::kFloat)),
      place_embeddings_(PositionEmbeddings(weights_)) {
  const Epilogue gelu = config_.hidden_act == Activation::kGeluNew ? Epilogue::kGeluTanh : Epilogue::kGelu;
  mapping_in_ = Choose({"mapping_in", weights_.mapping_in}, precision);
  query_key_value_ = Choose({"qkv", ConcatLinear({weights_.query, weights_.key, weights_.value})}, precision);
  dense_ = Choose({"dense", weights_.dense, Epilogue::kAddResidual}, precision);
  ffn_ = Choose({"ffn", weights_.ffn, gelu}, precision);
  ffn_output_ = Choose({"ffn_output", weights_.ffn_output, Epilogue::kAddResidual}, precision);
  last_query_ = Choose({"last_query", weights_.query}, precision);
  last_key_value_ = Choose({"last_key_value", ConcatLinear({weights_.key, weights_.value})}, precision);
}

CpuNetwork::Kernel CpuNetwork::Choose(const LinearMap& map, Precision precision) {
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
  const float* const words = Values(weights_.word_embeddings);
  const float* const places = Values(place_embeddings_);
  for (int64_t row = begin; row < end; ++row) {
    const int32_t id = piece.ids[row], position = piece.positions[row];
    TORCH_CHECK(id >= 0 && id < config_.vocab_size, "a token's id is ", id, "; the vocabulary has ",
                config_.vocab_size);
    TORCH_CHECK(position < config_.max_position_embeddings, "a text has more than ",
                config_.max_position_embeddings, " tokens");
    const float* const word = words + id * width;
    std::transform(word, word + width, places + position * width, embeddings + (row - begin) * width,
                   std::plus<>());
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
    const float* const keys = qkv + starts[text] * stride + hidden;
    Attend({qkv + row * stride, queries, stride, keys, keys + hidden, piece.length(text), stride,
            context + (row - begin) * hidden, hidden},
           heads, hidden / heads);
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
  float* const mine = first + begin * hidden;
  for (int64_t text = begin; text < end; ++text) {
    float* const row = mine + (text - begin) * hidden;
    if (piece.length(text) == 0) {
      std::fill_n(row, hidden, 0.0f);
    } else {
      std::copy_n(x + piece.starts[text] * hidden, hidden, row);
    }
  }
  last_query_->Run(mine, end - begin, nullptr, query);
  for (int64_t text = begin; text < end; ++text) {
    const int64_t row = text - begin, length = piece.length(text);
    if (length == 0) {
      std::fill_n(context + row * hidden, hidden, 0.0f);
      continue;
    }
    const float* const keys = key_value + piece.starts[text] * stride;
    Attend({query + row * hidden, 1, hidden, keys, keys + hidden, length, stride, context + row * hidden,
            hidden},
           heads, hidden / heads);
  }
  FinishLayer(context, end - begin, mine);
}

// `first`: [texts, hidden], gets the last layer's first tokens.
void CpuNetwork::RunPiece(const Piece& piece, float* first) const {
  const int64_t hidden = config_.hidden_size, layers = config_.num_hidden_layers;
  const auto memory = [&](int64_t columns) { return at::empty({piece.rows(), columns}, at::kFloat); };
  const at::Tensor states = memory(hidden), this_qkv = memory(3 * hidden), next_qkv = memory(3 * hidden);
  float* const x = states.mutable_data_ptr<float>();
  float* qkv = this_qkv.mutable_data_ptr<float>();
  float* next = next_qkv.mutable_data_ptr<float>();
  // What attention needs of a layer's input. The heads read the last layer's first tokens only: nothing else
  // of it is computed, and so no other queries.
  const auto project = [&](int64_t layer, int64_t begin, int64_t end, float* to) {
    const bool last = layer == layers;
    const LinearKernel& map = last ? *last_key_value_ : *query_key_value_;
    map.Run(x + begin * hidden, end - begin, nullptr, to + begin * (last ? 2 : 3) * hidden);
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
