using System.Runtime.CompilerServices;
using ArrowQuant.Kernels.Lanes;

namespace ArrowQuant.Kernels;

/// <summary>Binary16 and bfloat16 to binary32, exact for every bit pattern.</summary>
internal static unsafe class SixteenBitFloats<T>
    where T : unmanaged, ILanes<T>
{
    // 2^112 moves an exponent biased by 15 to one biased by 127.
    private const int RebiasBits = (127 - 15 + 127) << 23;

    private const float Special = 65536f;

    /// <summary>Converts binary16 values; true when all are finite.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static bool FromHalf(ushort* source, int count, float* destination)
    {
        T largest = T.Of(0f);
        float rest = 0;
        int i = 0;
        for (; i + T.Count <= count; i += T.Count)
        {
            T value = Half<T>(source + i);
            T.Store(value, destination + i);
            largest = T.Max(largest, T.Abs(value));
        }

        for (; i < count; i++)
        {
            Lanes1.Store(Half<Lanes1>(source + i), destination + i);
            rest = MathF.Max(rest, MathF.Abs(destination[i]));
        }

        if (T.LargestOf(largest) < Special && rest < Special) return true;
        for (i = 0; i < count; i++) destination[i] = (float)BitConverter.UInt16BitsToHalf(source[i]);
        return false;
    }

    /// <summary>Converts bfloat16 values; true when all are finite.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static bool FromBFloat16(ushort* source, int count, float* destination)
    {
        T sum = T.Of(0f);
        Lanes1 rest = Lanes1.Of(0f);
        int i = 0;
        for (; i + T.Count <= count; i += T.Count)
        {
            T value = T.ShiftLeft(T.LoadBits16(source + i), 16);
            T.Store(value, destination + i);
            sum = T.MultiplyAdd(value, T.Of(0f), sum); // stays 0 until a value is not finite, and is no number from then on
        }

        for (; i < count; i++)
        {
            Lanes1 value = Lanes1.ShiftLeft(Lanes1.LoadBits16(source + i), 16);
            Lanes1.Store(value, destination + i);
            rest = Lanes1.MultiplyAdd(value, Lanes1.Of(0f), rest);
        }

        return T.AllGreaterOrEqual(sum, T.Of(0f)) && Lanes1.AllGreaterOrEqual(rest, Lanes1.Of(0f));
    }

    // Exponent and mantissa at binary32's place, rebiased by a product, which makes subnormals right as well. What is infinite or no number
    // comes out at 2^16 or above, which no finite binary16 reaches.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TLanes Half<TLanes>(ushort* source)
        where TLanes : unmanaged, ILanes<TLanes>
    {
        TLanes bits = TLanes.LoadBits16(source);
        TLanes magnitude = TLanes.ShiftLeft(bits & Bits<TLanes>(0x7FFF), 13);
        TLanes sign = TLanes.ShiftLeft(bits, 16) & Bits<TLanes>(int.MinValue);
        return (magnitude | sign) * Bits<TLanes>(RebiasBits);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TLanes Bits<TLanes>(int bits)
        where TLanes : unmanaged, ILanes<TLanes> => TLanes.Of(BitConverter.Int32BitsToSingle(bits));
}
