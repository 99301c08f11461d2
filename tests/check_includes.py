#!/usr/bin/env python3
"""Checks every #include of the project against the table of folders, and that the includes of folders form no cycle.

A file uses a library if it includes one of the library's headers, directly or through headers of this project. So the
server cannot get torch through a header of common/model.

  check_includes.py               checks this project
  check_includes.py --self_test   checks that each rule finds violations
"""

import argparse
import functools
import pathlib
import re
import sys
import tempfile

# Maps each folder to the other folders that it can include and the libraries that it can use. A file belongs to the
# folder with the longest matching name.
BASE, TEXT, COMMON_METRICS, DEVICE = "common/base", "common/text", "common/metrics", "common/device"
SIMD, KERNELS, MODEL = "common/simd", "common/kernels", "common/model"
CHECKPOINT, INFERENCE = "common/checkpoint", "common/inference"
COMMON = [BASE, TEXT, COMMON_METRICS, DEVICE, SIMD, KERNELS, MODEL, CHECKPOINT, INFERENCE]
BATCHING, MODELS, RPC = "server/batching", "server/models", "server/rpc"
REPORT, WATCH, NETWORK, DATA = "trainer/report", "trainer/watch", "trainer/network", "trainer/data"
IMPORT, RUN = "trainer/import", "trainer/run"
COMMANDS = ["trainer/evaluation", "trainer/finetuning", "trainer/pretraining"]
FOLDERS = {
    "proto": ([], []),
    BASE: ([], []),
    TEXT: ([BASE], []),
    COMMON_METRICS: ([BASE], ["prometheus"]),
    DEVICE: ([BASE], ["torch"]),
    SIMD: ([], []),
    KERNELS: ([BASE, DEVICE, SIMD], ["torch"]),
    MODEL: ([BASE, TEXT, DEVICE, KERNELS], ["torch"]),
    CHECKPOINT: (["proto", BASE, TEXT, DEVICE, MODEL], ["torch"]),
    INFERENCE: (["proto", BASE, TEXT, DEVICE, SIMD, KERNELS, MODEL, CHECKPOINT], ["torch"]),
    MODELS: ([BASE, TEXT], []),
    BATCHING: ([BASE, TEXT, MODELS], []),
    RPC: (["proto", BASE, TEXT, MODELS, BATCHING], ["grpc"]),
    "server/metrics": ([BASE, TEXT, COMMON_METRICS, MODELS, BATCHING, RPC], ["prometheus"]),
    "server/classifier": (["proto", BASE, TEXT, DEVICE, KERNELS, INFERENCE, MODELS], []),
    "server/client": (["proto", BASE, TEXT], ["grpc"]),
    "server": (["proto", *COMMON, MODELS, BATCHING, RPC, "server/metrics", "server/classifier"], ["grpc", "prometheus"]),
    REPORT: ([BASE, TEXT], []),
    WATCH: (["proto", BASE, COMMON_METRICS, REPORT], ["prometheus"]),
    NETWORK: ([BASE, TEXT, DEVICE, SIMD, KERNELS, MODEL], ["torch"]),
    DATA: ([*COMMON, REPORT, WATCH], ["torch", "sentencepiece"]),
    IMPORT: (["proto", *COMMON], ["torch"]),
    RUN: (["proto", *COMMON, REPORT, WATCH, NETWORK, DATA], ["torch", "prometheus"]),
    **{command: (["proto", *COMMON, REPORT, WATCH, NETWORK, DATA, RUN], ["torch", "prometheus"]) for command in COMMANDS},
    "trainer": (["proto", *COMMON, REPORT, WATCH, NETWORK, DATA, IMPORT, RUN, *COMMANDS], ["torch", "prometheus"]),
}
# Tests can include everything.
FOLDERS["tests"] = (list(FOLDERS), ["torch", "grpc", "prometheus", "sentencepiece"])

# Prefixes of includes. The generated code of a service uses gRPC.
GENERATED = re.compile(r"(newsgenre|grpc/health|inference)/.*\.pb\.h$")
GENERATED_SERVICE = re.compile(r".*\.grpc\.pb\.h$")
LIBRARIES = {"torch/": "torch", "ATen/": "torch", "c10/": "torch", "grpcpp/": "grpc", "grpc/": "grpc",
             "prometheus/": "prometheus", "sentencepiece": "sentencepiece", "absl/": "absl"}
FREE_LIBRARIES = {"absl"}
# Prefixes of other quoted includes that are not paths from the root.
OTHER_LIBRARIES = ("google/protobuf/", "gmock/", "gtest/", "nlohmann/", "openssl/", "benchmark/", "unicode/")

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')


def library_of(include):
    if GENERATED.match(include):
        return "grpc" if GENERATED_SERVICE.match(include) else None
    return next((library for start, library in LIBRARIES.items() if include.startswith(start)), None)


class Project:
    def __init__(self, root, folders=None):
        """`folders` replaces FOLDERS in self-tests."""
        self.root = pathlib.Path(root)
        self.folders = folders or FOLDERS
        tops = sorted({folder.split("/")[0] for folder in self.folders})
        self.files = sorted(str(path.relative_to(self.root)) for top in tops for path in (self.root / top).rglob("*")
                            if path.suffix in (".h", ".cc", ".inc"))

    def folder_of(self, path):
        return max((folder for folder in self.folders if path.startswith(folder + "/")), key=len, default=None)

    def target_of(self, include):
        """Returns the folder of an included file, or None if the file is not of this project."""
        return "proto" if GENERATED.match(include) else self.folder_of(include)

    @functools.lru_cache(maxsize=None)
    def includes(self, path):
        """Returns (line, quoted, path) for each #include."""
        lines = (self.root / path).read_text(encoding="utf-8").splitlines()
        matches = ((number, INCLUDE.match(line)) for number, line in enumerate(lines, 1))
        return [(number, match[1] == '"', match[2]) for number, match in matches if match]

    @functools.lru_cache(maxsize=None)
    def libraries(self, include):
        """Maps each library that `include` uses to the chain of includes that leads to it."""
        library = library_of(include)
        found = {library: include} if library else {}
        if include in self.files:
            for _, _, inner in self.includes(include):
                for name, chain in self.libraries(inner).items():
                    found.setdefault(name, f"{include} -> {chain}")
        return found

    def problems(self):
        for path in self.files:
            yield from self.problems_of(path)
        yield from self.cycles()

    def edges(self):
        """Maps each folder to the folders that it includes, with the file and line of one such include."""
        edges = {}
        for path in self.files:
            folder = self.folder_of(path)
            for line, _, include in self.includes(path):
                target = self.target_of(include)
                if folder and target and target != folder:
                    edges.setdefault(folder, {}).setdefault(target, f"{path}:{line}")
        return edges

    def cycles(self):
        """Yields a problem for each cycle of folders that a depth-first search finds."""
        edges, done = self.edges(), set()

        def visit(folder, path):
            if folder in path:
                cycle = path[path.index(folder):] + [folder]
                where = edges[cycle[-2]][folder]
                yield f"{where}: folders include each other: {' -> '.join(cycle)}"
            elif folder not in done:
                for target in sorted(edges.get(folder, {})):
                    yield from visit(target, path + [folder])
                done.add(folder)

        for folder in sorted(edges):
            yield from visit(folder, [])

    def problems_of(self, path):
        folder = self.folder_of(path)
        folders, libraries = self.folders[folder] if folder else ([], [])
        seen = {}
        for line, quoted, include in self.includes(path):
            where = f"{path}:{line}"
            target = self.target_of(include)
            if target and target != folder and target not in folders:
                yield f"{where}: {folder} may not include {target} ({include})"
                continue
            if quoted and not target and not library_of(include) and not include.startswith(OTHER_LIBRARIES):
                yield f"{where}: {include} is neither a path from the project's root nor a header of a known library"
            for library, chain in self.libraries(include).items():
                if library not in libraries and library not in FREE_LIBRARIES:
                    yield f"{where}: {folder} may not use {library} ({chain})"
                seen.setdefault(library, (where, chain))
        if "sentencepiece" in seen and "absl" in seen:
            (where, one), (_, other) = seen["sentencepiece"], seen["absl"]
            yield (f"{where}: sentencepiece and absl can't share a source file: both declare absl::string_view "
                   f"({one}; {other})")


# (name, files, prefix of the only expected problem, or None if no problem is expected)
SELF_TESTS = [
    ("no violation", {"server/rpc/a.cc": '#include "server/batching/b.h"\n#include "grpcpp/grpcpp.h"\n',
                     "server/batching/b.h": "#include <vector>\n"}, None),
    ("a forbidden folder", {"common/text/a.cc": '\n#include "common/model/b.h"\n', "common/model/b.h": ""},
     "common/text/a.cc:2: common/text may not include common/model"),
    ("base may not include text", {"common/base/a.h": '#include "common/text/b.h"\n', "common/text/b.h": ""},
     "common/base/a.h:1: common/base may not include common/text"),
    ("models may not include batching", {"server/models/a.h": '#include "server/batching/b.h"\n', "server/batching/b.h": ""},
     "server/models/a.h:1: server/models may not include server/batching"),
    ("the server may not include the trainer", {"server/a.cc": '#include "trainer/b.h"\n', "trainer/b.h": ""},
     "server/a.cc:1: server may not include trainer"),
    ("the trainer may not include the server", {"trainer/a.cc": '#include "server/b.h"\n', "server/b.h": ""},
     "trainer/a.cc:1: trainer may not include server"),
    ("the programs may not include tests", {"trainer/a.cc": '#include "tests/b.h"\n', "tests/b.h": ""},
     "trainer/a.cc:1: trainer may not include tests"),
    ("tests may include everything", {"tests/a.cc": '#include "trainer/b.h"\n#include "server/rpc/c.h"\n', "trainer/b.h": "",
                                  "server/rpc/c.h": ""}, None),
    ("generated code belongs to the proto folder", {"server/batching/a.h": '#include "newsgenre/v1/classifier.pb.h"\n'},
     "server/batching/a.h:1: server/batching may not include proto"),
    ("a generated service uses gRPC", {"trainer/a.cc": '#include "newsgenre/v1/classifier.grpc.pb.h"\n'},
     "trainer/a.cc:1: trainer may not use grpc"),
    ("torch directly", {"server/rpc/a.cc": "#include <ATen/ATen.h>\n"},
     "server/rpc/a.cc:1: server/rpc may not use torch (ATen/ATen.h)"),
    ("torch through a header", {"server/a.cc": '#include "common/model/b.h"\n',
                                "common/model/b.h": "#include <c10/core/Device.h>\n"},
     "server/a.cc:1: server may not use torch (common/model/b.h -> c10/core/Device.h)"),
    ("prometheus in server/rpc", {"server/rpc/a.cc": '#include "prometheus/gauge.h"\n'},
     "server/rpc/a.cc:1: server/rpc may not use prometheus"),
    ("sentencepiece in common/model", {"common/model/a.cc": "#include <sentencepiece_processor.h>\n"},
     "common/model/a.cc:1: common/model may not use sentencepiece"),
    ("sentencepiece with absl", {"trainer/data/a.cc": '#include <sentencepiece_processor.h>\n#include "common/text/b.h"\n',
                                 "common/text/b.h": '#include "absl/status/status.h"\n'},
     "trainer/data/a.cc:1: sentencepiece and absl can't share a source file"),
    ("a path that is not from the root", {"trainer/a.cc": '#include "b.h"\n', "trainer/b.h": ""},
     "trainer/a.cc:1: b.h is neither a path from the project's root"),
]

# The same for cycles, which FOLDERS rules out. The table of these tests lets each folder include all others.
CYCLE_FOLDERS = {name: (["a", "b", "c"], []) for name in ("a", "b", "c")}
CYCLE_SELF_TESTS = [
    ("two folders include each other", {"a/x.h": '#include "b/x.h"\n', "b/x.h": "", "b/y.h": '#include "a/y.h"\n', "a/y.h": ""},
     "b/y.h:1: folders include each other: a -> b -> a"),
    ("a cycle of three folders", {"a/x.h": '#include "b/x.h"\n', "b/x.h": '#include "c/x.h"\n',
                                  "c/x.h": '\n#include "a/y.h"\n', "a/y.h": ""},
     "c/x.h:2: folders include each other: a -> b -> c -> a"),
    ("two paths to a folder are not a cycle", {"a/x.h": '#include "b/x.h"\n#include "c/x.h"\n',
                                               "b/x.h": '#include "c/x.h"\n', "c/x.h": '#include "c/y.h"\n', "c/y.h": ""}, None),
]


def self_test():
    failures = 0
    tests = [(*test, FOLDERS) for test in SELF_TESTS] + [(*test, CYCLE_FOLDERS) for test in CYCLE_SELF_TESTS]
    for name, files, expected, folders in tests:
        with tempfile.TemporaryDirectory() as root:
            for path, text in files.items():
                (pathlib.Path(root) / path).parent.mkdir(parents=True, exist_ok=True)
                (pathlib.Path(root) / path).write_text(text, encoding="utf-8")
            problems = list(Project(root, folders).problems())
        right = not problems if expected is None else len(problems) == 1 and problems[0].startswith(expected)
        if not right:
            failures += 1
            print(f"self-test: {name}: expected {expected}, got {problems}")
    print(f"self-test: {len(tests) - failures} of {len(tests)} passed")
    return failures == 0


def check(root):
    project = Project(root)
    problems = list(project.problems())
    for problem in problems:
        print(problem)
    print(f"{len(project.files)} files checked, {len(problems)} wrong includes")
    return bool(project.files) and not problems


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--self_test", action="store_true")
    root = pathlib.Path(__file__).resolve().parent.parent
    sys.exit(0 if (self_test() if parser.parse_args().self_test else check(root)) else 1)


if __name__ == "__main__":
    main()
