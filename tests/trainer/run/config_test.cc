#include "trainer/run/config.h"

#include <functional>
#include <limits>

#include "gmock/gmock.h"
#include "tests/support/status_matchers.h"

namespace newsgenre {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

TrainerConfig ValidConfig() {
  TrainerConfig config;
  config.train = "train.csv";
  config.model_dir = "model";
  return config;
}

TEST(TrainerConfigTest, DefaultsAreValid) {
  EXPECT_THAT(ValidConfig().Validate(), IsOk());
  EXPECT_THAT(ValidConfig().NewNetwork().Validate(), IsOk());
}

TEST(TrainerConfigTest, TheFirstBadFieldIsNamed) {
  const struct {
    std::function<void(TrainerConfig*)> change;
    const char* message;
  } cases[] = {
      {[](TrainerConfig* c) { c->train = ""; }, "--train is required"},
      {[](TrainerConfig* c) { c->model_dir = ""; }, "--model_dir is required"},
      {[](TrainerConfig* c) { c->validation_rows = -1; }, "--validation_rows is -1; it must be 0 or more"},
      {[](TrainerConfig* c) { c->max_bad_rows = -1; }, "--max_bad_rows is -1; it must be 0 or more"},
      {[](TrainerConfig* c) { c->model_version = "a/b"; }, "--model_version is 'a/b'; it must be"},
      {[](TrainerConfig* c) { c->model_version = "CURRENT"; }, "--model_version is 'CURRENT'; it must be"},
      {[](TrainerConfig* c) { c->head = "mean"; }, "--head is 'mean'; it must be cls or pooler"},
      {[](TrainerConfig* c) { c->max_tokens = 2; }, "--max_tokens is 2; it must be 3 to 65536"},
      {[](TrainerConfig* c) { c->network.vocab_size = 5; }, "--vocab_size is 5; it must be 16 to"},
      {[](TrainerConfig* c) { c->network.layers = 0; }, "--layers is 0; it must be 1 to 1000"},
      {[](TrainerConfig* c) { c->network.hidden_size = 600000000; },
       "--hidden_size is 600000000; it must be 1 to 65536"},
      {[](TrainerConfig* c) { c->network.heads = 3; },
       "--heads is 3; it must divide --hidden_size, which is 256"},
      {[](TrainerConfig* c) { c->network.dropout = 1; }, "--dropout is 1; it must be 0 to 0.99"},
      {[](TrainerConfig* c) { c->network.classifier_dropout = -0.1; },
       "--classifier_dropout is -0.1; it must be 0 to 0.99"},
      {[](TrainerConfig* c) { c->learning_rate = 0; }, "--learning_rate is 0; it must be above 0"},
      {[](TrainerConfig* c) { c->learning_rate = std::numeric_limits<double>::quiet_NaN(); },
       "--learning_rate is nan; it must be above 0"},
      {[](TrainerConfig* c) { c->warmup = 1.5; }, "--warmup is 1.5; it must be 0 to 1"},
      {[](TrainerConfig* c) { c->weight_decay = -0.1; }, "--weight_decay is -0.1; it must be 0 or more"},
      {[](TrainerConfig* c) { c->weight_decay = std::numeric_limits<double>::infinity(); },
       "--weight_decay is inf; it must be 0 or more"},
      {[](TrainerConfig* c) { c->schedule = "cosine"; },
       "--schedule is 'cosine'; it must be linear or constant"},
      {[](TrainerConfig* c) { c->clip_norm = -1; }, "--clip_norm is -1; it must be 0 or more"},
      {[](TrainerConfig* c) { c->clip_norm = std::numeric_limits<double>::quiet_NaN(); },
       "--clip_norm is nan; it must be 0 or more"},
      {[](TrainerConfig* c) { c->epochs = 0; }, "--epochs is 0; it must be 1 to 1000"},
      {[](TrainerConfig* c) { c->token_dropout = 1; }, "--token_dropout is 1; it must be 0 to 0.99"},
      {[](TrainerConfig* c) { c->batch_tokens = 0; }, "--batch_tokens is 0; it must be 1 to"},
      {[](TrainerConfig* c) { c->batch_texts = 0; }, "--batch_texts is 0; it must be 1 to"},
      {[](TrainerConfig* c) { c->precision = "fp16"; },
       "--precision is 'fp16'; it must be auto or fp32 or bf16"},
      {[](TrainerConfig* c) { c->threads = -1; }, "--threads is -1; it must be 0 to 1024"},
      {[](TrainerConfig* c) { c->micro_batch_tokens = 0; }, "--micro_batch_tokens is 0; it must be 1 to"},
      {[](TrainerConfig* c) { c->save_minutes = -1; }, "--save_minutes is -1; it must be 0 or more"},
      {[](TrainerConfig* c) { c->save_steps = -1; }, "--save_steps is -1; it must be 0 or more"},
      {[](TrainerConfig* c) { c->warmup = 2, c->threads = -1; }, "--warmup is 2"},
  };
  for (const auto& test : cases) {
    TrainerConfig config = ValidConfig();
    test.change(&config);
    EXPECT_THAT(config.Validate(), StatusIs(absl::StatusCode::kInvalidArgument, StartsWith(test.message)));
  }
}

TEST(TrainerConfigTest, ZeroTurnsOff) {
  TrainerConfig config = ValidConfig();
  config.clip_norm = config.warmup = config.weight_decay = config.token_dropout = config.save_minutes = 0;
  config.network.dropout = config.network.classifier_dropout = 0;
  EXPECT_THAT(config.Validate(), IsOk());
}

TEST(TrainerConfigTest, AStartingPointRefusesSizes) {
  TrainerConfig config = ValidConfig();
  config.init_from = "albert";
  EXPECT_THAT(config.Validate(), IsOk());
  const struct {
    std::function<void(NetworkConfig*)> set;
    const char* flag;
  } cases[] = {
      {[](NetworkConfig* n) { n->vocab_size = 30000; }, "--vocab_size is set"},
      {[](NetworkConfig* n) { n->embedding_size = 128; }, "--embedding_size is set"},
      {[](NetworkConfig* n) { n->hidden_size = 768; }, "--hidden_size is set"},
      {[](NetworkConfig* n) { n->heads = 12; }, "--heads is set"},
      {[](NetworkConfig* n) { n->intermediate_size = 3072; }, "--intermediate_size is set"},
  };
  for (const auto& test : cases) {
    config.network = {};
    test.set(&config.network);
    EXPECT_THAT(config.Validate(), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr(test.flag)));
  }
  config.network = {};
  config.network.layers = 12;
  config.network.dropout = 0.2;
  config.network.classifier_dropout = 0;
  EXPECT_THAT(config.Validate(), IsOk());
}

TEST(TrainerConfigTest, NewNetworkTakesWhatIsSet) {
  TrainerConfig config = ValidConfig();
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

PretrainingConfig ValidPretraining() {
  PretrainingConfig config;
  config.text = {"news.txt", "wikipedia.txt.xz"};
  config.training.model_dir = "pretrained";
  return config;
}

TEST(PretrainingConfigTest, NeedsTextAndAFolderButNoRows) {
  EXPECT_THAT(ValidPretraining().Validate(), IsOk());
  EXPECT_EQ(ValidPretraining().training.train, "");
}

TEST(PretrainingConfigTest, TheFirstBadFieldIsNamed) {
  const struct {
    std::function<void(PretrainingConfig*)> change;
    const char* message;
  } cases[] = {
      {[](PretrainingConfig* c) { c->text = {}; }, "--text or --train is required"},
      {[](PretrainingConfig* c) {
         c->text = {"a", "", "b"};
       },
       "--text has an empty name between its commas"},
      {[](PretrainingConfig* c) { c->training.model_dir = ""; }, "--model_dir is required"},
      {[](PretrainingConfig* c) { c->training.max_tokens = 15; },
       "--max_tokens is 15; it must be 16 to 65536"},
      {[](PretrainingConfig* c) { c->training.max_tokens = 65537; }, "--max_tokens is 65537; it must be"},
      {[](PretrainingConfig* c) { c->training.epochs = 0; }, "--epochs is 0; it must be 1 to 1000"},
      {[](PretrainingConfig* c) { c->training.init_from = "x", c->training.network.heads = 2; },
       "--heads is set beside --init_from"},
  };
  for (const auto& test : cases) {
    PretrainingConfig config = ValidPretraining();
    test.change(&config);
    EXPECT_THAT(config.Validate(), StatusIs(absl::StatusCode::kInvalidArgument, StartsWith(test.message)));
  }
  PretrainingConfig shortest = ValidPretraining();
  shortest.training.max_tokens = 16;
  EXPECT_THAT(shortest.Validate(), IsOk());
}

}  // namespace
}  // namespace newsgenre
