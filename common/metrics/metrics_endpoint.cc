#include "common/metrics/metrics_endpoint.h"

#include <exception>

#include "absl/memory/memory.h"

namespace newsgenre {

absl::StatusOr<std::unique_ptr<MetricsEndpoint>> MetricsEndpoint::Start(const std::string& address,
                                                                        const Collectables& collectables) {
  std::unique_ptr<prometheus::Exposer> exposer;
  try {
    exposer = std::make_unique<prometheus::Exposer>(address);
  } catch (const std::exception&) {  // its message does not contain the reason
    return absl::UnavailableError("can't listen on metrics_address " + address +
                                  ": it is in use or not an address of this machine");
  }
  for (const std::shared_ptr<prometheus::Collectable>& collectable : collectables) {
    exposer->RegisterCollectable(collectable);
  }
  return absl::WrapUnique(new MetricsEndpoint(std::move(exposer), collectables));
}

}  // namespace newsgenre
