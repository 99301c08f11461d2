"""Starts and stops the measured servers, and runs the programs that measure them.

Each server is started once. It is frozen (SIGSTOP) while another is measured, so that it uses no CPU time.
"""

import atexit
import contextlib
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
OUT = ROOT / "build" / "bench"
PROGRAMS = ROOT / "build" / "release" / "bin"
PEERS = ROOT / "tests" / "bench" / "peers"
PEERS_VENV = ROOT / "build" / "bench-triton-venv"
PEERS_PYTHON = PEERS_VENV / "bin" / "python"

START_SECONDS = 120
TICKS = os.sysconf("SC_CLK_TCK")


class ServerFailed(Exception):
    """A server did not start. The message has the end of its log."""


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def stat_fields(path):
    """Returns the name in a file /proc/…/stat, and its fields from the third on."""
    text = pathlib.Path(path).read_text(encoding="utf-8")
    name, rest = text[text.index("(") + 1 : text.rindex(")")], text[text.rindex(")") + 2 :]
    return name, rest.split()


def process_tree(root):
    """Returns the process and all its descendants, parents before children."""
    children = {}
    for folder in pathlib.Path("/proc").iterdir():
        if not folder.name.isdigit():
            continue
        with contextlib.suppress(OSError):
            _, fields = stat_fields(folder / "stat")
            children.setdefault(int(fields[1]), []).append(int(folder.name))
    tree = [root]
    for process in tree:
        tree.extend(children.get(process, []))
    return tree


class Server:
    """A running server. `command` must run until it is stopped. `ready` returns its address, or None while it starts."""

    def __init__(self, name, protocol, command, ready, environment=None):
        self.name, self.protocol, self.address = name, protocol, None
        self.log = OUT / "logs" / f"{name.replace(' ', '_').replace('/', '-')}.log"
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=log, stderr=log, start_new_session=True,
                                            env={**os.environ, **(environment or {})})
        atexit.register(self.stop)  # stops it even if the benchmark fails
        self.wait_until_ready(ready)

    def wait_until_ready(self, ready):
        deadline = time.monotonic() + START_SECONDS
        while self.address is None:
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                lines = self.log.read_text(encoding="utf-8", errors="replace").splitlines()
                raise ServerFailed(f"{self.name} did not start: {' | '.join(lines[-3:])}")
            time.sleep(0.05)
            self.address = ready(self.log)

    def signal(self, number):
        # Freezes parents before children and thaws children before parents, because a parent can watch its children.
        tree = process_tree(self.process.pid)
        for process in reversed(tree) if number == signal.SIGCONT else tree:
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, number)

    def freeze(self):
        self.signal(signal.SIGSTOP)

    def thaw(self):
        self.signal(signal.SIGCONT)

    def stop(self):
        atexit.unregister(self.stop)
        tree = process_tree(self.process.pid)
        self.thaw()
        self.process.terminate()
        try:
            self.process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdin.close()
        for process in tree[1:]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)

    def cpu_seconds(self):
        """Returns the user and system time of all its processes so far, by thread name."""
        seconds = {}
        for process in process_tree(self.process.pid):
            for task in pathlib.Path(f"/proc/{process}/task").iterdir():
                with contextlib.suppress(OSError):
                    name, fields = stat_fields(task / "stat")
                    seconds[name] = seconds.get(name, 0) + (int(fields[11]) + int(fields[12])) / TICKS
        return seconds


def logged_address(key, message=None):
    """Returns a `ready` that waits for a line of JSON in the log with this key and message."""
    def ready(log):
        for line in log.read_text(encoding="utf-8", errors="replace").splitlines():
            with contextlib.suppress(ValueError):
                fields = json.loads(line)
                if key in fields and fields.get("message") == message:
                    return f"127.0.0.1:{fields[key]}"
        return None
    return ready


def healthy_url(url, address):
    """Returns a `ready` that waits for status 200 of a URL."""
    def ready(_log):
        with contextlib.suppress(OSError), urllib.request.urlopen(url, timeout=1) as response:
            if response.status == 200:
                return address
        return None
    return ready


def newsgenre(model, precision=None):
    """Starts newsgenre_server with its defaults. Only the model, the addresses and optionally the precision are set."""
    name, flags = ("newsgenre", []) if precision is None else (f"newsgenre {precision}", [f"--precision={precision}"])
    server = Server(name, "newsgenre", [PROGRAMS / "newsgenre_server", f"--model_dir={model}", "--address=127.0.0.1:0",
                                        "--metrics_address=127.0.0.1:0", *flags], logged_address("port", "serving"))
    server.metrics_address = logged_address("metrics_port", "serving")(server.log)
    return server


def newsgenre_metrics(server):
    """Returns the metrics of a newsgenre server as {series: value}."""
    with urllib.request.urlopen(f"http://{server.metrics_address}/metrics", timeout=10) as response:
        lines = response.read().decode().splitlines()
    return {series: float(value) for series, value in (line.rsplit(" ", 1) for line in lines if line and line[0] != "#")}


def empty(response_bytes):
    """Starts empty_service."""
    return Server("empty service", "newsgenre", [PROGRAMS / "empty_service", f"--answer_bytes={response_bytes}"],
                  logged_address("port"))


TRITON_CONFIG = """
name: "classifier"
backend: "python"
max_batch_size: {batch}
input [{{name: "text" data_type: TYPE_STRING dims: [1]}}]
output [{{name: "probabilities" data_type: TYPE_FP32 dims: [4]}}]
instance_group [{{count: {instances} kind: KIND_CPU}}]
{dynamic_batching}
parameters {{key: "settings" value {{string_value: "{settings}"}}}}
"""


def onnx_files(model):
    """Returns the path of the tokenizer.json that transformers writes for a Hugging Face folder, and the ONNX files of
    engine_models.py by name."""
    subprocess.run([sys.executable, ROOT / "tests/bench/engine_models.py", model, "--only_onnx"], check=True,
                   stdout=subprocess.DEVNULL)
    folder = OUT / "tokenizer"
    if not (folder / "tokenizer.json").exists():
        import transformers

        transformers.AutoTokenizer.from_pretrained(model).save_pretrained(folder)
    return str(folder / "tokenizer.json"), {path.name: path for path in model.glob("*.onnx")}


def triton(settings, instances, batch, what="triton"):
    """Starts the tritonserver of nvidia-pytriton's package with its Python backend. peers/triton_model.py documents
    `settings`. The server's name starts with `what`."""
    (package,) = PEERS_VENV.glob("lib/python3*/site-packages/pytriton/tritonserver")
    version = package.parents[2].name.removeprefix("python")
    name = f"{what} {instances}x{batch}"
    folder = OUT / "triton" / name.replace(" ", "-")
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(package / "backends", folder / "backends")
    shutil.copy(package / "python_backend_stubs" / version / "triton_python_backend_stub", folder / "backends" / "python")
    model = folder / "models" / "classifier"
    (model / "1").mkdir(parents=True)
    shutil.copy(PEERS / "triton_model.py", model / "1" / "model.py")
    shutil.copy(PEERS / "onnx_classifier.py", model / "1")
    (model / "config.pbtxt").write_text(TRITON_CONFIG.format(
        batch=batch, instances=instances, dynamic_batching="dynamic_batching {}" if batch > 1 else "",
        settings=json.dumps(settings).replace('"', '\\"')), encoding="utf-8")
    grpc_port, http_port = free_port(), free_port()
    command = [package / "bin" / "tritonserver", f"--model-repository={folder / 'models'}",
               f"--backend-directory={folder / 'backends'}", "--disable-auto-complete-config", "--allow-metrics=false",
               "--grpc-address=127.0.0.1", f"--grpc-port={grpc_port}", "--http-address=127.0.0.1", f"--http-port={http_port}"]
    environment = {"PYTHONPATH": str(package.parents[1]), "TOKENIZERS_PARALLELISM": "false",
                   "LD_LIBRARY_PATH": str(package.parents[1] / "nvidia_pytriton.libs"),
                   "PATH": f"{PEERS_PYTHON.parent}:{os.environ['PATH']}"}
    ready = healthy_url(f"http://127.0.0.1:{http_port}/v2/health/ready", f"127.0.0.1:{grpc_port}")
    return Server(name, "triton", command, ready, environment)


def litserve(tokenizer, file, instances, threads, batch):
    """Starts peers/litserve_server.py."""
    port = free_port()
    command = [PEERS_PYTHON, PEERS / "litserve_server.py", tokenizer, file, f"--port={port}", f"--workers={instances}",
               f"--threads={threads}", f"--batch={batch}"]
    return Server(f"litserve {instances}x{batch}", "http", command,
                  healthy_url(f"http://127.0.0.1:{port}/health", f"127.0.0.1:{port}"), {"TOKENIZERS_PARALLELISM": "false"})


def load(server, texts, *, seconds, warmup_seconds, callers=0, rate=0.0, seed=1, first=0, count=0):
    """Runs load_generator against `server`. Returns its output, and the server's CPU seconds during the whole run."""
    command = [PROGRAMS / "load_generator", f"--protocol={server.protocol}", f"--address={server.address}", f"--texts={texts}",
               f"--first={first}", f"--count={count}", f"--callers={callers}", f"--rate={rate}", f"--seconds={seconds}",
               f"--warmup_seconds={warmup_seconds}", f"--seed={seed}"]
    before = server.cpu_seconds()
    result = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
    after = server.cpu_seconds()
    result["cpu_seconds"] = {name: after[name] - before.get(name, 0) for name in after}
    return result


class BareModel:
    """Runs the program bare_model, which times newsgenre's forward pass alone. `about` is its description of the model."""

    def __init__(self, model, texts, count):
        self.process = subprocess.Popen([PROGRAMS / "bare_model", f"--model_dir={model}", f"--texts={texts}",
                                         f"--count={count}"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.about = json.loads(self.process.stdout.readline())

    def forward(self, batch):
        """Returns the seconds of the forward pass of these texts in one batch."""
        self.process.stdin.write(" ".join(map(str, batch)) + "\n")
        self.process.stdin.flush()
        return float(self.process.stdout.readline())

    def stop(self):
        self.process.stdin.close()
        self.process.wait()
