#include "common/base/flag_checks.h"

#include <cmath>

#include "gmock/gmock.h"
#include "tests/support/status_matchers.h"

namespace newsgenre {
namespace {

absl::Status Refused(const std::string& message) { return absl::InvalidArgumentError(message); }

TEST(FlagChecksTest, CheckRequiredRefusesAnEmptyValue) {
  EXPECT_THAT(CheckRequired("train", "a.csv"), IsOk());
  EXPECT_EQ(CheckRequired("train", ""), Refused("--train is required"));
}

TEST(FlagChecksTest, CheckRangeIncludesBothLimits) {
  EXPECT_THAT(CheckRange("epochs", 1, 1, 1000), IsOk());
  EXPECT_THAT(CheckRange("epochs", 1000, 1, 1000), IsOk());
  EXPECT_EQ(CheckRange("epochs", 0, 1, 1000), Refused("--epochs is 0; it must be 1 to 1000"));
  EXPECT_EQ(CheckRange("batch_tokens", 16777217, 1, 1 << 24),
            Refused("--batch_tokens is 16777217; it must be 1 to 16777216"));
  EXPECT_EQ(CheckRange("warmup", 1.5, 0, 1), Refused("--warmup is 1.5; it must be 0 to 1"));
}

TEST(FlagChecksTest, CheckRangeWithoutAnUpperLimitRefusesInfinity) {
  EXPECT_THAT(CheckRange("clip_norm", 1e9, 0, kNoLimit), IsOk());
  EXPECT_EQ(CheckRange("clip_norm", -1, 0, kNoLimit), Refused("--clip_norm is -1; it must be 0 or more"));
  EXPECT_EQ(CheckRange("clip_norm", INFINITY, 0, kNoLimit),
            Refused("--clip_norm is inf; it must be 0 or more"));
  EXPECT_EQ(CheckRange("clip_norm", NAN, 0, kNoLimit), Refused("--clip_norm is nan; it must be 0 or more"));
}

TEST(FlagChecksTest, CheckPositiveRefusesZeroAndInfinity) {
  EXPECT_THAT(CheckPositive("learning_rate", 1e-9), IsOk());
  EXPECT_EQ(CheckPositive("learning_rate", 0), Refused("--learning_rate is 0; it must be above 0"));
  EXPECT_EQ(CheckPositive("learning_rate", INFINITY), Refused("--learning_rate is inf; it must be above 0"));
}

TEST(FlagChecksTest, CheckOneOfListsTheAllowedValues) {
  EXPECT_THAT(CheckOneOf("head", "cls", {"cls", "pooler"}), IsOk());
  EXPECT_EQ(CheckOneOf("head", "CLS", {"cls", "pooler"}),
            Refused("--head is 'CLS'; it must be cls or pooler"));
}

TEST(FlagChecksTest, CheckAddressRequiresHostAndPort) {
  for (const char* address : {"0.0.0.0:0", "[::1]:50051", "localhost:65535"}) {
    EXPECT_THAT(CheckAddress("address", address), IsOk()) << address;
  }
  for (const char* address : {"", "localhost", ":50051", "localhost:", "localhost:65536", "localhost:-1"}) {
    EXPECT_EQ(CheckAddress("address", address),
              Refused("--address is '" + std::string(address) +
                      "'; it must be HOST:PORT with a port from 0 to 65535"));
  }
}

}  // namespace
}  // namespace newsgenre
