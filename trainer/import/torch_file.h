// Reads a state_dict that torch.save wrote.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "common/model/albert.h"

namespace newsgenre {

// Returns the tensors in a file's bytes as contiguous fp32 tensors on the CPU. Accepts F32, F16 and BF16.
// Skips tensors for which `wanted` returns false, and tensors of integers or booleans, which are not weights.
//
// The file can be untrusted. torch's own reader is not used, because it can run code in the file's pickle;
// this one parses it as data (pickle.h) and executes nothing. All sizes are checked before any tensor is
// copied. Limits: 4,096 tensors of at most 8 dimensions and 2^30 elements in all, where an element counts
// each time that several tensors or a stride of 0 repeat it; names of 256 bytes; and those of ParsePickle.
//
// Returns DATA_LOSS if a tensor exceeds its storage, if the file is otherwise corrupt or exceeds a limit;
// INVALID_ARGUMENT for a global or an opcode that a state_dict does not need, a compressed zip entry, an
// object that is not a tensor, more than 4,096 tensors, or another dtype; FAILED_PRECONDITION if the file was
// written by a big-endian machine or a later version of torch. Pure; safe to call from any thread.
absl::StatusOr<TensorMap> ParseTorchFile(
    std::string_view bytes, const std::function<bool(const std::string& name)>& wanted = nullptr);

}  // namespace newsgenre
