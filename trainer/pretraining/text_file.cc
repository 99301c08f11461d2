#include "trainer/pretraining/text_file.h"

#include <lzma.h>
#include <sys/stat.h>

#include <cerrno>
#include <utility>

#include "common/base/status_macros.h"

namespace newsgenre {
namespace {

constexpr size_t kPartBytes = size_t{64} << 10;
constexpr uint64_t kXzMemoryLimit = uint64_t{256} << 20;

// The first bytes of compressed files. They are not valid UTF-8, so that no text starts with them.
constexpr std::string_view kXz(
    "\xFD"
    "7zXZ\0",
    6);
constexpr std::string_view kGzip("\x1F\x8B", 2);
constexpr std::string_view kZstd("\x28\xB5\x2F\xFD", 4);

bool StartsWith(std::string_view bytes, std::string_view magic) {
  return bytes.substr(0, magic.size()) == magic;
}

// Also returns true for a file that was truncated within these bytes.
bool IsXz(std::string_view bytes) { return !bytes.empty() && StartsWith(bytes, kXz.substr(0, bytes.size())); }

absl::Status Unsupported(const std::string& path, const std::string& format) {
  return absl::InvalidArgumentError(path + " is compressed by " + format +
                                    "; only plain text and xz are supported");
}

}  // namespace

struct TextFile::Xz {
  ~Xz() { lzma_end(&stream); }

  lzma_stream stream = LZMA_STREAM_INIT;
  bool ended = false;
  std::vector<char> text = std::vector<char>(kPartBytes);
};

absl::StatusOr<std::unique_ptr<TextFile>> TextFile::Open(const std::string& path, OnBytes on_bytes) {
  std::FILE* const file = std::fopen(path.c_str(), "rbe");
  if (file == nullptr) return absl::ErrnoToStatus(errno, "can't open " + path);
  struct stat info;
  const bool is_file = fstat(fileno(file), &info) == 0 && S_ISREG(info.st_mode);
  std::unique_ptr<TextFile> text(new TextFile(path, file, is_file ? info.st_size : 0, std::move(on_bytes)));
  if (!is_file) return absl::InvalidArgumentError(path + " is not a regular file");
  return text;
}

TextFile::TextFile(std::string path, std::FILE* file, int64_t size, OnBytes on_bytes)
    : path_(std::move(path)), file_(file), size_(size), on_bytes_(std::move(on_bytes)), buffer_(kPartBytes) {}

TextFile::~TextFile() = default;

absl::StatusOr<std::string_view> TextFile::Next() {
  if (!started_) {
    RETURN_IF_ERROR(Start());
    started_ = true;
    if (!xz_) return part_;
  }
  if (xz_) return Decompress();
  RETURN_IF_ERROR(ReadPart());
  return part_;
}

absl::Status TextFile::ReadPart() {
  part_ = {};
  if (at_end_) return absl::OkStatus();
  const size_t count = std::fread(buffer_.data(), 1, buffer_.size(), file_.get());
  if (std::ferror(file_.get()) != 0) return absl::ErrnoToStatus(errno, "can't read " + path_);
  at_end_ = count < buffer_.size();
  part_ = {buffer_.data(), count};
  bytes_read_ += static_cast<int64_t>(count);
  on_bytes_(part_);
  return absl::OkStatus();
}

absl::Status TextFile::Start() {
  RETURN_IF_ERROR(ReadPart());
  if (StartsWith(part_, kGzip)) return Unsupported(path_, "gzip");
  if (StartsWith(part_, kZstd)) return Unsupported(path_, "zstd");
  if (!IsXz(part_)) return absl::OkStatus();
  xz_ = std::make_unique<Xz>();
  const lzma_ret result = lzma_stream_decoder(&xz_->stream, kXzMemoryLimit, LZMA_CONCATENATED);
  if (result != LZMA_OK) return XzError(result);
  xz_->stream.next_in = reinterpret_cast<const uint8_t*>(part_.data());
  xz_->stream.avail_in = part_.size();
  return absl::OkStatus();
}

absl::StatusOr<std::string_view> TextFile::Decompress() {
  lzma_stream& stream = xz_->stream;
  stream.next_out = reinterpret_cast<uint8_t*>(xz_->text.data());
  stream.avail_out = xz_->text.size();
  while (stream.avail_out > 0 && !xz_->ended) {
    if (stream.avail_in == 0 && !at_end_) {
      RETURN_IF_ERROR(ReadPart());
      stream.next_in = reinterpret_cast<const uint8_t*>(part_.data());
      stream.avail_in = part_.size();
    }
    const lzma_ret result = lzma_code(&stream, at_end_ ? LZMA_FINISH : LZMA_RUN);
    xz_->ended = result == LZMA_STREAM_END;
    if (result != LZMA_OK && !xz_->ended) return XzError(result);
  }
  return std::string_view(xz_->text.data(), xz_->text.size() - stream.avail_out);
}

absl::Status TextFile::XzError(int result) const {
  switch (result) {
    case LZMA_BUF_ERROR:
      return absl::DataLossError(path_ + ": the xz data end too early, after " + std::to_string(bytes_read_) +
                                 " bytes");
    case LZMA_MEMLIMIT_ERROR:
      return absl::ResourceExhaustedError(path_ + ": decompression needs " +
                                          std::to_string(lzma_memusage(&xz_->stream)) +
                                          " bytes of memory; the limit is " + std::to_string(kXzMemoryLimit));
    case LZMA_MEM_ERROR:
      return absl::ResourceExhaustedError(path_ + ": out of memory for decompression");
    case LZMA_OPTIONS_ERROR:
      return absl::DataLossError(path_ + ": the xz data use options that this liblzma does not support");
    default:
      return absl::DataLossError(path_ + ": the xz data are corrupt within the first " +
                                 std::to_string(bytes_read_) + " bytes");
  }
}

}  // namespace newsgenre
