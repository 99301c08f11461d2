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

// Copies the tensors out of a file's bytes and converts F16 and BF16 to fp32. Checks all tensors, but copies
// only those for whose names `wanted` returns true; a null `wanted` selects all. Returns INVALID_ARGUMENT for
// another dtype. Returns DATA_LOSS with the fault for a header that is longer than the file or than 1 MiB,
// for JSON that ParseJsonObject refuses (such as a name that occurs twice), and for offsets that overlap,
// leave gaps, are out of range or do not match the shape.
absl::StatusOr<Safetensors> ParseSafetensors(
    std::string_view bytes, const std::function<bool(const std::string& name)>& wanted = nullptr);

// Returns a file's bytes. The same tensors give the same bytes: in the order of names, without gaps, and with
// the data aligned to 8 bytes. `file` holds contiguous fp32 tensors on the CPU.
std::string SerializeSafetensors(const Safetensors& file);

}  // namespace newsgenre
