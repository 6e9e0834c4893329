using ArrowQuant.Sources.Onnx;

namespace ArrowQuant.Onnx;

/// <summary>The patches that a convolution multiplies its weight with (Conv in the ONNX operator set), any number of dimensions.</summary>
internal sealed class PatchPlaces
{
    private readonly long[] _kernel;
    private readonly long[] _strides;
    private readonly long[] _dilations;
    private readonly long[] _pads;
    private readonly long[] _input;
    private readonly long[] _output;
    private readonly long _channels;

    /// <summary>Finds the places.</summary>
    /// <param name="node">The convolution, one group, padding told.</param>
    /// <param name="weight">Shape of the weight [out, in, kernel...].</param>
    /// <param name="input">Shape of the input [batch, in, spatial...].</param>
    public PatchPlaces(OnnxNode node, long[] weight, long[] input)
    {
        int rank = weight.Length - 2;
        _channels = weight[1];
        _kernel = weight[2..];
        _input = input[2..];
        _strides = Attribute("strides", rank, 1);
        _dilations = Attribute("dilations", rank, 1);
        _pads = Attribute("pads", 2 * rank, 0);
        _output = new long[rank];
        for (int d = 0; d < rank; d++)
        {
            long extent = (_kernel[d] - 1) * _dilations[d] + 1;
            _output[d] = Math.Max(0, (_input[d] + _pads[d] + _pads[d + rank] - extent) / _strides[d] + 1);
        }

        PerSample = Product(_output);
        Count = input[0] * PerSample;

        long[] Attribute(string name, int length, long otherwise) =>
            node.Attributes.TryGetValue(name, out OnnxAttribute? found) && found.Integers.Count == length
                ? [.. found.Integers]
                : [.. Enumerable.Repeat(otherwise, length)];
    }

    /// <summary>Patches of the whole batch.</summary>
    public long Count { get; }

    private long PerSample { get; }

    /// <summary>Reads one patch in the order of the weight: channels, then the kernel's dimensions; padding is 0.</summary>
    public void Read(ReadOnlySpan<float> values, long place, Span<float> patch)
    {
        long sample = place / PerSample;
        long[] position = Split(place % PerSample, _output);
        long taps = Product(_kernel);
        long plane = Product(_input);
        for (long tap = 0; tap < taps; tap++)
        {
            long[] offset = Split(tap, _kernel);
            long at = 0;
            bool isInside = true;
            for (int d = 0; d < position.Length; d++)
            {
                long x = position[d] * _strides[d] + offset[d] * _dilations[d] - _pads[d];
                isInside &= x >= 0 && x < _input[d];
                at = at * _input[d] + x;
            }

            for (long c = 0; c < _channels; c++)
                patch[(int)(c * taps + tap)] = isInside ? values[(int)((sample * _channels + c) * plane + at)] : 0;
        }
    }

    private static long[] Split(long index, long[] sizes)
    {
        long[] parts = new long[sizes.Length];
        for (int d = sizes.Length - 1; d >= 0; d--) (index, parts[d]) = Math.DivRem(index, sizes[d]);
        return parts;
    }

    private static long Product(long[] sizes) => sizes.Aggregate(1L, (product, size) => product * size);
}
