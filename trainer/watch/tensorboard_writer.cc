#include "trainer/watch/tensorboard_writer.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <climits>

#include "absl/memory/memory.h"
#include "absl/strings/str_format.h"
#include "common/base/file.h"
#include "common/base/status_macros.h"
#include "newsgenre/tensorboard/v1/event.pb.h"
#include "trainer/watch/tfrecord.h"

namespace newsgenre {
namespace {

using tensorboard::v1::Event;
using tensorboard::v1::SummaryValue;

double SecondsSince1970() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

std::string HostName() {
  std::array<char, HOST_NAME_MAX + 1> name = {};
  return gethostname(name.data(), name.size()) == 0 ? name.data() : "localhost";
}

}  // namespace

absl::StatusOr<std::unique_ptr<TensorboardWriter>> TensorboardWriter::Open(const std::string& folder) {
  RETURN_IF_ERROR(MakeFolder(folder));
  Event first;
  first.set_wall_time(SecondsSince1970());
  first.set_file_version("brain.Event:2");
  // TensorBoard recognizes event files by "tfevents" and reads those of a folder in the order of their names.
  const std::string stem = absl::StrFormat("%s/events.out.tfevents.%010d.%s.", folder,
                                           static_cast<int64_t>(first.wall_time()), HostName());
  std::string path;
  int fd = -1;
  for (int number = 0; fd < 0; ++number) {
    path = stem + std::to_string(number);
    fd = open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0644);
    if (fd < 0 && errno != EEXIST) return absl::ErrnoToStatus(errno, "can't create " + path);
  }
  std::unique_ptr<TensorboardWriter> writer = absl::WrapUnique(new TensorboardWriter(path, fd));
  RETURN_IF_ERROR(writer->Append(TfRecord(first.SerializeAsString())));
  return writer;
}

TensorboardWriter::~TensorboardWriter() { close(fd_); }

absl::Status TensorboardWriter::AddScalars(int64_t step, const std::map<std::string, double>& values) {
  Event event;
  event.set_wall_time(SecondsSince1970());
  event.set_step(step);
  for (const auto& [tag, value] : values) {
    SummaryValue* scalar = event.mutable_summary()->add_value();
    scalar->set_tag(tag);
    scalar->set_simple_value(static_cast<float>(value));
  }
  return Append(TfRecord(event.SerializeAsString()));
}

absl::Status TensorboardWriter::Append(const std::string& record) {
  for (size_t done = 0; done < record.size();) {
    const ssize_t written = write(fd_, record.data() + done, record.size() - done);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) {
      absl::Status status = absl::ErrnoToStatus(errno, "can't write " + path_);
      // TensorBoard would not read past a partial record.
      if (ftruncate(fd_, size_) != 0) return absl::ErrnoToStatus(errno, "can't truncate " + path_);
      return status;
    }
    done += static_cast<size_t>(written);
  }
  size_ += static_cast<off_t>(record.size());
  return absl::OkStatus();
}

}  // namespace newsgenre
