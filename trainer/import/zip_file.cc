#include "trainer/import/zip_file.h"

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "common/base/crc32.h"
#include "common/base/printable.h"
#include "common/base/status_macros.h"

namespace newsgenre {
namespace {

using ZipEntries = std::map<std::string, std::string_view>;

// The signatures of the format's records, and the sizes of their fixed parts.
constexpr uint64_t kLocalSignature = 0x04034b50, kLocalBytes = 30;
constexpr uint64_t kEntrySignature = 0x02014b50, kEntryBytes = 46;
constexpr uint64_t kEndSignature = 0x06054b50, kEndBytes = 22;
constexpr uint64_t kLocator64Signature = 0x07064b50, kLocator64Bytes = 20;
constexpr uint64_t kEnd64Signature = 0x06064b50, kEnd64Bytes = 56;
constexpr uint64_t kZip64Extra = 0x0001, kExtraHeaderBytes = 4;
constexpr uint64_t kUseZip64 = 0xffffffff;  // a 32-bit field with this value refers to the zip64 extra
constexpr uint64_t kEncrypted = 1, kStored = 0;

absl::Status Broken(const std::string& what) { return absl::DataLossError("broken zip archive: " + what); }

// Reads a little-endian number. The bytes must exist.
uint64_t Number(std::string_view bytes, uint64_t at, uint64_t size) {
  uint64_t number = 0;
  for (uint64_t i = 0; i < size; ++i) {
    number |= uint64_t{static_cast<unsigned char>(bytes[at + i])} << (8 * i);
  }
  return number;
}

// Returns the record of `size` bytes at offset `at`, or "" if it is outside the file or has another
// signature.
std::string_view Record(std::string_view bytes, uint64_t at, uint64_t size, uint64_t signature) {
  if (at > bytes.size() || size > bytes.size() - at || Number(bytes, at, 4) != signature) return {};
  return bytes.substr(at, size);
}

struct ZipDirectory {
  uint64_t at = 0, size = 0, entries = 0;
};

absl::StatusOr<ZipDirectory> FindDirectory(std::string_view bytes) {
  const uint64_t end_at = bytes.size() - kEndBytes;  // underflows in a shorter file; Record then returns ""
  const std::string_view end = Record(bytes, end_at, kEndBytes, kEndSignature);
  if (end.empty()) return Broken("its last record is not at the end of the file, which may be truncated");
  const std::string_view locator =
      Record(bytes, end_at - kLocator64Bytes, kLocator64Bytes, kLocator64Signature);
  if (locator.empty()) return ZipDirectory{Number(end, 16, 4), Number(end, 12, 4), Number(end, 10, 2)};
  const std::string_view end64 = Record(bytes, Number(locator, 8, 8), kEnd64Bytes, kEnd64Signature);
  if (end64.empty()) return Broken("its zip64 record is not where the file says");
  return ZipDirectory{Number(end64, 48, 8), Number(end64, 40, 8), Number(end64, 32, 8)};
}

struct ZipEntry {
  std::string name;
  uint64_t flags = 0, method = 0, crc = 0;
  uint64_t stored_size = 0, size = 0, local_at = 0;
  std::string_view contents;
};

std::string Name(const ZipEntry& entry) { return "entry " + Printable(entry.name); }

// The zip64 extra has, in this order, the values whose 32-bit fields are kUseZip64.
absl::Status ReadZip64(std::string_view extra, ZipEntry* entry) {
  while (extra.size() >= kExtraHeaderBytes) {
    const uint64_t id = Number(extra, 0, 2);
    std::string_view values = extra.substr(kExtraHeaderBytes, Number(extra, 2, 2));
    extra.remove_prefix(kExtraHeaderBytes + values.size());
    if (id != kZip64Extra) continue;
    for (uint64_t* value : {&entry->size, &entry->stored_size, &entry->local_at}) {
      if (*value != kUseZip64) continue;
      if (values.size() < 8) return Broken(Name(*entry) + " has a short zip64 extra");
      *value = Number(values, 0, 8);
      values.remove_prefix(8);
    }
  }
  return absl::OkStatus();
}

// Removes the first entry from the directory.
absl::StatusOr<ZipEntry> NextEntry(std::string_view* directory) {
  const std::string_view fixed = Record(*directory, 0, kEntryBytes, kEntrySignature);
  if (fixed.empty()) return Broken("its directory is truncated");
  const uint64_t name_bytes = Number(fixed, 28, 2), extra_bytes = Number(fixed, 30, 2);
  const uint64_t bytes = kEntryBytes + name_bytes + extra_bytes + Number(fixed, 32, 2);
  if (bytes > directory->size()) return Broken("its directory is truncated");
  ZipEntry entry;
  entry.name = std::string(directory->substr(kEntryBytes, name_bytes));
  entry.flags = Number(fixed, 8, 2);
  entry.method = Number(fixed, 10, 2);
  entry.crc = Number(fixed, 16, 4);
  entry.stored_size = Number(fixed, 20, 4);
  entry.size = Number(fixed, 24, 4);
  entry.local_at = Number(fixed, 42, 4);
  RETURN_IF_ERROR(ReadZip64(directory->substr(kEntryBytes + name_bytes, extra_bytes), &entry));
  directory->remove_prefix(bytes);
  return entry;
}

absl::StatusOr<std::string_view> Contents(std::string_view bytes, const ZipEntry& entry) {
  if (entry.method != kStored || (entry.flags & kEncrypted) != 0 || entry.size != entry.stored_size) {
    return absl::InvalidArgumentError(Name(entry) + " of the zip archive is compressed or encrypted");
  }
  const std::string_view local = Record(bytes, entry.local_at, kLocalBytes, kLocalSignature);
  if (local.empty()) return Broken(Name(entry) + " is not where the directory says");
  const uint64_t at = entry.local_at + kLocalBytes + Number(local, 26, 2) + Number(local, 28, 2);
  if (at > bytes.size() || entry.size > bytes.size() - at)
    return Broken(Name(entry) + " ends outside the file");
  return bytes.substr(at, entry.size);
}

// Returns the entries in the order of their offsets in the file.
absl::StatusOr<std::vector<ZipEntry>> ReadDirectory(std::string_view bytes, const ZipDirectory& location) {
  if (location.at > bytes.size() || location.size > bytes.size() - location.at) {
    return Broken("its directory is outside the file");
  }
  std::string_view directory = bytes.substr(location.at, location.size);
  std::vector<ZipEntry> entries;
  for (uint64_t i = 0; i < location.entries; ++i) {
    ASSIGN_OR_RETURN(ZipEntry entry, NextEntry(&directory));
    ASSIGN_OR_RETURN(entry.contents, Contents(bytes, entry));
    entries.push_back(std::move(entry));
  }
  std::sort(entries.begin(), entries.end(),
            [](const ZipEntry& a, const ZipEntry& b) { return a.local_at < b.local_at; });
  uint64_t end = 0;  // of the previous entry
  for (const ZipEntry& entry : entries) {
    if (entry.local_at < end) return Broken(Name(entry) + " overlaps another");
    end = static_cast<uint64_t>(entry.contents.data() - bytes.data()) + entry.size;
  }
  return entries;
}

}  // namespace

absl::StatusOr<ZipEntries> ParseStoredZip(std::string_view bytes) {
  ASSIGN_OR_RETURN(const ZipDirectory location, FindDirectory(bytes));
  ASSIGN_OR_RETURN(const std::vector<ZipEntry> directory, ReadDirectory(bytes, location));
  ZipEntries entries;
  for (const ZipEntry& entry : directory) {
    if (const uint32_t crc = Crc32(entry.contents, Crc32Polynomial::kZip); crc != entry.crc) {
      return Broken(
          absl::StrCat(Name(entry), " has CRC-32 ", absl::Hex(crc), ", not ", absl::Hex(entry.crc)));
    }
    if (!entries.emplace(entry.name, entry.contents).second) return Broken(Name(entry) + " occurs twice");
  }
  return entries;
}

}  // namespace newsgenre
