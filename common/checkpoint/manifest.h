// manifest.json: what a checkpoint says of itself, as newsgenre.v1.Manifest in protobuf's JSON form.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/model/albert_config.h"
#include "newsgenre/v1/manifest.pb.h"

namespace newsgenre {

inline constexpr int kManifestFormatVersion = 1;

// Fields that this program does not know are ignored. DATA_LOSS where it is no manifest, FAILED_PRECONDITION
// for another format version.
absl::StatusOr<v1::Manifest> ParseManifest(const std::string& json);

// With white space, for people.
std::string ManifestJson(const v1::Manifest& manifest);

// Whether the model that the manifest describes can be served: the head and the cleaning are known, the
// labels differ, the token limit fits the positions of `config`, and every canary has one probability a
// label. FAILED_PRECONDITION or INVALID_ARGUMENT names the field.
absl::Status CheckManifest(const v1::Manifest& manifest, const AlbertConfig& config);

// Whether `name` can be a release's: 1 to 100 of the characters A-Z a-z 0-9 . _ -, the first a letter or
// digit, and not CURRENT, which is a file of the model folder.
bool IsReleaseName(std::string_view name);

}  // namespace newsgenre
