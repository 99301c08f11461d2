#include "common/device/precision.h"

#include "gmock/gmock.h"
#include "tests/support/status_matchers.h"

namespace newsgenre {
namespace {

using absl::StatusCode;
using testing::HasSubstr;

constexpr DeviceCapabilities kOldCpu{false, false}, kNewCpu{false, true}, kOldGpu{true, false},
    kNewGpu{true, true};

TEST(PrecisionTest, AutoIsBf16IfTheHardwareSupportsIt) {
  EXPECT_EQ(ParsePrecision("auto", kOldCpu).value(), Precision::kFp32);
  EXPECT_EQ(ParsePrecision("auto", kNewCpu).value(), Precision::kBf16);
  EXPECT_EQ(ParsePrecision("auto", kOldGpu).value(), Precision::kFp32);
  EXPECT_EQ(ParsePrecision("auto", kNewGpu).value(), Precision::kBf16);
}

TEST(PrecisionTest, ReturnsTheNamedPrecision) {
  for (const Precision precision : {Precision::kFp32, Precision::kBf16, Precision::kInt8}) {
    EXPECT_EQ(ParsePrecision(PrecisionName(precision), kOldCpu).value(), precision);
  }
  for (const Precision precision : {Precision::kFp32, Precision::kBf16, Precision::kFp16}) {
    EXPECT_EQ(ParsePrecision(PrecisionName(precision), kOldGpu).value(), precision);
  }
}

TEST(PrecisionTest, RefusesUnknownAndUnsupportedPrecisions) {
  EXPECT_THAT(ParsePrecision("fp16", kNewCpu),
              StatusIs(StatusCode::kFailedPrecondition, HasSubstr("the CPU has auto, fp32, bf16 and int8")));
  EXPECT_THAT(ParsePrecision("int8", kNewGpu),
              StatusIs(StatusCode::kFailedPrecondition, HasSubstr("a GPU has auto, fp32, bf16 and fp16")));
  EXPECT_THAT(ParsePrecision("fp64", kNewCpu),
              StatusIs(StatusCode::kInvalidArgument,
                       HasSubstr("--precision is 'fp64'; it must be auto or fp32 or bf16 or fp16 or int8")));
  EXPECT_THAT(CheckPrecisionName("auto"), IsOk());
  EXPECT_THAT(CheckPrecisionName("FP32"), StatusIs(StatusCode::kInvalidArgument, HasSubstr("FP32")));
}

}  // namespace
}  // namespace newsgenre
