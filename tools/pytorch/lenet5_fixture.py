#!/usr/bin/env python3
"""Make the fixture of the parity test: PyTorch's initial LeNet-5 weights and its losses over 20 steps.

    npm run build
    /usr/bin/python3 tools/pytorch/lenet5_fixture.py --data-dir DIR

DIR/mnist holds the official IDX files. Debian's python3-torch is enough. It writes to
packages/lab/test/fixtures/lenet5:

    weights.bin        little-endian float32, the tensors of weights.json one after another
    weights.json       names and shapes, PyTorch's layout (dense weights are [out, in])
    trajectories.json  for every optimizer the mean cross-entropy before each of the 20 updates, on the
                       first 20 x 128 images of MNIST's training set in file order and on the embedded
                       glyphs, with all options, the normalization and a SHA-256 of the batch bytes

Images are never stored: the SHA-256 tells a test whether it feeds the very bytes that PyTorch saw.

Training amplifies rounding: a ReLU or a max-pooling window that flips on the last bit moves later losses by
1e-4 to 1e-2, and then they tell nothing about an implementation. So every trajectory is run in float64 and
several times in float32 from weights perturbed by a rounding error, and must stay the same to 1e-5. SEED and
the learning rates are chosen so that it does.
"""

import argparse
import gzip
import hashlib
import json
import platform
import subprocess
from pathlib import Path

import torch

from lenet5 import LeNet5, train_step
from sofim_optimizer import Sofim

STEPS = 20
BATCH_SIZE = 128
SEED = 4
PERTURBATIONS = 5
PERTURBATION = 2e-7
MOST_DIFFERENCE = 1e-5
PIXELS = 28 * 28
NORMALIZATION = {"mean": 0.1307, "std": 0.3081}
REPOSITORY = Path(__file__).resolve().parents[2]
FIXTURE = REPOSITORY / "packages" / "lab" / "test" / "fixtures" / "lenet5"

# Options by the names that the library uses; the constructors below give them to PyTorch's own.
OPTIMIZERS = {
    "sgd": {"learningRate": 0.03, "momentum": 0.9},
    "adam": {"learningRate": 0.001, "b1": 0.9, "b2": 0.999, "eps": 1e-8},
    "adamw": {"learningRate": 0.001, "b1": 0.9, "b2": 0.999, "eps": 1e-8, "weightDecay": 0.3},
    "sofim": {"learningRate": 0.03, "beta": 0.9, "rho": 0.1, "blocks": "global"},
    "sofim-tensor": {"learningRate": 0.02, "beta": 0.9, "rho": 0.1, "blocks": "tensor"},
}


def make_optimizer(name: str, parameters) -> torch.optim.Optimizer:
    o = OPTIMIZERS[name]
    if name == "sgd":
        return torch.optim.SGD(parameters, lr=o["learningRate"], momentum=o["momentum"])
    if name.startswith("sofim"):
        return Sofim(parameters, lr=o["learningRate"], beta=o["beta"], rho=o["rho"], blocks=o["blocks"])
    adam = dict(lr=o["learningRate"], betas=(o["b1"], o["b2"]), eps=o["eps"])
    if name == "adam":
        return torch.optim.Adam(parameters, **adam)
    return torch.optim.AdamW(parameters, **adam, weight_decay=o["weightDecay"])


def read_mnist(directory: Path, count: int) -> tuple[bytes, bytes]:
    """The first `count` training images and labels as raw bytes, in file order."""
    with gzip.open(directory / "train-images-idx3-ubyte.gz") as file:
        header = file.read(16)
        if header != bytes.fromhex("00000803 0000ea60 0000001c 0000001c"):
            raise ValueError(f"not MNIST's training images: header {header.hex()}")
        images = file.read(count * PIXELS)
    with gzip.open(directory / "train-labels-idx1-ubyte.gz") as file:
        file.seek(8)
        labels = file.read(count)
    return images, labels


def read_glyphs(count: int) -> tuple[bytes, bytes]:
    """The first `count` embedded training images and labels, as the library itself draws them."""
    script = REPOSITORY / "tools" / "pytorch" / "export-glyphs.mjs"
    raw = subprocess.run(["node", str(script), str(count)], check=True, stdout=subprocess.PIPE).stdout
    return raw[: count * PIXELS], raw[count * PIXELS :]


def losses_of(name: str, initial: dict[str, torch.Tensor], images: torch.Tensor, labels: torch.Tensor) -> list[float]:
    model = LeNet5().to(images.dtype)
    model.load_state_dict(initial)
    optimizer = make_optimizer(name, list(model.parameters()))
    return [
        train_step(model, optimizer, images[batch], labels[batch])
        for batch in torch.arange(STEPS * BATCH_SIZE).split(BATCH_SIZE)
    ]


def perturbed(initial: dict[str, torch.Tensor], seed: int) -> dict[str, torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    return {
        name: tensor * (1 + PERTURBATION * torch.randn(tensor.shape, generator=generator))
        for name, tensor in initial.items()
    }


def stable_losses_of(name: str, initial: dict[str, torch.Tensor], images: torch.Tensor, labels: torch.Tensor) -> list[float]:
    """The float32 losses, nine digits each, once it is known that rounding does not decide them."""
    losses = losses_of(name, initial, images, labels)
    others = [losses_of(name, perturbed(initial, seed), images, labels) for seed in range(PERTURBATIONS)]
    others.append(losses_of(name, initial, images.double(), labels))
    difference = max(abs(a - b) / b for other in others for a, b in zip(losses, other))
    if not difference < MOST_DIFFERENCE:
        raise ValueError(f"{name}: rounding moves the losses by {difference:.1e}; choose another seed or options")
    return [float(f"{loss:.9g}") for loss in losses]


def trajectories_of(raw: tuple[bytes, bytes], initial: dict[str, torch.Tensor]) -> dict:
    image_bytes, label_bytes = raw
    if len(image_bytes) != STEPS * BATCH_SIZE * PIXELS or len(label_bytes) != STEPS * BATCH_SIZE:
        raise ValueError(f"got {len(image_bytes)} image bytes and {len(label_bytes)} labels")
    pixels = torch.frombuffer(bytearray(image_bytes), dtype=torch.uint8).float() / 255
    images = ((pixels - NORMALIZATION["mean"]) / NORMALIZATION["std"]).reshape(-1, 1, 28, 28)
    labels = torch.frombuffer(bytearray(label_bytes), dtype=torch.uint8).long()
    return {
        "sha256": hashlib.sha256(image_bytes + label_bytes).hexdigest(),
        "losses": {name: stable_losses_of(name, initial, images, labels) for name in OPTIMIZERS},
    }


def write_weights(initial: dict[str, torch.Tensor]) -> None:
    with open(FIXTURE / "weights.bin", "wb") as file:
        for tensor in initial.values():
            file.write(tensor.numpy().astype("<f4").tobytes())
    tensors = [{"name": name, "shape": list(tensor.shape)} for name, tensor in initial.items()]
    (FIXTURE / "weights.json").write_text(json.dumps({"seed": SEED, "tensors": tensors}, indent=2) + "\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data-dir", type=Path, required=True, help="folder that holds mnist/")
    data_dir = parser.parse_args().data_dir

    torch.set_num_threads(1)
    torch.manual_seed(SEED)
    initial = LeNet5().state_dict()
    count = STEPS * BATCH_SIZE
    fixture = {
        "madeWith": {"torch": torch.__version__, "python": platform.python_version(), "threads": 1},
        "steps": STEPS,
        "batchSize": BATCH_SIZE,
        "normalization": NORMALIZATION,
        "optimizers": OPTIMIZERS,
        "data": {
            "mnist": trajectories_of(read_mnist(data_dir / "mnist", count), initial),
            "glyphs": trajectories_of(read_glyphs(count), initial),
        },
    }
    FIXTURE.mkdir(parents=True, exist_ok=True)
    write_weights(initial)
    (FIXTURE / "trajectories.json").write_text(json.dumps(fixture, indent=1) + "\n")
    for data, trajectories in fixture["data"].items():
        for name, losses in trajectories["losses"].items():
            print(f"{data:7} {name:13} {losses[0]:.6f} -> {losses[-1]:.6f}")


if __name__ == "__main__":
    main()
