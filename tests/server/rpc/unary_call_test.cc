#include "server/rpc/unary_call.h"

#include <chrono>
#include <future>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "grpcpp/grpcpp.h"
#include "newsgenre/v1/classifier.grpc.pb.h"
#include "tests/support/status_matchers.h"

namespace newsgenre {
namespace {

// Records the end of a single call.
class Recorder : public CallObserver {
 public:
  void OnStart() override {}
  void OnFinish(absl::StatusCode code, std::chrono::steady_clock::duration latency) override {
    latency_ = latency;
    code_.set_value(code);
  }
  absl::StatusCode WaitForCode() { return code_.get_future().get(); }
  std::chrono::steady_clock::duration latency() const { return latency_; }

 private:
  std::promise<absl::StatusCode> code_;
  std::chrono::steady_clock::duration latency_{};
};

// Passes its first call to the test.
class Service : public v1::ClassifierService::WithRawCallbackMethod_GetModel<v1::ClassifierService::Service> {
 public:
  explicit Service(CallObserver* observer) : observer_(observer) {}
  grpc::ServerUnaryReactor* GetModel(grpc::CallbackServerContext* context, const grpc::ByteBuffer*,
                                     grpc::ByteBuffer* response) override {
    auto* call = new UnaryCall(context, response, observer_);
    grpc::ServerUnaryReactor* const reactor = call->reactor();
    call_.set_value(call);
    return reactor;
  }
  UnaryCall* WaitForCall() { return call_.get_future().get(); }

 private:
  CallObserver* const observer_;
  std::promise<UnaryCall*> call_;
};

class UnaryCallTest : public testing::Test {
 protected:
  UnaryCallTest() : service_(&observer_) {
    grpc::ServerBuilder builder;
    builder.RegisterService(&service_);
    server_ = builder.BuildAndStart();
    stub_ = v1::ClassifierService::NewStub(server_->InProcessChannel(grpc::ChannelArguments()));
  }
  ~UnaryCallTest() override { server_->Shutdown(); }

  // Makes a call and returns its server side.
  UnaryCall* Call() {
    status_ = std::async(std::launch::async, [this] { return stub_->GetModel(&context_, {}, &response_); });
    return service_.WaitForCall();
  }

  Recorder observer_;
  Service service_;
  std::unique_ptr<grpc::Server> server_;
  std::unique_ptr<v1::ClassifierService::Stub> stub_;
  grpc::ClientContext context_;
  v1::GetModelResponse response_;
  std::future<grpc::Status> status_;
};

TEST_F(UnaryCallTest, ReplySendsOkAndTheMessage) {
  UnaryCall* call = Call();
  EXPECT_EQ(call->deadline(), UnaryCall::Clock::time_point::max());
  EXPECT_FALSE(call->cancelled());
  v1::GetModelResponse response;
  response.set_version("one");
  call->Reply(response);
  EXPECT_TRUE(status_.get().ok());
  EXPECT_EQ(response_.version(), "one");
  EXPECT_EQ(observer_.WaitForCode(), absl::StatusCode::kOk);
  EXPECT_GT(observer_.latency().count(), 0);
}

TEST_F(UnaryCallTest, FailSendsTheStatus) {
  Call()->Fail(absl::ResourceExhaustedError("full"));
  const grpc::Status status = status_.get();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_EQ(status.error_message(), "full");
  EXPECT_EQ(observer_.WaitForCode(), absl::StatusCode::kResourceExhausted);
}

TEST_F(UnaryCallTest, ReturnsTheCallersDeadline) {
  context_.set_deadline(std::chrono::system_clock::now() + std::chrono::minutes(5));
  UnaryCall* call = Call();
  const auto left = call->deadline() - UnaryCall::Clock::now();
  EXPECT_LE(left, std::chrono::minutes(5) + std::chrono::seconds(1));
  EXPECT_GE(left, std::chrono::minutes(4));
  call->Fail(absl::UnavailableError(""));
}

TEST_F(UnaryCallTest, ADeadlineCenturiesAheadMeansNoDeadline) {
  const gpr_timespec now = gpr_now(GPR_CLOCK_REALTIME);
  constexpr int64_t kSecondsPerYear = 365 * 24 * 3600;
  context_.set_deadline(gpr_time_add(now, gpr_time_from_seconds(300 * kSecondsPerYear, GPR_TIMESPAN)));
  UnaryCall* call = Call();
  EXPECT_EQ(call->deadline(), UnaryCall::Clock::time_point::max());
  call->Fail(absl::UnavailableError(""));
}

TEST_F(UnaryCallTest, ReportsThatTheCallerCancelled) {
  UnaryCall* call = Call();
  context_.TryCancel();
  while (!call->cancelled()) std::this_thread::yield();
  call->Reply(v1::GetModelResponse());
  EXPECT_EQ(observer_.WaitForCode(), absl::StatusCode::kCancelled);
}

TEST(ToApiStatusTest, ReplacesCodesOutsideTheApiByInternal) {
  EXPECT_THAT(ToApiStatus(absl::UnavailableError("no model")),
              StatusIs(absl::StatusCode::kUnavailable, "no model"));
  EXPECT_THAT(ToApiStatus(absl::InternalError("ours")), StatusIs(absl::StatusCode::kInternal, "ours"));
  EXPECT_THAT(ToApiStatus(absl::NotFoundError("gone")), StatusIs(absl::StatusCode::kInternal, "gone"));
}

}  // namespace
}  // namespace newsgenre
