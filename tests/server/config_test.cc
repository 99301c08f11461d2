#include "server/config.h"

#include <functional>

#include "gmock/gmock.h"
#include "tests/support/status_matchers.h"

namespace newsgenre {
namespace {

using testing::HasSubstr;

ServerConfig ValidConfig() {
  ServerConfig config;
  config.model.model_dir = "model";
  return config;
}

TEST(ServerConfigTest, DefaultsWithAModelAreValid) { EXPECT_THAT(ValidConfig().Validate(), IsOk()); }

struct BadValue {
  std::function<void(ServerConfig*)> set;
  std::string message;
};

TEST(ServerConfigTest, NamesTheFlagItsValueAndTheLimit) {
  const BadValue cases[] = {
      {[](ServerConfig* c) { c->address = "nonsense"; },
       "--address is 'nonsense'; it must be HOST:PORT with a port from 0 to 65535"},
      {[](ServerConfig* c) { c->address = ":50051"; }, "--address is ':50051'"},
      {[](ServerConfig* c) { c->address = "0.0.0.0:65536"; }, "a port from 0 to 65535"},
      {[](ServerConfig* c) { c->address = "0.0.0.0:http"; }, "--address is '0.0.0.0:http'"},
      {[](ServerConfig* c) { c->metrics_address = ""; }, "--metrics_address is ''"},
      {[](ServerConfig* c) { c->model.model_dir = ""; }, "--model_dir is required"},
      {[](ServerConfig* c) { c->model.precision = "fp64"; },
       "--precision is 'fp64'; it must be auto or fp32 or bf16 or fp16 or int8"},
      {[](ServerConfig* c) { c->limits.max_text_bytes = 0; },
       "--max_text_bytes is 0; it must be 1 to 1048576"},
      {[](ServerConfig* c) { c->limits.max_batch_texts = 5000; },
       "--max_batch_texts is 5000; it must be 1 to 4096"},
      {[](ServerConfig* c) { c->max_queue_texts = c->limits.max_batch_texts - 1; },
       "--max_queue_texts is 255; it must be 256 to 65536"},
      {[](ServerConfig* c) { c->max_queue_texts = 65537; },
       "--max_queue_texts is 65537; it must be 256 to 65536"},
      {[](ServerConfig* c) { c->model.workers = -1; }, "--workers is -1; it must be 0 to 64"},
      {[](ServerConfig* c) { c->model.threads_per_worker = -1; },
       "--threads_per_worker is -1; it must be 0 to 1024"},
      {[](ServerConfig* c) { c->drain_seconds = -1; }, "--drain_seconds is -1; it must be 0 to 3600"},
  };
  for (const BadValue& bad : cases) {
    ServerConfig config = ValidConfig();
    bad.set(&config);
    EXPECT_THAT(config.Validate(), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr(bad.message)));
  }
}

TEST(ServerConfigTest, AcceptsPortZeroAndIpv6Addresses) {
  ServerConfig config = ValidConfig();
  config.address = "[::1]:0";
  config.metrics_address = "localhost:0";
  EXPECT_THAT(config.Validate(), IsOk());
}

}  // namespace
}  // namespace newsgenre
