// train_product_rate: measures for train_bench.py how fast this machine multiplies matrices of an ALBERT's
// shapes as in training, with the libraries of torch and without the rest of the network.
//   train_product_rate HIDDEN INTERMEDIATE PRECISION THREADS
//     Prints the kernels on stdout. Then reads requests {"rows": [counts]} from stdin, one per line, and
//     responds to each with {"seconds": {KERNEL: [twelve numbers]}}: the time of the products x Wᵀ, dy W and
//     dyᵀ x of each of one layer's four linear maps (QKV, dense, ffn, ffn_output) with each kernel, summed
//     over the row counts. The row counts are rounded up as the trainer pads batches. A product that a kernel
//     lacks is null. Packs the weights beforehand.
#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/conv2d.h>
#include <ATen/ops/convolution_backward.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/mkldnn_linear_backward_weights.h>
#include <ATen/ops/mm.h>
#include <ATen/ops/randn.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <functional>
#include <iostream>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "common/base/runtime_settings.h"
#include "common/base/status_macros.h"
#include "common/device/device.h"
#include "nlohmann/json.hpp"
#include "tests/bench/onednn_linear.h"
#include "trainer/data/device_dataset.h"

namespace newsgenre {
namespace {

using Json = nlohmann::json;

// The operands of a linear map's products.
struct Operands {
  at::Tensor weight;  // [out, in]
  at::Tensor x;       // input, [rows, in]
  at::Tensor dy;      // gradient of the output, [rows, out]
};

// Computes one product. Work that is needed only once is done when the product is made.
using Product = std::function<void()>;

// Returns the products x Wᵀ, dy W and dyᵀ x. A product that the library lacks is empty.
using ProductKernel = std::function<std::array<Product, 3>(const Operands&)>;

std::array<Product, 3> MatrixProducts(const Operands& operands) {
  return {[operands] { at::linear(operands.x, operands.weight); },
          [operands] { at::mm(operands.dy, operands.weight); },
          [operands] { at::mm(operands.dy.t(), operands.x); }};
}

std::array<Product, 3> OneDnnProducts(const Operands& operands) {
  const int64_t rows = operands.x.size(0);
  const auto forward = OneDnnLinear(operands.weight, rows);
  const auto input_gradient = OneDnnLinear(operands.weight.t().contiguous(), rows);
  std::array<Product, 3> products = {[operands, forward] { forward(operands.x); },
                                     [operands, input_gradient] { input_gradient(operands.dy); }};
  // torch implements this operator only for fp32.
  if (operands.x.scalar_type() == at::kFloat) {
    products[2] = [weight = operands.weight, x = operands.x.to_mkldnn(), dy = operands.dy.to_mkldnn()] {
      at::mkldnn_linear_backward_weights(dy, x, weight, /*bias_defined=*/false);
    };
  }
  return products;
}

// Computes the products as 1 x 1 convolutions over an image whose pixels are the rows. The trainer doesn't
// use this kernel (see trainer/network/training_linear.h).
std::array<Product, 3> ConvolutionProducts(const Operands& operands) {
  const auto to_image = [](const at::Tensor& x) {
    return x.view({1, -1, kRowMultiple, x.size(1)}).permute({0, 3, 1, 2});
  };
  const at::Tensor x = to_image(operands.x), dy = to_image(operands.dy);
  const at::Tensor weight =
      operands.weight.view({operands.weight.size(0), 1, 1, operands.weight.size(1)}).permute({0, 3, 1, 2});
  const auto backward = [x, dy, weight](bool input) {
    at::convolution_backward(dy, x, weight, /*bias_sizes=*/std::nullopt, /*stride=*/{1, 1},
                             /*padding=*/{0, 0},
                             /*dilation=*/{1, 1}, /*transposed=*/false, /*output_padding=*/{0, 0},
                             /*groups=*/1, {input, !input, false});
  };
  return {[x, weight] { at::conv2d(x, weight); }, [backward] { backward(true); },
          [backward] { backward(false); }};
}

const std::map<std::string, ProductKernel>& Kernels() {
  static const auto* const kernels = new std::map<std::string, ProductKernel>{
      {"matrix", MatrixProducts}, {"oneDNN", OneDnnProducts}, {"convolution", ConvolutionProducts}};
  return *kernels;
}

double Seconds(const Product& product) {
  const auto start = std::chrono::steady_clock::now();
  product();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

// Adds the seconds of each product over `rows` rows to `seconds`. Runs all products once before the
// measurement, because a library prepares for a new row count. Each product then finds the others' data in
// the caches.
void AddSeconds(const ProductKernel& kernel, const std::vector<Operands>& maps, int64_t rows, Json* seconds) {
  std::vector<Product> products;
  for (const Operands& map : maps) {
    const Operands part = {map.weight, map.x.narrow(0, 0, rows), map.dy.narrow(0, 0, rows)};
    for (const Product& product : kernel(part)) products.push_back(product);
  }
  for (const Product& product : products) {
    if (product) product();
  }
  for (size_t i = 0; i < products.size(); ++i) {
    Json& sum = (*seconds)[i];
    if (products[i]) sum = (sum.is_null() ? 0.0 : sum.get<double>()) + Seconds(products[i]);
  }
}

Json Respond(const std::vector<Operands>& weights, const Json& request) {
  std::vector<int64_t> row_counts;
  int64_t max_rows = 0;
  for (const int64_t rows : request.at("rows")) {
    row_counts.push_back((rows + kRowMultiple - 1) / kRowMultiple * kRowMultiple);
    max_rows = std::max(max_rows, row_counts.back());
  }
  std::vector<Operands> maps = weights;
  for (Operands& map : maps) {
    map.x = at::randn({max_rows, map.weight.size(1)}).to(map.weight.scalar_type());
    map.dy = at::randn({max_rows, map.weight.size(0)}).to(map.weight.scalar_type());
  }
  Json response;
  for (const auto& [name, kernel] : Kernels()) {
    Json& seconds = response["seconds"][name];
    for (const int64_t rows : row_counts) AddSeconds(kernel, maps, rows, &seconds);
  }
  return response;
}

absl::Status Serve(const std::vector<std::string>& arguments) {
  const int64_t hidden = std::stoll(arguments[0]);
  const int64_t intermediate = std::stoll(arguments[1]);
  const at::ScalarType type = arguments[2] == "bf16" ? at::kBFloat16 : at::kFloat;
  at::set_num_threads(std::stoi(arguments[3]));
  std::vector<Operands> weights;
  for (const auto& [out, in] : {std::pair{3 * hidden, hidden}, std::pair{hidden, hidden},
                                std::pair{intermediate, hidden}, std::pair{hidden, intermediate}}) {
    weights.push_back({at::randn({out, in}).to(type), {}, {}});
  }
  Json names = Json::array();
  for (const auto& [name, kernel] : Kernels()) names.push_back(name);
  std::cout << Json{{"kernels", names}} << std::endl;
  for (std::string line; std::getline(std::cin, line);) {
    std::cout << Respond(weights, Json::parse(line)) << std::endl;
  }
  return absl::OkStatus();
}

absl::Status Run(const std::vector<std::string>& arguments) {
  if (arguments.size() != 4 || (arguments[2] != "fp32" && arguments[2] != "bf16")) {
    return absl::InvalidArgumentError("usage: train_product_rate HIDDEN INTERMEDIATE fp32|bf16 THREADS");
  }
  const at::NoGradGuard no_grad;
  return CatchTorch([&] { return Serve(arguments); });
}

}  // namespace
}  // namespace newsgenre

int main(int argc, char** argv) {
  newsgenre::ReexecWithRuntimeSettings(argv, newsgenre::FreedMemory::kKept);
  const absl::Status status = newsgenre::Run({argv + 1, argv + argc});
  if (!status.ok()) std::cerr << status << '\n';
  return status.ok() ? 0 : 1;
}
