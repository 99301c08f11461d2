#include "tests/bench/load_generator/target.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <functional>
#include <future>
#include <map>
#include <thread>

#include "common/base/mutex.h"
#include "gmock/gmock.h"
#include "grpcpp/generic/async_generic_service.h"
#include "grpcpp/server.h"
#include "grpcpp/server_builder.h"
#include "inference/kserve.pb.h"
#include "newsgenre/v1/classifier.grpc.pb.h"
#include "tests/support/status_matchers.h"

namespace newsgenre {
namespace {

using testing::HasSubstr;

class RecordingListener : public Target::Listener {
 public:
  void OnFinished(size_t call, const absl::Status& status) override {
    MutexLock lock(&mutex_);
    statuses_[call] = status;
    changed_.NotifyAll();
  }

  absl::Status Wait(size_t call) {
    MutexLock lock(&mutex_);
    while (statuses_.count(call) == 0) changed_.Wait(&mutex_);
    return statuses_[call];
  }

 private:
  Mutex mutex_;
  CondVar changed_;
  std::map<size_t, absl::Status> statuses_ ABSL_GUARDED_BY(mutex_);
};

grpc::ByteBuffer Serialize(const google::protobuf::Message& message) {
  const grpc::Slice slice(message.SerializeAsString());
  return grpc::ByteBuffer(&slice, 1);
}

template <typename T>
T Parse(const grpc::ByteBuffer& bytes) {
  T message;
  grpc::Slice slice;
  EXPECT_TRUE(bytes.DumpToSingleSlice(&slice).ok());
  EXPECT_TRUE(message.ParseFromArray(slice.begin(), static_cast<int>(slice.size())));
  return message;
}

// Fills the response to a method and its serialised request.
using Responder = std::function<grpc::Status(const std::string& method, const grpc::ByteBuffer& request,
                                             grpc::ByteBuffer* response)>;

// Serves every method with one responder, on a free port.
class GrpcServer : public grpc::CallbackGenericService {
 public:
  explicit GrpcServer(Responder respond) : respond_(std::move(respond)) {
    grpc::ServerBuilder builder;
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port_);
    builder.RegisterCallbackGenericService(this);
    server_ = builder.BuildAndStart();
  }
  ~GrpcServer() override { server_->Shutdown(); }

  std::string address() const { return "127.0.0.1:" + std::to_string(port_); }

 private:
  class Reactor : public grpc::ServerGenericBidiReactor {
   public:
    Reactor(const Responder& respond, std::string method) : respond_(respond), method_(std::move(method)) {
      StartRead(&request_);
    }
    void OnReadDone(bool ok) override {
      const grpc::Status status = respond_(method_, request_, &response_);
      if (!status.ok()) return Finish(status);
      StartWriteAndFinish(&response_, grpc::WriteOptions(), status);
    }
    void OnDone() override { delete this; }

   private:
    const Responder& respond_;
    const std::string method_;
    grpc::ByteBuffer request_;
    grpc::ByteBuffer response_;
  };

  grpc::ServerGenericBidiReactor* CreateReactor(grpc::GenericCallbackServerContext* context) override {
    return new Reactor(respond_, context->method());
  }

  const Responder respond_;
  int port_ = 0;
  std::unique_ptr<grpc::Server> server_;
};

TEST(TargetTest, SendsClassifyCalls) {
  const GrpcServer server(
      [](const std::string& method, const grpc::ByteBuffer& bytes, grpc::ByteBuffer* response_bytes) {
        EXPECT_EQ(method, "/newsgenre.v1.ClassifierService/Classify");
        const auto request = Parse<v1::ClassifyRequest>(bytes);
        v1::ClassifyResponse response;
        if (request.text() == "first") response.set_label("World");
        *response_bytes = Serialize(response);
        return grpc::Status::OK;
      });
  RecordingListener listener;
  ASSERT_OK_AND_ASSIGN(const auto target,
                       MakeTarget({"newsgenre", server.address()}, {"first", "second"}, &listener));
  target->Send(10, 0);
  target->Send(11, 1);
  EXPECT_THAT(listener.Wait(10), IsOk());
  EXPECT_THAT(listener.Wait(11), StatusIs(absl::StatusCode::kInternal, HasSubstr("no label")));
}

TEST(TargetTest, ReportsTheServersErrors) {
  const GrpcServer server([](const std::string&, const grpc::ByteBuffer&, grpc::ByteBuffer*) {
    return grpc::Status(grpc::StatusCode::RESOURCE_EXHAUSTED, "the queue is full");
  });
  RecordingListener listener;
  ASSERT_OK_AND_ASSIGN(const auto target, MakeTarget({"newsgenre", server.address()}, {"a"}, &listener));
  target->Send(0, 0);
  EXPECT_THAT(listener.Wait(0), StatusIs(absl::StatusCode::kResourceExhausted, "the queue is full"));
}

TEST(TargetTest, SendsKServeCalls) {
  const GrpcServer server([](const std::string& method, const grpc::ByteBuffer& bytes,
                             grpc::ByteBuffer* response_bytes) {
    EXPECT_EQ(method, "/inference.GRPCInferenceService/ModelInfer");
    const auto request = Parse<inference::ModelInferRequest>(bytes);
    EXPECT_EQ(request.model_name(), "classifier");
    EXPECT_EQ(request.inputs(0).ShortDebugString(), "name: \"text\" datatype: \"BYTES\" shape: 1 shape: 1");
    EXPECT_EQ(request.raw_input_contents(0), std::string("\x05\0\0\0first", 9));
    inference::ModelInferResponse response;
    response.add_raw_output_contents("1234");
    *response_bytes = Serialize(response);
    return grpc::Status::OK;
  });
  RecordingListener listener;
  ASSERT_OK_AND_ASSIGN(const auto target, MakeTarget({"triton", server.address()}, {"first"}, &listener));
  target->Send(0, 0);
  EXPECT_THAT(listener.Wait(0), IsOk());
}

TEST(TargetTest, DestructionDoesNotWaitForAServerThatNeverResponds) {
  std::promise<void> arrived;
  std::promise<void> release;
  const GrpcServer server([&](const std::string&, const grpc::ByteBuffer&, grpc::ByteBuffer*) {
    arrived.set_value();
    release.get_future().wait();
    return grpc::Status(grpc::StatusCode::UNAVAILABLE, "too late");
  });
  RecordingListener listener;
  ASSERT_OK_AND_ASSIGN(auto target, MakeTarget({"newsgenre", server.address()}, {"a"}, &listener));
  target->Send(0, 0);
  arrived.get_future().wait();
  target.reset();
  release.set_value();
}

TEST(TargetTest, ReportsAFailedConnection) {
  RecordingListener listener;
  ASSERT_OK_AND_ASSIGN(const auto target, MakeTarget({"http", "127.0.0.1:1"}, {"a"}, &listener));
  target->Send(0, 0);
  EXPECT_THAT(listener.Wait(0), StatusIs(absl::StatusCode::kUnavailable, HasSubstr("connect")));
}

// Accepts one connection and sends the given responses, one per request.
class HttpServer {
 public:
  explicit HttpServer(std::vector<std::string> responses) : responses_(std::move(responses)) {
    listener_ = socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    bind(listener_, reinterpret_cast<const sockaddr*>(&address), sizeof(address));
    listen(listener_, 1);
    socklen_t size = sizeof(address);
    getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { Serve(); });
  }
  ~HttpServer() { close(listener_); }

  std::string address() const { return "127.0.0.1:" + std::to_string(port_); }
  // Blocks until the last response is sent, and returns the requests.
  std::vector<std::string> TakeRequests() {
    thread_.join();
    return std::move(requests_);
  }

 private:
  void Serve() {
    const int connection = accept(listener_, nullptr, nullptr);
    for (const std::string& response : responses_) {
      std::string request;
      char buffer[4096];
      // The requests of these tests end with their first closing brace.
      while (request.find('}') == std::string::npos) {
        const ssize_t count = recv(connection, buffer, sizeof(buffer), 0);
        if (count <= 0) break;
        request.append(buffer, static_cast<size_t>(count));
      }
      requests_.push_back(request);
      send(connection, response.data(), response.size(), MSG_NOSIGNAL);
    }
    close(connection);
  }

  const std::vector<std::string> responses_;
  std::vector<std::string> requests_;
  int listener_ = -1;
  int port_ = 0;
  std::thread thread_;
};

TEST(TargetTest, SendsHttpCallsOverOneConnection) {
  RecordingListener listener;
  HttpServer server(
      {"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}", "HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n"});
  ASSERT_OK_AND_ASSIGN(const auto target, MakeTarget({"http", server.address()}, {"a \"b\""}, &listener));
  target->Send(0, 0);
  EXPECT_THAT(listener.Wait(0), IsOk());
  target->Send(1, 0);
  EXPECT_THAT(listener.Wait(1), StatusIs(absl::StatusCode::kInternal, HasSubstr("HTTP status 500")));
  const std::vector<std::string> requests = server.TakeRequests();
  ASSERT_EQ(requests.size(), 2u);
  EXPECT_THAT(requests[0], HasSubstr("POST /predict HTTP/1.1\r\n"));
  EXPECT_THAT(requests[0], HasSubstr("\r\n\r\n{\"text\":\"a \\\"b\\\"\"}"));
}

TEST(TargetTest, RefusesAnUnknownProtocol) {
  RecordingListener listener;
  EXPECT_THAT(MakeTarget({"smtp", "127.0.0.1:1"}, {}, &listener),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("'smtp'")));
}

}  // namespace
}  // namespace newsgenre
