// Builds pickles and zip archives, including invalid ones that torch would not write.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/base/crc32.h"

namespace newsgenre {

// Returns a little-endian number.
inline std::string Number(uint64_t number, size_t size) {
  std::string bytes;
  for (size_t i = 0; i < size; ++i, number >>= 8) bytes += static_cast<char>(number & 0xff);
  return bytes;
}

// Returns a zip archive. With `zip64`, sizes and offsets are in the extra fields.
inline std::string Zip(const std::vector<std::pair<std::string, std::string>>& entries, bool zip64 = false) {
  const std::string zeros = Number(0, 2), full(4, '\xff');
  std::string bytes, directory;
  for (const auto& [name, contents] : entries) {
    const std::string size = Number(contents.size(), 8), at = Number(bytes.size(), 8);
    std::string extra, sizes = absl::StrCat(size.substr(0, 4), size.substr(0, 4));
    if (zip64) {  // after an extra field of another type
      extra = absl::StrCat(Number(0x7777, 2), Number(1, 2), "x", Number(1, 2), Number(24, 2), size, size, at);
      sizes = absl::StrCat(full, full);
    }
    const std::string common =
        absl::StrCat(zeros, zeros, zeros, zeros, Number(Crc32(contents, Crc32Polynomial::kZip), 4), sizes,
                     Number(name.size(), 2), Number(extra.size(), 2));
    absl::StrAppend(&directory, "PK\x01\x02", zeros, zeros, common, zeros, zeros, zeros, zeros, zeros);
    absl::StrAppend(&directory, zip64 ? full : at.substr(0, 4), name, extra);
    absl::StrAppend(&bytes, "PK\x03\x04", zeros, common, name, extra, contents);
  }
  const std::string at = Number(bytes.size(), 8), size = Number(directory.size(), 8);
  const std::string count = Number(entries.size(), 8), at64 = Number(bytes.size() + directory.size(), 8);
  bytes += directory;
  if (zip64) {
    absl::StrAppend(&bytes, "PK\x06\x06", Number(44, 8), Number(0, 12), count, count, size, at);
    absl::StrAppend(&bytes, "PK\x06\x07", Number(0, 4), at64, Number(1, 4));
  }
  absl::StrAppend(&bytes, "PK\x05\x06", zeros, zeros, count.substr(0, 2), count.substr(0, 2));
  return absl::StrCat(bytes, size.substr(0, 4), at.substr(0, 4), zeros);
}

inline std::string Text(const std::string& text) { return "X" + Number(text.size(), 4) + text; }
inline std::string Global(const std::string& module, const std::string& name) {
  return "c" + module + "\n" + name + "\n";
}
inline std::string Integer(int64_t value) { return "\x8a\x08" + Number(static_cast<uint64_t>(value), 8); }
inline std::string Tuple(const std::vector<std::string>& items) {
  std::string bytes = "(";
  for (const std::string& item : items) bytes += item;
  return bytes + "t";
}
inline std::string IntegerTuple(const std::vector<int64_t>& values) {
  std::vector<std::string> items;
  items.reserve(values.size());
  for (const int64_t value : values) items.push_back(Integer(value));
  return Tuple(items);
}
inline std::string Dict(const std::vector<std::pair<std::string, std::string>>& items) {
  std::string bytes = "}(";
  for (const auto& [key, value] : items) bytes += Text(key) + value;
  return bytes + "u";
}
inline std::string PickleBytes(const std::string& value) { return "\x80\x02" + value + "."; }

inline std::string StorageBytes(const std::string& type, const std::string& key, int64_t elements) {
  return Tuple({Text("storage"), Global("torch", type), Text(key), Text("cpu"), Integer(elements)}) + "Q";
}
inline std::string TensorBytes(const std::string& storage, int64_t offset, const std::vector<int64_t>& sizes,
                               const std::vector<int64_t>& strides) {
  return Global("torch._utils", "_rebuild_tensor_v2") +
         Tuple({storage, Integer(offset), IntegerTuple(sizes), IntegerTuple(strides), "\x89",
                Global("collections", "OrderedDict") + ")R"}) +
         "R";
}

}  // namespace newsgenre
