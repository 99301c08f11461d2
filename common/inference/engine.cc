#include "common/inference/engine.h"

#include <ATen/core/grad_mode.h>

#include "common/base/status_macros.h"
#include "common/device/device.h"
#include "common/inference/cpu_network.h"
#include "common/inference/tensor_network.h"

namespace newsgenre {

absl::StatusOr<Engine> Engine::Build(const Albert& model, Precision precision) {
  std::shared_ptr<const Network> network;
  RETURN_IF_ERROR(CatchTorch([&] {
    const at::NoGradGuard no_grad;
    if (model.device().is_cpu()) {
      network = std::make_shared<const CpuNetwork>(model, precision);
    } else {
      network = std::make_shared<const TensorNetwork>(model, TypeOnGpu(precision));
    }
    return absl::OkStatus();
  }));
  return Engine(std::move(network), precision, model.device());
}

}  // namespace newsgenre
