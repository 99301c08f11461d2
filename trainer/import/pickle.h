// A reader of Python's pickles (protocol 2, as torch.save writes them) that knows data alone: it builds
// values and calls nothing. The opcodes are those of Python's Lib/pickletools.py.
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
  // Places in Pickle::values. kTuple, kList: the items. kDict: key, value, key, value … kCall: the global and
  // its tuple of arguments. kPersistent: the object that stands for something outside the pickle.
  std::vector<size_t> items;
};

// Values refer to each other by place, so that neither depth nor a value that holds itself harms anybody.
struct Pickle {
  std::vector<PickleValue> values;
  size_t root = 0;
  size_t bytes = 0;  // that the pickle takes, its STOP included

  // The i-th item of `value`; nullptr where it has none, or one of another kind.
  const PickleValue* Item(const PickleValue& value, size_t i, PickleValue::Kind kind) const;
};

// Whether a pickle may refer to the global "module.name".
using GlobalFilter = std::function<bool(const std::string& name)>;

// Reads the pickle at the beginning of `bytes`. A call is recorded, not made, but for
// collections.OrderedDict(), which is always allowed and a kDict; what BUILD would set on a dict is dropped,
// a float's value too. Limits: 1 MiB, 65,536 values, 64 open marks. INVALID_ARGUMENT names an opcode that a
// state_dict does not need, or a global that is not allowed. DATA_LOSS: cut short, or wrongly put together.
// Pure; any thread.
absl::StatusOr<Pickle> ParsePickle(std::string_view bytes, const GlobalFilter& is_allowed);

}  // namespace newsgenre
