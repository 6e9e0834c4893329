using System.Runtime.CompilerServices;
using ArrowQuant.Kernels.Lanes;

namespace ArrowQuant.Kernels;

/// <summary>Binary16 and bfloat16 to binary32, exact for every bit pattern.</summary>
internal static unsafe class SixteenBitFloats<T>
    where T : unmanaged, ILanes<T>
{
    // 2^112 moves an exponent biased by 15 to one biased by 127.
    private const int RebiasBits = (127 - 15 + 127) << 23;

    /// <summary>Converts binary16 values.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void FromHalf(ushort* source, int count, float* destination)
    {
        int i = 0;
        for (; i + T.Count <= count; i += T.Count) T.Store(Half<T>(source + i), destination + i);
        for (; i < count; i++) Lanes1.Store(Half<Lanes1>(source + i), destination + i);
    }

    /// <summary>Converts bfloat16 values.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void FromBFloat16(ushort* source, int count, float* destination)
    {
        int i = 0;
        for (; i + T.Count <= count; i += T.Count) T.Store(T.ShiftLeft(T.LoadBits16(source + i), 16), destination + i);
        for (; i < count; i++) Lanes1.Store(Lanes1.ShiftLeft(Lanes1.LoadBits16(source + i), 16), destination + i);
    }

    // Exponent and mantissa at binary32's place, rebiased by a product, which makes subnormals right as well. What is infinite or no number
    // comes out at 2^16 or above, which no finite binary16 reaches, and gets the largest exponent.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TLanes Half<TLanes>(ushort* source)
        where TLanes : unmanaged, ILanes<TLanes>
    {
        TLanes bits = TLanes.LoadBits16(source);
        TLanes magnitude = TLanes.ShiftLeft(bits & Bits<TLanes>(0x7FFF), 13) * Bits<TLanes>(RebiasBits);
        TLanes special = TLanes.GreaterOrEqual(magnitude, TLanes.Of(65536f)) & Bits<TLanes>(0x7F800000);
        return magnitude | special | TLanes.ShiftLeft(bits & Bits<TLanes>(0x8000), 16);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TLanes Bits<TLanes>(int bits)
        where TLanes : unmanaged, ILanes<TLanes> => TLanes.Of(BitConverter.Int32BitsToSingle(bits));
}
