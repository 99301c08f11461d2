// The safetensors file format: 8 bytes of header length (little endian), a JSON header, the tensors' bytes.
// https://huggingface.co/docs/safetensors
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "common/model/albert.h"

namespace newsgenre {

struct Safetensors {
  TensorMap tensors;  // contiguous, fp32, on the CPU
  std::map<std::string, std::string> metadata;
};

// Copies the tensors out of a file's bytes and widens F16 and BF16. A tensor whose name `wanted` refuses is
// checked and skipped. DATA_LOSS names what is wrong: a header longer than the file or than 1 MiB, what
// ParseJsonObject refuses (a name that comes twice, say), offsets that overlap, leave holes, lie out of range
// or don't match the shape. INVALID_ARGUMENT: another dtype.
absl::StatusOr<Safetensors> ParseSafetensors(
    std::string_view bytes, const std::function<bool(const std::string& name)>& wanted = nullptr);

// The same tensors give the same bytes: name order, no holes, the data aligned to 8 bytes. `file` holds
// contiguous fp32 tensors on the CPU.
std::string SerializeSafetensors(const Safetensors& file);

}  // namespace newsgenre
