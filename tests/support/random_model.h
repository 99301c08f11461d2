// Small networks with random weights, in several shapes.
#pragma once

#include "common/model/albert.h"

namespace newsgenre {

struct NetworkCase {
  Head head;
  Activation activation;
  int hidden;
  int heads;
  int layers = 3;
};

// The head sizes are 16 and 64 (multiples of an AVX-512 vector), 20 and 12 (not multiples of a vector),
// and 8.
inline constexpr NetworkCase kNetworkCases[] = {
    {Head::kCls, Activation::kGelu, 64, 4},    {Head::kPooler, Activation::kGeluNew, 128, 2},
    {Head::kCls, Activation::kGeluNew, 60, 3}, {Head::kPooler, Activation::kGelu, 72, 6},
    {Head::kCls, Activation::kGelu, 32, 4, 1},
};

// Returns a model of the given shape. Each call returns the same weights.
inline Albert RandomModel(const NetworkCase& network) {
  AlbertConfig config;
  config.vocab_size = 100;
  config.embedding_size = 24;
  config.hidden_size = network.hidden;
  config.num_hidden_layers = network.layers;
  config.num_attention_heads = network.heads;
  config.intermediate_size = 3 * network.hidden;
  config.max_position_embeddings = 200;
  config.initializer_range = 0.08;
  config.hidden_act = network.activation;
  return Albert::Random(config, network.head, 4, 5);
}

// Returns a model with the same weights and the given rate in every dropout layer.
inline Albert WithDropout(const Albert& model, double rate) {
  AlbertConfig config = model.config();
  config.hidden_dropout_prob = config.attention_probs_dropout_prob = config.classifier_dropout_prob = rate;
  return *Albert::FromTensors(config, model.head(), model.labels(), model.parameters());
}

}  // namespace newsgenre
