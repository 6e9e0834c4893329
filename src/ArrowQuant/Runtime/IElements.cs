namespace ArrowQuant.Runtime;

/// <summary>Converts decoded weights to the elements that a caller wants.</summary>
internal interface IElements<TElement>
    where TElement : unmanaged
{
    /// <summary>Converts as many values as there are.</summary>
    static abstract void Convert(ReadOnlySpan<float> weights, Span<TElement> elements);
}

/// <summary>As they are.</summary>
internal readonly struct SingleElements : IElements<float>
{
    public static void Convert(ReadOnlySpan<float> weights, Span<float> elements) => weights.CopyTo(elements);
}

/// <summary>Half precision, ties to even.</summary>
internal readonly struct HalfElements : IElements<Half>
{
    public static void Convert(ReadOnlySpan<float> weights, Span<Half> elements)
    {
        for (int i = 0; i < weights.Length; i++) elements[i] = (Half)weights[i];
    }
}

/// <summary>The 16 bits of bfloat16, ties to even. A NaN of a kept tensor stays one.</summary>
internal readonly struct BFloat16Elements : IElements<ushort>
{
    public static void Convert(ReadOnlySpan<float> weights, Span<ushort> elements)
    {
        for (int i = 0; i < weights.Length; i++)
        {
            uint bits = BitConverter.SingleToUInt32Bits(weights[i]);
            elements[i] = float.IsNaN(weights[i]) ? (ushort)(bits >> 16 | 0x40) : (ushort)((bits + 0x7FFF + (bits >> 16 & 1)) >> 16);
        }
    }
}
