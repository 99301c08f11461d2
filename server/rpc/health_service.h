// grpc.health.v1.Health, for the whole server and for newsgenre.v1.ClassifierService.
#pragma once

#include <memory>
#include <set>

#include "common/base/mutex.h"
#include "grpc/health/v1/health.grpc.pb.h"

namespace newsgenre {

// Says NOT_SERVING until told otherwise. Any thread. gRPC's own health service is not used: it says SERVING
// from the moment the server listens.
class HealthService final : public grpc::health::v1::Health::CallbackService {
 public:
  using Status = grpc::health::v1::HealthCheckResponse::ServingStatus;

  HealthService();
  ~HealthService() override;

  // SERVING from now on.
  void SetServing() ABSL_LOCKS_EXCLUDED(mutex_);
  // NOT_SERVING for good: every Watch is told, and then ended with UNAVAILABLE, so that none holds up the
  // server's shutdown.
  void Stop() ABSL_LOCKS_EXCLUDED(mutex_);

  grpc::ServerUnaryReactor* Check(grpc::CallbackServerContext* context,
                                  const grpc::health::v1::HealthCheckRequest* request,
                                  grpc::health::v1::HealthCheckResponse* response) override;
  grpc::ServerWriteReactor<grpc::health::v1::HealthCheckResponse>* Watch(
      grpc::CallbackServerContext* context, const grpc::health::v1::HealthCheckRequest* request) override;

 private:
  class Watcher;

  void Change(Status status, bool stop) ABSL_LOCKS_EXCLUDED(mutex_);

  Mutex mutex_;
  Status status_ ABSL_GUARDED_BY(mutex_) = grpc::health::v1::HealthCheckResponse::NOT_SERVING;
  bool stopped_ ABSL_GUARDED_BY(mutex_) = false;
  std::set<std::shared_ptr<Watcher>> watchers_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace newsgenre
