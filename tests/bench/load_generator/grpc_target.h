// A gRPC server under load.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <unordered_set>
#include <vector>

#include "absl/status/status.h"
#include "common/base/mutex.h"
#include "grpcpp/completion_queue.h"
#include "grpcpp/generic/generic_stub.h"
#include "grpcpp/support/byte_buffer.h"
#include "tests/bench/load_generator/target.h"

namespace newsgenre {

// How one server's unary method is called.
struct GrpcMethod {
  std::string name;                                                 // "/package.Service/Method"
  std::function<grpc::ByteBuffer(const std::string& text)> encode;  // called once a text, before the load
  std::function<absl::Status(grpc::ByteBuffer* answer)> check;      // called for each answer
};

GrpcMethod NewsgenreMethod();
GrpcMethod TritonMethod();

// Spends little on a call, so that the server gets the cores: requests are serialised beforehand, and one
// thread reads all answers, of a few connections.
class GrpcTarget : public Target {
 public:
  // `listener` outlives the target.
  GrpcTarget(const std::string& address, GrpcMethod method, const std::vector<std::string>& texts,
             Listener* listener);
  ~GrpcTarget() override;

  void Send(size_t call, size_t text) override ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  struct Pending;

  void ReadAnswers() ABSL_LOCKS_EXCLUDED(mutex_);
  // Whether the listener is still to hear of it.
  bool Remove(Pending* pending) ABSL_LOCKS_EXCLUDED(mutex_);

  const GrpcMethod method_;
  Listener* const listener_;
  std::vector<grpc::ByteBuffer> requests_;
  std::vector<std::unique_ptr<grpc::GenericStub>> stubs_;
  grpc::CompletionQueue queue_;
  Mutex mutex_;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::unordered_set<Pending*> pending_ ABSL_GUARDED_BY(mutex_);
  std::thread reader_;
};

}  // namespace newsgenre
