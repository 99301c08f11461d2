#include "trainer/release.h"

#include <filesystem>

#include "common/model/classifier.h"
#include "gmock/gmock.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temp_dir.h"
#include "tests/support/tiny_model.h"

namespace newsgenre {
namespace {

using testing::UnorderedElementsAre;

class ReleaseTest : public testing::Test {
 protected:
  std::vector<std::string> Names() const {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(dir_.path()))
      names.push_back(entry.path().filename());
    return names;
  }

  const TempDir dir_;
  std::atomic<bool> stop_{false};
  const TestRows test_ = {"test.csv",
                          {{"a title", "a body", 0, 1}, {"", "another body", 1, 2}, {"third", "", 3, 3}}};
};

TEST_F(ReleaseTest, WhatIsPublishedWasTested) {
  ASSERT_OK_AND_ASSIGN(Checkpoint tiny, TinyCheckpoint());
  AddMetrics("validation", Evaluate({{0.75f, 0.25f}}, {0}), &tiny.manifest);
  ASSERT_OK_AND_ASSIGN(const Published published,
                       TestAndPublish(std::move(tiny), dir_.path(), "cpu", test_, stop_));
  EXPECT_EQ(published.folder, dir_.File("tiny-1"));
  EXPECT_THAT(Names(), UnorderedElementsAre("tiny-1", "CURRENT"));
  ASSERT_TRUE(published.test.has_value());
  EXPECT_EQ(published.test->rows(), 3);

  ASSERT_OK_AND_ASSIGN(const auto classifier, Classifier::Load(dir_.path(), {"cpu", "fp32"}));
  const v1::Manifest& manifest = classifier->manifest();
  EXPECT_EQ(manifest.metrics().at("test_accuracy"), published.test->accuracy());
  EXPECT_EQ(manifest.metrics().at("test_loss"), published.test->loss);
  EXPECT_EQ(manifest.metrics().at("validation_accuracy"), 1);
  EXPECT_GE(manifest.canaries_size(), 4);
  EXPECT_EQ(manifest.canaries(0).probabilities_size(), 4);
}

TEST_F(ReleaseTest, WithoutTestRowsThereIsNoTest) {
  ASSERT_OK_AND_ASSIGN(Checkpoint tiny, TinyCheckpoint());
  ASSERT_OK_AND_ASSIGN(const Published published,
                       TestAndPublish(std::move(tiny), dir_.path(), "cpu", {}, stop_));
  EXPECT_FALSE(published.test.has_value());
  ASSERT_OK_AND_ASSIGN(const Checkpoint loaded, LoadCheckpoint(dir_.path()));
  EXPECT_EQ(loaded.manifest.metrics().count("test_accuracy"), 0u);
}

TEST_F(ReleaseTest, StoppedItIsPublishedWithoutATest) {
  stop_ = true;
  ASSERT_OK_AND_ASSIGN(Checkpoint tiny, TinyCheckpoint());
  ASSERT_OK_AND_ASSIGN(const Published published,
                       TestAndPublish(std::move(tiny), dir_.path(), "cpu", test_, stop_));
  EXPECT_FALSE(published.test.has_value());
  EXPECT_THAT(Names(), UnorderedElementsAre("tiny-1", "CURRENT"));
}

TEST_F(ReleaseTest, OnAnErrorNothingIsLeftBehind) {
  const std::string no_device = "cuda:99";
  ASSERT_OK_AND_ASSIGN(Checkpoint tiny, TinyCheckpoint());
  EXPECT_FALSE(TestAndPublish(std::move(tiny), dir_.path(), no_device, test_, stop_).ok());
  EXPECT_THAT(Names(), UnorderedElementsAre());
}

}  // namespace
}  // namespace newsgenre
