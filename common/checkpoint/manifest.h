// manifest.json: the description of a checkpoint, a newsgenre.v1.Manifest in protobuf's JSON form.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/model/albert_config.h"
#include "newsgenre/v1/manifest.pb.h"

namespace newsgenre {

inline constexpr int kManifestFormatVersion = 1;

// Parses a manifest. Ignores unknown fields. Returns DATA_LOSS if `json` is not a manifest,
// FAILED_PRECONDITION for another format version.
absl::StatusOr<v1::Manifest> ParseManifest(const std::string& json);

// Returns the manifest as JSON with white space, for human readers.
std::string ManifestJson(const v1::Manifest& manifest);

// Checks that this program can serve the model: the head and the cleaning are known, the labels differ from
// each other, the token limit is within the positions of `config`, and every canary has one probability per
// label. Returns FAILED_PRECONDITION or INVALID_ARGUMENT with the field's name.
absl::Status CheckManifest(const v1::Manifest& manifest, const AlbertConfig& config);

// Returns whether `name` is a valid release name: 1 to 100 of the characters A-Z a-z 0-9 . _ -, the first a
// letter or digit, and not CURRENT, which is a file of the model folder.
bool IsReleaseName(std::string_view name);

}  // namespace newsgenre
