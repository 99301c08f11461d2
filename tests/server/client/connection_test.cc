#include "server/client/connection.h"

#include "gmock/gmock.h"
#include "tests/server/client/fake_classifier_service.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temp_dir.h"

namespace newsgenre {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr std::chrono::milliseconds kTimeout{10000};

TEST(ConnectTest, ReturnsTheServedModel) {
  FakeClassifierService service;
  ASSERT_OK_AND_ASSIGN(const Connection connection, Connect(service.address(), kTimeout));
  EXPECT_EQ(connection.model.version(), "fake-1");
  EXPECT_THAT(connection.model.labels(), ElementsAre("World", "Sports", "Business", "Sci/Tech"));
}

TEST(ConnectTest, GivesAdviceIfNoServerAnswers) {
  TempDir dir;
  const std::string address = "unix:" + dir.File("nothing.sock");
  EXPECT_THAT(Connect(address, kTimeout),
              StatusIs(absl::StatusCode::kUnavailable, AllOf(HasSubstr("no server answers at " + address),
                                                             HasSubstr("start newsgenre_server"))));
}

class NoModelService final : public v1::ClassifierService::Service {
  grpc::Status GetModel(grpc::ServerContext*, const v1::GetModelRequest*, v1::GetModelResponse*) override {
    return grpc::Status(grpc::StatusCode::UNAVAILABLE, "no model is loaded");
  }
};

TEST(ConnectTest, ReturnsTheServersOwnError) {
  NoModelService service;
  int port = 0;
  grpc::ServerBuilder builder;
  builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
  builder.RegisterService(&service);
  const auto server = builder.BuildAndStart();
  EXPECT_THAT(Connect("127.0.0.1:" + std::to_string(port), kTimeout),
              StatusIs(absl::StatusCode::kUnavailable, "no model is loaded"));
}

}  // namespace
}  // namespace newsgenre
