namespace ArrowQuant.TestKit;

/// <summary>A tensor as it lies in a safetensors file.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Type">Its element type in the spelling of safetensors: F32, F16, BF16, F8_E4M3, I32, ...</param>
/// <param name="Shape">Its dimensions; empty for a scalar.</param>
/// <param name="Data">Little-endian values, row-major.</param>
public sealed record RawTensor(string Name, string Type, long[] Shape, byte[] Data)
{
    /// <summary>The values, exactly where float32 can hold them (integers beyond 2^24 and float64 are rounded).</summary>
    public float[] ToFloats() => ElementCodec.Decode(Type, Data);

    /// <summary>Makes a tensor of type <paramref name="type"/> from float32 values, rounded to nearest, ties to even.</summary>
    public static RawTensor FromFloats(string name, string type, long[] shape, ReadOnlySpan<float> values) =>
        new(name, type, shape, ElementCodec.Encode(type, values));
}
