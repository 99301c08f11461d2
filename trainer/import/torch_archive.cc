#include "trainer/import/torch_archive.h"

#include <algorithm>

#include "absl/status/status.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "trainer/import/zip_file.h"

namespace newsgenre {
namespace {

using Kind = PickleValue::Kind;

constexpr std::string_view kZipMagic = "PK\x03\x04";
// The first pickle of the older format: PROTO 2, the integer 0x1950a86a20f9469cfc6c, STOP.
constexpr std::string_view kLegacyMagic = "\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.";
constexpr int64_t kLegacyProtocol = 1001;
constexpr int kMaxVersion = 10;  // torch's kMaxSupportedFileFormatVersion

absl::Status Broken(const std::string& what) { return absl::DataLossError(what); }

absl::Status Unreadable(const std::string& why) {
  return absl::InvalidArgumentError(
      absl::StrCat(why, "; torch.save(torch.load(FILE), OTHER) in Python writes a supported file"));
}

const std::map<std::string, c10::ScalarType>& StorageTypes() {
  static const auto* const types = new std::map<std::string, c10::ScalarType>{
      {"torch.FloatStorage", c10::kFloat},   {"torch.HalfStorage", c10::kHalf},
      {"torch.DoubleStorage", c10::kDouble}, {"torch.BFloat16Storage", c10::kBFloat16},
      {"torch.LongStorage", c10::kLong},     {"torch.IntStorage", c10::kInt},
      {"torch.ShortStorage", c10::kShort},   {"torch.CharStorage", c10::kChar},
      {"torch.ByteStorage", c10::kByte},     {"torch.BoolStorage", c10::kBool}};
  return *types;
}

absl::StatusOr<Pickle> ParseStatePickle(std::string_view bytes) {
  return ParsePickle(bytes, [](const std::string& name) {
    return name == kRebuildTensor || name == kRebuildParameter || StorageTypes().count(name) > 0;
  });
}

absl::Status CheckByteOrder(bool little_endian) {
  if (little_endian) return absl::OkStatus();
  return absl::FailedPreconditionError("the file was written by a big-endian machine");
}

// The archive has one folder with data.pkl, data/KEY, version and, since torch 2.1, byteorder.
absl::StatusOr<TorchArchive> ParseZipFormat(std::string_view bytes) {
  const std::string kPickleName = "/data.pkl";
  const auto zip = ParseStoredZip(bytes);
  if (absl::IsInvalidArgument(zip.status())) return Unreadable(std::string(zip.status().message()));
  if (!zip.ok()) return zip.status();
  const auto& entries = *zip;
  const auto pickle = std::find_if(entries.begin(), entries.end(), [&](const auto& entry) {
    return absl::EndsWith(entry.first, kPickleName);
  });
  if (pickle == entries.end()) return Broken("the zip archive has no data.pkl");
  const std::string folder = pickle->first.substr(0, pickle->first.size() - kPickleName.size());

  const auto version = entries.find(folder + "/version");
  int number = 0;
  if (version == entries.end() || !absl::SimpleAtoi(std::string(version->second), &number) || number < 1 ||
      number > kMaxVersion) {
    return absl::FailedPreconditionError(absl::StrCat("the zip archive's version is not 1 to ", kMaxVersion));
  }
  const auto order = entries.find(folder + "/byteorder");
  RETURN_IF_ERROR(CheckByteOrder(order == entries.end() || order->second == "little"));

  TorchArchive archive;
  ASSIGN_OR_RETURN(archive.pickle, ParseStatePickle(pickle->second));
  const std::string data = folder + "/data/";
  for (const auto& [name, contents] : entries) {
    if (absl::StartsWith(name, data)) archive.storages[name.substr(data.size())] = contents;
  }
  return archive;
}

absl::StatusOr<Pickle> NextPickle(std::string_view* bytes) {
  ASSIGN_OR_RETURN(Pickle pickle, ParseStatePickle(*bytes));
  bytes->remove_prefix(pickle.bytes);
  return pickle;
}

// Returns whether the pickle is {"little_endian": True, …}.
bool SaysLittleEndian(const Pickle& system) {
  const PickleValue& dict = system.values[system.root];
  for (size_t i = 0; i + 1 < dict.items.size(); i += 2) {
    if (system.values[dict.items[i]].text != "little_endian") continue;
    const PickleValue* value = system.Item(dict, i + 1, Kind::kBool);
    return value != nullptr && value->integer == 1;
  }
  return false;
}

// Removes a storage from the beginning of `bytes`: the number of elements (8 bytes), then the elements.
absl::StatusOr<std::string_view> NextStorage(const TorchStorage& storage, std::string_view* bytes) {
  constexpr size_t kCountBytes = 8;
  uint64_t count = 0;
  for (size_t i = 0; i < std::min(kCountBytes, bytes->size()); ++i) {
    count |= uint64_t{static_cast<unsigned char>((*bytes)[i])} << (8 * i);
  }
  bytes->remove_prefix(std::min(kCountBytes, bytes->size()));
  const uint64_t element_bytes = c10::elementSize(storage.dtype);
  if (count != static_cast<uint64_t>(storage.elements) || count > bytes->size() / element_bytes) {
    return Broken(absl::StrCat("storage ", absl::CHexEscape(storage.key), " has ", count, " elements, not ",
                               storage.elements, ", or the file is truncated"));
  }
  const std::string_view contents = bytes->substr(0, count * element_bytes);
  bytes->remove_prefix(contents.size());
  return contents;
}

// The file has five pickles, which are the magic number, the protocol, facts about the machine, the
// state_dict and the keys of the storages, and then the storages.
absl::StatusOr<TorchArchive> ParseLegacyFormat(std::string_view bytes) {
  bytes.remove_prefix(kLegacyMagic.size());
  ASSIGN_OR_RETURN(const Pickle protocol, NextPickle(&bytes));
  if (protocol.values[protocol.root].integer != kLegacyProtocol) {
    return absl::FailedPreconditionError(absl::StrCat("the file's protocol is not ", kLegacyProtocol));
  }
  ASSIGN_OR_RETURN(const Pickle system, NextPickle(&bytes));
  RETURN_IF_ERROR(CheckByteOrder(SaysLittleEndian(system)));
  TorchArchive archive;
  ASSIGN_OR_RETURN(archive.pickle, NextPickle(&bytes));
  std::map<std::string, TorchStorage> described;
  for (const PickleValue& value : archive.pickle.values) {
    if (value.kind != Kind::kPersistent) continue;
    ASSIGN_OR_RETURN(TorchStorage storage, StorageOf(archive.pickle, value));
    described[storage.key] = storage;
  }
  ASSIGN_OR_RETURN(const Pickle keys, NextPickle(&bytes));
  for (const size_t item : keys.values[keys.root].items) {
    const auto storage = described.find(keys.values[item].text);
    if (storage == described.end()) return Broken("the file has a storage that its pickle does not describe");
    ASSIGN_OR_RETURN(archive.storages[storage->first], NextStorage(storage->second, &bytes));
  }
  return archive;
}

}  // namespace

absl::StatusOr<TorchStorage> StorageOf(const Pickle& pickle, const PickleValue& value) {
  // ("storage", torch.FloatStorage, key, device, elements). The older format adds a sixth item for storages
  // that are views of other storages. torch writes None there.
  const PickleValue* id = pickle.Item(value, 0, Kind::kTuple);
  if (id == nullptr) return Broken("a storage's description is not a tuple");
  const PickleValue* type = pickle.Item(*id, 1, Kind::kGlobal);
  const PickleValue* key = pickle.Item(*id, 2, Kind::kText);
  const PickleValue* elements = pickle.Item(*id, 4, Kind::kInteger);
  const bool is_whole = id->items.size() == 5 || pickle.Item(*id, 5, Kind::kNone) != nullptr;
  if (type == nullptr || key == nullptr || elements == nullptr || !is_whole) {
    return Broken("a storage's description is not what torch writes");
  }
  const auto dtype = StorageTypes().find(type->text);
  if (dtype == StorageTypes().end()) return Broken(type->text + " is not a storage type");
  return TorchStorage{key->text, dtype->second, elements->integer};
}

absl::StatusOr<TorchArchive> ParseTorchArchive(std::string_view bytes) {
  if (bytes.substr(0, kZipMagic.size()) == kZipMagic) return ParseZipFormat(bytes);
  if (bytes.substr(0, kLegacyMagic.size()) == kLegacyMagic) return ParseLegacyFormat(bytes);
  return Unreadable("not a file that torch.save writes");
}

}  // namespace newsgenre
