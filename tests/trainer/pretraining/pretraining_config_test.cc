#include "trainer/pretraining/pretraining_config.h"

#include <functional>

#include "gmock/gmock.h"
#include "tests/support/status_matchers.h"

namespace newsgenre {
namespace {

using testing::StartsWith;

PretrainingConfig ValidConfig() {
  PretrainingConfig config;
  config.text = {"news.txt", "wikipedia.txt.xz"};
  config.run.model_dir = "pretrained";
  return config;
}

TEST(PretrainingConfigTest, NeedsTextAndAFolderButNoRows) {
  EXPECT_THAT(ValidConfig().Validate(), IsOk());
  EXPECT_EQ(ValidConfig().data.train, "");
}

TEST(PretrainingConfigTest, NamesTheFirstBadField) {
  const struct {
    std::function<void(PretrainingConfig*)> change;
    const char* message;
  } cases[] = {
      {[](PretrainingConfig* c) { c->text = {}; }, "--text or --train is required"},
      {[](PretrainingConfig* c) {
         c->text = {"a", "", "b"};
       },
       "--text has an empty name between its commas"},
      {[](PretrainingConfig* c) { c->run.model_dir = ""; }, "--model_dir is required"},
      {[](PretrainingConfig* c) { c->model.max_tokens = 15; }, "--max_tokens is 15; it must be 16 to 65536"},
      {[](PretrainingConfig* c) { c->model.max_tokens = 65537; }, "--max_tokens is 65537; it must be"},
      {[](PretrainingConfig* c) { c->optimizer.epochs = 0; }, "--epochs is 0; it must be 1 to 1000"},
      {[](PretrainingConfig* c) { c->model.init_from = "x", c->model.network.heads = 2; },
       "--heads is set together with --init_from"},
  };
  for (const auto& test : cases) {
    PretrainingConfig config = ValidConfig();
    test.change(&config);
    EXPECT_THAT(config.Validate(), StatusIs(absl::StatusCode::kInvalidArgument, StartsWith(test.message)));
  }
  PretrainingConfig shortest = ValidConfig();
  shortest.model.max_tokens = 16;
  EXPECT_THAT(shortest.Validate(), IsOk());
}

}  // namespace
}  // namespace newsgenre
