#!/usr/bin/env python3
"""Make the fixture of ResNet-9's parity test: PyTorch's initial weights, small images, and what 20 steps give.

    /usr/bin/python3 tools/pytorch/resnet9_fixture.py

Debian's python3-torch is enough; no data are needed. It writes to packages/lab/test/fixtures/resnet9:

    weights.bin        little-endian float32, the tensors of trajectories.json one after another, in PyTorch's layout
    images.bin         bytes, [IMAGES, 3, 16, 16], and then IMAGES labels: noise on a colored gradient for each class
    trajectories.json  names and shapes of the weights; for every optimizer the mean cross-entropy before each of the
                       20 updates on the images in order, round and round, in training mode; then the running
                       statistics of every layer, and the cross-entropy of the first batch in evaluation mode

As in lenet5_fixture.py, every trajectory is run in float64 and from perturbed weights too, and must stay the same to
a hundredth of what is promised: later losses of a run that rounding decides would tell nothing.
"""

import json
import platform
from pathlib import Path

import torch

from lenet5 import train_step
from lenet5_fixture import perturbed
from resnet9 import ResNet9
from sofim_optimizer import Sofim

NARROWEST = 4
SIZE = 16
IMAGES = 64
BATCH_SIZE = 16
STEPS = 20
SEED = 2
PERTURBATIONS = 24
MOST_DIFFERENCE = 1e-5
NORMALIZATION = {"mean": 0.5, "std": 0.25}
FIXTURE = Path(__file__).resolve().parents[2] / "packages" / "lab" / "test" / "fixtures" / "resnet9"

OPTIMIZERS = {
    "sgd": {"learningRate": 0.004, "momentum": 0.9},
    "sofim": {"learningRate": 0.03, "beta": 0.9, "rho": 0.2},
}


def make_optimizer(name: str, parameters) -> torch.optim.Optimizer:
    o = OPTIMIZERS[name]
    if name == "sgd":
        return torch.optim.SGD(parameters, lr=o["learningRate"], momentum=o["momentum"])
    return Sofim(parameters, lr=o["learningRate"], beta=o["beta"], rho=o["rho"])


def draw_images(generator: torch.Generator) -> tuple[torch.Tensor, torch.Tensor]:
    labels = torch.arange(IMAGES) % 10
    slopes = torch.rand((10, 3, 2), generator=generator) * 12 - 6
    y, x = torch.meshgrid(torch.arange(SIZE) - SIZE / 2, torch.arange(SIZE) - SIZE / 2, indexing="ij")
    ramps = 128 + slopes[:, :, :1, None] * y + slopes[:, :, 1:, None] * x
    noise = 40 * torch.randn((IMAGES, 3, SIZE, SIZE), generator=generator)
    return (ramps[labels] + noise).clamp(0, 255).to(torch.uint8), labels


def run(name: str, initial: dict[str, torch.Tensor], images: torch.Tensor, labels: torch.Tensor) -> dict:
    model = ResNet9(NARROWEST).to(images.dtype)
    model.load_state_dict(initial)
    optimizer = make_optimizer(name, list(model.parameters()))
    batches = torch.arange(IMAGES).split(BATCH_SIZE)
    model.train()
    losses = []
    for step in range(STEPS):
        batch = batches[step % len(batches)]
        losses.append(train_step(model, optimizer, images[batch], labels[batch]))
    model.eval()
    with torch.no_grad():
        evaluation = torch.nn.functional.cross_entropy(model(images[batches[0]]), labels[batches[0]])
    running = {
        block: {"mean": layer.norm.running_mean.tolist(), "variance": layer.norm.running_var.tolist()}
        for block, layer in model.blocks().items()
    }
    return {"losses": losses, "evaluationLoss": evaluation.item(), "running": running}


def lists_of(result: dict) -> list[list[float]]:
    statistics = [list_ for layer in result["running"].values() for list_ in layer.values()]
    return [result["losses"], [result["evaluationLoss"]], *statistics]


def largest_difference(other: dict, result: dict) -> float:
    """Over losses and running statistics, each list relative to its largest element, as the test compares them."""
    return max(
        abs(a - b) / max(map(abs, wanted))
        for found, wanted in zip(lists_of(other), lists_of(result))
        for a, b in zip(found, wanted)
    )


def stable_run(name: str, initial: dict[str, torch.Tensor], images: torch.Tensor, labels: torch.Tensor) -> dict:
    """The float32 run, nine digits each, once it is known that rounding does not decide it."""
    result = run(name, initial, images, labels)
    floats = [key for key, tensor in initial.items() if tensor.is_floating_point()]

    def other(seed: int) -> dict[str, torch.Tensor]:
        moved = perturbed({key: initial[key] for key in floats}, seed)
        return {**initial, **moved}

    others = [run(name, other(seed), images, labels) for seed in range(PERTURBATIONS)]
    others.append(run(name, initial, images.double(), labels))

    difference = max(largest_difference(other, result) for other in others)
    print(f"{name:6} {result['losses'][0]:.6f} -> {result['losses'][-1]:.6f}, rounding moves results by {difference:.1e}")
    if not difference < MOST_DIFFERENCE:
        raise ValueError(f"{name}: rounding moves the results by {difference:.1e}; choose another seed or options")
    return json.loads(json.dumps(result), parse_float=lambda text: float(f"{float(text):.9g}"))


def named_weights(model: ResNet9) -> dict[str, torch.Tensor]:
    """Weights by the library's names: a block's convolution is its weight, its normalization scale and bias."""
    weights = {}
    for name, block in model.blocks().items():
        weights[f"{name}.weight"] = block.conv.weight
        weights[f"{name}.scale"] = block.norm.weight
        weights[f"{name}.bias"] = block.norm.bias
    return {**weights, "fc.weight": model.fc.weight, "fc.bias": model.fc.bias}


def main() -> None:
    torch.set_num_threads(1)
    torch.manual_seed(SEED)
    model = ResNet9(NARROWEST)
    with torch.no_grad():
        # Scales and biases that are not all alike tell whether each goes where it belongs.
        for block in model.blocks().values():
            block.norm.weight.uniform_(0.7, 1.3)
            block.norm.bias.uniform_(-0.2, 0.2)
    initial = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    weights = {name: tensor.detach().clone() for name, tensor in named_weights(model).items()}
    image_bytes, labels = draw_images(torch.Generator().manual_seed(SEED))
    images = (image_bytes.float() / 255 - NORMALIZATION["mean"]) / NORMALIZATION["std"]

    fixture = {
        "madeWith": {"torch": torch.__version__, "python": platform.python_version(), "threads": 1},
        "narrowest": NARROWEST,
        "imageShape": [3, SIZE, SIZE],
        "images": IMAGES,
        "batchSize": BATCH_SIZE,
        "steps": STEPS,
        "normalization": NORMALIZATION,
        "optimizers": OPTIMIZERS,
        "tensors": [{"name": name, "shape": list(tensor.shape)} for name, tensor in weights.items()],
        "runs": {name: stable_run(name, initial, images, labels) for name in OPTIMIZERS},
    }
    FIXTURE.mkdir(parents=True, exist_ok=True)
    with open(FIXTURE / "weights.bin", "wb") as file:
        for tensor in weights.values():
            file.write(tensor.numpy().astype("<f4").tobytes())
    (FIXTURE / "images.bin").write_bytes(image_bytes.numpy().tobytes() + labels.to(torch.uint8).numpy().tobytes())
    (FIXTURE / "trajectories.json").write_text(json.dumps(fixture) + "\n")


if __name__ == "__main__":
    main()
