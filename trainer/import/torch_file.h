// A state_dict as torch.save writes it.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "common/model/albert.h"

namespace newsgenre {

// Copies the tensors out of a file's bytes and widens F16 and BF16; they are contiguous, fp32, on the CPU.
// Executes nothing that the file holds. A tensor whose name `wanted` refuses is skipped, and so is one of
// integers or booleans, which is no weight. DATA_LOSS names the tensor that reaches outside its storage, the
// storage that is too short, and what else is broken (a wrong CRC-32, …). INVALID_ARGUMENT: a global or an
// opcode that a state_dict does not need, an entry that is compressed, an object that is no tensor, another
// dtype. FAILED_PRECONDITION: a file for another machine or a later torch. Limits: 4,096 tensors, 2^30
// elements in all, where one that several tensors or a stride of 0 repeat counts as often.
absl::StatusOr<TensorMap> ParseTorchFile(
    std::string_view bytes, const std::function<bool(const std::string& name)>& wanted = nullptr);

}  // namespace newsgenre
