#include "server/server.h"

#include <algorithm>
#include <chrono>
#include <future>
#include <iterator>
#include <memory>
#include <set>
#include <sstream>
#include <string>
#include <thread>

#include "common/base/json_log.h"
#include "gmock/gmock.h"
#include "grpcpp/generic/generic_stub.h"
#include "grpcpp/grpcpp.h"
#include "nlohmann/json.hpp"
#include "tests/support/fake_model.h"
#include "tests/support/gate.h"
#include "tests/support/http_get.h"
#include "tests/support/metrics_text.h"
#include "tests/support/status_matchers.h"

namespace newsgenre {
namespace {

using grpc::health::v1::Health;
using grpc::health::v1::HealthCheckRequest;
using grpc::health::v1::HealthCheckResponse;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

ServerConfig TestConfig() {
  ServerConfig config;
  config.address = "127.0.0.1:0";
  config.metrics_address = "127.0.0.1:0";
  return config;
}

v1::ClassifyRequest Text(const std::string& text) {
  v1::ClassifyRequest request;
  request.set_text(text);
  return request;
}

// A client with its own connection to the server.
class Client {
 public:
  explicit Client(int port) {
    grpc::ChannelArguments arguments;
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    channel_ = grpc::CreateCustomChannel("127.0.0.1:" + std::to_string(port),
                                         grpc::InsecureChannelCredentials(), arguments);
    classifier_ = v1::ClassifierService::NewStub(channel_);
    health_ = Health::NewStub(channel_);
  }

  grpc::Status Classify(const std::string& text,
                        std::chrono::milliseconds timeout = std::chrono::minutes(1)) {
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + timeout);
    return classifier_->Classify(&context, Text(text), &response_);
  }
  const v1::ClassifyResponse& response() const { return response_; }

  HealthCheckResponse::ServingStatus Check() {
    grpc::ClientContext context;
    HealthCheckResponse response;
    EXPECT_TRUE(health_->Check(&context, HealthCheckRequest(), &response).ok());
    return response.status();
  }
  std::unique_ptr<grpc::ClientReader<HealthCheckResponse>> Watch(grpc::ClientContext* context) {
    return health_->Watch(context, HealthCheckRequest());
  }

  const std::shared_ptr<grpc::Channel>& channel() const { return channel_; }
  v1::ClassifierService::Stub* classifier() { return classifier_.get(); }

 private:
  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<v1::ClassifierService::Stub> classifier_;
  std::unique_ptr<Health::Stub> health_;
  v1::ClassifyResponse response_;
};

class ServerTest : public testing::Test {
 protected:
  ServerTest() { SetLogStream(&log_); }
  ~ServerTest() override {
    server_.reset();
    SetLogStream(nullptr);
  }

  void Start(const ServerConfig& config = TestConfig()) {
    ASSERT_OK_AND_ASSIGN(server_, Server::Start(config));
    client_ = std::make_unique<Client>(server_->port());
  }
  absl::Status Serve(FakeModel::PredictFunction predict = FakeModel::PredictByLength) {
    return server_->Serve(std::make_shared<const FakeModel>("fake-1", std::move(predict)));
  }
  std::string ScrapeMetrics() const { return HttpGet(server_->metrics_port(), "/metrics"); }

  // Returns the first log line with this message, or null.
  nlohmann::json LogLine(const std::string& message) const {
    std::istringstream lines(log_.str());
    for (std::string text; std::getline(lines, text);) {
      auto line = nlohmann::json::parse(text);
      if (line["message"] == message) return line;
    }
    return {};
  }

  std::ostringstream log_;
  std::unique_ptr<Server> server_;
  std::unique_ptr<Client> client_;
};

TEST_F(ServerTest, ListensWithoutAModelAndReportsNotServing) {
  Start();
  EXPECT_EQ(client_->Check(), HealthCheckResponse::NOT_SERVING);
  EXPECT_EQ(client_->Classify("abc").error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(LogLine("listening")["port"], server_->port());
  EXPECT_EQ(LogLine("listening")["metrics_port"], server_->metrics_port());
  EXPECT_TRUE(LogLine("serving").is_null());
}

TEST_F(ServerTest, ServesAModel) {
  Start();
  ASSERT_THAT(Serve(), IsOk());
  EXPECT_EQ(client_->Check(), HealthCheckResponse::SERVING);
  ASSERT_TRUE(client_->Classify("abc").ok());
  EXPECT_EQ(client_->response().label(), "Sports");
  grpc::ClientContext context;
  v1::GetModelResponse model;
  ASSERT_TRUE(client_->classifier()->GetModel(&context, v1::GetModelRequest(), &model).ok());
  EXPECT_EQ(model.limits().max_text_bytes(), TestConfig().limits.max_text_bytes);
  EXPECT_EQ(model.limits().max_batch_texts(), TestConfig().limits.max_batch_texts);

  const nlohmann::json line = LogLine("serving");
  EXPECT_EQ(line["model_version"], "fake-1");
  EXPECT_EQ(line["device"], "cpu");
  EXPECT_EQ(line["precision"], "fp32");
  EXPECT_EQ(line["port"], server_->port());
  EXPECT_EQ(line["metrics_port"], server_->metrics_port());
  EXPECT_EQ(log_.str().find("abc"), std::string::npos);
}

TEST_F(ServerTest, DoesNotServeAModelThatFailsToWarmUp) {
  Start();
  EXPECT_THAT(
      Serve([](const std::vector<const Encoding*>&) { return absl::InternalError("no such kernel"); }),
      StatusIs(absl::StatusCode::kInternal, "warming up model fake-1: no such kernel"));
  EXPECT_EQ(client_->Check(), HealthCheckResponse::NOT_SERVING);
  EXPECT_EQ(client_->Classify("abc").error_code(), grpc::StatusCode::UNAVAILABLE);
}

TEST_F(ServerTest, WarmsUpEveryWorker) {
  ServerConfig config = TestConfig();
  config.model.workers = 3;
  Start(config);
  Mutex mutex;
  std::set<std::thread::id> workers;
  ASSERT_THAT(Serve([&](const std::vector<const Encoding*>& batch) {
                MutexLock lock(&mutex);
                workers.insert(std::this_thread::get_id());
                return FakeModel::PredictByLength(batch);
              }),
              IsOk());
  EXPECT_EQ(workers.size(), 3u);
  EXPECT_EQ(SeriesValue(ScrapeMetrics(), "newsgenre_batch_texts_count"), 0);
}

TEST_F(ServerTest, TakesTheNumberOfWorkersFromTheModel) {
  Start();
  Mutex mutex;
  std::set<std::thread::id> workers;
  auto model = std::make_shared<FakeModel>("fake-1", [&](const std::vector<const Encoding*>& batch) {
    MutexLock lock(&mutex);
    workers.insert(std::this_thread::get_id());
    return FakeModel::PredictByLength(batch);
  });
  model->set_workers(2);
  ASSERT_THAT(server_->Serve(model), IsOk());
  EXPECT_EQ(workers.size(), 2u);
}

// Series with the model's labels appear when it is served, all others at the start.
TEST_F(ServerTest, EverySeriesExistsBeforeTheFirstCall) {
  Start();
  const std::set<std::string> listening = SeriesNames(ScrapeMetrics());
  ASSERT_THAT(Serve(), IsOk());
  const std::set<std::string> serving = SeriesNames(ScrapeMetrics());
  std::set<std::string> added;
  std::set_difference(serving.begin(), serving.end(), listening.begin(), listening.end(),
                      std::inserter(added, added.end()));
  EXPECT_THAT(added, ElementsAre("newsgenre_model_info{device=\"cpu\",precision=\"fp32\",version=\"fake-1\"}",
                                 "newsgenre_predictions_total{label=\"Business\"}",
                                 "newsgenre_predictions_total{label=\"Sci/Tech\"}",
                                 "newsgenre_predictions_total{label=\"Sports\"}",
                                 "newsgenre_predictions_total{label=\"World\"}"));
  ASSERT_TRUE(client_->Classify("abc").ok());
  ASSERT_FALSE(client_->Classify("").ok());
  EXPECT_EQ(SeriesNames(ScrapeMetrics()), serving);
}

TEST_F(ServerTest, MetricsCountTheFirstCall) {
  Start();
  ASSERT_THAT(Serve(), IsOk());
  const std::string ok = "newsgenre_rpc_calls_total{code=\"OK\",method=\"Classify\"}";
  const std::string sports = "newsgenre_predictions_total{label=\"Sports\"}";
  const std::string before = ScrapeMetrics();
  EXPECT_EQ(SeriesValue(before, ok), 0);
  EXPECT_EQ(SeriesValue(before, sports), 0);
  for (const char* method : {"Classify", "BatchClassify", "GetModel"}) {
    EXPECT_EQ(SeriesValue(before, "newsgenre_rpc_in_flight{method=\"" + std::string(method) + "\"}"), 0);
  }
  ASSERT_TRUE(client_->Classify("abc").ok());
  const std::string after = ScrapeMetrics();
  EXPECT_EQ(SeriesValue(after, ok), 1);
  EXPECT_EQ(SeriesValue(after, sports), 1);
}

// gRPC would refuse a message above its own limit with RESOURCE_EXHAUSTED.
TEST_F(ServerTest, RefusesALongTextWithItsOwnLimit) {
  ServerConfig config = TestConfig();
  for (const int texts : {config.limits.max_batch_texts, 1}) {
    config.limits.max_batch_texts = texts;
    config.limits.max_text_bytes = texts == 1 ? 100 : config.limits.max_text_bytes;
    Start(config);
    ASSERT_THAT(Serve(), IsOk());
    for (const int bytes : {1 << 17, 4 << 20}) {
      const grpc::Status status = client_->Classify(std::string(bytes, 'a'));
      EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
      EXPECT_EQ(status.error_message(), "text has " + std::to_string(bytes) + " bytes; the limit is " +
                                            std::to_string(config.limits.max_text_bytes) + " bytes");
    }
  }
}

// Sends the bytes of ServerReflectionRequest{list_services: ""} and searches the bytes of the response.
TEST_F(ServerTest, ReflectionListsTheServices) {
  Start();
  grpc::GenericStub stub(client_->channel());
  grpc::ClientContext context;
  const grpc::Slice list_services(std::string("\x3a\0", 2));
  const grpc::ByteBuffer request(&list_services, 1);
  grpc::ByteBuffer response;
  std::promise<grpc::Status> done;
  stub.UnaryCall(&context, "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
                 grpc::StubOptions(), &request, &response,
                 [&](grpc::Status status) { done.set_value(std::move(status)); });
  ASSERT_TRUE(done.get_future().get().ok());
  grpc::Slice bytes;
  ASSERT_TRUE(response.DumpToSingleSlice(&bytes).ok());
  EXPECT_THAT(std::string(reinterpret_cast<const char*>(bytes.begin()), bytes.size()),
              AllOf(HasSubstr("newsgenre.v1.ClassifierService"), HasSubstr("grpc.health.v1.Health")));
}

TEST_F(ServerTest, NamesAnAddressThatIsInUse) {
  Start();
  ServerConfig config = TestConfig();
  config.address = "127.0.0.1:" + std::to_string(server_->port());
  EXPECT_THAT(Server::Start(config), StatusIs(absl::StatusCode::kUnavailable,
                                              HasSubstr("can't listen on address " + config.address)));
  config = TestConfig();
  config.metrics_address = "127.0.0.1:" + std::to_string(server_->metrics_port());
  EXPECT_THAT(Server::Start(config), StatusIs(absl::StatusCode::kUnavailable,
                                              HasSubstr("metrics_address " + config.metrics_address)));
}

// A server whose model runs the warm-up and then blocks the first call.
class StoppingServerTest : public ServerTest {
 protected:
  void StartWithACallInTheModel(const ServerConfig& config) {
    Start(config);
    ASSERT_THAT(Serve([this, hold = gate_.Guard(FakeModel::PredictByLength)](
                          const std::vector<const Encoding*>& batch) {
                  return warm_ ? hold(batch) : FakeModel::PredictByLength(batch);
                }),
                IsOk());
    warm_ = true;
    in_model_ = std::async(std::launch::async, [this] { return client_->Classify("abc"); });
    gate_.WaitUntilReached();
  }

  Gate gate_;
  std::atomic<bool> warm_{false};
  std::future<grpc::Status> in_model_;
};

TEST_F(StoppingServerTest, StopFinishesRunningCallsAndRefusesNewOnes) {
  StartWithACallInTheModel(TestConfig());
  Client watcher(server_->port());
  grpc::ClientContext context;
  const auto watch = watcher.Watch(&context);
  HealthCheckResponse health;
  ASSERT_TRUE(watch->Read(&health));
  EXPECT_EQ(health.status(), HealthCheckResponse::SERVING);

  auto stopped = std::async(std::launch::async, [this] { server_->Stop(); });
  ASSERT_TRUE(watch->Read(&health));
  EXPECT_EQ(health.status(), HealthCheckResponse::NOT_SERVING);
  EXPECT_FALSE(watch->Read(&health));  // the Watch call does not delay the stop
  EXPECT_EQ(watch->Finish().error_code(), grpc::StatusCode::UNAVAILABLE);
  // The server can still accept a call right after it reports NOT_SERVING; such a call waits at the gate.
  grpc::StatusCode late;
  do {
    late = Client(server_->port()).Classify("late", std::chrono::milliseconds(100)).error_code();
  } while (late == grpc::StatusCode::DEADLINE_EXCEEDED);
  EXPECT_EQ(late, grpc::StatusCode::UNAVAILABLE);
  EXPECT_THAT(
      ScrapeMetrics(),
      HasSubstr("newsgenre_rpc_in_flight{method=\"Classify\"} 1"));  // metrics are served until the calls end

  gate_.Open();
  stopped.get();
  EXPECT_TRUE(in_model_.get().ok());
  EXPECT_EQ(ScrapeMetrics(), "");
}

TEST_F(StoppingServerTest, StopCancelsCallsAfterDrainSeconds) {
  ServerConfig config = TestConfig();
  config.drain_seconds = 0;
  StartWithACallInTheModel(config);
  auto stopped = std::async(std::launch::async, [this] { server_->Stop(); });
  EXPECT_FALSE(in_model_.get().ok());  // returns while the model still computes
  gate_.Open();
  stopped.get();
}

}  // namespace
}  // namespace newsgenre
