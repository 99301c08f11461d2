// Runs the real programs: trains a model, serves it, classifies texts, compares the results with a direct
// forward pass, reads the metrics, and stops the server.
#include <chrono>
#include <csignal>
#include <filesystem>
#include <future>
#include <string>
#include <vector>

#include "absl/strings/str_split.h"
#include "common/base/file.h"
#include "common/inference/classifier.h"
#include "common/text/news_reader.h"
#include "gmock/gmock.h"
#include "grpc/health/v1/health.grpc.pb.h"
#include "grpcpp/grpcpp.h"
#include "nlohmann/json.hpp"
#include "tests/e2e/child_process.h"
#include "tests/support/http_get.h"
#include "tests/support/metrics_text.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temp_dir.h"

namespace newsgenre {
namespace {

using grpc::health::v1::Health;
using grpc::health::v1::HealthCheckRequest;
using grpc::health::v1::HealthCheckResponse;
using testing::HasSubstr;

constexpr char kSource[] = NEWSGENRE_SOURCE_DIR;
constexpr char kBin[] = NEWSGENRE_BIN_DIR;

std::string Program(const std::string& name) { return std::string(kBin) + "/" + name; }
std::string Sample(const std::string& name) { return std::string(kSource) + "/deploy/sample/" + name; }

// Trains one model for all tests.
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

  // Classifies a news file with the client and returns the lines that it writes.
  static std::vector<std::string> ClassifyFile(const std::string& address, const std::string& input) {
    const std::string output = dir_->File("predictions.jsonl");
    ChildProcess client({Program("newsgenre_client"), "--address=" + address, "classify", "--input=" + input,
                         "--output=" + output},
                        dir_->File("client.stdout"));
    EXPECT_EQ(client.Wait(), 0) << client.log();
    return absl::StrSplit(ReadFile(output).value_or(""), '\n', absl::SkipEmpty());
  }

  static TempDir* dir_;
  static bool trained_;
};

TempDir* EndToEndTest::dir_ = nullptr;
bool EndToEndTest::trained_ = false;

constexpr std::chrono::seconds kDrain{60};

// newsgenre_server on free ports.
class RunningServer {
 public:
  explicit RunningServer(const TempDir& dir, const std::string& model_dir)
      : process_({Program("newsgenre_server"), "--model_dir=" + model_dir, "--address=127.0.0.1:0",
                  "--metrics_address=127.0.0.1:0", "--device=cpu", "--precision=fp32",
                  "--drain_seconds=" + std::to_string(kDrain.count())},
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

TEST_F(EndToEndTest, TheClientWritesThePredictionsOfTheModel) {
  RunningServer server(*dir_, ModelDir());
  ASSERT_TRUE(server.serving()) << server.log();

  const std::vector<std::string> lines = ClassifyFile(server.address(), Sample("test.csv"));
  ASSERT_OK_AND_ASSIGN(const auto classifier, Classifier::Load(ModelDir(), {"cpu", "fp32"}));
  ASSERT_OK_AND_ASSIGN(const std::vector<NewsRow> rows, ReadNews(Sample("test.csv")));
  ASSERT_EQ(lines.size(), rows.size());
  for (size_t i = 0; i < rows.size(); ++i) {
    const std::string text = JoinTitleAndBody(rows[i].title, rows[i].body);
    ASSERT_OK_AND_ASSIGN(const Encoding encoding, classifier->encoder().Encode(text));
    ASSERT_OK_AND_ASSIGN(const auto expected, classifier->Predict({&encoding}));
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

  EXPECT_EQ(server.Stop(), 0) << server.log();
}

TEST_F(EndToEndTest, MetricsCountTheTextsOfTheClient) {
  RunningServer server(*dir_, ModelDir());
  ASSERT_TRUE(server.serving()) << server.log();
  ASSERT_EQ(ClassifyFile(server.address(), Sample("test.csv")).size(), 148u);

  const std::string metrics = HttpGet(server.metrics_port(), "/metrics");
  EXPECT_EQ(SeriesValue(metrics, "newsgenre_model_info{device=\"cpu\",precision=\"fp32\",version=\"tiny\"}"),
            1);
  EXPECT_EQ(SeriesValue(metrics, "newsgenre_rpc_calls_total{code=\"OK\",method=\"Classify\"}"), 148);
  EXPECT_EQ(SeriesValue(metrics, "newsgenre_batch_texts_sum"), 148);
  double predictions = 0;
  for (const std::string label : {"World", "Sports", "Business", "Sci/Tech"}) {
    predictions += SeriesValue(metrics, "newsgenre_predictions_total{label=\"" + label + "\"}");
  }
  EXPECT_EQ(predictions, 148);
  EXPECT_EQ(SeriesValue(metrics, "newsgenre_rpc_in_flight{method=\"Classify\"}"), 0);
  EXPECT_EQ(SeriesValue(metrics, "newsgenre_queue_depth_texts"), 0);
  EXPECT_EQ(server.Stop(), 0) << server.log();
}

TEST_F(EndToEndTest, AHealthWatchDoesNotDelayTheStop) {
  RunningServer server(*dir_, ModelDir());
  ASSERT_TRUE(server.serving()) << server.log();
  const auto health =
      Health::NewStub(grpc::CreateChannel(server.address(), grpc::InsecureChannelCredentials()));
  grpc::ClientContext context;
  const auto watch = health->Watch(&context, HealthCheckRequest());
  HealthCheckResponse response;
  ASSERT_TRUE(watch->Read(&response));
  EXPECT_EQ(response.status(), HealthCheckResponse::SERVING);

  const auto start = std::chrono::steady_clock::now();
  auto exit_code = std::async(std::launch::async, [&] { return server.Stop(); });
  ASSERT_TRUE(watch->Read(&response));
  EXPECT_EQ(response.status(), HealthCheckResponse::NOT_SERVING);
  EXPECT_FALSE(watch->Read(&response));
  EXPECT_EQ(watch->Finish().error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(exit_code.get(), 0) << server.log();
  EXPECT_LT(std::chrono::steady_clock::now() - start, kDrain / 2);
}

// buf curl has no copy of the .proto files and gets the messages from the server's reflection.
TEST_F(EndToEndTest, BufCurlGetsTheSameLabelAsTheClient) {
  const std::string buf = std::string(kSource) + "/build/test-venv/bin/buf";
  if (!std::filesystem::exists(buf)) GTEST_SKIP() << buf << " does not exist: run tests/run.sh";
  RunningServer server(*dir_, ModelDir());
  ASSERT_TRUE(server.serving()) << server.log();
  const std::string request = R"({"text": "The goalkeeper saved a penalty in the last minute."})";
  ASSERT_THAT(WriteFileAtomic(dir_->File("text.jsonl"), request + "\n"), IsOk());
  const std::vector<std::string> lines = ClassifyFile(server.address(), dir_->File("text.jsonl"));
  ASSERT_EQ(lines.size(), 1u);

  ChildProcess curl({buf, "curl", "--protocol", "grpc", "--http2-prior-knowledge", "--data", request,
                     "http://" + server.address() + "/newsgenre.v1.ClassifierService/Classify"},
                    dir_->File("curl.stdout"));
  ASSERT_EQ(curl.Wait(), 0) << curl.log();
  ASSERT_OK_AND_ASSIGN(const std::string response, ReadFile(dir_->File("curl.stdout")));
  EXPECT_EQ(nlohmann::json::parse(response)["label"], nlohmann::json::parse(lines[0])["label"]) << response;
  EXPECT_EQ(server.Stop(), 0) << server.log();
}

TEST_F(EndToEndTest, PrintsATableAndDoesNotLogTheText) {
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

TEST_F(EndToEndTest, AServerWithAMissingModelExitsAndNamesIt) {
  RunningServer server(*dir_, dir_->File("nowhere"));
  EXPECT_FALSE(server.serving());
  EXPECT_THAT(server.log(), HasSubstr("nowhere"));
  EXPECT_NE(server.Stop(), 0);
}

}  // namespace
}  // namespace newsgenre
