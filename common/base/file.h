// File access: whole-file reads with a size limit, atomic writes, and folders published atomically. All
// functions are thread-safe.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace newsgenre {

// Returns the bytes of a regular file. Returns NOT_FOUND if the file does not exist, and INVALID_ARGUMENT if
// it is not a regular file or has more than `max_bytes` bytes.
absl::StatusOr<std::string> ReadFile(const std::string& path, int64_t max_bytes = int64_t{1} << 34);

// Replaces the file at `path`: writes a temporary file in the same folder, syncs it and renames it. A reader
// sees either the old bytes or all of the new ones.
absl::Status WriteFileAtomic(const std::string& path, std::string_view bytes);

// Creates a folder and its missing parents. Does nothing if the folder exists. Returns FAILED_PRECONDITION on
// failure.
absl::Status MakeFolder(const std::string& path);

// Returns the names of a folder's entries, sorted. Returns NOT_FOUND if the folder does not exist.
absl::StatusOr<std::vector<std::string>> ListFolder(const std::string& path);

// Owns a new folder with mode 0755. The destructor removes the folder and its contents, unless the folder has
// been renamed.
class TemporaryFolder {
 public:
  // Creates a folder whose path is `prefix` followed by six random characters.
  static absl::StatusOr<std::unique_ptr<TemporaryFolder>> Make(const std::string& prefix);
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  const std::string& path() const { return path_; }

 private:
  explicit TemporaryFolder(std::string path) : path_(std::move(path)) {}
  const std::string path_;
};

// Creates a temporary folder next to `path`, calls `fill` to write files into it, syncs them, and renames the
// folder to `path`. Returns ALREADY_EXISTS if `path` exists: a published folder is never overwritten. Removes
// the temporary folder on every error.
absl::Status PublishFolder(const std::string& path,
                           const std::function<absl::Status(const std::string& folder)>& fill);

// Returns the SHA-256 digest (FIPS 180-4) as 64 lower-case hexadecimal digits.
std::string Sha256(std::string_view bytes);

}  // namespace newsgenre
