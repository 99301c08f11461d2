// Reads the tensors of a model that another program wrote.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/model/albert.h"

namespace newsgenre {

struct ForeignTensors {
  std::string folder;              // the folder of the files
  std::vector<std::string> files;  // names of the files that were read
  // Finite fp32 tensors under the names of AlbertForSequenceClassification. Has only tensors that
  // CheckpointParts::tensors can have.
  TensorMap tensors;
  std::vector<std::string> dropped;  // names in the files of tensors that are not needed
  // Whether the names are those of the article's model: bert.* is an AlbertModel, whose pooler is dropped,
  // and linear.* the classifier.
  bool is_article = false;
};

// Reads a file, or the first of these files in a folder: model.safetensors, model.safetensors.index.json,
// pytorch_model.bin, pytorch_model.bin.index.json. Files that do not end in .safetensors or .index.json must
// be written by torch.save (torch_file.h). An index lists which file has each tensor. Removes the prefix
// "module." of DataParallel from names. Executes nothing that the files contain.
//
// Reads at most 4 GiB in all, and 1 MiB of an index. Errors contain the file's name. Returns NOT_FOUND if
// there is no file; INVALID_ARGUMENT for a release of this program, for an index that names a file in another
// folder, and as ParseTorchFile does; DATA_LOSS for corrupt files and for tensors in a file other than the
// index says.
absl::StatusOr<ForeignTensors> ReadForeignTensors(const std::string& from);

}  // namespace newsgenre
