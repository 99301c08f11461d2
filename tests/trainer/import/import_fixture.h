// Imports files in tests/golden/import. PyTorch and transformers wrote them, and computed the logits that
// ours are compared with; see tests/golden/make_import_golden.py. Only the vocabulary is the project's own,
// truncated to the size that the models expect.
#pragma once

#include <ATen/TensorOperators.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/tensor.h>
#include <c10/core/InferenceMode.h>

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "common/inference/predict.h"
#include "common/text/spiece.pb.h"
#include "gmock/gmock.h"
#include "tests/common/checkpoint/editable_folder.h"
#include "tests/support/temp_dir.h"
#include "trainer/import/import.h"
#include "trainer/import/torch_file.h"

namespace newsgenre {

inline constexpr char kGoldenFolder[] = NEWSGENRE_SOURCE_DIR "/tests/golden";
inline constexpr char kImportedName[] = "imported-1";

// Returns the vocabulary of the tests, truncated or extended to this number of pieces.
inline std::string Vocabulary(int pieces) {
  const EditableFolder golden(kGoldenFolder);
  spiece::Model model;
  EXPECT_TRUE(model.ParseFromString(golden.Read("tiny.spiece.model")));
  if (pieces < model.pieces_size()) {
    model.mutable_pieces()->DeleteSubrange(pieces, model.pieces_size() - pieces);
  }
  for (int i = model.pieces_size(); i < pieces; ++i)
    model.add_pieces()->set_piece("none" + std::to_string(i));
  return model.SerializeAsString();
}

inline std::vector<std::string> FilesOf(const std::string& folder) {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(folder))
    names.push_back(entry.path().filename());
  return names;
}

class ImportTest : public testing::Test {
 protected:
  // Returns an editable copy of a folder of golden files, with a vocabulary.
  EditableFolder Copy(const std::string& name) const {
    std::filesystem::copy(std::string(kGoldenFolder) + "/import/" + name, dir_.File(name));
    EditableFolder folder(dir_.File(name));
    folder.Write("spiece.model", Vocabulary(60));
    return folder;
  }
  absl::StatusOr<ImportSummary> Import(const std::string& from) const {
    return ImportCheckpoint({from, out_});
  }

  static Json Expected() {
    return Json::parse(EditableFolder(std::string(kGoldenFolder) + "/import").Read("expected.json"));
  }
  static at::Tensor Logits(const Albert& model) {
    std::vector<Encoding> texts;
    const Json expected = Expected();
    for (const Json& ids : expected["texts"]) texts.push_back({ids.get<std::vector<int32_t>>()});
    std::vector<const Encoding*> batch;
    batch.reserve(texts.size());
    for (const Encoding& text : texts) batch.push_back(&text);
    const c10::InferenceMode inference;
    return PlainForward(model).Logits(batch);
  }
  static void ExpectLogits(const Albert& model, const std::string& name) {
    std::vector<at::Tensor> rows;
    const Json expected = Expected();
    for (const Json& row : expected[name]) rows.push_back(at::tensor(row.get<std::vector<float>>()));
    EXPECT_LT((Logits(model) - at::stack(rows)).abs().max().item<double>(), 1e-5);
  }

  // Returns the tensors of the article's file.
  static TensorMap ArticleTensors() {
    const EditableFolder golden(std::string(kGoldenFolder) + "/import/article");
    return ParseTorchFile(golden.Read("article.pt")).value();
  }
  // Writes a file with these tensors, and returns its path.
  std::string FileOf(const TensorMap& tensors) const {
    const EditableFolder folder = Copy("article");
    folder.Write("article.safetensors", SerializeSafetensors({tensors, {}}));
    return folder.File("article.safetensors");
  }

  const TempDir dir_;
  const std::string out_ = dir_.File(kImportedName);
};

}  // namespace newsgenre
