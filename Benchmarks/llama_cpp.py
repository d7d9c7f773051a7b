"""llama.cpp on the CPU as a peer: converts a model folder, and reads what its own benchmark programs print."""

import json
import subprocess
import sys
from pathlib import Path

import models

# How llama.cpp names what we keep weights as.
TYPES = {"bfloat16": "bf16", "int8": "q8_0"}


class LlamaCpp:
    """A checkout of its source, whose converter is used, and the folder of its built programs."""

    def __init__(self, source: Path, programs: Path) -> None:
        self.source, self.programs = source, programs

    def convert(self, folder: Path, dtype: str) -> Path:
        """The folder's language model as a GGUF file beside it, made once."""
        target = folder.with_name(f"{folder.name}-{TYPES[dtype]}.gguf")
        if not target.exists():
            # The converter knows the tokenizer by a hash, so the folder has to hold the published one.
            self._run([sys.executable, self.source / "convert_hf_to_gguf.py", folder, "--outtype", TYPES[dtype],
                       "--outfile", target])
            models.forget(target)
        return target

    def measure(self, model: Path, threads: int, prompt: int, new_tokens: int, answers: int) -> dict[str, float]:
        """One sample of each figure; llama-bench warms up before it measures."""
        rows = json.loads(self._run(
            [self.programs / "llama-bench", "-m", model, "-t", threads, "-r", 1, "-p", prompt, "-n", new_tokens,
             "-ngl", 0, "-o", "json"]))
        found = {"prefill" if row["n_prompt"] else "decode": row["avg_ts"] for row in rows}
        if answers:
            output = self._run(
                [self.programs / "llama-batched-bench", "-m", model, "-t", threads, "-tb", threads,
                 "-c", answers * (prompt + new_tokens) + 64, "-npp", prompt, "-ntg", new_tokens, "-npl", answers,
                 "-pps", "-ngl", 0, "--output-format", "jsonl"])
            row = json.loads(next(line for line in output.splitlines() if line.lstrip().startswith("{")))
            found["answers"] = answers * new_tokens / row["t_tg"]
        return found

    @staticmethod
    def _run(command: list) -> str:
        done = subprocess.run([str(part) for part in command], capture_output=True, text=True, check=False)
        if done.returncode:
            sys.exit(f"{Path(str(command[0])).name} failed ({done.returncode}):\n{done.stderr[-2000:]}")
        return done.stdout
