// The safetensors file format: 8 bytes of header length (little endian), a JSON header, the tensors' bytes.
// https://huggingface.co/docs/safetensors
#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "common/model/albert.h"

namespace newsgenre {

// The tensors of a file's bytes, copied and widened to fp32: F32, F16 and BF16 (I64 buffers are skipped). DATA_LOSS names
// what is wrong: a header longer than the file or than 100 MB, bad JSON, offsets that overlap, leave holes, lie out of
// range or don't match the shape. INVALID_ARGUMENT: a dtype other than these.
absl::StatusOr<TensorMap> ParseSafetensors(std::string_view bytes);

// Contiguous fp32 CPU tensors, in name order, with metadata {"format": "pt"}, as transformers writes it.
std::string SerializeSafetensors(const TensorMap& tensors);

}  // namespace newsgenre
