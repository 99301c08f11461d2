// Splits a file of torch.save into a pickle and the storages that contain its tensors' values.
#pragma once

#include <c10/core/ScalarType.h>

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "trainer/import/pickle.h"

namespace newsgenre {

// The only globals that a state_dict's pickle calls, besides collections.OrderedDict.
inline constexpr char kRebuildTensor[] = "torch._utils._rebuild_tensor_v2";
inline constexpr char kRebuildParameter[] = "torch._utils._rebuild_parameter";

struct TorchArchive {
  Pickle pickle;
  std::map<std::string, std::string_view> storages;  // by key; views into the file's bytes
};

// Parses the zip format of torch 1.6 and later, and the older format, which is a sequence of pickles followed
// by the storages. Allows a pickle only the globals above and the storage types of torch, and calls none of
// them.
//
// Returns INVALID_ARGUMENT with a hint how to convert the file if it has neither format; FAILED_PRECONDITION
// if it was written by a big-endian machine or for another version; DATA_LOSS if it is corrupt; and the
// errors of ParseStoredZip and ParsePickle, with their limits. Pure; safe to call from any thread.
absl::StatusOr<TorchArchive> ParseTorchArchive(std::string_view bytes);

// The pickle's description of a storage. It is not checked against the storage.
struct TorchStorage {
  std::string key;
  c10::ScalarType dtype = c10::ScalarType::Float;
  int64_t elements = 0;
};

// Returns the description in `value`, a kPersistent. Returns DATA_LOSS if it is not a storage.
absl::StatusOr<TorchStorage> StorageOf(const Pickle& pickle, const PickleValue& value);

}  // namespace newsgenre
