#include "common/checkpoint/manifest.h"

#include <algorithm>
#include <set>

#include "common/base/status_macros.h"
#include "common/text/clean_text.h"
#include "google/protobuf/util/json_util.h"

namespace newsgenre {
namespace {

constexpr int kMinTokens = 3;  // [CLS], [SEP] and one more
constexpr size_t kMaxNameBytes = 100;

absl::Status CheckLabels(const v1::Manifest& manifest) {
  if (manifest.labels_size() < 2) {
    return absl::InvalidArgumentError("labels has " + std::to_string(manifest.labels_size()) +
                                      " names, not 2 or more");
  }
  std::set<std::string> seen;
  for (const std::string& label : manifest.labels()) {
    if (label.empty()) return absl::InvalidArgumentError("labels has an empty name");
    if (!seen.insert(label).second) return absl::InvalidArgumentError("labels has " + label + " twice");
  }
  return absl::OkStatus();
}

absl::Status CheckCanaries(const v1::Manifest& manifest) {
  for (int i = 0; i < manifest.canaries_size(); ++i) {
    const int probabilities = manifest.canaries(i).probabilities_size();
    if (probabilities == manifest.labels_size()) continue;
    return absl::FailedPreconditionError("canary " + std::to_string(i) + " has " +
                                         std::to_string(probabilities) + " probabilities for " +
                                         std::to_string(manifest.labels_size()) + " labels");
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<v1::Manifest> ParseManifest(const std::string& json) {
  v1::Manifest manifest;
  google::protobuf::util::JsonParseOptions options;
  options.ignore_unknown_fields = true;
  const auto status = google::protobuf::util::JsonStringToMessage(json, &manifest, options);
  if (!status.ok()) return absl::DataLossError("not a manifest in JSON: " + status.message().ToString());
  if (manifest.format_version() != kManifestFormatVersion) {
    return absl::FailedPreconditionError("format_version is " + std::to_string(manifest.format_version()) +
                                         "; this program reads " + std::to_string(kManifestFormatVersion));
  }
  return manifest;
}

std::string ManifestJson(const v1::Manifest& manifest) {
  google::protobuf::util::JsonPrintOptions options;
  options.add_whitespace = true;
  options.preserve_proto_field_names = true;
  options.always_print_primitive_fields = true;
  std::string json;
  // Fails only for types that Manifest does not use, such as Any and Duration.
  (void)google::protobuf::util::MessageToJsonString(manifest, &json, options);
  return json;
}

absl::Status CheckManifest(const v1::Manifest& manifest, const AlbertConfig& config) {
  RETURN_IF_ERROR(ParseHead(manifest.head()).status());
  RETURN_IF_ERROR(CheckLabels(manifest));
  if (manifest.cleaning_version() < 0 || manifest.cleaning_version() > static_cast<int>(kLatestCleaning)) {
    return absl::FailedPreconditionError(
        "cleaning_version is " + std::to_string(manifest.cleaning_version()) + "; this program knows 0 to " +
        std::to_string(static_cast<int>(kLatestCleaning)));
  }
  if (manifest.max_tokens() < kMinTokens || manifest.max_tokens() > config.max_position_embeddings) {
    return absl::FailedPreconditionError("max_tokens is " + std::to_string(manifest.max_tokens()) +
                                         ", not 3 to max_position_embeddings, " +
                                         std::to_string(config.max_position_embeddings));
  }
  return CheckCanaries(manifest);
}

bool IsReleaseName(std::string_view name) {
  const auto is_alphanumeric = [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
  };
  const auto is_allowed = [&](char c) { return is_alphanumeric(c) || c == '.' || c == '_' || c == '-'; };
  return !name.empty() && name.size() <= kMaxNameBytes && is_alphanumeric(name.front()) &&
         std::all_of(name.begin(), name.end(), is_allowed) && name != "CURRENT";
}

}  // namespace newsgenre
