"""The perceptron as this project trains it, in plain PyTorch: the peer that the benchmark compares with."""

import torch
from torch import nn


class Mlp(nn.Module):
    """Pixels, 256, 128, 10 logits, with ReLU between."""

    def __init__(self, pixels: int = 28 * 28) -> None:
        super().__init__()
        self.fc1 = nn.Linear(pixels, 256)
        self.fc2 = nn.Linear(256, 128)
        self.fc3 = nn.Linear(128, 10)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        hidden = nn.functional.relu(self.fc1(torch.flatten(images, 1)))
        hidden = nn.functional.relu(self.fc2(hidden))
        return self.fc3(hidden)
