// The page that Prometheus reads.
#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "prometheus/exposer.h"
#include "server/metrics.h"

namespace newsgenre {

// Owns an HTTP server with threads of its own that answers GET /metrics until it is destroyed.
class MetricsEndpoint {
 public:
  // `address` is HOST:PORT; port 0 takes a free one. UNAVAILABLE names an address that can't be listened on.
  static absl::StatusOr<std::unique_ptr<MetricsEndpoint>> Start(const std::string& address,
                                                                const Metrics& metrics);

  int port() const { return exposer_->GetListeningPorts().front(); }

 private:
  explicit MetricsEndpoint(std::unique_ptr<prometheus::Exposer> exposer) : exposer_(std::move(exposer)) {}

  std::unique_ptr<prometheus::Exposer> exposer_;
};

}  // namespace newsgenre
