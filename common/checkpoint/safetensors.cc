#include "common/checkpoint/safetensors.h"

#include <ATen/ops/empty.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <utility>
#include <vector>

#include "common/base/json_object.h"
#include "common/base/printable.h"
#include "common/base/status_macros.h"

namespace newsgenre {
namespace {

using nlohmann::json;

constexpr size_t kLengthBytes = 8;
constexpr size_t kMaxHeaderBytes = size_t{1} << 20;  // ALBERT's header has 3 KB
constexpr size_t kMaxDimensions = 8;
constexpr char kMetadata[] = "__metadata__";

// The header's entry for one tensor.
struct Entry {
  std::string name;
  std::string dtype;
  std::vector<int64_t> shape;
  uint64_t begin = 0;
  uint64_t end = 0;
};

absl::Status Broken(const std::string& what) { return absl::DataLossError(what); }

// Returns the size of a value, or 0 if the dtype is unknown.
uint64_t BytesOfDtype(const std::string& dtype) {
  static const std::map<std::string, uint64_t> sizes = {
      {"BOOL", 1}, {"U8", 1},  {"I8", 1},  {"F8_E5M2", 1}, {"F8_E4M3", 1}, {"I16", 2}, {"U16", 2}, {"F16", 2},
      {"BF16", 2}, {"I32", 4}, {"U32", 4}, {"F32", 4},     {"I64", 8},     {"U64", 8}, {"F64", 8}};
  const auto found = sizes.find(dtype);
  return found == sizes.end() ? 0 : found->second;
}

absl::StatusOr<std::map<std::string, std::string>> ParseMetadata(const json& value) {
  if (!value.is_object()) return Broken("__metadata__ is not an object");
  std::map<std::string, std::string> metadata;
  for (const auto& [key, text] : value.items()) {
    if (!text.is_string()) return Broken("__metadata__ " + Printable(key) + " is not a string");
    metadata[key] = text.get<std::string>();
  }
  return metadata;
}

// Reads the shape into `entry` and checks that it takes exactly the bytes from begin to end. No partial
// product exceeds the number of bytes in the file, so none overflows.
absl::Status ParseShape(const json& shape, uint64_t data_bytes, Entry* entry) {
  const auto is_size = [](const json& size) { return size.is_number_unsigned() && size.get<uint64_t>() > 0; };
  if (!shape.is_array() || shape.size() > kMaxDimensions ||
      !std::all_of(shape.begin(), shape.end(), is_size)) {
    return Broken("the shape is not an array of at most " + std::to_string(kMaxDimensions) +
                  " positive integers");
  }
  uint64_t bytes = BytesOfDtype(entry->dtype);
  for (const json& size : shape) {
    if (size.get<uint64_t>() > data_bytes / bytes) {
      return Broken("the shape " + shape.dump() + " takes more than the file's " +
                    std::to_string(data_bytes) + " bytes of data");
    }
    bytes *= size.get<uint64_t>();
    entry->shape.push_back(static_cast<int64_t>(size.get<uint64_t>()));
  }
  if (entry->end - entry->begin != bytes) {
    return Broken("the shape " + shape.dump() + " takes " + std::to_string(bytes) +
                  " bytes, the offsets give it " + std::to_string(entry->end - entry->begin));
  }
  return absl::OkStatus();
}

absl::StatusOr<Entry> ParseEntry(const std::string& name, const json& value, uint64_t data_bytes) {
  Entry entry;
  entry.name = name;
  if (!value.is_object() || !value.contains("dtype") || !value.contains("shape") ||
      !value.contains("data_offsets") || !value["dtype"].is_string()) {
    return Broken("not an object with dtype, shape and data_offsets");
  }
  entry.dtype = value["dtype"].get<std::string>();
  if (BytesOfDtype(entry.dtype) == 0)
    return absl::InvalidArgumentError("unknown dtype " + Printable(entry.dtype));

  const json& offsets = value["data_offsets"];
  if (!offsets.is_array() || offsets.size() != 2 || !offsets[0].is_number_unsigned() ||
      !offsets[1].is_number_unsigned()) {
    return Broken("data_offsets is not a pair of integers");
  }
  entry.begin = offsets[0].get<uint64_t>();
  entry.end = offsets[1].get<uint64_t>();
  if (entry.begin > entry.end || entry.end > data_bytes) {
    return Broken("data_offsets " + offsets.dump() + " are outside the file's " + std::to_string(data_bytes) +
                  " bytes of data");
  }
  RETURN_IF_ERROR(ParseShape(value["shape"], data_bytes, &entry));
  return entry;
}

// Checks that the tensors cover the data without gaps or overlaps.
absl::Status CheckLayout(std::vector<Entry> entries, uint64_t data_bytes) {
  std::sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) { return a.begin < b.begin; });
  uint64_t expected = 0;
  for (const Entry& entry : entries) {
    if (entry.begin != expected) {
      return Broken("tensor " + Printable(entry.name) +
                    (entry.begin < expected ? " overlaps another: it" : " leaves a gap: it") + " begins at " +
                    std::to_string(entry.begin) + ", the one before ends at " + std::to_string(expected));
    }
    expected = entry.end;
  }
  if (expected != data_bytes) {
    return Broken("the tensors end at " + std::to_string(expected) + ", the file has " +
                  std::to_string(data_bytes) + " bytes of data");
  }
  return absl::OkStatus();
}

absl::StatusOr<at::Tensor> CopyTensor(const Entry& entry, std::string_view data) {
  static const std::map<std::string, at::ScalarType> dtypes = {
      {"F32", at::kFloat}, {"F16", at::kHalf}, {"BF16", at::kBFloat16}};
  const auto dtype = dtypes.find(entry.dtype);
  if (dtype == dtypes.end()) {
    return absl::InvalidArgumentError("tensor " + Printable(entry.name) + " has dtype " + entry.dtype +
                                      "; F32, F16 and BF16 are read");
  }
  const at::Tensor tensor = at::empty(entry.shape, dtype->second);
  std::memcpy(tensor.data_ptr(), data.data() + entry.begin, entry.end - entry.begin);
  return tensor.to(at::kFloat);
}

}  // namespace

absl::StatusOr<Safetensors> ParseSafetensors(std::string_view bytes,
                                             const std::function<bool(const std::string& name)>& wanted) {
  if (bytes.size() < kLengthBytes) return Broken("the file is shorter than 8 bytes");
  uint64_t header_bytes = 0;
  for (size_t i = 0; i < kLengthBytes; ++i) {
    header_bytes |= uint64_t{static_cast<unsigned char>(bytes[i])} << (8 * i);
  }
  if (header_bytes > std::min(bytes.size() - kLengthBytes, kMaxHeaderBytes)) {
    return Broken("the header has " + std::to_string(header_bytes) + " bytes; the file has " +
                  std::to_string(bytes.size()) + ", the limit is " + std::to_string(kMaxHeaderBytes));
  }
  const absl::StatusOr<json> header = ParseJsonObject(bytes.substr(kLengthBytes, header_bytes));
  if (!header.ok()) return AddContext(header.status(), "the header");
  const std::string_view data = bytes.substr(kLengthBytes + header_bytes);

  Safetensors file;
  std::vector<Entry> entries;
  for (const auto& [name, value] : header->items()) {
    if (name == kMetadata) {
      ASSIGN_OR_RETURN(file.metadata, ParseMetadata(value));
      continue;
    }
    absl::StatusOr<Entry> entry = ParseEntry(name, value, data.size());
    if (!entry.ok()) return AddContext(entry.status(), "tensor " + Printable(name));
    entries.push_back(*std::move(entry));
  }
  RETURN_IF_ERROR(CheckLayout(entries, data.size()));
  for (const Entry& entry : entries) {
    if (wanted && !wanted(entry.name)) continue;
    ASSIGN_OR_RETURN(file.tensors[entry.name], CopyTensor(entry, data));
  }
  return file;
}

std::string SerializeSafetensors(const Safetensors& file) {
  nlohmann::ordered_json header;
  header[kMetadata] = file.metadata;
  uint64_t offset = 0;
  for (const auto& [name, tensor] : file.tensors) {
    const uint64_t end = offset + tensor.nbytes();
    header[name] = {{"dtype", "F32"}, {"shape", tensor.sizes().vec()}, {"data_offsets", {offset, end}}};
    offset = end;
  }
  std::string text = header.dump();
  text.append((kLengthBytes - text.size() % kLengthBytes) % kLengthBytes, ' ');

  std::string bytes;
  bytes.reserve(kLengthBytes + text.size() + offset);
  for (size_t i = 0; i < kLengthBytes; ++i) bytes += static_cast<char>(text.size() >> (8 * i) & 0xff);
  bytes += text;
  for (const auto& [name, tensor] : file.tensors) {
    bytes.append(static_cast<const char*>(tensor.data_ptr()), tensor.nbytes());
  }
  return bytes;
}

}  // namespace newsgenre
