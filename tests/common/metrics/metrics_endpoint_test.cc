#include "common/metrics/metrics_endpoint.h"

#include <memory>
#include <string>

#include "gmock/gmock.h"
#include "prometheus/gauge.h"
#include "prometheus/registry.h"
#include "tests/support/http_get.h"
#include "tests/support/status_matchers.h"

namespace newsgenre {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::StartsWith;

// Returns a registry with the gauge `name` set to 1.
std::shared_ptr<prometheus::Registry> RegistryWith(const std::string& name) {
  auto registry = std::make_shared<prometheus::Registry>();
  prometheus::BuildGauge().Name(name).Register(*registry).Add({}).Set(1);
  return registry;
}

TEST(MetricsEndpointTest, ServesMetricsOnAFreePort) {
  ASSERT_OK_AND_ASSIGN(const auto endpoint,
                       MetricsEndpoint::Start("127.0.0.1:0", {RegistryWith("one"), RegistryWith("two")}));
  ASSERT_GT(endpoint->port(), 0);
  EXPECT_THAT(HttpGet(endpoint->port(), "/metrics"),
              AllOf(StartsWith("HTTP/1.1 200"), HasSubstr("\none 1\n"), HasSubstr("\ntwo 1\n")));
  EXPECT_THAT(HttpGet(endpoint->port(), "/nowhere"), StartsWith("HTTP/1.1 404"));
}

TEST(MetricsEndpointTest, NamesAnAddressInUse) {
  ASSERT_OK_AND_ASSIGN(const auto first, MetricsEndpoint::Start("127.0.0.1:0", {}));
  const std::string address = "127.0.0.1:" + std::to_string(first->port());
  EXPECT_THAT(
      MetricsEndpoint::Start(address, {}),
      StatusIs(absl::StatusCode::kUnavailable, HasSubstr("can't listen on metrics_address " + address)));
}

}  // namespace
}  // namespace newsgenre
