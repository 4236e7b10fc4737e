"""LeNet-5 as this project trains it, in plain PyTorch: the peer that fixtures and benchmarks compare with."""

import torch
from torch import nn


class LeNet5(nn.Module):
    """LeNet-5 for [N, 1, 28, 28] images, with ReLU and max-pooling: 61,706 weights, 10 logits."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(1, 6, kernel_size=5, padding=2)
        self.conv2 = nn.Conv2d(6, 16, kernel_size=5)
        self.fc1 = nn.Linear(16 * 5 * 5, 120)
        self.fc2 = nn.Linear(120, 84)
        self.fc3 = nn.Linear(84, 10)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        hidden = nn.functional.max_pool2d(nn.functional.relu(self.conv1(images)), 2)
        hidden = nn.functional.max_pool2d(nn.functional.relu(self.conv2(hidden)), 2)
        hidden = torch.flatten(hidden, 1)
        hidden = nn.functional.relu(self.fc1(hidden))
        hidden = nn.functional.relu(self.fc2(hidden))
        return self.fc3(hidden)


def train_step(model, optimizer, images: torch.Tensor, labels: torch.Tensor) -> float:
    """Forward, backward and update on one minibatch; returns the mean cross-entropy before the update."""
    optimizer.zero_grad(set_to_none=True)
    loss = nn.functional.cross_entropy(model(images), labels)
    loss.backward()
    optimizer.step()
    return loss.item()
