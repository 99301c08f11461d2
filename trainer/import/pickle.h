// Parses Python pickles of protocol 2, as torch.save writes them, as data: calls are recorded and never made,
// so an untrusted pickle can't execute anything. The opcodes are documented in Python's Lib/pickletools.py.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace newsgenre {

struct PickleValue {
  enum class Kind {
    kNone,
    kBool,
    kInteger,
    kFloat,
    kText,
    kGlobal,
    kTuple,
    kList,
    kDict,
    kCall,
    kPersistent
  };

  Kind kind = Kind::kNone;
  int64_t integer = 0;  // kBool, kInteger
  std::string text;     // kText; kGlobal: "module.name"
  // Indices into Pickle::values. kTuple, kList: the items. kDict: key, value, key, value, … kCall: the global
  // and its tuple of arguments. kPersistent: the ID of an object outside the pickle.
  std::vector<size_t> items;
};

// Values refer to each other by index, so that deep nesting and cycles need no recursion.
struct Pickle {
  std::vector<PickleValue> values;
  size_t root = 0;
  size_t bytes = 0;  // the size of the pickle, including its STOP opcode

  // Returns the i-th item of `value`, or nullptr if it does not exist or is of another kind.
  const PickleValue* Item(const PickleValue& value, size_t i, PickleValue::Kind kind) const;
};

// Returns whether a pickle may refer to the global "module.name".
using GlobalFilter = std::function<bool(const std::string& name)>;

// Parses the pickle at the beginning of `bytes`. A call becomes a kCall, except that
// collections.OrderedDict() is always allowed and becomes a kDict. The values of floats and the attributes
// that BUILD sets on a dict are dropped.
//
// Limits: 1 MiB, 65,536 values, 64 open marks. Returns INVALID_ARGUMENT with the name of an opcode that a
// state_dict does not need, or of a global that is not allowed; DATA_LOSS if the pickle is truncated,
// malformed or exceeds a limit. Pure; safe to call from any thread.
absl::StatusOr<Pickle> ParsePickle(std::string_view bytes, const GlobalFilter& is_allowed);

}  // namespace newsgenre
