"""SOFIM as a torch.optim.Optimizer, written from the equations of arXiv 2403.02833 and nothing else.

    M_t  = beta M_{t-1} + (1 - beta) g_t
    Mh_t = M_t / (1 - beta^t)
    w   <- w - lr Mh_t / (rho + |Mh_t|^2)

It shares no code with the library that it is compared with. `_foreach_` operations keep the Python
overhead per step as low as PyTorch allows, so that timings beside it are fair.
"""

import torch


class Sofim(torch.optim.Optimizer):
    """SOFIM with |Mh|^2 over all weights (blocks="global") or over each tensor apart (blocks="tensor")."""

    def __init__(self, params, lr: float, beta: float = 0.9, rho: float = 0.1, blocks: str = "global") -> None:
        if blocks not in ("global", "tensor"):
            raise ValueError(f'blocks: got {blocks!r}, want "global" or "tensor"')
        super().__init__(params, dict(lr=lr, beta=beta, rho=rho, blocks=blocks))
        if len(self.param_groups) != 1:
            raise ValueError("params: the norm is over all weights, so there can be one group only")
        self.count = 0
        self.moments: list[torch.Tensor] = []

    @torch.no_grad()
    def step(self, closure=None) -> None:
        group = self.param_groups[0]
        weights = group["params"]
        gradients = [weight.grad for weight in weights]
        if not self.moments:
            self.moments = [torch.zeros_like(weight) for weight in weights]
        self.count += 1

        torch._foreach_mul_(self.moments, group["beta"])
        torch._foreach_add_(self.moments, gradients, alpha=1 - group["beta"])
        correction = 1 - group["beta"] ** self.count
        norms = torch.stack(torch._foreach_norm(self.moments)).tolist()
        squares = [(norm / correction) ** 2 for norm in norms]

        if group["blocks"] == "global":
            scale = group["lr"] / (group["rho"] + sum(squares))
            torch._foreach_add_(weights, self.moments, alpha=-scale / correction)
        else:
            scales = [-group["lr"] / (group["rho"] + square) / correction for square in squares]
            torch._foreach_add_(weights, torch._foreach_mul(self.moments, scales))
