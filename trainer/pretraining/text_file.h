// Reads a text file, plain or compressed with xz.
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

// Reads the file part by part in constant memory: for xz at most 256 MiB, four times what `xz -9` needs. Not
// thread-safe.
class TextFile {
 public:
  // Receives the file's bytes on disk, in order.
  using OnBytes = std::function<void(std::string_view bytes)>;

  // Returns NOT_FOUND if the file does not exist and INVALID_ARGUMENT if it is not a regular file.
  static absl::StatusOr<std::unique_ptr<TextFile>> Open(const std::string& path, OnBytes on_bytes);
  ~TextFile();
  TextFile(const TextFile&) = delete;
  TextFile& operator=(const TextFile&) = delete;

  // Returns the next part of the text, or an empty view at its end. The view is valid until the next call.
  // The first bytes of the file determine its format. Returns DATA_LOSS if xz data are corrupt or truncated,
  // RESOURCE_EXHAUSTED if they need more memory than the limit, and INVALID_ARGUMENT for gzip and zstd. Must
  // not be called again after an error.
  absl::StatusOr<std::string_view> Next();

  const std::string& path() const { return path_; }
  int64_t size() const { return size_; }              // bytes on disk
  int64_t bytes_read() const { return bytes_read_; }  // of size()

 private:
  struct Xz;
  struct Close {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };

  TextFile(std::string path, std::FILE* file, int64_t size, OnBytes on_bytes);
  absl::Status ReadPart();
  absl::Status Start();
  absl::StatusOr<std::string_view> Decompress();
  absl::Status XzError(int result) const;

  const std::string path_;
  const std::unique_ptr<std::FILE, Close> file_;
  const int64_t size_;
  const OnBytes on_bytes_;
  int64_t bytes_read_ = 0;
  bool started_ = false;
  bool at_end_ = false;    // whether all bytes on disk were read
  std::string_view part_;  // the bytes on disk that were read last, in buffer_
  std::vector<char> buffer_;
  std::unique_ptr<Xz> xz_;  // null if the text is plain
};

}  // namespace newsgenre
