#include "server/metrics_endpoint.h"

#include <string>

#include "gmock/gmock.h"
#include "tests/support/http_get.h"
#include "tests/support/status_matchers.h"

namespace newsgenre {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::StartsWith;

TEST(MetricsEndpointTest, ServesThePageOnAFreePort) {
  const Metrics metrics;
  ASSERT_OK_AND_ASSIGN(const auto endpoint, MetricsEndpoint::Start("127.0.0.1:0", metrics));
  ASSERT_GT(endpoint->port(), 0);
  EXPECT_THAT(
      HttpGet(endpoint->port(), "/metrics"),
      AllOf(StartsWith("HTTP/1.1 200"), HasSubstr("newsgenre_build_info{"), HasSubstr("process_open_fds ")));
  EXPECT_THAT(HttpGet(endpoint->port(), "/nowhere"), StartsWith("HTTP/1.1 404"));
}

TEST(MetricsEndpointTest, NamesAnAddressInUse) {
  const Metrics metrics;
  ASSERT_OK_AND_ASSIGN(const auto first, MetricsEndpoint::Start("127.0.0.1:0", metrics));
  const std::string address = "127.0.0.1:" + std::to_string(first->port());
  EXPECT_THAT(
      MetricsEndpoint::Start(address, metrics),
      StatusIs(absl::StatusCode::kUnavailable, HasSubstr("can't listen on metrics_address " + address)));
}

}  // namespace
}  // namespace newsgenre
