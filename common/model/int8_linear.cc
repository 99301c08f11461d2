#include "common/model/int8_linear.h"

#include <ATen/TensorOperators.h>
#include <ATen/cpu/Utils.h>
#include <ATen/ops/zeros.h>

#include <limits>
#include <string>

#include "common/model/int8_product.h"
#include "common/model/row_quantizer.h"
#include "common/model/torch_operator.h"

namespace newsgenre {
namespace {

// Without VNNI, products of 8 bits are added up in 16, which overflow where both have all 8: 7 bits then, and
// a little less in the weights, as Int8Product wants it. So all kernels of a machine give the same results.
bool HasAllBits() { return at::cpu::is_avx512_vnni_supported(); }
int RowLevels() { return HasAllBits() ? 255 : Int8Product::kLevels; }
int WeightLimit() { return HasAllBits() ? 127 : Int8Product::kWeightLimit; }

// A map's weights in 8 bits, one scale an output.
struct QuantizedWeight {
  explicit QuantizedWeight(const LinearMap& map) {
    const at::Tensor& weight = map.affine.weight;
    scales = weight.abs().amax(/*dim=*/1).clamp_min(std::numeric_limits<float>::min()) / WeightLimit();
    values = (weight / scales.unsqueeze(1)).round_().to(at::kChar);
    columns = {values.sum(/*dim=*/1, /*keepdim=*/false, at::kFloat) * scales, map.affine.bias.contiguous()};
  }

  at::Tensor values;  // [out, in] int8
  at::Tensor scales;  // [out] fp32
  ColumnTerms columns;
};

// oneDNN's integer product.
class OneDnnInt8Linear : public LinearKernel {
 public:
  explicit OneDnnInt8Linear(const LinearMap& map) : after_(map.after) {
    QuantizedWeight weight(map);
    weight_ =
        TorchOperator<at::Tensor(at::Tensor, std::optional<c10::List<int64_t>>)>("onednn::qlinear_prepack")
            .call(weight.values, c10::List<int64_t>({kSmallRows, map.affine.weight.size(1)}));
    weight_scales_ = weight.scales;
    weight_zero_points_ = at::zeros(weight.scales.sizes(), at::kInt);
    columns_ = weight.columns;
  }

  std::string name() const override { return "oneDNN int8"; }
  at::Tensor Run(const at::Tensor& x, const at::Tensor& residual) const override {
    const QuantizedRows rows = QuantizeRows(x, RowLevels());
    at::Tensor y = Multiply(rows.values);
    FinishRows(rows, columns_, residual, &y);
    return Activate(y, after_);
  }

 private:
  at::Tensor Multiply(const at::Tensor& values) const {
    static const auto product = TorchOperator<at::Tensor(
        at::Tensor, double, int64_t, at::Tensor, at::Tensor, at::Tensor, std::optional<at::Tensor>, double,
        int64_t, std::optional<c10::ScalarType>, std::string_view, PostOpArguments, std::string_view)>(
        "onednn::qlinear_pointwise");
    return product.call(values, /*x_scale=*/1.0, /*x_zero_point=*/0, weight_, weight_scales_,
                        weight_zero_points_, /*bias=*/std::nullopt, /*output_scale=*/1.0,
                        /*output_zero_point=*/0, at::kFloat, "none", PostOpArguments(), "");
  }

  const After after_;
  at::Tensor weight_;
  at::Tensor weight_scales_;
  at::Tensor weight_zero_points_;
  ColumnTerms columns_;
};

// Our own integer product, for processors without VNNI.
class OwnInt8Linear : public LinearKernel {
 public:
  explicit OwnInt8Linear(const LinearMap& map) : OwnInt8Linear(QuantizedWeight(map), map.after) {}

  std::string name() const override { return "own int8"; }
  at::Tensor Run(const at::Tensor& x, const at::Tensor& residual) const override {
    return product_.Run(QuantizeRows(x, RowLevels()), residual);
  }

 private:
  OwnInt8Linear(const QuantizedWeight& weight, After after)
      : product_(weight.values, weight.scales, weight.columns, after) {}

  const Int8Product product_;
};

}  // namespace

std::shared_ptr<const LinearKernel> MakeOneDnnInt8Linear(const LinearMap& map) {
  return std::make_shared<const OneDnnInt8Linear>(map);
}

bool HasOwnInt8Linear(const LinearMap& map) {
  return !HasAllBits() && Int8Product::Fits(map.affine.weight.size(1), map.affine.weight.size(0));
}

std::shared_ptr<const LinearKernel> MakeOwnInt8Linear(const LinearMap& map) {
  return std::make_shared<const OwnInt8Linear>(map);
}

}  // namespace newsgenre
