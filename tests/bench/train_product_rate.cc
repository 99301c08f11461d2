// For tests/bench/train_bench.py: how fast this machine multiplies matrices of an ALBERT's shapes as training
// needs it, by the libraries that torch brings, with nothing around the products.
//   train_product_rate HIDDEN INTERMEDIATE PRECISION THREADS
//     Says the kernels on stdout, then answers each line {"rows": [numbers]} on stdin with {"seconds":
//     {KERNEL: [twelve numbers]}}: what the products of one layer's four maps (QKV, dense, ffn, ffn_output),
//     for each x Wᵀ, dy W and dyᵀ x, took by each kernel, summed over those row counts, which are rounded up
//     as the trainer pads; null for what a kernel doesn't have. Weights are packed before.
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

// A map's weight, [out, in], its input, [rows, in], and the gradient of its result, [rows, out].
struct Operands {
  at::Tensor weight, x, dy;
};

// A product over the operands' rows; what it has to do but once it has done when it is made.
using Product = std::function<void()>;

// Makes x Wᵀ, dy W and dyᵀ x; a product that a library lacks is empty.
using Kernel = std::function<std::array<Product, 3>(const Operands&)>;

std::array<Product, 3> MatrixProducts(const Operands& of) {
  return {[of] { at::linear(of.x, of.weight); }, [of] { at::mm(of.dy, of.weight); },
          [of] { at::mm(of.dy.t(), of.x); }};
}

std::array<Product, 3> OneDnnProducts(const Operands& of) {
  const int64_t rows = of.x.size(0);
  const auto forward = OneDnnLinear(of.weight, rows);
  const auto input_gradient = OneDnnLinear(of.weight.t().contiguous(), rows);
  std::array<Product, 3> products = {[of, forward] { forward(of.x); },
                                     [of, input_gradient] { input_gradient(of.dy); }};
  // torch has no bf16 there.
  if (of.x.scalar_type() == at::kFloat) {
    products[2] = [weight = of.weight, x = of.x.to_mkldnn(), dy = of.dy.to_mkldnn()] {
      at::mkldnn_linear_backward_weights(dy, x, weight, /*bias_defined=*/false);
    };
  }
  return products;
}

// Rows as places of a picture, weights as kernels of one place: see trainer/network/trained_linear.h (a
// candidate that it does not take).
std::array<Product, 3> ConvolutionProducts(const Operands& of) {
  const auto picture = [](const at::Tensor& x) {
    return x.view({1, -1, kRowMultiple, x.size(1)}).permute({0, 3, 1, 2});
  };
  const at::Tensor x = picture(of.x), dy = picture(of.dy);
  const at::Tensor weight =
      of.weight.view({of.weight.size(0), 1, 1, of.weight.size(1)}).permute({0, 3, 1, 2});
  const auto backward = [x, dy, weight](bool input) {
    at::convolution_backward(dy, x, weight, /*bias_sizes=*/std::nullopt, /*stride=*/{1, 1},
                             /*padding=*/{0, 0},
                             /*dilation=*/{1, 1}, /*transposed=*/false, /*output_padding=*/{0, 0},
                             /*groups=*/1, {input, !input, false});
  };
  return {[x, weight] { at::conv2d(x, weight); }, [backward] { backward(true); },
          [backward] { backward(false); }};
}

const std::map<std::string, Kernel>& Kernels() {
  static const auto* const kernels = new std::map<std::string, Kernel>{
      {"matrix", MatrixProducts}, {"oneDNN", OneDnnProducts}, {"convolution", ConvolutionProducts}};
  return *kernels;
}

double Seconds(const Product& product) {
  const auto start = std::chrono::steady_clock::now();
  product();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

// Adds the seconds of each product over so many rows to `seconds`. All run once before: a library prepares
// itself for a number of rows that it has not seen, and each product finds the others' data in the caches.
void AddSeconds(const Kernel& kernel, const std::vector<Operands>& maps, int64_t rows, Json* seconds) {
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

Json Answer(const std::vector<Operands>& weights, const Json& request) {
  std::vector<int64_t> row_counts;
  int64_t most = 0;
  for (const int64_t rows : request.at("rows")) {
    row_counts.push_back((rows + kRowMultiple - 1) / kRowMultiple * kRowMultiple);
    most = std::max(most, row_counts.back());
  }
  std::vector<Operands> maps = weights;
  for (Operands& map : maps) {
    map.x = at::randn({most, map.weight.size(1)}).to(map.weight.scalar_type());
    map.dy = at::randn({most, map.weight.size(0)}).to(map.weight.scalar_type());
  }
  Json answer;
  for (const auto& [name, kernel] : Kernels()) {
    Json& seconds = answer["seconds"][name];
    for (const int64_t rows : row_counts) AddSeconds(kernel, maps, rows, &seconds);
  }
  return answer;
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
    std::cout << Answer(weights, Json::parse(line)) << std::endl;
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
