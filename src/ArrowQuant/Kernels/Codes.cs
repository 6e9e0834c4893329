namespace ArrowQuant.Kernels;

/// <summary>
/// Packed codes: little end first, 8/bits to a byte, code i of a row at bit (i * bits mod 8) of byte i * bits / 8. Unused bits of a row's
/// last byte are 0.
/// </summary>
internal static class Codes
{
    /// <summary>Packs one row. <paramref name="packed"/> has exactly the bytes that the codes need.</summary>
    /// <exception cref="ArgumentException">The lengths do not fit together.</exception>
    public static void Pack(ReadOnlySpan<byte> codes, int bits, Span<byte> packed)
    {
        if (packed.Length != PackedLength(codes.Length, bits))
            throw new ArgumentException(
                $"{codes.Length} codes of {bits} bits need {PackedLength(codes.Length, bits)} bytes, not {packed.Length}");
        switch (bits)
        {
            case 8:
                codes.CopyTo(packed);
                break;
            case 4:
                for (int i = 0; i < packed.Length; i++)
                {
                    int high = 2 * i + 1 < codes.Length ? codes[2 * i + 1] : 0;
                    packed[i] = (byte)(codes[2 * i] | high << 4);
                }

                break;
            default:
                for (int i = 0; i < packed.Length; i++)
                {
                    int value = 0;
                    for (int k = 0; k < 4 && 4 * i + k < codes.Length; k++) value |= codes[4 * i + k] << 2 * k;
                    packed[i] = (byte)value;
                }

                break;
        }
    }

    /// <summary>Unpacks the first <paramref name="codes"/>.Length codes of one row.</summary>
    /// <exception cref="ArgumentException"><paramref name="packed"/> is too short.</exception>
    public static void Unpack(ReadOnlySpan<byte> packed, int bits, Span<byte> codes)
    {
        if (packed.Length < PackedLength(codes.Length, bits))
            throw new ArgumentException(
                $"{codes.Length} codes of {bits} bits need {PackedLength(codes.Length, bits)} bytes, not {packed.Length}");
        int perByte = 8 / bits;
        int mask = (1 << bits) - 1;
        for (int i = 0; i < codes.Length; i++) codes[i] = (byte)(packed[i / perByte] >> i % perByte * bits & mask);
    }

    /// <summary>Bytes that <paramref name="count"/> codes take.</summary>
    public static int PackedLength(int count, int bits) => (int)(((long)count * bits + 7) / 8);
}
