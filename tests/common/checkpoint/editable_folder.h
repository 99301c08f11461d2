// A checkpoint folder that a test edits, mostly to damage it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <string>
#include <utility>

#include "common/base/file.h"
#include "common/checkpoint/safetensors.h"
#include "nlohmann/json.hpp"

namespace newsgenre {

using Json = nlohmann::ordered_json;

class EditableFolder {
 public:
  explicit EditableFolder(std::string path) : path_(std::move(path)) {
    std::filesystem::create_directories(path_);
  }

  const std::string& path() const { return path_; }
  std::string File(const std::string& name) const { return path_ + "/" + name; }

  std::string Read(const std::string& name) const {
    std::ifstream file(File(name), std::ios::binary);
    return std::string(std::istreambuf_iterator<char>(file), {});
  }
  // Does not update the manifest's SHA-256.
  void Write(const std::string& name, const std::string& bytes) const {
    std::ofstream(File(name), std::ios::binary) << bytes;
  }
  void Remove(const std::string& name) const { std::filesystem::remove(File(name)); }
  void Truncate(const std::string& name) const {
    std::filesystem::resize_file(File(name), std::filesystem::file_size(File(name)) / 2);
  }
  void FlipABit(const std::string& name) const {
    std::string bytes = Read(name);
    bytes[bytes.size() / 2] ^= 1;
    Write(name, bytes);
  }

  void EditManifest(const std::function<void(Json& manifest)>& edit) const {
    Json manifest = Json::parse(Read("manifest.json"));
    edit(manifest);
    Write("manifest.json", manifest.dump());
  }
  // Writes the file and updates the manifest's SHA-256, so that the fault must be found by a later check.
  void Rewrite(const std::string& name, const std::string& bytes) const {
    Write(name, bytes);
    EditManifest([&](Json& manifest) {
      for (Json& file : manifest["files"]) {
        if (file["name"] == name) file["sha256"] = Sha256(bytes);
      }
    });
  }
  void EditConfig(const std::function<void(Json& config)>& edit) const {
    Json config = Json::parse(Read("config.json"));
    edit(config);
    Rewrite("config.json", config.dump());
  }
  void EditTensors(const std::function<void(TensorMap& tensors)>& edit) const {
    Safetensors file = ParseSafetensors(Read("model.safetensors")).value();
    edit(file.tensors);
    Rewrite("model.safetensors", SerializeSafetensors(file));
  }
  // Edits the JSON between the length and the data. The length that is written is too large by
  // `extra_length`.
  void EditTensorHeader(const std::function<void(Json& header)>& edit, uint64_t extra_length = 0) const {
    const std::string bytes = Read("model.safetensors");
    uint64_t length = 0;
    for (size_t i = 0; i < 8; ++i) length |= uint64_t{static_cast<unsigned char>(bytes[i])} << (8 * i);
    Json header = Json::parse(bytes.substr(8, length));
    edit(header);
    const std::string text = header.dump();
    std::string edited;
    for (size_t i = 0; i < 8; ++i)
      edited += static_cast<char>((text.size() + extra_length) >> (8 * i) & 0xff);
    Rewrite("model.safetensors", edited + text + bytes.substr(8 + length));
  }

 private:
  std::string path_;
};

}  // namespace newsgenre
