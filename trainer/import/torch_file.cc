#include "trainer/import/torch_file.h"

#include <ATen/ops/empty.h>
#include <c10/core/ScalarType.h>
#include <c10/util/accumulate.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <map>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/base/printable.h"
#include "common/base/status_macros.h"
#include "trainer/import/torch_archive.h"

namespace newsgenre {
namespace {

using Kind = PickleValue::Kind;

constexpr size_t kMaxTensors = 4096;
constexpr int64_t kMaxElements = int64_t{1} << 30;
constexpr size_t kMaxDimensions = 8;
constexpr size_t kMaxNameBytes = 256;

absl::Status Broken(const std::string& what) { return absl::DataLossError(what); }

// The pickle's description of a tensor.
struct TensorView {
  TorchStorage storage;
  int64_t offset = 0;  // in elements, like the strides
  std::vector<int64_t> sizes;
  std::vector<int64_t> strides;
  int64_t span = 0;            // elements from the first to the last, inclusive
  const char* data = nullptr;  // the first element
};

absl::StatusOr<std::vector<int64_t>> Integers(const Pickle& pickle, const PickleValue* tuple) {
  if (tuple == nullptr || tuple->items.size() > kMaxDimensions) {
    return Broken(absl::StrCat("its sizes or strides are not a tuple of at most ", kMaxDimensions));
  }
  std::vector<int64_t> integers;
  for (size_t i = 0; i < tuple->items.size(); ++i) {
    const PickleValue* item = pickle.Item(*tuple, i, Kind::kInteger);
    if (item == nullptr) return Broken("its sizes or strides are not integers");
    integers.push_back(item->integer);
  }
  return integers;
}

// Reads the arguments of _rebuild_tensor_v2(storage, offset, sizes, strides, …).
absl::StatusOr<TensorView> ViewOf(const Pickle& pickle, const PickleValue& arguments) {
  const PickleValue* storage = pickle.Item(arguments, 0, Kind::kPersistent);
  const PickleValue* offset = pickle.Item(arguments, 1, Kind::kInteger);
  if (storage == nullptr || offset == nullptr) return Broken("it has no storage, or no offset in it");
  TensorView view;
  ASSIGN_OR_RETURN(view.storage, StorageOf(pickle, *storage));
  view.offset = offset->integer;
  ASSIGN_OR_RETURN(view.sizes, Integers(pickle, pickle.Item(arguments, 2, Kind::kTuple)));
  ASSIGN_OR_RETURN(view.strides, Integers(pickle, pickle.Item(arguments, 3, Kind::kTuple)));
  return view;
}

// Reads a call of _rebuild_tensor_v2, or of _rebuild_parameter(tensor, …).
absl::StatusOr<TensorView> TensorOf(const Pickle& pickle, const PickleValue& value) {
  const PickleValue* call = &value;
  for (const char* global : {kRebuildParameter, kRebuildTensor}) {
    if (call == nullptr || call->kind != Kind::kCall) break;
    if (pickle.values[call->items[0]].text != global) continue;
    const PickleValue& arguments = pickle.values[call->items[1]];
    if (global == kRebuildTensor) return ViewOf(pickle, arguments);
    call = pickle.Item(arguments, 0, Kind::kCall);
  }
  return absl::InvalidArgumentError("not a tensor; the file must contain what model.state_dict() returns");
}

// Returns TensorView::span. Every intermediate result is below the number of the storage's elements, so none
// overflows.
absl::StatusOr<int64_t> Span(const TensorView& view) {
  const int64_t elements = view.storage.elements;
  if (view.sizes.size() != view.strides.size()) return Broken("its numbers of sizes and strides differ");
  bool fits = view.offset >= 0 && view.offset < elements;
  int64_t last = view.offset;
  int64_t count = 1;
  for (size_t i = 0; i < view.sizes.size() && fits; ++i) {
    const int64_t size = view.sizes[i], stride = view.strides[i];
    fits = size >= 1 && stride >= 0 && size <= elements / count &&
           (stride == 0 || size - 1 <= (elements - 1 - last) / stride);
    if (!fits) break;
    count *= size;
    last += (size - 1) * stride;
  }
  if (fits) return last - view.offset + 1;
  return Broken(absl::StrCat("sizes [", absl::StrJoin(view.sizes, ", "), "], strides [",
                             absl::StrJoin(view.strides, ", "), "] and offset ", view.offset,
                             " do not fit its storage of ", elements, " elements"));
}

// Sets the span and the data of a tensor, after checking its storage.
absl::Status Locate(const TorchArchive& archive, TensorView* view) {
  const TorchStorage& storage = view->storage;
  if (storage.dtype == at::kDouble) {
    return absl::InvalidArgumentError("it has dtype F64; supported are F32, F16 and BF16");
  }
  const auto found = archive.storages.find(storage.key);
  const std::string shown = "its storage " + Printable(storage.key);
  if (found == archive.storages.end()) return Broken(shown + " is missing");
  const size_t element_bytes = c10::elementSize(storage.dtype);
  const size_t bytes = found->second.size();
  if (storage.elements < 0 || bytes % element_bytes != 0 ||
      bytes / element_bytes != static_cast<size_t>(storage.elements)) {
    return Broken(absl::StrCat(shown, " has ", bytes, " bytes, not ", storage.elements, " elements of ",
                               element_bytes));
  }
  ASSIGN_OR_RETURN(view->span, Span(*view));
  view->data = found->second.data() + static_cast<size_t>(view->offset) * element_bytes;
  return absl::OkStatus();
}

at::Tensor CopyTensor(const TensorView& view) {
  const at::Tensor copied = at::empty({view.span}, view.storage.dtype);
  std::memcpy(copied.data_ptr(), view.data, copied.nbytes());
  return copied.as_strided(view.sizes, view.strides).to(at::kFloat).contiguous();
}

// Returns the wanted tensors. Checks that all of them are within their storages and the limits.
absl::StatusOr<std::map<std::string, TensorView>> FindTensors(
    const TorchArchive& archive, const std::function<bool(const std::string& name)>& wanted) {
  const Pickle& pickle = archive.pickle;
  const PickleValue& root = pickle.values[pickle.root];
  if (root.kind != Kind::kDict || root.items.size() / 2 > kMaxTensors) {
    return absl::InvalidArgumentError(
        absl::StrCat("the file does not contain a state_dict of at most ", kMaxTensors, " tensors"));
  }
  std::map<std::string, TensorView> views;
  int64_t remaining = kMaxElements;
  for (size_t i = 0; i + 1 < root.items.size(); i += 2) {
    const PickleValue* name = pickle.Item(root, i, Kind::kText);
    if (name == nullptr || name->text.size() > kMaxNameBytes) {
      return Broken(absl::StrCat("a tensor's name is not a text of at most ", kMaxNameBytes, " bytes"));
    }
    if (wanted && !wanted(name->text)) continue;
    const std::string context = "tensor " + Printable(name->text);
    absl::StatusOr<TensorView> view = TensorOf(pickle, pickle.values[root.items[i + 1]]);
    if (!view.ok()) return AddContext(view.status(), context);
    if (c10::isIntegralType(view->storage.dtype, /*includeBool=*/true)) continue;
    RETURN_IF_ERROR(AddContext(Locate(archive, &*view), context));
    // Copying allocates the span, and then an element for each value, including those that a stride of 0
    // repeats.
    remaining -= std::max(view->span, c10::multiply_integers(view->sizes));
    if (remaining < 0) return Broken(absl::StrCat("the tensors have more than ", kMaxElements, " elements"));
    if (!views.emplace(name->text, *std::move(view)).second) return Broken(context + " occurs twice");
  }
  return views;
}

}  // namespace

absl::StatusOr<TensorMap> ParseTorchFile(std::string_view bytes,
                                         const std::function<bool(const std::string& name)>& wanted) {
  ASSIGN_OR_RETURN(const TorchArchive archive, ParseTorchArchive(bytes));
  ASSIGN_OR_RETURN(const auto views, FindTensors(archive, wanted));
  TensorMap tensors;
  for (const auto& [name, view] : views) tensors.emplace(name, CopyTensor(view));
  return tensors;
}

}  // namespace newsgenre
