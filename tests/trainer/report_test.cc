#include "trainer/report.h"

#include "gmock/gmock.h"

namespace newsgenre {
namespace {

using testing::HasSubstr;

EpochResult Epoch(int number, int64_t correct, double loss) {
  EpochResult epoch;
  epoch.epoch = number;
  epoch.steps = 7;
  epoch.training_loss = loss / 2;
  epoch.training_accuracy = 0.75;
  epoch.validation.confusion = {{correct, 4 - correct}, {0, 4}};
  epoch.validation.loss = loss;
  epoch.seconds = 12.34;
  epoch.texts_per_second = 800;
  return epoch;
}

Report SmallReport() {
  Report report;
  report.version = "v7";
  report.release = "model/v7";
  report.labels = {"no", "yes"};
  report.device = "cpu";
  report.threads = 2;
  report.training_rows = 72;
  report.validation_rows = 8;
  report.parameters = 1234;
  report.vocab_size = 500;
  report.epochs = {Epoch(1, 2, 0.5), Epoch(2, 3, 0.25)};
  report.best = 1;
  report.seconds = 30;
  report.recipe = {{"epochs", "2"}};
  return report;
}

TEST(ReportTest, Table) {
  const Report report = SmallReport();
  EXPECT_EQ(EpochTable(report.epochs, report.best),
            "epoch   train loss   validation loss   validation accuracy   seconds\n"
            "    1       0.2500            0.5000               75.00 %      12.3\n"
            "    2       0.1250            0.2500               87.50 %      12.3   published\n");
}

TEST(ReportTest, SummaryGivesTheCounts) {
  EXPECT_EQ(Summary(Epoch(1, 3, 0.25).validation), "accuracy 87.50 % (7 of 8), loss 0.2500");
}

TEST(ReportTest, Json) {
  Report report = SmallReport();
  EXPECT_FALSE(ReportJson(report).contains("test"));
  report.test = Epoch(0, 4, 0.125).validation;
  const nlohmann::ordered_json json = ReportJson(report);
  EXPECT_EQ(json["version"], "v7");
  EXPECT_EQ(json["model"]["parameters"], 1234);
  EXPECT_EQ(json["model"]["vocab_size"], 500);
  EXPECT_EQ(json["rows"]["training"], 72);
  EXPECT_EQ(json["rows"]["validation"], 8);
  EXPECT_EQ(json["epochs"].size(), 2u);
  EXPECT_EQ(json["epochs"][0]["validation_accuracy"], 0.75);
  EXPECT_EQ(json["epochs"][0]["training_loss"], 0.25);
  EXPECT_EQ(json["epochs"][1]["steps"], 7);
  EXPECT_EQ(json["best_epoch"], 2);
  EXPECT_EQ(json["validation"]["correct"], 7);
  EXPECT_EQ(json["validation"]["labels"]["no"]["recall"], 0.75);
  EXPECT_EQ(json["validation"]["labels"]["yes"]["precision"], 0.8);
  EXPECT_EQ(json["test"]["accuracy"], 1.0);
  EXPECT_EQ(json["test"]["confusion"][0][0], 4);
  EXPECT_EQ(json["recipe"]["epochs"], "2");
  EXPECT_EQ(json["stopped"], false);
}

}  // namespace
}  // namespace newsgenre
