using System.Buffers.Binary;
using System.Runtime.Intrinsics.X86;

namespace ArrowQuant.Kernels;

/// <summary>
/// Packed codes: little end first, 8/bits to a byte, code i of a row at bit (i * bits mod 8) of byte i * bits / 8. Unused bits of a row's
/// last byte are 0.
/// </summary>
internal static class Codes
{
    private const int Run = 8;
    private const ulong Nibbles = 0x0F0F0F0F0F0F0F0F;
    private const ulong Pairs = 0x0303030303030303;

    /// <summary>Packs one row. <paramref name="packed"/> has exactly the bytes that the codes need.</summary>
    /// <exception cref="ArgumentException">The lengths do not fit together.</exception>
    public static void Pack(ReadOnlySpan<byte> codes, int bits, Span<byte> packed)
    {
        if (packed.Length != PackedLength(codes.Length, bits))
            throw new ArgumentException(
                $"{codes.Length} codes of {bits} bits need {PackedLength(codes.Length, bits)} bytes, not {packed.Length}");
        if (bits == 8)
        {
            codes.CopyTo(packed);
            return;
        }

        // Eight codes make a whole number of bytes, so a run of eight can be packed by itself.
        int done = 0;
        if (Bmi2.X64.IsSupported)
        {
            for (; done + Run <= codes.Length; done += Run)
            {
                ulong eight = BinaryPrimitives.ReadUInt64LittleEndian(codes[done..]);
                if (bits == 4)
                {
                    uint nibbles = (uint)Bmi2.X64.ParallelBitExtract(eight, Nibbles);
                    BinaryPrimitives.WriteUInt32LittleEndian(packed[(done / 2)..], nibbles);
                }
                else
                {
                    ushort pairs = (ushort)Bmi2.X64.ParallelBitExtract(eight, Pairs);
                    BinaryPrimitives.WriteUInt16LittleEndian(packed[(done / 4)..], pairs);
                }
            }
        }

        packed[(done * bits / 8)..].Clear();
        for (int i = done; i < codes.Length; i++) packed[i * bits / 8] |= (byte)(codes[i] << i * bits % 8);
    }

    /// <summary>Unpacks the first <paramref name="codes"/>.Length codes of one row.</summary>
    /// <exception cref="ArgumentException"><paramref name="packed"/> is too short.</exception>
    public static void Unpack(ReadOnlySpan<byte> packed, int bits, Span<byte> codes)
    {
        if (packed.Length < PackedLength(codes.Length, bits))
            throw new ArgumentException(
                $"{codes.Length} codes of {bits} bits need {PackedLength(codes.Length, bits)} bytes, not {packed.Length}");
        if (bits == 8)
        {
            packed[..codes.Length].CopyTo(codes);
            return;
        }

        int done = 0;
        if (Bmi2.X64.IsSupported)
        {
            for (; done + Run <= codes.Length; done += Run)
            {
                ulong eight = bits == 4
                    ? Bmi2.X64.ParallelBitDeposit(BinaryPrimitives.ReadUInt32LittleEndian(packed[(done / 2)..]), Nibbles)
                    : Bmi2.X64.ParallelBitDeposit(BinaryPrimitives.ReadUInt16LittleEndian(packed[(done / 4)..]), Pairs);
                BinaryPrimitives.WriteUInt64LittleEndian(codes[done..], eight);
            }
        }

        int perByte = 8 / bits;
        int mask = (1 << bits) - 1;
        for (int i = done; i < codes.Length; i++) codes[i] = (byte)(packed[i / perByte] >> i % perByte * bits & mask);
    }

    /// <summary>Bytes that <paramref name="count"/> codes take.</summary>
    public static int PackedLength(int count, int bits) => (int)(((long)count * bits + 7) / 8);
}
