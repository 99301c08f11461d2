// The whole path through the real programs: train, serve, ask, compare with a direct forward, read the
// metrics, stop.
#include <csignal>
#include <string>
#include <vector>

#include "absl/strings/str_split.h"
#include "common/base/file.h"
#include "common/model/classifier.h"
#include "common/text/news_reader.h"
#include "gmock/gmock.h"
#include "nlohmann/json.hpp"
#include "tests/e2e/child_process.h"
#include "tests/support/http_get.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temp_dir.h"

namespace newsgenre {
namespace {

using testing::HasSubstr;

constexpr char kSource[] = NEWSGENRE_SOURCE_DIR;
constexpr char kBin[] = NEWSGENRE_BIN_DIR;

std::string Program(const std::string& name) { return std::string(kBin) + "/" + name; }
std::string Sample(const std::string& name) { return std::string(kSource) + "/deploy/sample/" + name; }

// Trains once for all tests of this file.
class EndToEndTest : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    dir_ = new TempDir;
    ChildProcess trainer(
        {Program("newsgenre_trainer"), "--train=" + Sample("train.csv"), "--test=" + Sample("test.csv"),
         "--model_dir=" + ModelDir(), "--vocab_size=800", "--layers=1", "--hidden_size=32",
         "--embedding_size=16", "--heads=2", "--intermediate_size=64", "--epochs=2", "--model_version=tiny"},
        dir_->File("trainer.stdout"));
    trained_ = trainer.Wait() == 0;
    EXPECT_TRUE(trained_) << trainer.log();
  }
  static void TearDownTestSuite() {
    delete dir_;
    dir_ = nullptr;
  }
  void SetUp() override { ASSERT_TRUE(trained_); }

  static std::string ModelDir() { return dir_->File("model"); }

  static TempDir* dir_;
  static bool trained_;
};

TempDir* EndToEndTest::dir_ = nullptr;
bool EndToEndTest::trained_ = false;

// The server's program on free ports.
class RunningServer {
 public:
  explicit RunningServer(const TempDir& dir, const std::string& model_dir)
      : process_({Program("newsgenre_server"), "--model_dir=" + model_dir, "--address=127.0.0.1:0",
                  "--metrics_address=127.0.0.1:0", "--device=cpu"},
                 dir.File("server.stdout")),
        serving_(nlohmann::json::parse(process_.ReadLogLine("\"message\":\"serving\""), nullptr, false)) {}

  bool serving() const { return serving_.is_object(); }
  std::string address() const { return "127.0.0.1:" + std::to_string(serving_["port"].get<int>()); }
  int metrics_port() const { return serving_["metrics_port"].get<int>(); }
  int Stop() {
    process_.Signal(SIGTERM);
    return process_.Wait();
  }
  const std::string& log() const { return process_.log(); }

 private:
  ChildProcess process_;
  const nlohmann::json serving_;
};

TEST_F(EndToEndTest, WhatTheClientPrintsIsWhatTheModelSays) {
  RunningServer server(*dir_, ModelDir());
  ASSERT_TRUE(server.serving()) << server.log();

  ChildProcess client({Program("newsgenre_client"), "--address=" + server.address(), "classify",
                       "--input=" + Sample("test.csv"), "--output=" + dir_->File("predictions.jsonl")},
                      dir_->File("client.stdout"));
  ASSERT_EQ(client.Wait(), 0) << client.log();

  ASSERT_OK_AND_ASSIGN(const auto classifier, Classifier::Load(ModelDir(), "cpu"));
  ASSERT_OK_AND_ASSIGN(const std::vector<NewsRow> rows, ReadNews(Sample("test.csv")));
  ASSERT_OK_AND_ASSIGN(const std::string output, ReadFile(dir_->File("predictions.jsonl")));
  const std::vector<std::string> lines = absl::StrSplit(output, '\n', absl::SkipEmpty());
  ASSERT_EQ(lines.size(), rows.size());
  for (size_t i = 0; i < rows.size(); ++i) {
    const std::string text = JoinTitleAndBody(rows[i].title, rows[i].body);
    ASSERT_OK_AND_ASSIGN(const Encoding encoding, classifier->encoder().Encode(text));
    ASSERT_OK_AND_ASSIGN(const auto expected, classifier->Probabilities({&encoding}));
    const auto line = nlohmann::ordered_json::parse(lines[i]);
    EXPECT_EQ(line["model_version"], "tiny");
    EXPECT_EQ(line["tokens"], encoding.ids.size());
    EXPECT_EQ(line["truncated"], false);
    size_t label = 0;
    for (const auto& [name, probability] : line["probabilities"].items()) {
      EXPECT_EQ(name, classifier->manifest().labels(static_cast<int>(label)));
      EXPECT_NEAR(probability.get<float>(), expected[0][label], 1e-6) << "row " << i + 1;
      ++label;
    }
    EXPECT_EQ(label, 4u);
  }

  const std::string metrics = HttpGet(server.metrics_port(), "/metrics");
  EXPECT_THAT(metrics, HasSubstr("newsgenre_model_info"));
  EXPECT_THAT(metrics, HasSubstr("version=\"tiny\""));
  EXPECT_EQ(server.Stop(), 0) << server.log();
}

TEST_F(EndToEndTest, AClassifiedTextPrintsATableAndNeverReachesTheLog) {
  RunningServer server(*dir_, ModelDir());
  ASSERT_TRUE(server.serving()) << server.log();
  const std::string text = "Zanzibar goalkeeper saves a penalty";
  ChildProcess client({Program("newsgenre_client"), "--address=" + server.address(), "classify", text},
                      dir_->File("client.stdout"));
  EXPECT_EQ(client.Wait(), 0) << client.log();
  ASSERT_OK_AND_ASSIGN(const std::string table, ReadFile(dir_->File("client.stdout")));
  for (const char* label : {"World", "Sports", "Business", "Sci/Tech"}) EXPECT_THAT(table, HasSubstr(label));
  EXPECT_EQ(server.Stop(), 0);
  EXPECT_THAT(server.log(), testing::Not(HasSubstr("Zanzibar")));
}

TEST_F(EndToEndTest, AServerWithoutAModelSaysWhichAndEnds) {
  RunningServer server(*dir_, dir_->File("nowhere"));
  EXPECT_FALSE(server.serving());
  EXPECT_THAT(server.log(), HasSubstr("nowhere"));
  EXPECT_NE(server.Stop(), 0);
}

}  // namespace
}  // namespace newsgenre
