// The least that a gRPC server in C++ does for a call: newsgenre.v1.ClassifierService whose Classify reads
// the bytes of the request and answers with constant bytes. What is measured beside it can't be faster.
//
//   empty_service --answer_bytes=N
// Takes a free port of 127.0.0.1 and prints {"port": …}; serves until standard input ends.
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

ABSL_FLAG(int, answer_bytes, 100, "Size of an answer.");

namespace newsgenre {
namespace {

// A ClassifyResponse of so many bytes.
grpc::ByteBuffer Answer(size_t bytes) {
  v1::ClassifyResponse response;
  response.set_label("World");
  const size_t without = response.ByteSizeLong();
  constexpr size_t kFieldBytes = 2;  // tag and length
  if (bytes > without + kFieldBytes) {
    response.set_model_version(std::string(bytes - without - kFieldBytes, 'x'));
  }
  const grpc::Slice slice(response.SerializeAsString());
  return grpc::ByteBuffer(&slice, 1);
}

class EmptyService final
    : public v1::ClassifierService::WithRawCallbackMethod_Classify<v1::ClassifierService::Service> {
 public:
  explicit EmptyService(size_t answer_bytes) : answer_(Answer(answer_bytes)) {}

  grpc::ServerUnaryReactor* Classify(grpc::CallbackServerContext* context, const grpc::ByteBuffer* request,
                                     grpc::ByteBuffer* response) override {
    grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
    *response = answer_;
    reactor->Finish(grpc::Status::OK);
    return reactor;
  }

 private:
  const grpc::ByteBuffer answer_;
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
  newsgenre::ReexecWithRuntimeSettings(argv);  // all as newsgenre_server
  newsgenre::UseBatchScheduling();
  newsgenre::DisableMutexDeadlockDetection();
  return newsgenre::Main(argc, argv);
}
