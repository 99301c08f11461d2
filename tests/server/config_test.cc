#include "server/config.h"

#include <functional>

#include "gmock/gmock.h"
#include "tests/support/status_matchers.h"

namespace newsgenre {
namespace {

using testing::HasSubstr;

ServerConfig ValidConfig() {
  ServerConfig config;
  config.model_dir = "model";
  return config;
}

TEST(ServerConfigTest, DefaultsAreValidWithAModel) { EXPECT_THAT(ValidConfig().Validate(), IsOk()); }

struct BadField {
  std::function<void(ServerConfig*)> set;
  std::string message;
};

TEST(ServerConfigTest, NamesTheFieldItsValueAndTheLimit) {
  const BadField cases[] = {
      {[](ServerConfig* c) { c->address = "nonsense"; }, "address is 'nonsense'; it must be HOST:PORT"},
      {[](ServerConfig* c) { c->address = ":50051"; }, "address is ':50051'"},
      {[](ServerConfig* c) { c->address = "0.0.0.0:65536"; }, "a port from 0 to 65535"},
      {[](ServerConfig* c) { c->address = "0.0.0.0:http"; }, "address is '0.0.0.0:http'"},
      {[](ServerConfig* c) { c->metrics_address = ""; }, "metrics_address is ''"},
      {[](ServerConfig* c) { c->model_dir = ""; }, "model_dir is empty"},
      {[](ServerConfig* c) { c->precision = "fp64"; },
       "precision is 'fp64'; allowed: auto, fp32, bf16, fp16, int8"},
      {[](ServerConfig* c) { c->max_text_bytes = 0; },
       "max_text_bytes is 0; it must lie between 1 and 1048576"},
      {[](ServerConfig* c) { c->max_batch_texts = 5000; }, "max_batch_texts is 5000"},
      {[](ServerConfig* c) { c->max_queue_texts = c->max_batch_texts - 1; },
       "max_queue_texts is 255; it must lie between 256 and"},
      {[](ServerConfig* c) { c->max_queue_texts = 65537; },
       "max_queue_texts is 65537; it must lie between 256 and 65536"},
      {[](ServerConfig* c) { c->workers = -1; }, "workers is -1"},
      {[](ServerConfig* c) { c->threads_per_worker = -1; }, "threads_per_worker is -1"},
      {[](ServerConfig* c) { c->drain_seconds = -1; }, "drain_seconds is -1"},
  };
  for (const BadField& bad : cases) {
    ServerConfig config = ValidConfig();
    bad.set(&config);
    EXPECT_THAT(config.Validate(), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr(bad.message)));
  }
}

TEST(ServerConfigTest, PortZeroAndBracketsAreAddresses) {
  ServerConfig config = ValidConfig();
  config.address = "[::1]:0";
  config.metrics_address = "localhost:0";
  EXPECT_THAT(config.Validate(), IsOk());
}

}  // namespace
}  // namespace newsgenre
