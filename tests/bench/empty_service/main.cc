// empty_service: a newsgenre.v1.ClassifierService whose Classify reads the bytes of the request and responds
// with constant bytes. This is the minimum work of a gRPC server in C++, and so an upper bound for the call
// rate of newsgenre_server.
//
//   empty_service --answer_bytes=N
// Listens on a free port of 127.0.0.1, prints {"port": …}, and serves until standard input ends.
#include <iostream>
#include <memory>
#include <string>

#include "absl/flags/flag.h"
#include "absl/flags/parse.h"
#include "common/base/runtime_settings.h"
#include "common/base/scheduling.h"
#include "grpcpp/security/server_credentials.h"
#include "grpcpp/server.h"
#include "grpcpp/server_builder.h"
#include "newsgenre/v1/classifier.grpc.pb.h"

ABSL_FLAG(int, answer_bytes, 100, "Size of a response in bytes.");

namespace newsgenre {
namespace {

// Returns a serialised ClassifyResponse of `bytes` bytes.
grpc::ByteBuffer ResponseOfSize(size_t bytes) {
  v1::ClassifyResponse response;
  response.set_label("World");
  const size_t label_bytes = response.ByteSizeLong();
  constexpr size_t kFieldBytes = 2;  // tag and length
  if (bytes > label_bytes + kFieldBytes) {
    response.set_model_version(std::string(bytes - label_bytes - kFieldBytes, 'x'));
  }
  const grpc::Slice slice(response.SerializeAsString());
  return grpc::ByteBuffer(&slice, 1);
}

class EmptyService final
    : public v1::ClassifierService::WithRawCallbackMethod_Classify<v1::ClassifierService::Service> {
 public:
  explicit EmptyService(size_t response_bytes) : response_(ResponseOfSize(response_bytes)) {}

  grpc::ServerUnaryReactor* Classify(grpc::CallbackServerContext* context, const grpc::ByteBuffer* request,
                                     grpc::ByteBuffer* response) override {
    grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
    *response = response_;
    reactor->Finish(grpc::Status::OK);
    return reactor;
  }

 private:
  const grpc::ByteBuffer response_;
};

int Main(int argc, char** argv) {
  absl::ParseCommandLine(argc, argv);
  EmptyService service(static_cast<size_t>(absl::GetFlag(FLAGS_answer_bytes)));
  grpc::ServerBuilder builder;
  int port = 0;
  builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
  builder.RegisterService(&service);
  const std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
  if (server == nullptr) return 1;
  std::cout << "{\"port\": " << port << "}" << std::endl;
  while (std::cin.ignore(1 << 20)) continue;
  server->Shutdown();
  return 0;
}

}  // namespace
}  // namespace newsgenre

int main(int argc, char** argv) {
  newsgenre::ReexecWithRuntimeSettings(argv);  // the same settings as newsgenre_server
  newsgenre::UseBatchScheduling();
  newsgenre::DisableMutexDeadlockDetection();
  return newsgenre::Main(argc, argv);
}
