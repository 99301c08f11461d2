"""Runs a program that responds to requests, one line of JSON each, so that programs can be measured in turn."""

import json
import os
import subprocess
import time

# Pause before a request. A waiting OpenMP thread of the last program spins for some milliseconds (libgomp's default).
SETTLE_SECONDS = 0.05


class Worker:
    """Owns the process. `info` is the first line that it prints, before any request."""

    def __init__(self, name, command, log_folder):
        self.name = name
        self._log = log_folder / f"{name.replace(' ', '_')}.log"
        self._log.parent.mkdir(parents=True, exist_ok=True)
        # Every program runs with its library's default settings.
        environment = {key: value for key, value in os.environ.items()
                       if not key.startswith(("OMP_", "GOMP_", "KMP_", "MKL_", "ONEDNN_", "DNNL_", "OV_"))}
        with open(self._log, "w", encoding="utf-8") as log:
            self._process = subprocess.Popen(list(map(str, command)), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log,
                                             env=environment, text=True)
        self.info = self._read()

    def ask(self, **request):
        """Sends a request and returns the response."""
        time.sleep(SETTLE_SECONDS)
        try:
            self._process.stdin.write(json.dumps(request) + "\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            pass  # _read reports the reason
        return self._read()

    def _read(self):
        # Skips what libraries print to stdout.
        for line in self._process.stdout:
            if line.startswith("{"):
                return json.loads(line)
        tail = self._log.read_text(encoding="utf-8", errors="replace").splitlines()[-5:]
        raise RuntimeError(f"{self.name} ended with status {self._process.wait()}: " + " / ".join(tail))

    def close(self):
        self._process.stdin.close()
        self._process.stdout.close()
        self._process.wait()
