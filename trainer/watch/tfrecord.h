// The framing of TensorBoard's event files.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace newsgenre {

// CRC-32C (RFC 3720, section 12.1). Pure.
uint32_t Crc32c(std::string_view bytes);

// `data` as one record of a TFRecord file: its length (8 bytes), the length's masked CRC-32C (4 bytes), the
// data, the data's masked CRC-32C, all little-endian
// (https://www.tensorflow.org/tutorials/load_data/tfrecord, "TFRecords format details"). Pure.
std::string TfRecord(std::string_view data);

}  // namespace newsgenre
