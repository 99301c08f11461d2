#include "trainer/report/report.h"

#include "common/text/news_reader.h"
#include "gmock/gmock.h"
#include "tests/trainer/report/small_report.h"

namespace newsgenre {
namespace {

using testing::ElementsAre;
using Json = nlohmann::ordered_json;

TEST(ReportTest, EpochTableMarksThePublishedEpoch) {
  const Report report = SmallReport();
  EXPECT_EQ(EpochTable(report.epochs, report.best),
            "epoch   train loss   validation loss   validation accuracy   seconds\n"
            "    1       0.2500            0.5000               75.00 %      12.3\n"
            "    2       0.1250            0.2500               87.50 %      12.3   published\n");
}

TEST(ReportTest, SummaryGivesTheCounts) {
  EXPECT_EQ(Summary(SmallEpoch(1, 3, 0.25).validation), "accuracy 87.50 % (7 of 8), loss 0.2500");
}

TEST(ReportTest, CountLengthsLimitsTheNumberOfBins) {
  const LengthHistogram few = CountLengths({3, 5, 8, 8}, 1, 8);
  EXPECT_EQ(few.bin_tokens, 1);
  EXPECT_THAT(few.rows, ElementsAre(0, 0, 1, 0, 1, 0, 0, 2));
  EXPECT_EQ(few.truncated, 1);
  EXPECT_EQ(few.max_tokens, 8);
  const LengthHistogram wide = CountLengths({1, 3, 4, 65}, 0, 512);
  EXPECT_EQ(wide.bin_tokens, 3);
  EXPECT_EQ(wide.rows.size(), 22u);
  EXPECT_EQ(wide.rows[0], 2);
  EXPECT_EQ(wide.rows[1], 1);
  EXPECT_EQ(wide.rows[21], 1);
}

TEST(ReportTest, MetricsOfReturnsTestMetricsFirst) {
  const Report report = FullReport();
  const std::vector<NamedMetrics> all = MetricsOf(report);
  ASSERT_EQ(all.size(), 3u);
  EXPECT_EQ(all[0].name, "test");
  EXPECT_EQ(all[0].metrics, &*report.test);
  EXPECT_EQ(all[1].name, "validation, temperature 1.250");
  EXPECT_EQ(all[1].metrics, &*report.calibrated);
  EXPECT_EQ(all[2].name, "validation");
  EXPECT_EQ(all[2].metrics, &report.epochs[1].validation);
  EXPECT_TRUE(MetricsOf(Report()).empty());
}

TEST(ReportTest, OnlyAgNewsComparesWithTheArticle) {
  Report report = SmallReport();
  EXPECT_FALSE(ComparesWithArticle(report));
  report.labels = AgNewsLabels();
  EXPECT_TRUE(ComparesWithArticle(report));
}

TEST(ReportJsonTest, LeavesOutKeysThatDoNotApply) {
  const Json json = ReportJson(SmallReport());
  EXPECT_EQ(json["version"], "v7");
  EXPECT_EQ(json["precision"], "bf16");
  EXPECT_EQ(json["model"]["parameters"], 1234);
  EXPECT_EQ(json["model"]["vocab_size"], 500);
  EXPECT_EQ(json["rows"]["training"], 72);
  EXPECT_EQ(json["rows"]["validation"], 8);
  EXPECT_EQ(json["best_epoch"], 2);
  EXPECT_EQ(json["steps"][1], (Json{{"step", 14}, {"learning_rate", 2e-5}, {"loss", 0.5}}));
  EXPECT_EQ(json["recipe"]["epochs"], "2");
  for (const char* key : {"test", "temperature", "calibrated", "mistakes", "lengths"}) {
    EXPECT_FALSE(json.contains(key)) << key;
  }
}

TEST(ReportJsonTest, ContainsEpochs) {
  const Json epochs = ReportJson(SmallReport())["epochs"];
  ASSERT_EQ(epochs.size(), 2u);
  EXPECT_EQ(epochs[0], (Json{{"epoch", 1},
                             {"steps", 7},
                             {"training_loss", 0.25},
                             {"training_article_loss", 0.03125},
                             {"training_accuracy", 0.75},
                             {"training_correct", 54},
                             {"validation_loss", 0.5},
                             {"validation_article_loss", 0.0625},
                             {"validation_accuracy", 0.75},
                             {"validation_correct", 6},
                             {"learning_rate", 2e-5},
                             {"seconds", 12.34},
                             {"texts_per_second", 800.0},
                             {"tokens_per_second", 41000.0}}));
}

TEST(ReportJsonTest, ContainsMetrics) {
  const Json json = ReportJson(FullReport());
  EXPECT_EQ(json["validation"]["correct"], 7);
  EXPECT_EQ(json["validation"]["labels"]["no"]["recall"], 0.75);
  EXPECT_EQ(json["validation"]["labels"]["yes"]["precision"], 0.8);
  EXPECT_DOUBLE_EQ(json["validation"]["labels"]["yes"]["f1"].get<double>(), 8.0 / 9);
  EXPECT_EQ(json["validation"]["ece"], 0.125);
  EXPECT_EQ(json["validation"]["calibration_bins"][1]["confidence"], 0.875);
  EXPECT_EQ(json["calibrated"]["loss"], 0.1875);
  EXPECT_EQ(json["temperature"], 1.25);
  EXPECT_EQ(json["test"]["accuracy"], 1.0);
  EXPECT_EQ(json["test"]["macro_f1"], 1.0);
  EXPECT_EQ(json["test"]["confusion"][0][0], 4);
  EXPECT_EQ(json["test"]["file"], "test.csv");
}

TEST(ReportJsonTest, ContainsMistakesAndLengths) {
  const Json json = ReportJson(FullReport());
  EXPECT_EQ(json["mistakes_file"], "test.csv");
  EXPECT_EQ(
      json["mistakes"][0],
      (Json{
          {"line", 17}, {"text", "a text"}, {"label", "no"}, {"predicted", "yes"}, {"confidence", 0.96875}}));
  EXPECT_EQ(json["lengths"]["rows"].size(), 8u);
  EXPECT_EQ(json["lengths"]["cut"], 1);
}

TEST(ReportJsonTest, ContainsOnlyTheTestOfAnEvaluation) {
  const Json json = ReportJson(EvaluationReport());
  EXPECT_EQ(json["test"]["rows"], 8);
  EXPECT_TRUE(json.contains("mistakes"));
  for (const char* key : {"rows", "epochs", "steps", "best_epoch", "validation", "calibrated", "recipe"}) {
    EXPECT_FALSE(json.contains(key)) << key;
  }
}

TEST(ReportTest, KindOfNamesTheRun) {
  EXPECT_EQ(KindOf(SmallReport()), "training");
  EXPECT_EQ(KindOf(PretrainingReport()), "pre-training");
  EXPECT_EQ(KindOf(EvaluationReport()), "evaluation");
}

TEST(ReportTest, SummaryGivesTheHeldOutResult) {
  EXPECT_EQ(Summary(HeldOutResult{1600, 400, 3.25}), "masked-LM accuracy 25.00 % (400 of 1600), loss 3.2500");
}

TEST(ReportJsonTest, ContainsTheHeldOutResultOfAPretraining) {
  const Json json = ReportJson(PretrainingReport());
  EXPECT_EQ(json["held_out"], (Json{{"words", 1600}, {"correct", 400}, {"loss", 3.25}}));
  EXPECT_EQ(json["rows"], (Json{{"training", 72}, {"validation", 8}}));
  EXPECT_EQ(json["steps"].size(), 2u);
  EXPECT_EQ(json["steps"][1]["loss"], 0.5);
  EXPECT_EQ(json["release"], "pretrained");
  EXPECT_TRUE(json.contains("lengths"));
  for (const char* key : {"epochs", "best_epoch", "validation", "calibrated", "test", "temperature"}) {
    EXPECT_FALSE(json.contains(key)) << key;
  }
  EXPECT_FALSE(ReportJson(SmallReport()).contains("held_out"));
}

}  // namespace
}  // namespace newsgenre
