#include "trainer/run/config.h"

#include <functional>
#include <limits>
#include <vector>

#include "gmock/gmock.h"
#include "tests/support/status_matchers.h"

namespace newsgenre {
namespace {

using testing::StartsWith;

constexpr int kMinTokens = 3;
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

// A change of a valid config, and the beginning of the error it causes.
template <typename Config>
struct BadField {
  std::function<void(Config*)> change;
  const char* message;
};

template <typename Config, typename Validate>
void ExpectErrors(const Config& valid, const std::vector<BadField<Config>>& cases, const Validate& validate) {
  EXPECT_THAT(validate(valid), IsOk());
  for (const BadField<Config>& test : cases) {
    Config config = valid;
    test.change(&config);
    EXPECT_THAT(validate(config), StatusIs(absl::StatusCode::kInvalidArgument, StartsWith(test.message)));
  }
}

TEST(DataConfigTest, NamesTheFirstBadField) {
  const std::vector<BadField<DataConfig>> cases = {
      {[](DataConfig* c) { c->validation_rows = -1; }, "--validation_rows is -1; it must be 0 or more"},
      {[](DataConfig* c) { c->max_bad_rows = -1; }, "--max_bad_rows is -1; it must be 0 or more"},
  };
  ExpectErrors(DataConfig(), cases, [](const DataConfig& config) { return config.Validate(); });
}

TEST(ModelConfigTest, NamesTheFirstBadField) {
  const std::vector<BadField<ModelConfig>> cases = {
      {[](ModelConfig* c) { c->max_tokens = 2; }, "--max_tokens is 2; it must be 3 to 65536"},
      {[](ModelConfig* c) { c->network.vocab_size = 5; }, "--vocab_size is 5; it must be 16 to"},
      {[](ModelConfig* c) { c->network.layers = 0; }, "--layers is 0; it must be 1 to 1000"},
      {[](ModelConfig* c) { c->network.hidden_size = 600000000; },
       "--hidden_size is 600000000; it must be 1 to 65536"},
      {[](ModelConfig* c) { c->network.heads = 3; },
       "--heads is 3; it must divide --hidden_size, which is 256"},
      {[](ModelConfig* c) { c->network.dropout = 1; }, "--dropout is 1; it must be 0 to 0.99"},
  };
  ExpectErrors(ModelConfig(), cases, [](const ModelConfig& config) { return config.Validate(kMinTokens); });
}

TEST(ModelConfigTest, RefusesSizesWithAStartingPoint) {
  ModelConfig start;
  start.init_from = "albert";
  const std::vector<BadField<ModelConfig>> cases = {
      {[](ModelConfig* c) { c->network.vocab_size = 30000; }, "--vocab_size is set"},
      {[](ModelConfig* c) { c->network.embedding_size = 128; }, "--embedding_size is set"},
      {[](ModelConfig* c) { c->network.hidden_size = 768; }, "--hidden_size is set"},
      {[](ModelConfig* c) { c->network.heads = 12; }, "--heads is set"},
      {[](ModelConfig* c) { c->network.intermediate_size = 3072; }, "--intermediate_size is set"},
  };
  ExpectErrors(start, cases, [](const ModelConfig& config) { return config.Validate(kMinTokens); });
  start.network.layers = 12;
  start.network.dropout = 0.2;
  EXPECT_THAT(start.Validate(kMinTokens), IsOk());
}

TEST(ModelConfigTest, NewNetworkUsesTheFieldsThatAreSet) {
  EXPECT_THAT(ModelConfig().NewNetwork().Validate(), IsOk());
  ModelConfig config;
  config.max_tokens = 64;
  config.network.hidden_size = 96;
  config.network.dropout = 0.3;
  const AlbertConfig network = config.NewNetwork();
  EXPECT_EQ(network.hidden_size, 96);
  EXPECT_EQ(network.intermediate_size, 384);
  EXPECT_EQ(network.max_position_embeddings, 64);
  EXPECT_EQ(network.vocab_size, 8000);
  EXPECT_DOUBLE_EQ(network.hidden_dropout_prob, 0.3);
  EXPECT_DOUBLE_EQ(network.attention_probs_dropout_prob, 0.3);
  EXPECT_DOUBLE_EQ(network.classifier_dropout_prob, 0.1);
}

TEST(OptimizerConfigTest, NamesTheFirstBadField) {
  const std::vector<BadField<OptimizerConfig>> cases = {
      {[](OptimizerConfig* c) { c->learning_rate = 0; }, "--learning_rate is 0; it must be above 0"},
      {[](OptimizerConfig* c) { c->learning_rate = kNan; }, "--learning_rate is nan; it must be above 0"},
      {[](OptimizerConfig* c) { c->warmup = 1.5; }, "--warmup is 1.5; it must be 0 to 1"},
      {[](OptimizerConfig* c) { c->weight_decay = -0.1; }, "--weight_decay is -0.1; it must be 0 or more"},
      {[](OptimizerConfig* c) { c->weight_decay = kInfinity; },
       "--weight_decay is inf; it must be 0 or more"},
      {[](OptimizerConfig* c) { c->schedule = "cosine"; },
       "--schedule is 'cosine'; it must be linear or constant"},
      {[](OptimizerConfig* c) { c->clip_norm = -1; }, "--clip_norm is -1; it must be 0 or more"},
      {[](OptimizerConfig* c) { c->clip_norm = kNan; }, "--clip_norm is nan; it must be 0 or more"},
      {[](OptimizerConfig* c) { c->epochs = 0; }, "--epochs is 0; it must be 1 to 1000"},
      {[](OptimizerConfig* c) { c->batch_tokens = 0; }, "--batch_tokens is 0; it must be 1 to"},
      {[](OptimizerConfig* c) { c->batch_texts = 0; }, "--batch_texts is 0; it must be 1 to"},
  };
  ExpectErrors(OptimizerConfig(), cases, [](const OptimizerConfig& config) { return config.Validate(); });
}

TEST(RunConfigTest, NamesTheFirstBadField) {
  RunConfig valid;
  valid.model_dir = "model";
  const std::vector<BadField<RunConfig>> cases = {
      {[](RunConfig* c) { c->model_dir = ""; }, "--model_dir is required"},
      {[](RunConfig* c) { c->precision = "fp16"; }, "--precision is 'fp16'; it must be auto or fp32 or bf16"},
      {[](RunConfig* c) { c->threads = -1; }, "--threads is -1; it must be 0 to 1024"},
      {[](RunConfig* c) { c->micro_batch_tokens = 0; }, "--micro_batch_tokens is 0; it must be 1 to"},
      {[](RunConfig* c) { c->save_minutes = -1; }, "--save_minutes is -1; it must be 0 or more"},
      {[](RunConfig* c) { c->save_steps = -1; }, "--save_steps is -1; it must be 0 or more"},
  };
  ExpectErrors(valid, cases, [](const RunConfig& config) { return config.Validate(); });
}

}  // namespace
}  // namespace newsgenre
