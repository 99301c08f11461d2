// A training run's curves, in files that TensorBoard opens.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace newsgenre {

// Owns a new file in a folder of event files; a run that is resumed goes on in another one, which TensorBoard
// reads after those before. One thread at a time.
class TensorboardWriter {
 public:
  // Makes `folder` where it is missing. An error names the path.
  static absl::StatusOr<std::unique_ptr<TensorboardWriter>> Open(const std::string& folder);
  ~TensorboardWriter();
  TensorboardWriter(const TensorboardWriter&) = delete;
  TensorboardWriter& operator=(const TensorboardWriter&) = delete;

  // Appends `values` by tag, such as "train/loss", at this moment's time. They are in the file when it
  // returns: a run that is killed leaves all of them. On an error the file stays as it was.
  absl::Status AddScalars(int64_t step, const std::map<std::string, double>& values);

  const std::string& path() const { return path_; }

 private:
  TensorboardWriter(std::string path, int fd) : path_(std::move(path)), fd_(fd) {}
  absl::Status Append(const std::string& record);

  const std::string path_;
  const int fd_;
  off_t size_ = 0;  // whole records
};

}  // namespace newsgenre
