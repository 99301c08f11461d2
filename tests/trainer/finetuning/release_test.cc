#include "trainer/finetuning/release.h"

#include <ATen/Parallel.h>
#include <ATen/ops/equal.h>

#include <filesystem>
#include <sstream>

#include "common/base/file.h"
#include "common/inference/classifier.h"
#include "common/inference/predict.h"
#include "gmock/gmock.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temp_dir.h"
#include "tests/support/tiny_model.h"
#include "trainer/report/calibration.h"

namespace newsgenre {
namespace {

namespace fs = std::filesystem;

using absl::StatusCode;
using testing::_;
using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

class ReleaseTest : public testing::Test {
 protected:
  ReleaseTest() { at::set_num_threads(1); }

  absl::StatusOr<Published> Publish(Checkpoint checkpoint, const LabelledRows& test) {
    return TestAndPublish(std::move(checkpoint), dir_.path(), "cpu", test, {stop_, &progress_});
  }
  std::vector<std::string> Names() const {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(dir_.path())) names.push_back(entry.path().filename());
    return names;
  }
  std::string Current() const { return *ReadFile(dir_.File("CURRENT")); }

  const TempDir dir_;
  std::atomic<bool> stop_{false};
  std::stringstream terminal_;
  Progress progress_{&terminal_};
  const LabelledRows no_test_;
  const LabelledRows test_ = {
      "test.csv", "", {{"a title", "a body", 0, 1}, {"", "another body", 1, 2}, {"third", "", 3, 3}}};
};

TEST_F(ReleaseTest, TestsThePublishedRelease) {
  ASSERT_OK_AND_ASSIGN(Checkpoint tiny, TinyCheckpoint());
  AddMetrics("validation", Evaluate({{0.75f, 0.25f}}, {0}), &tiny.manifest);
  ASSERT_OK_AND_ASSIGN(const Published published, Publish(std::move(tiny), test_));
  EXPECT_EQ(published.folder, dir_.File("tiny-1"));
  EXPECT_THAT(Names(), UnorderedElementsAre("tiny-1", "CURRENT"));
  ASSERT_TRUE(published.test.has_value());
  const ClassificationMetrics metrics = Evaluate(published.test->probabilities, published.test->data.labels);
  EXPECT_EQ(metrics.rows(), 3);

  ASSERT_OK_AND_ASSIGN(const auto classifier, Classifier::Load(dir_.path(), {"cpu", "fp32"}));
  const v1::Manifest& manifest = classifier->manifest();
  EXPECT_EQ(manifest.metrics().at("test_accuracy"), metrics.accuracy());
  EXPECT_EQ(manifest.metrics().at("test_loss"), metrics.loss);
  EXPECT_EQ(manifest.metrics().at("test_ece"), metrics.ece());
  EXPECT_EQ(manifest.metrics().at("validation_accuracy"), 1);
  EXPECT_EQ(manifest.metrics().at("validation_ece"), 0.25);
  EXPECT_GE(manifest.canaries_size(), 4);
  EXPECT_EQ(manifest.canaries(0).probabilities_size(), 4);
}

TEST_F(ReleaseTest, DoesNotTestWithoutRows) {
  ASSERT_OK_AND_ASSIGN(Checkpoint tiny, TinyCheckpoint());
  ASSERT_OK_AND_ASSIGN(const Published published, Publish(std::move(tiny), no_test_));
  EXPECT_FALSE(published.test.has_value());
  ASSERT_OK_AND_ASSIGN(const Checkpoint loaded, LoadCheckpoint(dir_.path()));
  EXPECT_THAT(loaded.manifest.metrics(), IsEmpty());
}

TEST_F(ReleaseTest, PublishesNothingIfStopped) {
  stop_ = true;
  for (const LabelledRows& test : {test_, no_test_}) {
    EXPECT_THAT(Publish(*TinyCheckpoint(), test), StatusIs(StatusCode::kCancelled, _));
    EXPECT_THAT(Names(), IsEmpty());
  }
}

TEST_F(ReleaseTest, LeavesNothingAfterAnError) {
  ASSERT_OK_AND_ASSIGN(Checkpoint tiny, TinyCheckpoint());
  EXPECT_FALSE(TestAndPublish(std::move(tiny), dir_.path(), "cuda:99", test_, {stop_, &progress_}).ok());
  EXPECT_THAT(Names(), IsEmpty());
}

TEST_F(ReleaseTest, CompletesThePublicationOfAKilledProcess) {
  ASSERT_THAT(Publish(*TinyCheckpoint(), test_), IsOk());
  ASSERT_THAT(PublishTinyModel(dir_.path(), {"tiny-0"}), IsOk());
  ASSERT_EQ(Current(), "tiny-0\n");
  ASSERT_OK_AND_ASSIGN(const Published again, Publish(*TinyCheckpoint(), test_));
  EXPECT_EQ(again.folder, dir_.File("tiny-1"));
  EXPECT_TRUE(again.test.has_value());
  EXPECT_EQ(Current(), "tiny-1\n");
  EXPECT_THAT(Names(), UnorderedElementsAre("tiny-0", "tiny-1", "CURRENT"));
}

TEST_F(ReleaseTest, KeepsAReleaseWithOtherFiles) {
  ASSERT_THAT(PublishTinyModel(dir_.path()), IsOk());
  ASSERT_THAT(PublishTinyModel(dir_.path(), {"tiny-0"}), IsOk());
  ASSERT_OK_AND_ASSIGN(const std::string before, ReadFile(dir_.File("tiny-1/model.safetensors")));
  ASSERT_OK_AND_ASSIGN(Checkpoint other, TinyCheckpoint({"tiny-1", Head::kCls, /*seed=*/2}));
  EXPECT_THAT(Publish(std::move(other), test_),
              StatusIs(StatusCode::kAlreadyExists,
                       AllOf(HasSubstr("release tiny-1 exists"), HasSubstr("other files than this one"))));
  ASSERT_OK_AND_ASSIGN(const std::string after, ReadFile(dir_.File("tiny-1/model.safetensors")));
  EXPECT_EQ(after, before);
  EXPECT_EQ(Current(), "tiny-0\n");
}

TEST_F(ReleaseTest, RefusesADamagedReleaseOfTheSameName) {
  ASSERT_THAT(Publish(*TinyCheckpoint(), no_test_), IsOk());
  ASSERT_THAT(PublishTinyModel(dir_.path(), {"tiny-0"}), IsOk());
  fs::resize_file(dir_.File("tiny-1/model.safetensors"), 1000);
  EXPECT_THAT(Publish(*TinyCheckpoint(), no_test_), StatusIs(StatusCode::kDataLoss, HasSubstr("tiny-1")));
  EXPECT_EQ(Current(), "tiny-0\n");
}

class FoldTemperatureTest : public testing::TestWithParam<Head> {};
INSTANTIATE_TEST_SUITE_P(Heads, FoldTemperatureTest, testing::Values(Head::kCls, Head::kPooler));

TEST_P(FoldTemperatureTest, EqualsApplyTemperature) {
  at::set_num_threads(1);
  for (const double temperature : {0.25, 0.7, 1.0, 1.9, kMaxTemperature}) {
    ASSERT_OK_AND_ASSIGN(Checkpoint checkpoint, TinyCheckpoint({"tiny-1", GetParam()}));
    std::vector<Encoding> texts;
    std::vector<const Encoding*> pointers;
    for (const char* text : {"A first text.", "shares fall as oil rises", "x", "the match was drawn 2-2"}) {
      texts.push_back(*checkpoint.encoder.Encode(text));
    }
    for (const Encoding& text : texts) pointers.push_back(&text);
    ASSERT_OK_AND_ASSIGN(const ProbabilityRows before, Predict(checkpoint.model, pointers));
    FoldTemperature(temperature, &checkpoint);
    ASSERT_OK_AND_ASSIGN(const ProbabilityRows after, Predict(checkpoint.model, pointers));
    const ProbabilityRows right = ApplyTemperature(before, temperature);
    for (size_t i = 0; i < right.size(); ++i) {
      EXPECT_THAT(after[i], testing::Pointwise(testing::FloatNear(1e-6f), right[i])) << temperature;
    }
    EXPECT_EQ(checkpoint.manifest.temperature(), temperature);
  }
}

TEST_F(ReleaseTest, KeepsTheTemperatureAndTheFoldedWeights) {
  ASSERT_OK_AND_ASSIGN(Checkpoint tiny, TinyCheckpoint());
  FoldTemperature(1.5, &tiny);
  tiny.manifest.clear_canaries();  // recorded before
  const at::Tensor folded = tiny.model.weights().classifier.weight;
  ASSERT_THAT(Publish(std::move(tiny), no_test_), IsOk());
  ASSERT_OK_AND_ASSIGN(const Checkpoint loaded, LoadCheckpoint(dir_.path()));
  EXPECT_EQ(loaded.manifest.temperature(), 1.5);
  EXPECT_TRUE(at::equal(loaded.model.weights().classifier.weight, folded));
}

}  // namespace
}  // namespace newsgenre
