"""ResNet-9 as this project trains it, in plain PyTorch: the peer that fixtures and timings compare with."""

from collections import OrderedDict

import torch
from torch import nn

LOGIT_SCALE = 0.125


class Block(nn.Module):
    """A 3x3 convolution without bias, batch normalization and ReLU."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, kernel_size=3, padding=1, bias=False)
        self.norm = nn.BatchNorm2d(outputs)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return nn.functional.relu(self.norm(self.conv(x)))


class ResNet9(nn.Module):
    """ResNet-9 for [N, channels, H, W] images, H and W divisible by 8; `narrowest` channels in the first layer."""

    def __init__(self, narrowest: int, channels: int = 3, classes: int = 10) -> None:
        super().__init__()
        c1, c2, c3, c4 = narrowest, 2 * narrowest, 4 * narrowest, 8 * narrowest
        self.prep = Block(channels, c1)
        self.layer1, self.layer1a, self.layer1b = Block(c1, c2), Block(c2, c2), Block(c2, c2)
        self.layer2 = Block(c2, c3)
        self.layer3, self.layer3a, self.layer3b = Block(c3, c4), Block(c4, c4), Block(c4, c4)
        self.fc = nn.Linear(c4, classes)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        pool = nn.functional.max_pool2d
        hidden = pool(self.layer1(self.prep(images)), 2)
        hidden = hidden + self.layer1b(self.layer1a(hidden))
        hidden = pool(self.layer2(hidden), 2)
        hidden = pool(self.layer3(hidden), 2)
        hidden = hidden + self.layer3b(self.layer3a(hidden))
        return LOGIT_SCALE * self.fc(torch.flatten(pool(hidden, hidden.shape[2:]), 1))

    def blocks(self) -> "OrderedDict[str, Block]":
        return OrderedDict((name, child) for name, child in self.named_children() if isinstance(child, Block))
