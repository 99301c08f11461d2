#include "tests/bench/load_generator/target.h"

#include "tests/bench/load_generator/grpc_target.h"
#include "tests/bench/load_generator/http_target.h"

namespace newsgenre {

absl::StatusOr<std::unique_ptr<Target>> MakeTarget(const TargetOptions& options,
                                                   const std::vector<std::string>& texts,
                                                   Target::Listener* listener) {
  std::unique_ptr<Target> target;
  if (options.protocol == "newsgenre") {
    target = std::make_unique<GrpcTarget>(options.address, NewsgenreMethod(), texts, listener);
  } else if (options.protocol == "triton") {
    target = std::make_unique<GrpcTarget>(options.address, TritonMethod(), texts, listener);
  } else if (options.protocol == "http") {
    target = std::make_unique<HttpTarget>(options.address, texts, listener);
  } else {
    return absl::InvalidArgumentError("protocol is '" + options.protocol +
                                      "'; it must be newsgenre, triton or http");
  }
  return target;
}

}  // namespace newsgenre
