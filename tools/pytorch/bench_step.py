#!/usr/bin/env python3
"""Training steps in PyTorch, timed on request: the child process of `sofim bench`.

It reads JSON lines from stdin and answers each with one JSON line on stdout:

    {"network": "lenet5" | "mlp" | "resnet9" | "resnet9-wide", "weights": PATH, "tensors": [{"name", "shape"}],
     "images": PATH, "labels": PATH, "inputShape": [C, H, W], "batchSize": N, "threads": N,
     "device": "cpu" | "cuda",
     "options": {"sgd": {"learningRate", "momentum"}, "sofim": {"learningRate", "beta", "rho"}}}
        -> {"version": VERSION, "threads": N, "blas": "openblas" | "mkl" | "reference" | "unknown",
            "cuda": NAME | null}
    {"optimizer": "sgd" | "sofim", "layout": "contiguous" | "channelsLast", "steps": K, "renew": false | true}
        -> {"milliseconds": [...], "losses": [...]}

Weights and images are little-endian float32, labels bytes. A pair of optimizer and layout keeps its model
and goes on through the batches where it stopped, with "renew" in new memory. Models stay in training mode:
batch normalization takes the statistics of the batch and moves the running ones. Batches are on the device before timing, and reading a
step's loss waits for the device. On CUDA, too, all is computed in float32: TF32, which PyTorch lets convolutions
have there, rounds factors to 10 bits, and nobody else here does. It ends when stdin does.
"""

import json
import os
import re
import sys
import time
from itertools import cycle

first = json.loads(sys.stdin.readline())
# OpenBLAS reads its number of threads when it is loaded.
os.environ["OPENBLAS_NUM_THREADS"] = os.environ["OMP_NUM_THREADS"] = str(first["threads"])

import torch  # noqa: E402

from lenet5 import LeNet5, train_step  # noqa: E402
from mlp import Mlp  # noqa: E402
from resnet9 import ResNet9  # noqa: E402
from sofim_optimizer import Sofim  # noqa: E402

NETWORKS = {
    "lenet5": LeNet5,
    "mlp": Mlp,
    "resnet9": lambda: ResNet9(narrowest=16),
    "resnet9-wide": lambda: ResNet9(narrowest=64),
}


def blas_in_use() -> str:
    """Who multiplies matrices: on Debian, whatever the administrator chose, and the reference is many times slower."""
    if torch.backends.mkl.is_available():
        return "mkl"
    try:
        with open("/proc/self/maps") as file:
            loaded = {line.split()[-1] for line in file if "blas" in line}
    except FileNotFoundError:  # not Linux
        return "unknown"
    # Debian's OpenBLAS goes by the reference's name, in a folder of its own; its LAPACK may be there beside the reference.
    named = [path for path in loaded if "/libblas." in path] or loaded
    if any("openblas" in path for path in named):
        return "openblas"
    if any("/libblas." in path and not re.search("atlas|blis", path) for path in named):
        return "reference"
    return "unknown"


def read_tensor(path: str, dtype: torch.dtype) -> torch.Tensor:
    with open(path, "rb") as file:
        return torch.frombuffer(bytearray(file.read()), dtype=dtype)


def read_weights(path: str, tensors: list[dict]) -> dict[str, torch.Tensor]:
    sizes = [torch.Size(tensor["shape"]).numel() for tensor in tensors]
    parts = read_tensor(path, torch.float32).split(sizes)
    return {t["name"]: part.reshape(t["shape"]) for t, part in zip(tensors, parts)}


def set_weights(model: torch.nn.Module, weights: dict[str, torch.Tensor]) -> None:
    """As load_state_dict does, but for parameters alone: all of them, and no buffers."""
    parameters = dict(model.named_parameters())
    if parameters.keys() != weights.keys():
        raise ValueError(f"tensors: got {sorted(weights)}, want {sorted(parameters)}")
    with torch.no_grad():
        for name, parameter in parameters.items():
            if parameter.shape != weights[name].shape:
                raise ValueError(f"{name}: got {list(weights[name].shape)}, want {list(parameter.shape)}")
            parameter.copy_(weights[name])


class Contestant:
    """One model with its optimizer, and the minibatches in the memory layout that it is timed in."""

    def __init__(self, optimizer: str, layout: str) -> None:
        memory_format = torch.channels_last if layout == "channelsLast" else torch.contiguous_format
        self.model = NETWORKS[first["network"]]()
        set_weights(self.model, read_weights(first["weights"], first["tensors"]))
        self.model.train()
        self.model.to(device=first["device"], memory_format=memory_format)
        options = first["options"][optimizer]
        parameters = list(self.model.parameters())
        if optimizer == "sgd":
            self.optimizer = torch.optim.SGD(
                parameters, lr=options["learningRate"], momentum=options["momentum"], foreach=True
            )
        else:
            self.optimizer = Sofim(
                parameters, lr=options["learningRate"], beta=options["beta"], rho=options["rho"]
            )
        images = read_tensor(first["images"], torch.float32).reshape(-1, *first["inputShape"])
        images = images.to(first["device"]).contiguous(memory_format=memory_format)
        labels = read_tensor(first["labels"], torch.uint8).long().to(first["device"])
        self.batches = cycle(zip(images.split(first["batchSize"]), labels.split(first["batchSize"])))

    def renew(self) -> None:
        """Moves all that is kept between steps to new memory."""
        states = [value for state in self.optimizer.state.values() for value in state.values()]
        moments = getattr(self.optimizer, "moments", [])
        kept = [*self.model.parameters(), *self.model.buffers(), *filter(torch.is_tensor, states), *moments]
        for tensor, copy in zip(kept, [tensor.detach().clone() for tensor in kept]):
            tensor.data = copy

    def run(self, steps: int) -> dict:
        milliseconds, losses = [], []
        for _ in range(steps):
            images, labels = next(self.batches)
            start = time.perf_counter()
            losses.append(train_step(self.model, self.optimizer, images, labels))
            milliseconds.append(1e3 * (time.perf_counter() - start))
        return {"milliseconds": milliseconds, "losses": losses}


def main() -> None:
    torch.set_num_threads(first["threads"])
    torch.backends.cudnn.allow_tf32 = torch.backends.cuda.matmul.allow_tf32 = False
    about = {
        "version": torch.__version__,
        "threads": torch.get_num_threads(),
        "blas": blas_in_use(),
        "cuda": torch.cuda.get_device_name() if torch.cuda.is_available() else None,
    }
    print(json.dumps(about), flush=True)
    contestants: dict[tuple[str, str], Contestant] = {}
    for line in sys.stdin:
        request = json.loads(line)
        key = (request["optimizer"], request["layout"])
        if key not in contestants:
            contestants[key] = Contestant(*key)
        if request["renew"]:
            contestants[key].renew()
        print(json.dumps(contestants[key].run(request["steps"])), flush=True)


if __name__ == "__main__":
    main()
