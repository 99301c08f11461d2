#include "common/kernels/torch_linear.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/from_blob.h>
#include <ATen/ops/gelu.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/zeros.h>

#include <optional>

#include "common/device/torch_operator.h"
#include "common/kernels/quantized_weight.h"
#include "common/simd/row_quantizer.h"

namespace newsgenre {
namespace {

at::ScalarType TypeOf(Precision precision) {
  return precision == Precision::kBf16 ? at::kBFloat16 : at::kFloat;
}

at::Tensor View(const float* x, int64_t rows, int64_t columns) {
  return at::from_blob(const_cast<float*>(x), {rows, columns}, at::kFloat);
}

// A kernel that takes and returns tensors.
class TensorLinear : public LinearKernel {
 public:
  TensorLinear(const std::string& library, const LinearMap& map, Precision precision)
      : epilogue_(map.epilogue),
        type_(TypeOf(precision)),
        name_(library + " " + std::string(PrecisionName(precision))),
        out_(map.affine.weight.size(0)),
        in_(map.affine.weight.size(1)) {}

  std::string name() const override { return name_; }
  void Run(const float* x, int64_t rows, const float* residual, float* y) const override {
    const at::Tensor addend =
        epilogue_ == Epilogue::kAddResidual ? View(residual, rows, out_).to(type_) : at::Tensor();
    View(y, rows, out_).copy_(Product(View(x, rows, in_).to(type_), addend));
  }

 protected:
  // Returns the map's result, [rows, out], after the epilogue. Both arguments are in type_.
  virtual at::Tensor Product(const at::Tensor& x, const at::Tensor& residual) const = 0;

  const Epilogue epilogue_;
  const at::ScalarType type_;

 private:
  const std::string name_;
  const int64_t out_;
  const int64_t in_;
};

class TorchLinear : public TensorLinear {
 public:
  TorchLinear(const LinearMap& map, Precision precision)
      : TensorLinear("at::linear", map, precision),
        weight_(map.affine.weight.to(type_).contiguous()),
        bias_(map.affine.bias.to(type_)) {}

 private:
  at::Tensor Product(const at::Tensor& x, const at::Tensor& residual) const override {
    return ApplyEpilogue(at::linear(x, weight_, bias_), epilogue_, residual);
  }

  const at::Tensor weight_;
  const at::Tensor bias_;
};

class OneDnnLinear : public TensorLinear {
 public:
  OneDnnLinear(const LinearMap& map, Precision precision)
      : TensorLinear("oneDNN", map, precision),
        // oneDNN chooses the layout of the weights for an expected number of rows.
        weight_(TorchOperator<at::Tensor(const at::Tensor&, std::optional<int64_t>)>(
                    "mkldnn::_reorder_linear_weight")
                    .call(map.affine.weight.to(type_).contiguous(), kSmallRows)),
        bias_(map.affine.bias.to(type_)) {}

 private:
  at::Tensor Product(const at::Tensor& x, const at::Tensor& residual) const override {
    static const auto unary =
        TorchOperator<at::Tensor(const at::Tensor&, const at::Tensor&, const std::optional<at::Tensor>&,
                                 std::string_view, PostOpArguments, std::optional<std::string_view>)>(
            "mkldnn::_linear_pointwise");
    if (epilogue_ == Epilogue::kAddResidual) return WithResidual(x, residual);
    const bool has_gelu = epilogue_ != Epilogue::kNothing;
    return unary.call(x, weight_, bias_, has_gelu ? "gelu" : "none", PostOpArguments(),
                      epilogue_ == Epilogue::kGeluTanh ? "tanh" : "none");
  }

  at::Tensor WithResidual(const at::Tensor& x, const at::Tensor& residual) const {
    static const auto binary =
        TorchOperator<at::Tensor(const at::Tensor&, const at::Tensor&, const at::Tensor&,
                                 const std::optional<at::Tensor>&, std::string_view)>(
            "mkldnn::_linear_pointwise", "binary");
    return binary.call(x, residual, weight_, bias_, "add");
  }

  const at::Tensor weight_;
  const at::Tensor bias_;
};

class OneDnnInt8Linear : public TensorLinear {
 public:
  explicit OneDnnInt8Linear(const LinearMap& map)
      : TensorLinear("oneDNN", map, Precision::kInt8),
        weight_(map.affine),
        packed_(TorchOperator<at::Tensor(at::Tensor, std::optional<c10::List<int64_t>>)>(
                    "onednn::qlinear_prepack")
                    .call(weight_.values, c10::List<int64_t>({kSmallRows, weight_.values.size(1)}))),
        zero_points_(at::zeros(weight_.scales.sizes(), at::kInt)) {
    weight_.values = at::Tensor();  // packed_ has them now
  }

 private:
  at::Tensor Product(const at::Tensor& x, const at::Tensor& residual) const override {
    const int64_t count = x.size(0), width = x.size(1);
    const QuantizedRows rows =
        QuantizeRows(x.const_data_ptr<float>(), count, width, QuantizedWeight::RowLevels());
    const at::Tensor values = at::from_blob(const_cast<uint8_t*>(rows.values), {count, width}, at::kByte);
    const at::Tensor y = Multiply(values) * View(rows.scales, count, 1) +
                         View(rows.offsets, count, 1) * weight_.sums + weight_.bias;
    return ApplyEpilogue(y, epilogue_, residual);
  }

  at::Tensor Multiply(const at::Tensor& values) const {
    static const auto product = TorchOperator<at::Tensor(
        at::Tensor, double, int64_t, at::Tensor, at::Tensor, at::Tensor, std::optional<at::Tensor>, double,
        int64_t, std::optional<c10::ScalarType>, std::string_view, PostOpArguments, std::string_view)>(
        "onednn::qlinear_pointwise");
    return product.call(values, /*x_scale=*/1.0, /*x_zero_point=*/0, packed_, weight_.scales, zero_points_,
                        /*bias=*/std::nullopt, /*output_scale=*/1.0, /*output_zero_point=*/0, at::kFloat,
                        "none", PostOpArguments(), "");
  }

  QuantizedWeight weight_;  // without its values
  const at::Tensor packed_;
  const at::Tensor zero_points_;
};

}  // namespace

at::Tensor ApplyEpilogue(const at::Tensor& y, Epilogue epilogue, const at::Tensor& residual) {
  switch (epilogue) {
    case Epilogue::kGelu:
      return at::gelu(y, "none");
    case Epilogue::kGeluTanh:
      return at::gelu(y, "tanh");
    case Epilogue::kAddResidual:
      return y + residual;
    case Epilogue::kNothing:
      return y;
  }
  return y;
}

std::shared_ptr<const LinearKernel> MakeTorchLinear(const LinearMap& map, Precision precision) {
  return std::make_shared<const TorchLinear>(map, precision);
}

std::shared_ptr<const LinearKernel> MakeOneDnnLinear(const LinearMap& map, Precision precision) {
  if (precision == Precision::kInt8) return std::make_shared<const OneDnnInt8Linear>(map);
  return std::make_shared<const OneDnnLinear>(map, precision);
}

}  // namespace newsgenre
