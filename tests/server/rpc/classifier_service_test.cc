#include "server/rpc/classifier_service.h"

#include <chrono>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "gmock/gmock.h"
#include "grpcpp/generic/generic_stub.h"
#include "grpcpp/grpcpp.h"
#include "server/metrics/server_metrics.h"
#include "tests/support/fake_model.h"
#include "tests/support/gate.h"
#include "tests/support/metrics_text.h"

namespace newsgenre {
namespace {

using grpc::StatusCode;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr RequestLimits kLimits = {64, 4};

v1::ClassifyRequest Text(const std::string& text) {
  v1::ClassifyRequest request;
  request.set_text(text);
  return request;
}

v1::BatchClassifyRequest Texts(const std::vector<std::string>& texts) {
  v1::BatchClassifyRequest batch;
  for (const std::string& text : texts) *batch.add_requests() = Text(text);
  return batch;
}

// Runs the service in a gRPC server without a socket.
class ClassifierServiceTest : public testing::Test {
 protected:
  ClassifierServiceTest() {
    Batcher::Options options;
    options.max_queue_texts = 3;
    batcher_ = std::make_unique<Batcher>(options, &metrics_);
    classifier_ = std::make_unique<TextClassifier>(kLimits, &models_, batcher_.get());
    service_ = std::make_unique<ClassifierService>(
        classifier_.get(),
        ClassifierService::Observers{metrics_.AddMethod("Classify"), metrics_.AddMethod("BatchClassify"),
                                     metrics_.AddMethod("GetModel")});
    grpc::ServerBuilder builder;
    builder.RegisterService(service_.get());
    server_ = builder.BuildAndStart();
    channel_ = server_->InProcessChannel(grpc::ChannelArguments());
    stub_ = v1::ClassifierService::NewStub(channel_);
  }
  ~ClassifierServiceTest() override { Stop(); }

  void Stop() {
    server_->Shutdown();
    batcher_->Drain();
  }

  void Serve(FakeModel::PredictFunction predict = FakeModel::PredictByLength) {
    models_.Replace(metrics_.Instrument(
        std::make_shared<const FakeModel>("fake-1", std::move(predict), BatchLimits{1, 4096})));
  }

  grpc::Status Classify(const v1::ClassifyRequest& request) {
    grpc::ClientContext context;
    return stub_->Classify(&context, request, &response_);
  }
  grpc::Status BatchClassify(const v1::BatchClassifyRequest& request) {
    grpc::ClientContext context;
    return stub_->BatchClassify(&context, request, &batch_response_);
  }
  // Calls a method with arbitrary bytes as the request.
  grpc::Status CallWithBytes(const std::string& method, const std::string& bytes) {
    grpc::GenericStub stub(channel_);
    grpc::ClientContext context;
    const grpc::Slice slice(bytes);
    const grpc::ByteBuffer request(&slice, 1);
    grpc::ByteBuffer response;
    std::promise<grpc::Status> status;
    stub.UnaryCall(&context, "/newsgenre.v1.ClassifierService/" + method, grpc::StubOptions(), &request,
                   &response, [&](grpc::Status done) { status.set_value(std::move(done)); });
    return status.get_future().get();
  }

  double Series(const std::string& series) const {
    return SeriesValue(MetricsText(metrics_.collectables()), series);
  }
  double Calls(const std::string& method, const std::string& code) const {
    return Series("newsgenre_rpc_calls_total{code=\"" + code + "\",method=\"" + method + "\"}");
  }
  void WaitUntilQueued(int texts) const {
    while (Series("newsgenre_queue_depth_texts") != texts) std::this_thread::yield();
  }

  ServerMetrics metrics_;
  ModelStore models_;
  std::unique_ptr<Batcher> batcher_;
  std::unique_ptr<TextClassifier> classifier_;
  std::unique_ptr<ClassifierService> service_;
  std::unique_ptr<grpc::Server> server_;
  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<v1::ClassifierService::Stub> stub_;
  v1::ClassifyResponse response_;
  v1::BatchClassifyResponse batch_response_;
};

TEST_F(ClassifierServiceTest, ClassifyReturnsTheModelsProbabilities) {
  Serve();
  ASSERT_TRUE(Classify(Text("abc")).ok());  // 5 tokens: label 5 modulo 4
  EXPECT_EQ(response_.label(), "Sports");
  EXPECT_EQ(response_.model_version(), "fake-1");
  EXPECT_EQ(response_.token_count(), 5);
  EXPECT_FALSE(response_.truncated());
  std::vector<std::string> labels;
  std::vector<float> probabilities;
  for (const v1::LabelProbability& entry : response_.probabilities()) {
    labels.push_back(entry.label());
    probabilities.push_back(entry.probability());
  }
  EXPECT_THAT(labels, ElementsAre("World", "Sports", "Business", "Sci/Tech"));
  EXPECT_THAT(probabilities, ElementsAre(0.1f, 0.7f, 0.1f, 0.1f));
}

TEST_F(ClassifierServiceTest, ClassifyJoinsTitleAndBody) {
  Serve();
  v1::ClassifyRequest request;
  request.set_title("ab");
  request.set_body("cd");
  ASSERT_TRUE(Classify(request).ok());
  EXPECT_EQ(response_.token_count(), 7);  // "ab cd" between two special tokens
}

TEST_F(ClassifierServiceTest, ClassifyReportsTruncation) {
  Serve();
  ASSERT_TRUE(Classify(Text(std::string(20, 'a'))).ok());
  EXPECT_TRUE(response_.truncated());
  EXPECT_EQ(response_.token_count(), 16);
}

TEST_F(ClassifierServiceTest, ReturnsInvalidArgumentForABadRequest) {
  Serve();
  v1::ClassifyRequest both = Text("text");
  both.set_title("title");
  v1::ClassifyRequest spaces;
  spaces.set_title(" ");
  spaces.set_body(" ");
  const struct {
    v1::ClassifyRequest request;
    std::string message;
  } cases[] = {
      {Text(""), "have 0 bytes; the minimum is 1 byte"},
      {Text("   "), "text has 3 bytes and, after cleaning, 0 tokens; the minimum is 1 token"},
      {spaces, "title and body have 2 bytes and, after cleaning, 0 tokens"},
      {Text(std::string(65, 'a')), "text has 65 bytes; the limit is 64 bytes"},
      {both, "text (4 bytes) and title are both set"},
  };
  for (const auto& c : cases) {
    const grpc::Status status = Classify(c.request);
    EXPECT_EQ(status.error_code(), StatusCode::INVALID_ARGUMENT);
    EXPECT_THAT(status.error_message(), HasSubstr(c.message));
  }
  EXPECT_EQ(Calls("Classify", "INVALID_ARGUMENT"), 5);
}

TEST_F(ClassifierServiceTest, ReturnsInvalidArgumentForMalformedMessages) {
  Serve();
  for (const std::string method : {"Classify", "BatchClassify", "GetModel"}) {
    const grpc::Status status = CallWithBytes(method, "\x0a\x7f");
    EXPECT_EQ(status.error_code(), StatusCode::INVALID_ARGUMENT) << method;
    EXPECT_THAT(status.error_message(), HasSubstr("the request of 2 bytes is not a protobuf message"))
        << method;
    EXPECT_EQ(Calls(method, "INVALID_ARGUMENT"), 1);
  }
  const grpc::Status status = CallWithBytes("Classify", "\x0a\x02\xc3\x28");
  EXPECT_EQ(status.error_code(), StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(status.error_message(), "text is not valid UTF-8");
}

TEST_F(ClassifierServiceTest, UnknownMethodsAreUnimplemented) {
  EXPECT_EQ(CallWithBytes("Summarize", "").error_code(), StatusCode::UNIMPLEMENTED);
}

TEST_F(ClassifierServiceTest, EveryMethodIsUnavailableWithoutAModel) {
  grpc::ClientContext context;
  v1::GetModelResponse model;
  for (const grpc::Status& status : {Classify(Text("abc")), BatchClassify(Texts({"abc"})),
                                     stub_->GetModel(&context, v1::GetModelRequest(), &model)}) {
    EXPECT_EQ(status.error_code(), StatusCode::UNAVAILABLE);
    EXPECT_EQ(status.error_message(), "no model is loaded yet");
  }
}

TEST_F(ClassifierServiceTest, BatchReturnsAResultPerTextInOrder) {
  Serve();
  ASSERT_TRUE(BatchClassify(Texts({"abc", " ", std::string(65, 'a')})).ok());
  ASSERT_EQ(batch_response_.results_size(), 3);
  EXPECT_EQ(batch_response_.results(0).response().label(), "Sports");
  EXPECT_EQ(batch_response_.results(1).status().code(), StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(batch_response_.results(1).status().message(),
            "text has 1 bytes and, after cleaning, 0 tokens; the minimum is 1 token");
  EXPECT_EQ(batch_response_.results(2).status().message(), "text has 65 bytes; the limit is 64 bytes");
  EXPECT_EQ(Calls("BatchClassify", "OK"), 1);
}

TEST_F(ClassifierServiceTest, BatchOfOnlyBadTextsIsAnswered) {
  Serve();
  ASSERT_TRUE(BatchClassify(Texts({"", " "})).ok());
  ASSERT_EQ(batch_response_.results_size(), 2);
  EXPECT_EQ(batch_response_.results(0).status().code(), StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(batch_response_.results(1).status().code(), StatusCode::INVALID_ARGUMENT);
}

TEST_F(ClassifierServiceTest, ReturnsInvalidArgumentForEmptyAndOversizedBatches) {
  Serve();
  const grpc::Status none = BatchClassify(Texts({}));
  EXPECT_EQ(none.error_code(), StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(none.error_message(), "requests has 0 texts; the minimum is 1 text");
  const grpc::Status many = BatchClassify(Texts({"a", "b", "c", "d", "e"}));
  EXPECT_EQ(many.error_code(), StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(many.error_message(), "requests has 5 texts; the limit is 4 texts");
}

TEST_F(ClassifierServiceTest, AFullQueueRefusesTheWholeBatch) {
  Serve();
  const grpc::Status status = BatchClassify(Texts({"a", "b", "c", "d"}));  // the queue holds 3
  EXPECT_EQ(status.error_code(), StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_THAT(status.error_message(), HasSubstr("the limit is 3 texts"));
  EXPECT_EQ(Calls("BatchClassify", "RESOURCE_EXHAUSTED"), 1);
}

TEST_F(ClassifierServiceTest, AnyModelErrorBecomesInternal) {
  Serve([](const std::vector<const Encoding*>&) { return absl::NotFoundError("a kernel is missing"); });
  const grpc::Status status = Classify(Text("abc"));
  EXPECT_EQ(status.error_code(), StatusCode::INTERNAL);
  EXPECT_EQ(status.error_message(), "a kernel is missing");
  ASSERT_TRUE(BatchClassify(Texts({"abc"})).ok());
  EXPECT_EQ(batch_response_.results(0).status().code(), StatusCode::INTERNAL);
}

TEST_F(ClassifierServiceTest, GetModelReturnsTheModelAndTheLimits) {
  Serve();
  grpc::ClientContext context;
  v1::GetModelResponse model;
  ASSERT_TRUE(stub_->GetModel(&context, v1::GetModelRequest(), &model).ok());
  EXPECT_EQ(model.version(), "fake-1");
  EXPECT_THAT(model.labels(), ElementsAre("World", "Sports", "Business", "Sci/Tech"));
  EXPECT_EQ(model.limits().max_text_bytes(), 64);
  EXPECT_EQ(model.limits().max_batch_texts(), 4);
  EXPECT_EQ(model.limits().max_tokens(), 16);
  EXPECT_EQ(model.metrics().at("test_accuracy"), 0.5);
  EXPECT_EQ(model.device(), "cpu");
  EXPECT_EQ(model.precision(), "fp32");
}

class WaitingCallTest : public ClassifierServiceTest {
 protected:
  using ContextFunction = std::function<void(grpc::ClientContext*)>;

  // Blocks a first call in the model. Makes a second call, whose context `prepare` sets up and `give_up` ends
  // while it waits in the queue. Returns how many texts the model received in total.
  int CountPredictedTexts(const ContextFunction& prepare, const ContextFunction& give_up,
                          StatusCode expected) {
    Gate gate;
    std::atomic<int> predicted{0};
    Serve(gate.Guard([&](const std::vector<const Encoding*>& batch) {
      predicted += static_cast<int>(batch.size());
      return FakeModel::PredictByLength(batch);
    }));
    auto first = std::async(std::launch::async, [&] { return Classify(Text("abc")); });
    gate.WaitUntilReached();
    grpc::ClientContext context;
    prepare(&context);
    auto second = std::async(std::launch::async, [&] {
      v1::ClassifyResponse response;
      return stub_->Classify(&context, Text("abc"), &response);
    });
    give_up(&context);
    EXPECT_EQ(second.get().error_code(), expected);
    gate.Open();
    EXPECT_TRUE(first.get().ok());
    while (Series("newsgenre_rpc_in_flight{method=\"Classify\"}") > 0) std::this_thread::yield();
    return predicted;
  }

  // Expects that the second call's text does not run. The server learns of the end of the call later than the
  // caller, so sometimes the text has run by then. One attempt without a run is enough, because a server that
  // ignores the end of calls would run the text every time.
  void ExpectSecondTextIsSkipped(const ContextFunction& prepare, const ContextFunction& give_up,
                                 StatusCode expected) {
    int attempts = 1;
    while (CountPredictedTexts(prepare, give_up, expected) != 1 && attempts < 100) ++attempts;
    EXPECT_LT(attempts, 100);
    EXPECT_GE(Calls("Classify", "CANCELLED") + Calls("Classify", "DEADLINE_EXCEEDED"), 1);
  }
};

TEST_F(WaitingCallTest, ACancelledCallIsSkipped) {
  const auto cancel = [this](grpc::ClientContext* context) {
    WaitUntilQueued(1);
    context->TryCancel();
  };
  ExpectSecondTextIsSkipped([](grpc::ClientContext*) {}, cancel, StatusCode::CANCELLED);
}

TEST_F(WaitingCallTest, AnExpiredCallIsSkipped) {
  const auto set_deadline = [](grpc::ClientContext* context) {
    context->set_deadline(std::chrono::system_clock::now() + std::chrono::milliseconds(200));
  };
  ExpectSecondTextIsSkipped(
      set_deadline, [](grpc::ClientContext*) {}, StatusCode::DEADLINE_EXCEEDED);
}

TEST_F(ClassifierServiceTest, CountsCallsAndPredictions) {
  Serve();
  ASSERT_TRUE(Classify(Text("abc")).ok());
  ASSERT_TRUE(BatchClassify(Texts({"abc", "abcd"})).ok());
  Stop();
  EXPECT_EQ(Calls("Classify", "OK"), 1);
  EXPECT_EQ(Calls("BatchClassify", "OK"), 1);
  EXPECT_EQ(Series("newsgenre_rpc_latency_seconds_count{method=\"Classify\"}"), 1);
  EXPECT_EQ(Series("newsgenre_rpc_in_flight{method=\"Classify\"}"), 0);
  EXPECT_EQ(Series("newsgenre_predictions_total{label=\"Sports\"}"), 2);
  EXPECT_EQ(Series("newsgenre_predictions_total{label=\"Business\"}"), 1);
  EXPECT_EQ(Series("newsgenre_batch_tokens_sum"), 5 + 5 + 6);
  EXPECT_EQ(Series("newsgenre_queue_depth_texts"), 0);
}

}  // namespace
}  // namespace newsgenre
