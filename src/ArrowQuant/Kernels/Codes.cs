using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
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

        int done = 0;
        if (Bmi2.X64.IsSupported && BitConverter.IsLittleEndian)
        {
            // Eight codes make a whole number of bytes, so a run of eight can be packed by itself.
            done = codes.Length / Run * Run;
            if (bits == 4) PackRuns<uint>(codes[..done], packed, Nibbles);
            else PackRuns<ushort>(codes[..done], packed, Pairs);
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
        if (Bmi2.X64.IsSupported && BitConverter.IsLittleEndian)
        {
            done = codes.Length / Run * Run;
            if (bits == 4) UnpackRuns<uint>(packed, codes[..done], Nibbles);
            else UnpackRuns<ushort>(packed, codes[..done], Pairs);
        }

        int perByte = 8 / bits;
        int mask = (1 << bits) - 1;
        for (int i = done; i < codes.Length; i++) codes[i] = (byte)(packed[i / perByte] >> i % perByte * bits & mask);
    }

    /// <summary>Bytes that <paramref name="count"/> codes take.</summary>
    public static int PackedLength(int count, int bits) => (int)(((long)count * bits + 7) / 8);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void PackRuns<TPacked>(ReadOnlySpan<byte> codes, Span<byte> packed, ulong places)
        where TPacked : unmanaged, IBinaryInteger<TPacked>
    {
        ReadOnlySpan<ulong> source = MemoryMarshal.Cast<byte, ulong>(codes);
        Span<TPacked> target = MemoryMarshal.Cast<byte, TPacked>(packed)[..source.Length];
        for (int i = 0; i < target.Length; i++) target[i] = TPacked.CreateTruncating(Bmi2.X64.ParallelBitExtract(source[i], places));
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void UnpackRuns<TPacked>(ReadOnlySpan<byte> packed, Span<byte> codes, ulong places)
        where TPacked : unmanaged, IBinaryInteger<TPacked>
    {
        Span<ulong> target = MemoryMarshal.Cast<byte, ulong>(codes);
        ReadOnlySpan<TPacked> source = MemoryMarshal.Cast<byte, TPacked>(packed)[..target.Length];
        for (int i = 0; i < target.Length; i++) target[i] = Bmi2.X64.ParallelBitDeposit(ulong.CreateTruncating(source[i]), places);
    }
}
