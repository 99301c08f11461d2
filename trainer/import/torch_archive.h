// What torch.save's two file formats have in common: a pickle, and the storages that its tensors lie in.
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

// The globals that a state_dict's pickle calls.
inline constexpr char kRebuildTensor[] = "torch._utils._rebuild_tensor_v2";
inline constexpr char kRebuildParameter[] = "torch._utils._rebuild_parameter";

struct TorchArchive {
  Pickle pickle;
  std::map<std::string, std::string_view> storages;  // bytes by key: views into the file's
};

// Takes the zip format (torch 1.6 and later), and the one before it: pickles, then the storages.
// INVALID_ARGUMENT says how to convert what neither is, FAILED_PRECONDITION names what the file was written
// for (byte order, version); otherwise the statuses of ParseStoredZip and ParsePickle. Pure; any thread.
absl::StatusOr<TorchArchive> ParseTorchArchive(std::string_view bytes);

// A storage as the pickle describes it.
struct TorchStorage {
  std::string key;
  c10::ScalarType dtype = c10::ScalarType::Float;
  int64_t elements = 0;
};

// `value` is of Kind::kPersistent. DATA_LOSS where it is no storage.
absl::StatusOr<TorchStorage> StorageOf(const Pickle& pickle, const PickleValue& value);

}  // namespace newsgenre
