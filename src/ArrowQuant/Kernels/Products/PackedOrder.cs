namespace ArrowQuant.Kernels.Products;

/// <summary>
/// The order in which products of packed rows are added. Sixteen bytes of a row are one code of each at a time: first the lowest code of
/// the sixteen bytes, then the next, so that code j of byte k comes to place <c>(k / 16 * perByte + j) * 16 + k mod 16</c> with
/// <c>perByte = 8 / bits</c>. At 8 bits, and for rows of floats, that is the order of the row.
/// </summary>
internal static class PackedOrder
{
    /// <summary>Weights that are looked at together; rows of activations are filled up with zeros to a multiple of it.</summary>
    public const int Stride = 128;

    private const int Lanes = 16;

    /// <summary>Floats that a row of <paramref name="columns"/> activations takes.</summary>
    public static int PaddedLength(int columns) => checked((int)(((long)columns + Stride - 1) / Stride * Stride));

    /// <summary>Brings a row of activations into the order, zeros behind it.</summary>
    /// <param name="row">The activations.</param>
    /// <param name="bits">Bits of the weights' codes: 2, 4, 8 or 32.</param>
    /// <param name="ordered">Receives <see cref="PaddedLength"/> values.</param>
    /// <exception cref="ArgumentException">The lengths do not fit together.</exception>
    public static void Arrange(ReadOnlySpan<float> row, int bits, Span<float> ordered)
    {
        if (ordered.Length != PaddedLength(row.Length))
            throw new ArgumentException($"{row.Length} activations need {PaddedLength(row.Length)} values, not {ordered.Length}");
        ordered[row.Length..].Clear();
        int perByte = Math.Max(1, 8 / bits);
        if (perByte == 1)
        {
            row.CopyTo(ordered);
            return;
        }

        ordered.Clear();
        int part = Lanes * perByte;
        for (int first = 0; first < row.Length; first += part)
        {
            ReadOnlySpan<float> source = row.Slice(first, Math.Min(part, row.Length - first));
            Span<float> target = ordered.Slice(first, part);
            for (int i = 0; i < source.Length; i++) target[i % perByte * Lanes + i / perByte] = source[i];
        }
    }
}
