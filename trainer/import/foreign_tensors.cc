#include "trainer/import/foreign_tensors.h"

#include <cstdint>
#include <filesystem>
#include <map>
#include <set>
#include <utility>

#include "absl/strings/match.h"
#include "common/base/file.h"
#include "common/base/json_object.h"
#include "common/base/printable.h"
#include "common/base/status_macros.h"
#include "common/checkpoint/checkpoint_parts.h"
#include "common/checkpoint/safetensors.h"
#include "trainer/import/torch_file.h"

namespace newsgenre {
namespace {

namespace fs = std::filesystem;

constexpr int64_t kMaxIndexBytes = int64_t{1} << 20;
constexpr char kSafetensorsSuffix[] = ".safetensors";
constexpr char kIndexSuffix[] = ".index.json";
constexpr const char* kFolderFiles[] = {"model.safetensors", "model.safetensors.index.json",
                                        "pytorch_model.bin", "pytorch_model.bin.index.json"};

using WeightMap = std::map<std::string, std::string>;  // file name by tensor name

std::string WithoutModule(const std::string& name) {
  return absl::StartsWith(name, "module.") ? name.substr(7) : name;
}

bool IsArticleName(const std::string& name) {
  return absl::StartsWith(name, "bert.") || absl::StartsWith(name, "linear.");
}

std::string HuggingFaceName(const std::string& name) {
  if (absl::StartsWith(name, "bert.")) return "al" + name;
  if (absl::StartsWith(name, "linear.")) return "classifier." + name.substr(7);
  return name;
}

bool IsDropped(const std::string& name) {
  return !IsWantedTensor(name) || absl::StartsWith(name, "bert.pooler.");
}

// Reads files of one folder, up to kMaxTensorBytes in all.
class TensorFileReader {
 public:
  explicit TensorFileReader(std::string folder) { result_.folder = std::move(folder); }

  // Returns the tensors under the names in the file.
  absl::StatusOr<TensorMap> Read(const std::string& name) {
    ASSIGN_OR_RETURN(const std::string bytes, ReadFile(Path(name), remaining_bytes_));
    remaining_bytes_ -= static_cast<int64_t>(bytes.size());
    result_.files.push_back(name);
    absl::StatusOr<TensorMap> tensors = Parse(name, bytes);
    if (!tensors.ok()) return AddContext(tensors.status(), Path(name));
    return tensors;
  }

  std::string Path(const std::string& name) const { return (fs::path(result_.folder) / name).string(); }

  // Returns `tensors` under the names of AlbertForSequenceClassification, and what was read.
  absl::StatusOr<ForeignTensors> Finish(const TensorMap& tensors) && {
    TensorMap renamed;
    for (const auto& [raw, tensor] : tensors) {
      const std::string name = WithoutModule(raw);
      result_.is_article = result_.is_article || IsArticleName(name);
      if (!renamed.emplace(HuggingFaceName(name), tensor).second) {
        return absl::FailedPreconditionError("tensor " + Printable(name) + " occurs under two names");
      }
    }
    ASSIGN_OR_RETURN(result_.tensors, CanonicalTensors(renamed));
    return std::move(result_);
  }

 private:
  absl::StatusOr<TensorMap> Parse(const std::string& name, const std::string& bytes) {
    const auto wanted = [this](const std::string& tensor) {
      if (!IsDropped(WithoutModule(tensor))) return true;
      result_.dropped.push_back(tensor);
      return false;
    };
    if (!absl::EndsWith(name, kSafetensorsSuffix)) return ParseTorchFile(bytes, wanted);
    ASSIGN_OR_RETURN(Safetensors file, ParseSafetensors(bytes, wanted));
    if (file.metadata.count(kManifestMark) > 0) {
      return absl::InvalidArgumentError("it belongs to a release of newsgenre, which needs no import");
    }
    return std::move(file.tensors);
  }

  ForeignTensors result_;
  int64_t remaining_bytes_ = kMaxTensorBytes;
};

absl::StatusOr<WeightMap> ParseIndex(const std::string& bytes) {
  ASSIGN_OR_RETURN(const nlohmann::json index, ParseJsonObject(bytes));
  if (!index.contains("weight_map") || !index["weight_map"].is_object()) {
    return absl::DataLossError("it has no object 'weight_map'");
  }
  WeightMap files;
  for (const auto& [tensor, file] : index["weight_map"].items()) {
    const std::string name = file.is_string() ? file.get<std::string>() : std::string(file.type_name());
    const bool is_plain = name.find('/') == std::string::npos && Printable(name) == name &&
                          (absl::EndsWith(name, kSafetensorsSuffix) || absl::EndsWith(name, ".bin"));
    if (!is_plain) {
      return absl::InvalidArgumentError("weight_map has " + Printable(name) + " for tensor " +
                                        Printable(tensor) +
                                        ", not the name of a .safetensors or .bin file in its folder");
    }
    files[tensor] = name;
  }
  return files;
}

// Reads all files of the index. Each must contain exactly the tensors that the index lists for it.
absl::StatusOr<TensorMap> ReadShards(const WeightMap& index, TensorFileReader* reader) {
  std::set<std::string> files;
  for (const auto& [tensor, file] : index) files.insert(file);
  TensorMap all;
  for (const std::string& file : files) {
    ASSIGN_OR_RETURN(TensorMap tensors, reader->Read(file));
    for (auto& [name, tensor] : tensors) {
      const auto listed = index.find(name);
      if (listed == index.end() || listed->second != file) {
        return absl::DataLossError("tensor " + Printable(name) + " is in " + reader->Path(file) +
                                   ", but the index does not list it there");
      }
      all[name] = std::move(tensor);
    }
  }
  for (const auto& [name, file] : index) {
    if (all.count(name) > 0 || IsDropped(WithoutModule(name))) continue;
    return absl::DataLossError("tensor " + Printable(name) + " is missing from " + reader->Path(file));
  }
  return all;
}

absl::StatusOr<std::string> FirstModelFile(const std::string& folder) {
  std::string names;
  for (const char* name : kFolderFiles) {
    std::error_code ignored;
    if (fs::exists(fs::path(folder) / name, ignored)) return std::string(name);
    names += (names.empty() ? "" : ", ") + std::string(name);
  }
  return absl::NotFoundError(folder + " has none of " + names);
}

}  // namespace

absl::StatusOr<ForeignTensors> ReadForeignTensors(const std::string& from) {
  std::error_code ignored;
  const bool is_folder = fs::is_directory(from, ignored);
  const std::string parent = fs::path(from).parent_path().string();
  TensorFileReader reader(is_folder ? from : parent.empty() ? "." : parent);
  std::string name = fs::path(from).filename().string();
  if (is_folder) {
    ASSIGN_OR_RETURN(name, FirstModelFile(from));
  }
  TensorMap tensors;
  if (absl::EndsWith(name, kIndexSuffix)) {
    ASSIGN_OR_RETURN(const std::string bytes, ReadFile(reader.Path(name), kMaxIndexBytes));
    const absl::StatusOr<WeightMap> index = ParseIndex(bytes);
    if (!index.ok()) return AddContext(index.status(), reader.Path(name));
    ASSIGN_OR_RETURN(tensors, ReadShards(*index, &reader));
  } else {
    ASSIGN_OR_RETURN(tensors, reader.Read(name));
  }
  absl::StatusOr<ForeignTensors> result = std::move(reader).Finish(tensors);
  if (!result.ok()) return AddContext(result.status(), from);
  return result;
}

}  // namespace newsgenre
