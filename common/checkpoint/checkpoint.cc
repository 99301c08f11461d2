#include "common/checkpoint/checkpoint.h"

#include <algorithm>
#include <filesystem>
#include <functional>
#include <map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/file.h"
#include "common/base/json_log.h"
#include "common/base/status_macros.h"
#include "common/checkpoint/checkpoint_parts.h"
#include "common/checkpoint/manifest.h"
#include "common/checkpoint/safetensors.h"
#include "common/device/device.h"

namespace newsgenre {
namespace {

namespace fs = std::filesystem;

constexpr char kCurrentFile[] = "CURRENT";
constexpr char kClassifierWeight[] = "classifier.weight";
constexpr const char* kPoolerTensors[] = {"albert.pooler.weight", "albert.pooler.bias"};
constexpr const char* kClassifierTensors[] = {kClassifierWeight, "classifier.bias"};

bool Exists(const std::string& path) {
  std::error_code ignored;
  return fs::exists(path, ignored);
}

bool IsFolder(const std::string& path) {
  std::error_code ignored;
  return fs::is_directory(path, ignored);
}

// Drops an encoder's pooler if the head is cls, which does not use it.
void DropUnusedTensors(Head head, TensorMap* tensors) {
  if (head != Head::kCls) return;
  for (const char* name : kPoolerTensors) tensors->erase(name);
}

absl::Status CheckClassifier(int labels, const TensorMap& tensors) {
  const auto weight = tensors.find(kClassifierWeight);
  if (weight == tensors.end()) {
    return absl::FailedPreconditionError(absl::StrCat("it has no classifier (", kClassifierWeight,
                                                      "); training can start from it, but it "
                                                      "can't predict labels"));
  }
  if (weight->second.dim() == 0 || weight->second.size(0) == labels) {
    return absl::OkStatus();  // Albert::FromTensors checks the rest
  }
  return absl::FailedPreconditionError("there are " + std::to_string(labels) + " labels, but " +
                                       kClassifierWeight + " has " + std::to_string(weight->second.size(0)) +
                                       " rows");
}

absl::StatusOr<Checkpoint> LoadFolder(const std::string& folder) {
  ASSIGN_OR_RETURN(CheckpointParts parts, ReadCheckpointParts(folder));
  absl::StatusOr<Checkpoint> checkpoint = MakeCheckpoint(std::move(parts));
  if (!checkpoint.ok()) return AddContext(checkpoint.status(), kTensorFile);
  return checkpoint;
}

bool SameHead(const CheckpointParts& parts, Head head, const std::vector<std::string>& labels) {
  return parts.manifest.head() == HeadName(head) &&
         std::equal(labels.begin(), labels.end(), parts.manifest.labels().begin(),
                    parts.manifest.labels().end());
}

absl::StatusOr<Checkpoint> LoadFolderForTraining(const std::string& folder, Head head,
                                                 const std::vector<std::string>& labels, uint64_t seed) {
  ASSIGN_OR_RETURN(CheckpointParts parts, ReadCheckpointParts(folder));
  const int label_count = static_cast<int>(labels.size());
  DropUnusedTensors(head, &parts.tensors);
  const bool has_classifier = parts.tensors.count(kClassifierWeight) > 0;
  if (!has_classifier || !SameHead(parts, head, labels)) {
    Log(Severity::kInfo, "the classification head is drawn anew",
        {{"folder", folder},
         {"reason", has_classifier ? "its labels or its kind differ" : "the folder has none"}});
    for (const char* name : kClassifierTensors) parts.tensors.erase(name);
    const TensorMap drawn = Albert::Random(parts.config, head, label_count, seed).parameters();
    for (const char* name : kClassifierTensors) parts.tensors[name] = drawn.at(name);
    if (head == Head::kPooler) {
      // insert keeps a pretrained pooler.
      for (const char* name : kPoolerTensors) parts.tensors.insert({name, drawn.at(name)});
    }
  }
  absl::StatusOr<Albert> model =
      Albert::FromTensors(parts.config, head, label_count, std::move(parts.tensors));
  if (!model.ok()) return AddContext(model.status(), kTensorFile);

  v1::Manifest manifest;
  manifest.mutable_labels()->Add(labels.begin(), labels.end());
  manifest.set_head(std::string(HeadName(head)));
  return Checkpoint{*std::move(model),
                    TextEncoder(std::move(parts.tokenizer), kLatestCleaning, parts.manifest.max_tokens()),
                    std::move(manifest)};
}

// Returns load(folder) for the checkpoint folder of `path`. Errors name the folder. Converts torch's
// exceptions to errors.
absl::StatusOr<Checkpoint> LoadFrom(
    const std::string& path,
    const std::function<absl::StatusOr<Checkpoint>(const std::string& folder)>& load) {
  ASSIGN_OR_RETURN(const std::string folder, ResolveModelDir(path));
  absl::StatusOr<Checkpoint> checkpoint = CatchTorchIn([&] { return load(folder); });
  if (!checkpoint.ok()) return AddContext(checkpoint.status(), folder);
  return checkpoint;
}

// Returns the bytes of a tensor file. The tensors can be on any device.
absl::StatusOr<std::string> TensorFileBytes(const TensorMap& tensors) {
  std::string bytes;
  RETURN_IF_ERROR(CatchTorch([&] {
    Safetensors file;
    for (const auto& [name, tensor] : tensors) {
      file.tensors[name] = tensor.detach().to(at::kCPU, at::kFloat).contiguous();
    }
    file.metadata = {{"format", "pt"}, {kManifestMark, kManifestFile}};
    bytes = SerializeSafetensors(file);
    return absl::OkStatus();
  }));
  return bytes;
}

}  // namespace

absl::StatusOr<std::string> ResolveModelDir(const std::string& path) {
  if (!IsFolder(path)) return absl::NotFoundError(path + " is not a folder");
  constexpr int64_t kMaxBytes = 1024;
  absl::StatusOr<std::string> name = ReadFile(path + "/" + kCurrentFile, kMaxBytes);
  if (absl::IsNotFound(name.status())) {
    if (Exists(path + "/" + kManifestFile) || Exists(path + "/" + kConfigFile)) return path;
    return absl::NotFoundError(path +
                               " holds no model: it has neither CURRENT nor manifest.json nor config.json");
  }
  if (!name.ok()) return name.status();
  while (!name->empty() && name->back() == '\n') name->pop_back();
  const std::string statement = path + "/" + kCurrentFile + " names \"" + *name + "\"";
  if (!IsReleaseName(*name)) return absl::DataLossError(statement + ", which is not a valid release name");
  if (!IsFolder(path + "/" + *name))
    return absl::DataLossError(statement + ", but this release does not exist");
  return path + "/" + *name;
}

absl::StatusOr<Checkpoint> LoadCheckpoint(const std::string& path) { return LoadFrom(path, LoadFolder); }

absl::StatusOr<Checkpoint> MakeCheckpoint(CheckpointParts parts) {
  ASSIGN_OR_RETURN(const Head head, ParseHead(parts.manifest.head()));
  const int labels = parts.manifest.labels_size();
  DropUnusedTensors(head, &parts.tensors);
  RETURN_IF_ERROR(CheckClassifier(labels, parts.tensors));
  ASSIGN_OR_RETURN(Albert model, Albert::FromTensors(parts.config, head, labels, std::move(parts.tensors)));
  TextEncoder encoder(std::move(parts.tokenizer),
                      static_cast<CleaningVersion>(parts.manifest.cleaning_version()),
                      parts.manifest.max_tokens());
  return Checkpoint{std::move(model), std::move(encoder), std::move(parts.manifest)};
}

absl::StatusOr<Checkpoint> LoadForTraining(const std::string& path, Head head,
                                           const std::vector<std::string>& labels, uint64_t seed) {
  return LoadFrom(
      path, [&](const std::string& folder) { return LoadFolderForTraining(folder, head, labels, seed); });
}

absl::Status WriteCheckpoint(const std::string& folder, const Checkpoint& checkpoint) {
  const Albert& model = checkpoint.model;
  v1::Manifest manifest = checkpoint.manifest;
  manifest.set_format_version(kManifestFormatVersion);
  manifest.set_head(std::string(HeadName(model.head())));
  manifest.set_cleaning_version(static_cast<int>(checkpoint.encoder.cleaning()));
  manifest.set_max_tokens(checkpoint.encoder.max_tokens());
  RETURN_IF_ERROR(CheckManifest(manifest, model.config()));
  RETURN_IF_ERROR(CheckClassifier(manifest.labels_size(), model.parameters()));

  const std::vector<std::string> labels(manifest.labels().begin(), manifest.labels().end());
  std::map<std::string, std::string> files;
  files[kConfigFile] = AlbertConfigJson(model.config(), model.head(), labels);
  ASSIGN_OR_RETURN(files[kTensorFile], TensorFileBytes(model.parameters()));
  files[kVocabularyFile] = checkpoint.encoder.tokenizer().model_bytes();
  files[kTokenizerFile] = TokenizerConfigJson(checkpoint.encoder.max_tokens());
  manifest.clear_files();
  for (const auto& [name, bytes] : files) {
    v1::FileEntry* entry = manifest.add_files();
    entry->set_name(name);
    entry->set_sha256(Sha256(bytes));
    RETURN_IF_ERROR(WriteFileAtomic(absl::StrCat(folder, "/", name), bytes));
  }
  return WriteFileAtomic(folder + "/" + kManifestFile, ManifestJson(manifest));
}

absl::StatusOr<std::string> PublishCheckpoint(const std::string& model_dir, const Checkpoint& checkpoint) {
  const std::string& version = checkpoint.manifest.version();
  if (!IsReleaseName(version)) {
    return absl::InvalidArgumentError(
        "version \"" + version +
        "\" is not a valid release name: 1 to 100 of A-Z a-z 0-9 . _ -, the first a "
        "letter or digit, and not CURRENT");
  }
  const std::string release = model_dir + "/" + version;
  RETURN_IF_ERROR(PublishFolder(release, [&](const std::string& folder) -> absl::Status {
    RETURN_IF_ERROR(WriteCheckpoint(folder, checkpoint));
    return LoadCheckpoint(folder).status();
  }));
  RETURN_IF_ERROR(SetCurrent(model_dir, version));
  return release;
}

absl::Status SetCurrent(const std::string& model_dir, const std::string& version) {
  return WriteFileAtomic(model_dir + "/" + kCurrentFile, version + "\n");
}

}  // namespace newsgenre
