// The framing of TensorBoard's event files.
#pragma once

#include <string>
#include <string_view>

namespace newsgenre {

// `data` as one record of a TFRecord file: its length (8 bytes), the length's masked CRC-32C (4 bytes), the
// data, the data's masked CRC-32C, all little-endian
// (https://www.tensorflow.org/tutorials/load_data/tfrecord, "TFRecords format details"). Pure.
std::string TfRecord(std::string_view data);

}  // namespace newsgenre
