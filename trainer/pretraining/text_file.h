// A file of text, plain or compressed by xz.
#pragma once

#include <cstdint>
#include <cstdio>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace newsgenre {

// Reads it part by part, in constant memory: for xz at most 256 MiB, four times what `xz -9` needs. One
// thread at a time.
class TextFile {
 public:
  // Called with the file's bytes as they lie on the disk, in order.
  using OnBytes = std::function<void(std::string_view bytes)>;

  // NOT_FOUND where there is none, INVALID_ARGUMENT where it is no regular file.
  static absl::StatusOr<std::unique_ptr<TextFile>> Open(const std::string& path, OnBytes on_bytes);
  ~TextFile();
  TextFile(const TextFile&) = delete;
  TextFile& operator=(const TextFile&) = delete;

  // The next part of the text, which stays until the next call; empty at the end. What a file is, its first
  // bytes tell. DATA_LOSS where xz's data are broken or end too early, RESOURCE_EXHAUSTED where they need
  // more memory than the limit, INVALID_ARGUMENT for gzip and zstd. After an error it is not to be called
  // again.
  absl::StatusOr<std::string_view> Next();

  const std::string& path() const { return path_; }
  int64_t size() const { return size_; }              // on the disk, in bytes
  int64_t bytes_read() const { return bytes_read_; }  // of those

 private:
  struct Xz;
  struct Close {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };

  TextFile(std::string path, std::FILE* file, int64_t size, OnBytes on_bytes);
  absl::Status ReadPart();
  absl::Status Begin();
  absl::StatusOr<std::string_view> Decompress();
  absl::Status XzError(int result) const;

  const std::string path_;
  const std::unique_ptr<std::FILE, Close> file_;
  const int64_t size_;
  const OnBytes on_bytes_;
  int64_t bytes_read_ = 0;
  bool begun_ = false;
  bool at_end_ = false;    // of the file
  std::string_view part_;  // of the file, in buffer_
  std::vector<char> buffer_;
  std::unique_ptr<Xz> xz_;  // nullptr where the text is plain
};

}  // namespace newsgenre
