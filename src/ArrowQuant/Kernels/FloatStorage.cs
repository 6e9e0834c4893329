using System.Runtime.CompilerServices;
using ArrowQuant.Kernels.Lanes;

namespace ArrowQuant.Kernels;

/// <summary>The precision in which floats that take part in decoding are stored.</summary>
internal static class FloatStorage
{
    // binary32 has 24 significant bits; 11 of them stay, of the gains of a trellis 8
    private const int DroppedBits = 13;
    private const int DroppedBitsOfGains = 16;

    /// <summary>
    /// Rounds to 11 significant bits, ties to even, with binary32's exponent range: as compact as binary16, and nothing underflows.
    /// Zero of either sign becomes +0, so that the stored bytes do not depend on which zero a vector instruction picks.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Round(float value)
    {
        uint magnitude = BitConverter.SingleToUInt32Bits(value) & 0x7FFFFFFF;
        return magnitude - 0x00800000 < 0x7F800000 - 0x00800000 ? RoundNormal(value, DroppedBits) : RoundOther(value, DroppedBits);
    }

    /// <summary>
    /// Rounds the gain of a trellis to 8 significant bits, ties to even. Codes follow it, so what rounding adds to the relative error is
    /// at most 2^-18.
    /// </summary>
    public static float RoundGain(float value)
    {
        uint magnitude = BitConverter.SingleToUInt32Bits(value) & 0x7FFFFFFF;
        return magnitude - 0x00800000 < 0x7F800000 - 0x00800000
            ? RoundNormal(value, DroppedBitsOfGains)
            : RoundOther(value, DroppedBitsOfGains);
    }

    /// <summary>True when <see cref="RoundUsual{T}"/> is <see cref="Round"/> in every lane: positive numbers, neither subnormal nor huge.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool AreUsual<T>(T values)
        where T : unmanaged, ILanes<T> =>
        T.AllGreaterOrEqual(values, T.Of(1e-37f)) && T.AllGreaterOrEqual(T.Of(1e38f), values);

    /// <summary>What <see cref="Round"/> makes of usual values.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T RoundUsual<T>(T values)
        where T : unmanaged, ILanes<T>
    {
        T odd = T.ShiftRight(values, DroppedBits) & Bits<T>(1);
        return T.AddBits(T.AddBits(values, Bits<T>((1 << DroppedBits - 1) - 1)), odd) & Bits<T>(~((1 << DroppedBits) - 1));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static T Bits<T>(int bits)
        where T : unmanaged, ILanes<T> => T.Of(BitConverter.Int32BitsToSingle(bits));

    // Zero, subnormal, infinite or no number.
    private static float RoundOther(float value, int dropped)
    {
        if (value == 0) return 0f;
        // Subnormal: round where the number is normal. The result has few bits and comes back exactly.
        return float.IsSubnormal(value) ? RoundNormal(value * PowerOfTwo(30), dropped) * PowerOfTwo(-30) : value;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float RoundNormal(float value, int dropped)
    {
        int bits = BitConverter.SingleToInt32Bits(value);
        int magnitude = bits & 0x7FFFFFFF;
        int odd = magnitude >> dropped & 1;
        magnitude = magnitude + ((1 << dropped - 1) - 1) + odd & ~((1 << dropped) - 1);
        // A magnitude that would round up to infinity stays at the largest value that has so few bits.
        if (magnitude >= 0x7F800000) magnitude = 0x7F800000 - (1 << dropped);
        return BitConverter.Int32BitsToSingle(magnitude | bits & int.MinValue);
    }

    /// <summary>
    /// The power of two that brings values of up to <paramref name="largest"/> near 1, so that squares neither overflow nor vanish;
    /// both it and its inverse are normal numbers.
    /// </summary>
    public static float NormalizingFactor(float largest)
    {
        int exponent = (BitConverter.SingleToInt32Bits(largest) >> 23) - 127;
        return PowerOfTwo(-Math.Clamp(exponent, -126, 126));
    }

    /// <summary><c>2^exponent</c>, -126..127.</summary>
    public static float PowerOfTwo(int exponent) => BitConverter.Int32BitsToSingle(exponent + 127 << 23);
}
