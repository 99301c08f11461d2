#include "server/rpc/health_service.h"

#include <memory>
#include <string>

#include "grpcpp/grpcpp.h"
#include "gtest/gtest.h"

namespace newsgenre {
namespace {

using grpc::health::v1::Health;
using grpc::health::v1::HealthCheckRequest;
using grpc::health::v1::HealthCheckResponse;

constexpr char kClassifier[] = "newsgenre.v1.ClassifierService";

HealthCheckRequest Service(const std::string& name) {
  HealthCheckRequest request;
  request.set_service(name);
  return request;
}

class HealthServiceTest : public testing::Test {
 protected:
  HealthServiceTest() {
    grpc::ServerBuilder builder;
    builder.RegisterService(&service_);
    server_ = builder.BuildAndStart();
    stub_ = Health::NewStub(server_->InProcessChannel(grpc::ChannelArguments()));
  }
  // Shuts down without a deadline, so this blocks if a call is left.
  ~HealthServiceTest() override { server_->Shutdown(); }

  HealthCheckResponse::ServingStatus Check(const std::string& service) {
    grpc::ClientContext context;
    HealthCheckResponse response;
    EXPECT_TRUE(stub_->Check(&context, Service(service), &response).ok());
    return response.status();
  }

  HealthService service_;
  std::unique_ptr<grpc::Server> server_;
  std::unique_ptr<Health::Stub> stub_;
};

// One Watch call.
class Watch {
 public:
  Watch(Health::Stub* stub, const std::string& service) : reader_(stub->Watch(&context_, Service(service))) {}

  // Returns the next status, or -1 at the end of the stream.
  int Read() {
    HealthCheckResponse response;
    return reader_->Read(&response) ? static_cast<int>(response.status()) : -1;
  }
  grpc::StatusCode Finish() { return reader_->Finish().error_code(); }
  void Cancel() { context_.TryCancel(); }

 private:
  grpc::ClientContext context_;
  std::unique_ptr<grpc::ClientReader<HealthCheckResponse>> reader_;
};

TEST_F(HealthServiceTest, CheckReturnsTheStatus) {
  for (const char* service : {"", kClassifier}) EXPECT_EQ(Check(service), HealthCheckResponse::NOT_SERVING);
  service_.SetServing();
  for (const char* service : {"", kClassifier}) EXPECT_EQ(Check(service), HealthCheckResponse::SERVING);
  service_.Stop();
  for (const char* service : {"", kClassifier}) EXPECT_EQ(Check(service), HealthCheckResponse::NOT_SERVING);
}

TEST_F(HealthServiceTest, CheckReturnsNotFoundForAnUnknownService) {
  grpc::ClientContext context;
  HealthCheckResponse response;
  const grpc::Status status = stub_->Check(&context, Service("nobody"), &response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::NOT_FOUND);
  EXPECT_EQ(status.error_message(), "no service is named 'nobody'");
}

TEST_F(HealthServiceTest, WatchSendsEveryChangeAndEndsAtStop) {
  Watch watch(stub_.get(), kClassifier);
  EXPECT_EQ(watch.Read(), HealthCheckResponse::NOT_SERVING);
  service_.SetServing();
  EXPECT_EQ(watch.Read(), HealthCheckResponse::SERVING);
  service_.Stop();
  EXPECT_EQ(watch.Read(), HealthCheckResponse::NOT_SERVING);
  EXPECT_EQ(watch.Read(), -1);
  EXPECT_EQ(watch.Finish(), grpc::StatusCode::UNAVAILABLE);
}

TEST_F(HealthServiceTest, WatchAfterStopSendsNotServingAndEnds) {
  service_.Stop();
  Watch watch(stub_.get(), "");
  EXPECT_EQ(watch.Read(), HealthCheckResponse::NOT_SERVING);
  EXPECT_EQ(watch.Read(), -1);
  EXPECT_EQ(watch.Finish(), grpc::StatusCode::UNAVAILABLE);
}

TEST_F(HealthServiceTest, WatchOfAnUnknownServiceStaysOpenUntilStop) {
  Watch watch(stub_.get(), "nobody");
  EXPECT_EQ(watch.Read(), HealthCheckResponse::SERVICE_UNKNOWN);
  service_.Stop();
  EXPECT_EQ(watch.Read(), -1);
}

TEST_F(HealthServiceTest, ACancelledWatchEnds) {
  Watch watch(stub_.get(), "");
  EXPECT_EQ(watch.Read(), HealthCheckResponse::NOT_SERVING);
  watch.Cancel();
  EXPECT_EQ(watch.Read(), -1);
  EXPECT_EQ(watch.Finish(), grpc::StatusCode::CANCELLED);
  service_.SetServing();
}

TEST_F(HealthServiceTest, SetServingHasNoEffectAfterStop) {
  service_.Stop();
  service_.SetServing();
  EXPECT_EQ(Check(""), HealthCheckResponse::NOT_SERVING);
}

}  // namespace
}  // namespace newsgenre
