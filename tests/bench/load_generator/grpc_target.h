// Load on a gRPC server.
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

// A unary method of a server.
struct GrpcMethod {
  std::string name;  // "/package.Service/Method"
  // Returns the request for a text. Called once per text, before the load starts.
  std::function<grpc::ByteBuffer(const std::string& text)> encode;
  // Returns an error if the response has no prediction. Called for each response.
  std::function<absl::Status(grpc::ByteBuffer* response)> check;
};

GrpcMethod NewsgenreMethod();
GrpcMethod TritonMethod();

// Calls a method over a few connections. Uses little CPU time, to leave the cores to the server: it
// serialises the requests beforehand and reads all responses on one thread.
class GrpcTarget : public Target {
 public:
  // `listener` must outlive the target.
  GrpcTarget(const std::string& address, GrpcMethod method, const std::vector<std::string>& texts,
             Listener* listener);
  ~GrpcTarget() override;

  void Send(size_t call, size_t text) override ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  struct Pending;

  void ReadResponses() ABSL_LOCKS_EXCLUDED(mutex_);
  // Removes the call from pending_. Returns false if the target is stopping; the listener must then not be
  // called.
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
