// Linear maps in 8 bits: weights quantised at load with one scale an output, rows on the way in with a scale
// and an offset each, from a row's least value to its greatest (after GELU nearly all are above 0).
#pragma once

#include <memory>

#include "common/model/linear_kernel.h"

namespace newsgenre {

// With oneDNN's integer product. torch's exceptions pass.
std::shared_ptr<const LinearKernel> MakeOneDnnInt8Linear(const LinearMap& map);

// With Int8Product, where it fits the processor (without VNNI: oneDNN is at the processor's rate with it) and
// the map.
bool HasOwnInt8Linear(const LinearMap& map);
std::shared_ptr<const LinearKernel> MakeOwnInt8Linear(const LinearMap& map);

}  // namespace newsgenre
