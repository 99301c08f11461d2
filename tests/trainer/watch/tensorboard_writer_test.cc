#include "trainer/watch/tensorboard_writer.h"

#include <unistd.h>

#include <array>
#include <chrono>
#include <climits>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "common/base/file.h"
#include "gmock/gmock.h"
#include "newsgenre/tensorboard/v1/event.pb.h"
#include "tests/support/file_size_limit.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temp_dir.h"
#include "trainer/watch/tfrecord.h"

namespace newsgenre {
namespace {

using tensorboard::v1::Event;
using testing::HasSubstr;
using testing::MatchesRegex;

// Returns the events of a file up to the first record that is incomplete or wrong.
std::vector<Event> ReadEvents(const std::string& path) {
  std::vector<Event> events;
  const std::string bytes = *ReadFile(path);
  for (size_t at = 0; at < bytes.size();) {
    const size_t length =
        static_cast<unsigned char>(bytes[at]) + 256 * static_cast<unsigned char>(bytes[at + 1]);
    const std::string data = bytes.substr(at + 12, length);
    if (bytes.substr(at, length + 16) != TfRecord(data)) break;
    if (!events.emplace_back().ParseFromString(data)) break;
    at += length + 16;
  }
  return events;
}

// Returns "train/loss=0.5 validation/loss=0".
std::string Scalars(const Event& event) {
  std::ostringstream out;
  for (const auto& value : event.summary().value()) {
    out << (out.tellp() > 0 ? " " : "") << value.tag() << "=";
    if (value.value_case() == tensorboard::v1::SummaryValue::kSimpleValue) out << value.simple_value();
  }
  return out.str();
}

double Now() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

TEST(TensorboardWriterTest, WritesAnEventForEachCall) {
  const TempDir dir;
  const double before = Now();
  ASSERT_OK_AND_ASSIGN(const auto writer, TensorboardWriter::Open(dir.File("deep/run")));
  ASSERT_THAT(writer->AddScalars(1, {{"train/loss", 0.5}, {"train/accuracy", 0}}), IsOk());
  ASSERT_THAT(writer->AddScalars(int64_t{1} << 40, {{"train/loss", -2}}), IsOk());
  // The writer is still open, so it does not buffer events.
  const std::vector<Event> events = ReadEvents(writer->path());
  ASSERT_EQ(events.size(), 3);
  EXPECT_EQ(events[0].file_version(), "brain.Event:2");
  EXPECT_EQ(events[1].step(), 1);
  EXPECT_EQ(Scalars(events[1]), "train/accuracy=0 train/loss=0.5");
  EXPECT_EQ(events[2].step(), int64_t{1} << 40);
  EXPECT_EQ(Scalars(events[2]), "train/loss=-2");
  for (const Event& event : events) {
    EXPECT_GE(event.wall_time(), before);
    EXPECT_LE(event.wall_time(), Now());
  }
}

TEST(TensorboardWriterTest, ResumedRunContinuesInALaterFile) {
  const TempDir dir;
  ASSERT_OK_AND_ASSIGN(const auto first, TensorboardWriter::Open(dir.path()));
  ASSERT_OK_AND_ASSIGN(const auto second, TensorboardWriter::Open(dir.path()));
  EXPECT_LT(first->path(), second->path());
  std::array<char, HOST_NAME_MAX + 1> host = {};
  ASSERT_EQ(gethostname(host.data(), host.size()), 0);
  EXPECT_THAT(second->path(), MatchesRegex(dir.path() + "/events\\.out\\.tfevents\\.[0-9]{10}\\." +
                                           host.data() + "\\.[0-9]"));
}

TEST(TensorboardWriterTest, RefusesAFolderThatIsAFile) {
  const TempDir dir;
  std::ofstream(dir.File("log")) << "text";
  EXPECT_THAT(TensorboardWriter::Open(dir.File("log")).status().ToString(),
              HasSubstr("can't make the folder " + dir.File("log")));
}

TEST(TensorboardWriterTest, FailedWriteLeavesCompleteRecords) {
  const TempDir dir;
  ASSERT_OK_AND_ASSIGN(const auto writer, TensorboardWriter::Open(dir.path()));
  const uintmax_t size = std::filesystem::file_size(writer->path());
  absl::Status status;
  {
    const FileSizeLimit limit(size + 10);
    status = writer->AddScalars(1, {{"loss", 1}});
  }
  EXPECT_THAT(status.ToString(),
              AllOf(HasSubstr("can't write " + writer->path()), HasSubstr("File too large")));
  EXPECT_EQ(std::filesystem::file_size(writer->path()), size);
  ASSERT_THAT(writer->AddScalars(2, {{"loss", 2}}), IsOk());
  const std::vector<Event> events = ReadEvents(writer->path());
  ASSERT_EQ(events.size(), 2);
  EXPECT_EQ(Scalars(events[1]), "loss=2");
}

}  // namespace
}  // namespace newsgenre
