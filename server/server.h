// The server: every part, and how they are wired.
#pragma once

#include <memory>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/metrics/metrics_endpoint.h"
#include "grpcpp/server.h"
#include "server/batching/batcher.h"
#include "server/config.h"
#include "server/metrics/metrics.h"
#include "server/models/model_store.h"
#include "server/rpc/classifier_service.h"
#include "server/rpc/health_service.h"

namespace newsgenre {

// Owns the sockets and all threads but the caller's. Its methods are for one thread, such as main's:
//   Start → listens; health says NOT_SERVING and calls get UNAVAILABLE
//   Serve → warm, then SERVING
//   Stop  → NOT_SERVING, no new calls, calls under way finish, metrics last
class Server {
 public:
  // `config` is valid. UNAVAILABLE names an address that can't be listened on.
  static absl::StatusOr<std::unique_ptr<Server>> Start(const ServerConfig& config);
  // Stops.
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // Runs `model` on every worker and lets it answer from then on. The model's own error where that
  // fails; then nothing changes.
  absl::Status Serve(std::shared_ptr<const Model> model);

  // Returns when every call is answered: within config.drain_seconds, and then as long as the model takes for
  // the batch that it is at. More than once is fine.
  void Stop();

  // Those taken, where 0 was asked for.
  int port() const { return port_; }
  int metrics_port() const { return metrics_port_; }

 private:
  explicit Server(const ServerConfig& config);
  absl::Status Listen();
  absl::Status WarmUp(const Model& model);

  const ServerConfig config_;
  Metrics metrics_;
  ModelStore models_;
  HealthService health_;
  Batcher batcher_;
  ClassifierService classifier_;
  int port_ = 0;
  int metrics_port_ = 0;
  std::unique_ptr<MetricsEndpoint> metrics_endpoint_;
  std::unique_ptr<grpc::Server> grpc_server_;
};

}  // namespace newsgenre
