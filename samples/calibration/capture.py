"""Records what the layers of a PyTorch model receive, as calibration data for ArrowQuant.

    capture = Capture(model)                      # hooks every Linear, Conv1d and Conv2d
    for t in scheduler.timesteps:                 # run the model as it will be used
        capture.timestep = int(t)                 # or a tensor with one timestep for each sample of the batch
        sample = scheduler.step(model(sample, t), t, sample)
    capture.save("calibration.safetensors")       # then: arrowquant quantize MODEL -o OUT --calibration calibration.safetensors

Of each call, rows_per_call random rows of a layer's input are kept (a row is one token, or one patch of a convolution; of a grouped
convolution the patch of one group), so that <layer>.input is [rows, in_features] in the order of weight.reshape(out, -1), and
<layer>.timestep is [rows]. A hundred timesteps with three rows each, from several samples, are a good start. For a model that is a
component of a pipeline, give its name: Capture(pipe.unet, prefix="unet/"). Needs nothing but torch."""
import array
import json
import struct
import sys

import torch


class Capture:
    def __init__(self, model, rows_per_call=3, prefix="", seed=0):
        self.timestep = 0
        self.rows_per_call = rows_per_call
        self.random = torch.Generator().manual_seed(seed)
        self.rows = {}
        kinds = (torch.nn.Linear, torch.nn.Conv1d, torch.nn.Conv2d)
        self.hooks = [module.register_forward_pre_hook(self._hook(prefix + name))
                      for name, module in model.named_modules() if isinstance(module, kinds)]

    def _hook(self, name):
        def record(module, inputs):
            batch = inputs[0].detach().float().cpu()
            rows = patches(module, batch) if hasattr(module, "kernel_size") else batch.reshape(-1, batch.shape[-1])
            times = torch.as_tensor(self.timestep).reshape(-1).to("cpu", torch.int64)
            times = times.repeat_interleave(rows.shape[0] // len(times))  # samples come one after the other
            if rows.shape[0] > self.rows_per_call:
                chosen = torch.randperm(rows.shape[0], generator=self.random)[:self.rows_per_call]
                rows, times = rows[chosen], times[chosen]
            self.rows.setdefault(name, []).append((rows, times))
        return record

    def save(self, path):
        for hook in self.hooks:
            hook.remove()
        tensors = {}
        for name, calls in self.rows.items():
            rows = torch.cat([rows for rows, _ in calls])
            times = torch.cat([times for _, times in calls])
            tensors[name + ".input"] = ("F32", list(rows.shape), array.array("f", rows.flatten().tolist()))
            tensors[name + ".timestep"] = ("I64", list(times.shape), array.array("q", times.tolist()))
        write_safetensors(path, tensors)


def patches(conv, batch):
    """[batch, channels, ...] to [batch * positions * groups, channels / groups * kernel]."""
    mode = "constant" if conv.padding_mode == "zeros" else conv.padding_mode
    batch = torch.nn.functional.pad(batch, conv._reversed_padding_repeated_twice, mode)
    kernel, dilation, stride = conv.kernel_size, conv.dilation, conv.stride
    if batch.dim() == 3:  # unfold knows images only: a sequence is an image one pixel high
        batch, kernel, dilation, stride = batch.unsqueeze(2), (1, *kernel), (1, *dilation), (1, *stride)
    columns = torch.nn.functional.unfold(batch, kernel, dilation=dilation, stride=stride).transpose(1, 2)
    return columns.reshape(-1, columns.shape[-1] // conv.groups)


def write_safetensors(path, tensors):
    """tensors: name -> (type, shape, array of values)."""
    header, offset = {}, 0
    for name, (kind, shape, values) in tensors.items():
        size = len(values) * values.itemsize
        header[name] = {"dtype": kind, "shape": shape, "data_offsets": [offset, offset + size]}
        offset += size
    text = json.dumps(header).encode()
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for _, _, values in tensors.values():
            if sys.byteorder == "big":
                values.byteswap()
            file.write(values.tobytes())
