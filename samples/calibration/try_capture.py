"""Tries capture.py on a small module: every recorded row, times the layer's weight, must give what the layer gave.

    python3 try_capture.py calibration.safetensors
"""
import sys

import torch

from capture import Capture


class Small(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.image = torch.nn.Conv2d(3, 8, (3, 2), stride=2, padding=1, dilation=(1, 2))
        self.depthwise = torch.nn.Conv1d(8, 8, 3, padding="same", groups=8, padding_mode="circular")
        self.out = torch.nn.Linear(8, 5)

    def forward(self, x):
        return self.out(self.depthwise(self.image(x).flatten(2)).transpose(1, 2))


def main(path):
    torch.manual_seed(0)
    model = Small()
    outputs = {}
    for name, module in model.named_children():
        module.register_forward_hook(lambda _, __, output, name=name: outputs.__setitem__(name, output.detach()))

    capture = Capture(model, rows_per_call=1 << 30)  # every row, in order
    capture.timestep = torch.tensor([7, 9])
    with torch.no_grad():
        model(torch.randn(2, 3, 8, 8))
    for name, module in model.named_children():
        (rows, times), = capture.rows[name]
        groups = getattr(module, "groups", 1)
        weight = module.weight.detach().reshape(groups, -1, rows.shape[1])
        product = torch.einsum("pgc,goc->pgo", rows.reshape(-1, groups, rows.shape[1]), weight).flatten(1) + module.bias.detach()
        expected = outputs[name].flatten(2).transpose(1, 2) if groups > 1 or name == "image" else outputs[name]
        assert torch.allclose(product, expected.reshape(-1, expected.shape[-1]), atol=1e-5), name
        assert times[0] == 7 and times[-1] == 9 and (times == 7).sum() * 2 == len(times), name
    for hook in capture.hooks:
        hook.remove()

    capture = Capture(model, rows_per_call=3, prefix="unet/")
    for t in range(950, -1, -50):
        capture.timestep = t
        with torch.no_grad():
            model(torch.randn(2, 3, 8, 8) * (1 + t / 100))
    capture.save(path)


if __name__ == "__main__":
    main(sys.argv[1])
