// The server: owns every part and connects them.
#pragma once

#include <memory>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/metrics/metrics_endpoint.h"
#include "grpcpp/server.h"
#include "server/batching/batcher.h"
#include "server/config.h"
#include "server/metrics/server_metrics.h"
#include "server/models/model_store.h"
#include "server/rpc/classifier_service.h"
#include "server/rpc/health_service.h"
#include "server/rpc/text_classifier.h"

namespace newsgenre {

// Owns the sockets and all threads that serve. Not thread-safe: one thread, such as main's, calls the methods
// in this order:
//
//   Start  Listens for calls and for metrics. Health reports NOT_SERVING and calls get UNAVAILABLE.
//   Serve  Warms the model up and lets it answer calls. Health reports SERVING.
//   Stop   Health reports NOT_SERVING. New calls are refused, running calls finish, and metrics are
//          served until then.
class Server {
 public:
  // `config` must be valid. Returns UNAVAILABLE, with the address in the message, if it can't
  // listen on it.
  static absl::StatusOr<std::unique_ptr<Server>> Start(const ServerConfig& config);
  // Calls Stop.
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // Runs `model` on every worker to warm it up, and answers calls with it from then on. Returns the model's
  // error if that fails; calls are then answered as before.
  absl::Status Serve(std::shared_ptr<const Model> model);

  // Blocks until every call has ended. Cancels calls that still run after config.drain_seconds, but waits for
  // the batches that the model is computing. May be called repeatedly.
  void Stop();

  // The ports in use. They differ from the configured ones if those are 0.
  int port() const { return port_; }
  int metrics_port() const { return metrics_port_; }

 private:
  explicit Server(const ServerConfig& config);
  absl::Status Listen();
  absl::Status WarmUp(const Model& model);

  const ServerConfig config_;
  ServerMetrics metrics_;
  ModelStore models_;
  HealthService health_;
  Batcher batcher_;
  TextClassifier text_classifier_;
  ClassifierService classifier_service_;
  int port_ = 0;
  int metrics_port_ = 0;
  std::unique_ptr<MetricsEndpoint> metrics_endpoint_;
  std::unique_ptr<grpc::Server> grpc_server_;
};

}  // namespace newsgenre
