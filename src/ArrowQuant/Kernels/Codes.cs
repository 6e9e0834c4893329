using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
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
        if (Vector256.IsHardwareAccelerated && BitConverter.IsLittleEndian)
            done = bits == 4 ? PackNibbles(codes, packed) : PackPairs(codes, packed);

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

    // How many codes were packed. A code lies in each byte of a number; moved down beside the one below it, both are in the lowest byte.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static int PackNibbles(ReadOnlySpan<byte> codes, Span<byte> packed)
    {
        ReadOnlySpan<Vector256<ushort>> source = MemoryMarshal.Cast<byte, Vector256<ushort>>(codes);
        Span<Vector256<byte>> target = MemoryMarshal.Cast<byte, Vector256<byte>>(packed)[..(source.Length / 2)];
        for (int i = 0; i < target.Length; i++) target[i] = Vector256.Narrow(Joined(source[2 * i]), Joined(source[2 * i + 1]));
        return target.Length * 2 * Vector256<byte>.Count;

        static Vector256<ushort> Joined(Vector256<ushort> codes) => (codes | codes >>> 4) & Vector256.Create<ushort>(0xFF);
    }

    // The same for two bits, first of neighbours, then of pairs of them.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static int PackPairs(ReadOnlySpan<byte> codes, Span<byte> packed)
    {
        ReadOnlySpan<Vector256<ushort>> source = MemoryMarshal.Cast<byte, Vector256<ushort>>(codes);
        Span<Vector256<byte>> target = MemoryMarshal.Cast<byte, Vector256<byte>>(packed)[..(source.Length / 4)];
        for (int i = 0; i < target.Length; i++)
        {
            target[i] = Vector256.Narrow(
                Vector256.Narrow(Joined(source[4 * i]), Joined(source[4 * i + 1])),
                Vector256.Narrow(Joined(source[4 * i + 2]), Joined(source[4 * i + 3])));
        }

        return target.Length * 4 * Vector256<byte>.Count;

        static Vector256<uint> Joined(Vector256<ushort> codes)
        {
            Vector256<uint> pairs = ((codes | codes >>> 6) & Vector256.Create<ushort>(0x0F)).AsUInt32();
            return (pairs | pairs >>> 12) & Vector256.Create<uint>(0xFF);
        }
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
