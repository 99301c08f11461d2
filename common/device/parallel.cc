#include "common/device/parallel.h"

#include <ATen/TensorIterator.h>
#include <ATen/ops/empty.h>

namespace newsgenre {

void ParallelFor(int64_t count, int64_t grain, const std::function<void(int64_t begin, int64_t end)>& body) {
  if (count <= grain) {
    if (count > 0) body(0, count);
    return;
  }
  // torch divides a tensor of one byte per element among its threads. The bytes are never read or written.
  at::Tensor elements = at::empty({count}, at::TensorOptions(at::kByte));
  const char* first = static_cast<const char*>(elements.const_data_ptr());
  // One dimension: `outer` is 1.
  const auto share = [&](char** data, const int64_t* /*strides*/, int64_t size, int64_t /*outer*/) {
    const int64_t begin = data[0] - first;
    body(begin, begin + size);
  };
  at::TensorIterator::nullary_op(elements).for_each(at::TensorIteratorBase::loop2d_t(share), grain);
}

}  // namespace newsgenre
