"""What every benchmark reports alike: the machine, medians and spreads, goals, tables, and build/bench/NAME.json.

    samples = [{"what": "ours", "round": 0, "seconds": 1.25, "texts": 16}, …]      any dicts; all of them are kept
    goals = [report.goal("texts a second against the best peer", 1.31, 1.2),
             report.goal_not_applicable("bf16 …", 0.75, "the processor has no bf16 instructions")]
    print(report.table(["what", "texts/s"], [["ours", report.spread([13.0, 13.1, 12.9])]]))
    report.write("engine", samples=samples, goals=goals, quick=False)
"""

import datetime
import importlib.metadata
import json
import os
import pathlib
import platform
import statistics
import subprocess
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
OUT = ROOT / "build" / "bench"
STARTED = time.monotonic()

# Short names of the instructions that decide how fast a product can be, and how /proc/cpuinfo calls them.
FLAGS = {"AVX2": "avx2", "AVX-512": "avx512f", "AVX-512 BF16": "avx512_bf16", "AVX-512 VNNI": "avx512_vnni",
         "AVX VNNI": "avx_vnni", "AMX BF16": "amx_bf16", "AMX INT8": "amx_int8"}
NATIVE_BF16 = {"AVX-512 BF16", "AMX BF16"}


def _first_of_file(path, key):
    """What stands behind `key :` in a file of such lines, where it stands first."""
    for line in pathlib.Path(path).read_text(encoding="utf-8").splitlines():
        name, _, value = line.partition(":")
        if name.strip() == key:
            return value.strip()
    return ""


def machine(packages=()):
    """The processor, what of it this process may use, and the versions of these Python packages."""
    cpu_flags = set(_first_of_file("/proc/cpuinfo", "flags").split())
    family, model = (_first_of_file("/proc/cpuinfo", key) for key in ("cpu family", "model"))
    return {
        "processor": f"{_first_of_file('/proc/cpuinfo', 'model name')}, family {family}, model {model}",
        "cpus": len(os.sched_getaffinity(0)),
        "flags": [name for name, flag in FLAGS.items() if flag in cpu_flags],
        "memory": _first_of_file("/proc/meminfo", "MemTotal"),
        "kernel": platform.release(),
        "python": platform.python_version(),
        "packages": {name: importlib.metadata.version(name) for name in packages},
    }


def has_native_bf16(description):
    return bool(NATIVE_BF16 & set(description["flags"]))


def progress(what):
    """A line for who waits: the seconds since this program began, and what is next."""
    print(f"[{time.monotonic() - STARTED:5.0f} s] {what}", flush=True)


def summary(values):
    """Median and quartiles. With fewer than two values the quartiles are the median."""
    median = statistics.median(values)
    q1, _, q3 = statistics.quantiles(values, n=4, method="inclusive") if len(values) > 1 else (median,) * 3
    return {"median": median, "q1": q1, "q3": q3, "count": len(values)}


def number(value):
    """Three digits that say something: 0.123, 1.23, 12.3, 123, 12345."""
    if value == 0:
        return "0"
    digits = max(0, 3 - len(str(int(abs(value)))))
    return f"{value:.{digits + 1 if abs(value) < 1 else digits}f}"


def spread(values):
    """The median, and the quartiles where there is more than one value: 12.3 (12.1-12.6)."""
    s = summary(values)
    quartiles = f" ({number(s['q1'])}-{number(s['q3'])})" if s["count"] > 1 else ""
    return number(s["median"]) + quartiles


def paired_ratios(ours, theirs):
    """ours[key] / theirs[key] for every key (a round, or a round and its texts) that both have, in order of the keys."""
    return [ours[key] / theirs[key] for key in sorted(ours.keys() & theirs.keys())]


def goal(name, value, bar, at_most=False, **rest):
    """A goal with its verdict: at least `bar`, or at most `bar`. Nothing is rounded in a goal's favour."""
    return {"name": name, "value": value, "goal": bar, "at_most": at_most,
            "met": value <= bar if at_most else value >= bar, **rest}


def goal_missed(name, bar, reason):
    """A goal that is not met because what it asks for doesn't run, and why."""
    return {"name": name, "value": None, "goal": bar, "met": False, "reason": reason}


def goal_not_applicable(name, bar, reason):
    """A goal that this machine can't be held to, and why."""
    return {"name": name, "value": None, "goal": bar, "met": None, "reason": reason}


def table(header, rows):
    """The rows under the header, each column as wide as it needs; all but the first flushed right."""
    cells = [[str(cell) for cell in row] for row in [header, *rows]]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    lines = ["  ".join([row[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:]))]).rstrip()
             for row in cells]
    return "\n".join([lines[0], "-" * max(map(len, lines)), *lines[1:]])


def goals_table(goals):
    def verdict(one):
        if one["met"] is None:
            return f"not applicable: {one['reason']}"
        if one["met"]:
            return "met"
        return f"NOT MET: {one['reason']}" if "reason" in one else "NOT MET"

    def bar(one):
        return ("≤ " if one.get("at_most") else "≥ ") + number(one["goal"])

    # Four digits, so that a value just short of its goal is seen to be.
    rows = [[one["name"], "-" if one["value"] is None else f"{one['value']:.4g}", bar(one), verdict(one)] for one in goals]
    return table(["goal", "value", "asked", "verdict"], rows)


def git_commit():
    """The commit that is measured, with "+" where files differ from it; empty outside a repository."""
    result = subprocess.run(["git", "-C", ROOT, "describe", "--always", "--dirty=+", "--abbrev=12", "--exclude=*"],
                            capture_output=True, text=True, check=False)
    return result.stdout.strip()


def write(name, *, samples, goals, machine, folder=OUT, **rest):
    """Prints the goals and writes folder/NAME.json: date, commit, machine, goals, what `rest` has, every sample."""
    print(f"\n{goals_table(goals)}")
    report = {
        "benchmark": name,
        "date": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
        "commit": git_commit(),
        "machine": machine,
        "goals": goals,
        **rest,
        "samples": samples,
    }
    path = pathlib.Path(folder) / f"{name}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(".part")
    temporary.write_text(json.dumps(report, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    temporary.replace(path)
    print(f"\nevery sample is in {path.relative_to(ROOT) if path.is_relative_to(ROOT) else path}")
    return report
