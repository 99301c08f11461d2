#include "common/kernels/quantized_weight.h"

#include <ATen/TensorOperators.h>
#include <ATen/cpu/Utils.h>

#include <limits>

#include "common/kernels/int8_product.h"

namespace newsgenre {
namespace {

bool HasVnni() { return at::cpu::is_avx512_vnni_supported(); }

}  // namespace

int QuantizedWeight::RowLevels() { return HasVnni() ? 255 : Int8Product::kLevels; }
int QuantizedWeight::WeightLimit() { return HasVnni() ? 127 : Int8Product::kWeightLimit; }

QuantizedWeight::QuantizedWeight(const Affine& map, int limit) : bias(map.bias.contiguous()) {
  scales = map.weight.abs().amax(/*dim=*/1).clamp_min(std::numeric_limits<float>::min()) / limit;
  values = (map.weight / scales.unsqueeze(1)).round_().to(at::kChar);
  sums = values.sum(/*dim=*/1, /*keepdim=*/false, at::kFloat) * scales;
}

}  // namespace newsgenre
