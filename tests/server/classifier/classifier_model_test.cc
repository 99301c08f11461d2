#include "server/classifier/classifier_model.h"

#include <algorithm>
#include <sstream>
#include <string>

#include "common/base/json_log.h"
#include "common/device/cpu_threads.h"
#include "gmock/gmock.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temp_dir.h"
#include "tests/support/tiny_model.h"

namespace newsgenre {
namespace {

TEST(ClassifierModelTest, MeasuresHowLargeABatchIsWorthGrowing) {
  const TempDir dir;
  ASSERT_OK_AND_ASSIGN(const std::string release, PublishTinyModel(dir.path(), {"v7"}));
  ClassifierModelOptions options;
  options.model_dir = release;
  options.device = "cpu";
  options.precision = "fp32";
  std::ostringstream log;
  SetLogStream(&log);
  const auto model = LoadClassifierModel(options);
  SetLogStream(nullptr);
  ASSERT_THAT(model, IsOk());
  EXPECT_EQ((*model)->info().version, "v7");
  EXPECT_EQ((*model)->info().precision, "fp32");
  EXPECT_GE((*model)->info().workers, 1);

  const BatchLimits limits = (*model)->batch_limits();
  EXPECT_GE(limits.texts, 8);
  EXPECT_GE(limits.tokens, 8 * 54);
  std::istringstream lines(log.str());
  nlohmann::json line;
  for (std::string text; std::getline(lines, text) && line["message"] != "batch limits";) {
    line = nlohmann::json::parse(text);
  }
  ASSERT_EQ(line["message"], "batch limits") << log.str();
  EXPECT_EQ(line["texts"], limits.texts);
  EXPECT_EQ(line["tokens"], limits.tokens);
  ASSERT_GE(line["curve"].size(), 4u);
  EXPECT_EQ(line["curve"][3]["texts"], 8);
  EXPECT_GT(line["curve"][3]["seconds"].get<double>(), 0);
}

TEST(ClassifierModelTest, TakesAsManyWorkersAsTheCpusOrTheUserSay) {
  const TempDir dir;
  ASSERT_OK_AND_ASSIGN(const std::string release, PublishTinyModel(dir.path()));
  ClassifierModelOptions options;
  options.model_dir = release;
  options.device = "cpu";
  options.threads_per_worker = 1;
  ASSERT_OK_AND_ASSIGN(auto model, LoadClassifierModel(options));
  EXPECT_GE(model->info().workers, 1);
  EXPECT_LE(model->info().workers, AvailableCpus());
  options.workers = 3;
  ASSERT_OK_AND_ASSIGN(model, LoadClassifierModel(options));
  EXPECT_EQ(model->info().workers, 3);
}

}  // namespace
}  // namespace newsgenre
