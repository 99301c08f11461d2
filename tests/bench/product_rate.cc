// product_rate: measures for engine_bench.py how fast this machine multiplies matrices of an ALBERT's shapes
// with the libraries of torch, without the rest of the network.
//   product_rate HIDDEN INTERMEDIATE PRECISION THREADS
//     Prints the kernels of the precision (fp32, bf16, int8) on stdout. Then reads requests {"rows":
//     [counts]} from stdin, one per line, and responds to each with {"seconds": {KERNEL: [four numbers]}}:
//     the time of one layer's four products (QKV, dense, ffn, ffn_output) with each kernel, summed over the
//     row counts. Packs the weights beforehand. fp32 and bf16 products return their own type. int8 products
//     take unsigned activations and return the type that is best for the library: fp32 (oneDNN) or unsigned
//     bytes (FBGEMM).
#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/full.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/quantize_per_channel.h>
#include <ATen/ops/quantize_per_tensor.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/zeros.h>

#include <algorithm>
#include <chrono>
#include <functional>
#include <iostream>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "common/base/status_macros.h"
#include "common/device/device.h"
#include "nlohmann/json.hpp"
#include "tests/bench/onednn_linear.h"

namespace newsgenre {
namespace {

using Json = nlohmann::json;

// A product with its packed weight, [rows, in] → [rows, out].
using Product = std::function<at::Tensor(const at::Tensor&)>;

struct Shape {
  int64_t in;
  int64_t out;
};

// A library's implementation of products.
struct ProductKernel {
  std::function<at::Tensor(int64_t rows, int64_t in)> input;  // returns a random input
  std::function<Product(Shape)> product;                      // packs a random weight
};

// Row count that the weights are packed for. Products with other row counts work too.
constexpr int64_t kTypicalRows = 512;
constexpr double kActivationScale = 0.05;
constexpr double kWeightScale = 0.01;

at::Tensor Weight(Shape shape) { return at::randn({shape.out, shape.in}); }

ProductKernel PlainKernel(at::ScalarType type) {
  return {[type](int64_t rows, int64_t in) {
            return at::randn({rows, in}).to(type);
          },
          [type](Shape shape) -> Product {
            return [weight = Weight(shape).to(type)](const at::Tensor& x) { return at::linear(x, weight); };
          }};
}

ProductKernel OneDnnKernel(at::ScalarType type) {
  return {[type](int64_t rows, int64_t in) {
            return at::randn({rows, in}).to(type);
          },
          [type](Shape shape) -> Product { return OneDnnLinear(Weight(shape).to(type), kTypicalRows); }};
}

at::Tensor QuantizedWeight(Shape shape) {
  return at::quantize_per_channel(Weight(shape), at::full({shape.out}, kWeightScale, at::kDouble),
                                  at::zeros({shape.out}, at::kLong), 0, at::kQInt8);
}

at::Tensor QuantizedInput(int64_t rows, int64_t in) {
  return at::quantize_per_tensor(at::randn({rows, in}), kActivationScale, 64, at::kQUInt8);
}

ProductKernel FbgemmKernel() {
  return {QuantizedInput, [](Shape shape) -> Product {
            const c10::IValue packed =
                CallOperator("quantized::linear_prepack", {QuantizedWeight(shape), c10::IValue()});
            return [packed](const at::Tensor& x) {
              return CallOperator("quantized::linear", {x, packed, kActivationScale, int64_t{64}}).toTensor();
            };
          }};
}

ProductKernel OneDnnInt8Kernel() {
  return {[](int64_t rows, int64_t in) { return QuantizedInput(rows, in).int_repr(); },
          [](Shape shape) -> Product {
            const at::Tensor weight =
                CallOperator("onednn::qlinear_prepack", {QuantizedWeight(shape).int_repr(), c10::IValue()})
                    .toTensor();
            const at::Tensor scales = at::full({shape.out}, kWeightScale, at::kFloat);
            const at::Tensor zeros = at::zeros({shape.out}, at::kInt);
            return [weight, scales, zeros](const at::Tensor& x) {
              return CallOperator("onednn::qlinear_pointwise",
                                  {x, kActivationScale, int64_t{0}, weight, scales, zeros, c10::IValue(), 1.0,
                                   int64_t{0}, static_cast<int64_t>(at::kFloat), "none",
                                   c10::List<std::optional<at::Scalar>>(), ""})
                  .toTensor();
            };
          }};
}

absl::StatusOr<std::map<std::string, ProductKernel>> KernelsFor(const std::string& precision) {
  using Kernels = std::map<std::string, ProductKernel>;
  if (precision == "fp32")
    return Kernels{{"MKL", PlainKernel(at::kFloat)}, {"oneDNN", OneDnnKernel(at::kFloat)}};
  if (precision == "bf16") {
    return Kernels{{"at::linear", PlainKernel(at::kBFloat16)}, {"oneDNN", OneDnnKernel(at::kBFloat16)}};
  }
  if (precision == "int8") return Kernels{{"FBGEMM", FbgemmKernel()}, {"oneDNN", OneDnnInt8Kernel()}};
  return absl::InvalidArgumentError("precision is '" + precision + "'; it must be fp32, bf16 or int8");
}

// The four products of a layer with one kernel, each with its own input.
class Layer {
 public:
  Layer(const ProductKernel& kernel, const std::vector<Shape>& shapes) : kernel_(kernel), shapes_(shapes) {
    for (const Shape& shape : shapes_) products_.push_back(kernel_.product(shape));
  }

  // Returns the seconds of each product, summed over the row counts. Runs each row count twice and takes the
  // second time, because the libraries prepare for a new row count.
  std::vector<double> Time(const std::vector<int64_t>& row_counts) {
    Grow(*std::max_element(row_counts.begin(), row_counts.end()));
    std::vector<double> seconds(shapes_.size());
    for (const int64_t rows : row_counts) {
      RunOnce(rows);
      const std::vector<double> once = RunOnce(rows);
      std::transform(once.begin(), once.end(), seconds.begin(), seconds.begin(), std::plus<>());
    }
    return seconds;
  }

 private:
  std::vector<double> RunOnce(int64_t rows) {
    std::vector<double> seconds;
    for (size_t i = 0; i < shapes_.size(); ++i) {
      const at::Tensor input = inputs_[i].narrow(0, 0, rows);
      const auto start = std::chrono::steady_clock::now();
      const at::Tensor output = products_[i](input);
      seconds.push_back(std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
    }
    return seconds;
  }

  // Makes inputs of at least `rows` rows.
  void Grow(int64_t rows) {
    if (!inputs_.empty() && inputs_[0].size(0) >= rows) return;
    inputs_.clear();
    for (const Shape& shape : shapes_) inputs_.push_back(kernel_.input(rows, shape.in));
  }

  ProductKernel kernel_;
  std::vector<Shape> shapes_;
  std::vector<Product> products_;
  std::vector<at::Tensor> inputs_;
};

absl::Status Serve(const std::vector<std::string>& arguments) {
  const int64_t hidden = std::stoll(arguments[0]);
  const int64_t intermediate = std::stoll(arguments[1]);
  const std::vector<Shape> shapes = {
      {hidden, 3 * hidden}, {hidden, hidden}, {hidden, intermediate}, {intermediate, hidden}};
  ASSIGN_OR_RETURN(const auto kernels, KernelsFor(arguments[2]));
  at::set_num_threads(std::stoi(arguments[3]));
  std::map<std::string, Layer> layers;
  Json names = Json::array();
  for (const auto& [name, kernel] : kernels) {
    layers.emplace(name, Layer(kernel, shapes));
    names.push_back(name);
  }
  std::cout << Json{{"kernels", names}} << std::endl;
  for (std::string line; std::getline(std::cin, line);) {
    const auto rows = Json::parse(line).at("rows").get<std::vector<int64_t>>();
    Json seconds;
    for (auto& [name, layer] : layers) seconds[name] = layer.Time(rows);
    std::cout << Json{{"seconds", seconds}} << std::endl;
  }
  return absl::OkStatus();
}

absl::Status Run(const std::vector<std::string>& arguments) {
  if (arguments.size() != 4) {
    return absl::InvalidArgumentError("usage: product_rate HIDDEN INTERMEDIATE PRECISION THREADS");
  }
  const at::NoGradGuard no_grad;
  return CatchTorch([&] { return Serve(arguments); });
}

}  // namespace
}  // namespace newsgenre

int main(int argc, char** argv) {
  const absl::Status status = newsgenre::Run({argv + 1, argv + argc});
  if (!status.ok()) std::cerr << status << '\n';
  return status.ok() ? 0 : 1;
}
