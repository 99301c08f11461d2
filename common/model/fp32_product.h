// Products of matrices in fp32 on processors with AVX2 (and no AVX-512, where libraries are faster).
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

#include "common/model/after.h"

namespace newsgenre {

// y = x Wᵀ + b with the weights in panels of 16 columns: 6 rows of x meet a panel at a time, so that 12
// vector registers sum up while a thirteenth and fourteenth hold the panel's next inputs. That is the scheme
// of Goto and van de Geijn 2008 (Anatomy of High-Performance Matrix Multiplication) with x as it lies: it is
// small enough.
class Fp32Product {
 public:
  static constexpr int64_t kOutMultiple = 16;

  // Whether this processor has AVX2 and a map with so many outputs fits the multiple.
  static bool Fits(int64_t out);

  // `weight`: [out, in] fp32; `bias`: [out]. The size fits.
  Fp32Product(const at::Tensor& weight, const at::Tensor& bias, After after);

  // [rows, out] fp32: x Wᵀ + bias, and what comes after it; `residual`: [rows, out], contiguous
  // fp32, for kAddResidual. `x`: [rows, in] fp32, contiguous. A row's result does not depend on the others.
  // On the calling thread's CPU threads; any thread.
  at::Tensor Run(const at::Tensor& x, const at::Tensor& residual) const;

 private:
  const int64_t in_;
  const int64_t out_;
  const at::Tensor bias_;
  const After after_;
  const at::Tensor panels_;  // [out / kOutMultiple, in, kOutMultiple]
};

}  // namespace newsgenre
