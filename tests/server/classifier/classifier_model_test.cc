#include "server/classifier/classifier_model.h"

#include <ATen/Parallel.h>

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

TEST(ClassifierModelTest, MeasuresAndLogsTheBatchLimits) {
  const TempDir dir;
  ASSERT_OK_AND_ASSIGN(const std::string release, PublishTinyModel(dir.path(), {"v7"}));
  ClassifierModelOptions options;
  options.model_dir = release;
  options.device = "cpu";
  options.precision = "fp32";
  std::ostringstream log;
  SetLogStream(&log);
  const absl::StatusOr<FirstModel> first = LoadFirstModel(options);
  SetLogStream(nullptr);
  ASSERT_THAT(first, IsOk());
  EXPECT_EQ(first->model->info().version, "v7");
  EXPECT_EQ(first->model->info().precision, "fp32");
  EXPECT_GE(first->model->info().workers, 1);

  const BatchLimits limits = first->model->batch_limits();
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

TEST(ClassifierModelTest, TakesTheWorkersFromTheCpusOrTheOptions) {
  const TempDir dir;
  ASSERT_OK_AND_ASSIGN(const std::string release, PublishTinyModel(dir.path()));
  ClassifierModelOptions options;
  options.model_dir = release;
  options.device = "cpu";
  options.threads_per_worker = 1;
  ASSERT_OK_AND_ASSIGN(FirstModel first, LoadFirstModel(options));
  EXPECT_GE(first.model->info().workers, 1);
  EXPECT_LE(first.model->info().workers, AvailableCpus());
  EXPECT_EQ(first.plan.workers, first.model->info().workers);
  EXPECT_EQ(first.plan.threads_per_worker, 1);
  options.workers = 3;
  ASSERT_OK_AND_ASSIGN(first, LoadFirstModel(options));
  EXPECT_EQ(first.model->info().workers, 3);
  EXPECT_EQ(first.plan.workers, 3);
}

TEST(ClassifierModelTest, LoadsTheNextModelWithoutChangingTheThreads) {
  const TempDir dir;
  ASSERT_OK_AND_ASSIGN(const std::string release, PublishTinyModel(dir.path(), {"v1"}));
  ClassifierModelOptions options;
  options.model_dir = release;
  options.device = "cpu";
  options.workers = 2;
  options.threads_per_worker = 1;
  ASSERT_OK_AND_ASSIGN(const FirstModel first, LoadFirstModel(options));
  EXPECT_FALSE(first.plan.kernels.empty());

  TinyModelOptions next_model;
  next_model.version = "v2";
  next_model.seed = 2;
  ASSERT_OK_AND_ASSIGN(options.model_dir, PublishTinyModel(dir.path(), next_model));
  options.workers = 5;
  options.threads_per_worker = 0;  // would be measured if this were the first model
  SetCpuThreads(3);
  ASSERT_OK_AND_ASSIGN(const auto next, LoadNextModel(options, first.plan));
  EXPECT_EQ(at::get_num_threads(), 3);
  EXPECT_EQ(next->info().version, "v2");
  EXPECT_EQ(next->info().workers, 2);
  EXPECT_GE(next->batch_limits().texts, 8);
}

}  // namespace
}  // namespace newsgenre
