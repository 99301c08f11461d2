#include "common/device/device.h"

#include <c10/util/Exception.h>

#include <new>
#include <sstream>
#include <stdexcept>

#include "common/base/json_log.h"
#include "gmock/gmock.h"
#include "tests/support/status_matchers.h"

namespace newsgenre {
namespace {

using absl::StatusCode;
using testing::HasSubstr;

TEST(ParseDeviceTest, ParsesCpu) {
  ASSERT_OK_AND_ASSIGN(const c10::Device device, ParseDevice("cpu"));
  EXPECT_EQ(device.str(), "cpu");
}

TEST(ParseDeviceTest, AutoIsTheFirstGpuOrTheCpu) {
  ASSERT_OK_AND_ASSIGN(const c10::Device device, ParseDevice("auto"));
  EXPECT_EQ(device.str(), ParseDevice("cuda:0").ok() ? "cuda:0" : "cpu");
}

TEST(ParseDeviceTest, RefusesOtherNames) {
  for (const char* name : {"", "gpu", "CPU", "cuda", "cuda:", "cuda:x", "cuda:-1", "cuda:+1", "cuda: 1",
                           "cpu:0", "cuda:99999999999"}) {
    EXPECT_THAT(ParseDevice(name),
                StatusIs(StatusCode::kInvalidArgument, HasSubstr("allowed: auto, cpu, cuda:N")))
        << name;
  }
}

TEST(ParseDeviceTest, SaysWhyAGpuIsAbsent) {
#ifdef NEWSGENRE_CUDA
  const char* const kReason = "GPU";
#else
  const char* const kReason = "built without CUDA";
#endif
  EXPECT_THAT(ParseDevice("cuda:127"),
              StatusIs(StatusCode::kFailedPrecondition, HasSubstr("device 'cuda:127'")));
  EXPECT_THAT(ParseDevice("cuda:127"), StatusIs(StatusCode::kFailedPrecondition, HasSubstr(kReason)));
}

TEST(CatchTorchTest, ReturnsTheStatusOfTheBody) {
  EXPECT_THAT(CatchTorch([] { return absl::OkStatus(); }), IsOk());
  EXPECT_THAT(CatchTorch([] { return absl::NotFoundError("no"); }), StatusIs(StatusCode::kNotFound, "no"));
}

TEST(CatchTorchTest, TurnsWarningsIntoLogLines) {
  std::ostringstream log;
  SetLogStream(&log);
  EXPECT_THAT(CatchTorch([] {
                TORCH_WARN("the driver is ", 9, " years old");
                return absl::OkStatus();
              }),
              IsOk());
  SetLogStream(nullptr);
  const auto line = nlohmann::json::parse(log.str());
  EXPECT_EQ(line["severity"], "WARNING");
  EXPECT_EQ(line["message"], "torch");
  EXPECT_EQ(line["detail"], "the driver is 9 years old");
}

TEST(CatchTorchTest, TurnsExceptionsIntoStatuses) {
  const auto thrown = [](auto error) { return CatchTorch([error]() -> absl::Status { throw error; }); };
  EXPECT_THAT(thrown(c10::Error("index 7 is out of range\nframe #0")),
              StatusIs(StatusCode::kInternal, "index 7 is out of range"));
  EXPECT_THAT(thrown(c10::OutOfMemoryError({__func__, __FILE__, __LINE__}, "CUDA out of memory")),
              StatusIs(StatusCode::kResourceExhausted, "CUDA out of memory"));
  EXPECT_THAT(thrown(c10::Error("DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes")),
              StatusIs(StatusCode::kResourceExhausted, HasSubstr("9 bytes")));
  EXPECT_THAT(thrown(std::bad_alloc()), StatusIs(StatusCode::kResourceExhausted, "out of memory"));
  EXPECT_THAT(thrown(std::runtime_error("odd")), StatusIs(StatusCode::kInternal, "odd"));
}

}  // namespace
}  // namespace newsgenre
