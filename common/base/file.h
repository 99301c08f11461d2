// Files: whole reads with a limit, atomic writes, folders that appear complete or not at all.
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

// The bytes of a regular file. NOT_FOUND where there is none, INVALID_ARGUMENT above `max_bytes`.
absl::StatusOr<std::string> ReadFile(const std::string& path, int64_t max_bytes = int64_t{1} << 34);

// Writes beside `path`, syncs and renames: a reader sees the old bytes or all of the new ones.
absl::Status WriteFileAtomic(const std::string& path, std::string_view bytes);

// Makes a folder and those around it; one that is there is fine. FAILED_PRECONDITION where it can't be.
absl::Status MakeFolder(const std::string& path);

// The names in a folder, sorted. NOT_FOUND where there is none.
absl::StatusOr<std::vector<std::string>> ListFolder(const std::string& path);

// A new folder that everybody may read; the destructor removes it with everything in it, unless it was
// renamed.
class TemporaryFolder {
 public:
  // Its path is `prefix` and a few random characters.
  static absl::StatusOr<std::unique_ptr<TemporaryFolder>> Make(const std::string& prefix);
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  const std::string& path() const { return path_; }

 private:
  explicit TemporaryFolder(std::string path) : path_(std::move(path)) {}
  const std::string path_;
};

// Lets `fill` write files into a new folder beside `path`, syncs them, and renames the folder to `path`.
// ALREADY_EXISTS when `path` exists: a published folder is never overwritten. On an error nothing is left
// behind.
absl::Status PublishFolder(const std::string& path,
                           const std::function<absl::Status(const std::string& folder)>& fill);

// SHA-256 (FIPS 180-4) as 64 lower-case hexadecimal digits.
std::string Sha256(std::string_view bytes);

}  // namespace newsgenre
