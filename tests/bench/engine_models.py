#!/usr/bin/env python3
"""Makes the peers' copies of a Hugging Face folder of an ALBERT, as each peer's documentation recommends.

  engine_models.py FOLDER --texts=IDS_JSON [--only_onnx]

Writes into FOLDER, which has config.json and model.safetensors:
  model.onnx           exported by torch.onnx; inputs input_ids and attention_mask (int64), output logits, any batch and length
  model_fused.onnx     model.onnx after onnxruntime.transformers.optimizer (attention, skip layer norm, bias and GELU fused)
  model_int8.onnx      model_fused.onnx after onnxruntime.quantization.quantize_dynamic (int8 weights per channel)
  openvino/fp32.xml    model.onnx after openvino.convert_model
  openvino/int8.xml    fp32.xml after nncf.quantize for transformers (int8 weights and activations), calibrated on the texts
IDS_JSON is a list of texts, each a list of token ids. --only_onnx skips the last two. Existing files are kept, unless this
script or its packages have changed.
"""

import argparse
import hashlib
import json
import pathlib
import shutil

import onnx
import torch
from onnxruntime.quantization import QuantType, quantize_dynamic
from onnxruntime.transformers import optimizer
from transformers import AlbertForSequenceClassification
from transformers.models.albert import modeling_albert
from transformers.utils import logging

import padding
import report


def attention(_module, query, key, value, attention_mask, **_):
    """Computes transformers' eager attention with a division by the root of the width, as the optimizer expects."""
    scores = torch.matmul(query, key.transpose(2, 3)) / query.size(-1) ** 0.5 + attention_mask
    return torch.matmul(torch.softmax(scores, dim=-1), value).transpose(1, 2), None


class ForExport(torch.nn.Module):
    """Turns the mask into a bias, in the form that the optimizer fuses."""

    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, input_ids, attention_mask):
        bias = (1.0 - attention_mask[:, None, None, :].to(torch.float32)) * torch.finfo(torch.float32).min
        return self.model(input_ids, attention_mask=bias).logits


def export_onnx(folder, path):
    modeling_albert.eager_attention_forward = attention
    model = AlbertForSequenceClassification.from_pretrained(folder, attn_implementation="eager").eval()
    inputs = padding.padded([[2, 5, 6, 7, 3], [2, 8, 3]])
    names = list(inputs)
    axes = {name: {0: "batch", 1: "length"} for name in names} | {"logits": {0: "batch"}}
    with torch.no_grad():
        torch.onnx.export(ForExport(model), tuple(map(torch.from_numpy, inputs.values())), path, dynamo=False, opset_version=17,
                          input_names=names, output_names=["logits"], dynamic_axes=axes)


def fuse(folder, source, path):
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    # opt_level 0 makes only the fusions for transformers; the session adds its own when it loads the file.
    model = optimizer.optimize_model(str(source), model_type="bert", num_heads=config["num_attention_heads"],
                                     hidden_size=config["hidden_size"], opt_level=0)
    fused = model.get_fused_operator_statistics()
    # The first layer's attention is not fused: the optimizer expects a layer norm before it, but ALBERT has a mapping there.
    if fused["Attention"] < config["num_hidden_layers"] - 1 or fused["SkipLayerNormalization"] < 2 * config["num_hidden_layers"]:
        raise RuntimeError(f"the optimizer fused only {fused}")
    model.save_model_to_file(str(path))


def quantize_onnx(source, path):
    # Without VNNI, sums of two products of unsigned and signed bytes saturate in 16 bits. 7-bit weights avoid that.
    vnni = {"AVX-512 VNNI", "AVX VNNI"} & set(report.machine()["flags"])
    quantize_dynamic(source, path, weight_type=QuantType.QInt8, per_channel=True, reduce_range=not vnni,
                     extra_options={"DefaultTensorType": onnx.TensorProto.FLOAT})


def convert_openvino(source, folder, calibration_texts):
    import nncf
    import openvino

    folder.mkdir(exist_ok=True)
    model = openvino.convert_model(source)
    openvino.save_model(model, folder / "fp32.xml", compress_to_fp16=False)
    data = nncf.Dataset([padding.padded([text]) for text in calibration_texts])
    quantized = nncf.quantize(model, data, model_type=nncf.ModelType.TRANSFORMER, subset_size=len(calibration_texts))
    openvino.save_model(quantized, folder / "int8.xml", compress_to_fp16=False)


def delete_outdated_files(folder):
    """Deletes the files if another version of this script or of its packages made them, or if the processor has other
    instruction sets."""
    sources = [pathlib.Path(__file__), pathlib.Path(__file__).with_name("requirements.txt"), folder / "config.json"]
    digest = hashlib.sha256(b"".join(path.read_bytes() for path in sources))
    digest.update(" ".join(report.machine()["flags"]).encode())
    stamp = folder / "made-by"
    if stamp.exists() and stamp.read_text(encoding="utf-8") == digest.hexdigest():
        return
    for path in folder.glob("*.onnx"):
        path.unlink()
    shutil.rmtree(folder / "openvino", ignore_errors=True)
    stamp.write_text(digest.hexdigest(), encoding="utf-8")


def make_once(path, make):
    """Calls make(temporary path) and renames the result to `path`, unless `path` exists."""
    if path.exists():
        return
    print(f"== making {path.relative_to(path.parent.parent)}", flush=True)
    temporary = path.with_name("part")
    make(temporary)
    temporary.rename(path)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--texts", type=pathlib.Path, help="calibration texts of OpenVINO's int8")
    parser.add_argument("--only_onnx", action="store_true")
    arguments = parser.parse_args()
    folder = arguments.folder
    delete_outdated_files(folder)
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    make_once(folder / "model.onnx", lambda path: export_onnx(folder, path))
    make_once(folder / "model_fused.onnx", lambda path: fuse(folder, folder / "model.onnx", path))
    make_once(folder / "model_int8.onnx", lambda path: quantize_onnx(folder / "model_fused.onnx", path))
    if not arguments.only_onnx:
        texts = json.loads(arguments.texts.read_text(encoding="utf-8"))
        make_once(folder / "openvino", lambda path: convert_openvino(folder / "model.onnx", path, texts))


if __name__ == "__main__":
    main()
