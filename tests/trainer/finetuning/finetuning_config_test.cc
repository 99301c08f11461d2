#include "trainer/finetuning/finetuning_config.h"

#include <functional>

#include "gmock/gmock.h"
#include "tests/support/status_matchers.h"

namespace newsgenre {
namespace {

using testing::StartsWith;

FinetuningConfig ValidConfig() {
  FinetuningConfig config;
  config.data.train = "train.csv";
  config.run.model_dir = "model";
  return config;
}

TEST(FinetuningConfigTest, DefaultsAreValid) { EXPECT_THAT(ValidConfig().Validate(), IsOk()); }

TEST(FinetuningConfigTest, NamesTheFirstBadField) {
  const struct {
    std::function<void(FinetuningConfig*)> change;
    const char* message;
  } cases[] = {
      {[](FinetuningConfig* c) { c->data.train = ""; }, "--train is required"},
      {[](FinetuningConfig* c) { c->run.model_dir = ""; }, "--model_dir is required"},
      {[](FinetuningConfig* c) { c->data.max_bad_rows = -1; }, "--max_bad_rows is -1; it must be 0 or more"},
      {[](FinetuningConfig* c) { c->model_version = "a/b"; }, "--model_version is 'a/b'; it must be"},
      {[](FinetuningConfig* c) { c->model_version = "CURRENT"; }, "--model_version is 'CURRENT'; it must be"},
      {[](FinetuningConfig* c) { c->classifier.head = "mean"; },
       "--head is 'mean'; it must be cls or pooler"},
      {[](FinetuningConfig* c) { c->classifier.dropout = -0.1; },
       "--classifier_dropout is -0.1; it must be 0 to 0.99"},
      {[](FinetuningConfig* c) { c->model.max_tokens = 2; }, "--max_tokens is 2; it must be 3 to 65536"},
      {[](FinetuningConfig* c) { c->token_dropout = 1; }, "--token_dropout is 1; it must be 0 to 0.99"},
      {[](FinetuningConfig* c) { c->optimizer.warmup = 2, c->run.threads = -1; }, "--warmup is 2"},
  };
  for (const auto& test : cases) {
    FinetuningConfig config = ValidConfig();
    test.change(&config);
    EXPECT_THAT(config.Validate(), StatusIs(absl::StatusCode::kInvalidArgument, StartsWith(test.message)));
  }
}

TEST(FinetuningConfigTest, AcceptsZeroToDisableAFeature) {
  FinetuningConfig config = ValidConfig();
  OptimizerConfig& optimizer = config.optimizer;
  optimizer.clip_norm = optimizer.warmup = optimizer.weight_decay = 0;
  config.token_dropout = config.run.save_minutes = 0;
  config.model.network.dropout = config.classifier.dropout = 0;
  EXPECT_THAT(config.Validate(), IsOk());
}

TEST(FinetuningConfigTest, AllowsDropoutsWithAStartingPoint) {
  FinetuningConfig config = ValidConfig();
  config.model.init_from = "albert";
  EXPECT_THAT(config.Validate(), IsOk());
  config.model.network.layers = 12;
  config.model.network.dropout = 0.2;
  config.classifier.dropout = 0;
  EXPECT_THAT(config.Validate(), IsOk());
}

}  // namespace
}  // namespace newsgenre
