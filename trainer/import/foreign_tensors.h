// The tensors of a model that another program wrote.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/model/albert.h"

namespace newsgenre {

struct ForeignTensors {
  std::string folder;              // that the files lie in
  std::vector<std::string> files;  // their names
  // By the names of AlbertForSequenceClassification, without what CheckpointParts::tensors lacks; fp32,
  // finite.
  TensorMap tensors;
  std::vector<std::string> dropped;  // names, as in the files
  // Whether the names are those of the article's model: bert.*, an AlbertModel whose pooler is dropped, and
  // linear.*, the classifier.
  bool is_article = false;
};

// Reads a file (safetensors by its ending, otherwise one of torch.save's), or the first that a folder has of
// model.safetensors, model.safetensors.index.json, pytorch_model.bin and pytorch_model.bin.index.json; an
// index names the files that each tensor must be in. DataParallel's "module." is taken off the names.
// NOT_FOUND: nothing to read. INVALID_ARGUMENT: a release of this program, an index that names a file
// elsewhere, and as ParseTorchFile; DATA_LOSS: broken files, tensors that the index does not place where they
// are. Limit: 4 GiB in all. Errors name the file.
absl::StatusOr<ForeignTensors> ReadForeignTensors(const std::string& from);

}  // namespace newsgenre
