// Writes the curves of a training run for TensorBoard.
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

// Owns a new event file in a folder. A resumed run continues in another file, which TensorBoard reads after
// the earlier ones. Not thread-safe.
class TensorboardWriter {
 public:
  // Creates a file, and `folder` if it is missing. Errors contain the path.
  static absl::StatusOr<std::unique_ptr<TensorboardWriter>> Open(const std::string& folder);
  ~TensorboardWriter();
  TensorboardWriter(const TensorboardWriter&) = delete;
  TensorboardWriter& operator=(const TensorboardWriter&) = delete;

  // Appends `values`, whose keys are tags such as "train/loss", with the current time. They are in the file
  // when this returns, so a killed run loses none. After an error the file is unchanged.
  absl::Status AddScalars(int64_t step, const std::map<std::string, double>& values);

  const std::string& path() const { return path_; }

 private:
  TensorboardWriter(std::string path, int fd) : path_(std::move(path)), fd_(fd) {}
  absl::Status Append(const std::string& record);

  const std::string path_;
  const int fd_;
  off_t size_ = 0;  // of complete records
};

}  // namespace newsgenre
