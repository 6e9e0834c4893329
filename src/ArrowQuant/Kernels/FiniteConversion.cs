using System.Runtime.CompilerServices;
using ArrowQuant.Kernels.Lanes;

namespace ArrowQuant.Kernels;

/// <summary>
/// Binary16 and bfloat16 to binary32, exact for every bit pattern; tells by the way whether all values are finite.
/// </summary>
internal static unsafe class FiniteConversion<T>
    where T : unmanaged, ILanes<T>
{
    // 2^112 moves an exponent biased by 15 to one biased by 127.
    private const int RebiasBits = (127 - 15 + 127) << 23;

    // binary32 has 23 bits of mantissa, binary16 has 10.
    private const int MantissaDistance = 23 - 10;

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
            sum = AddNothing(value, sum);
        }

        for (; i < count; i++)
        {
            Lanes1 value = Lanes1.ShiftLeft(Lanes1.LoadBits16(source + i), 16);
            Lanes1.Store(value, destination + i);
            rest = AddNothing(value, rest);
        }

        return T.AllGreaterOrEqual(sum, T.Of(0f)) && Lanes1.AllGreaterOrEqual(rest, Lanes1.Of(0f));
    }

    // Stays 0 until a value is not finite, and is no number from then on.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TLanes AddNothing<TLanes>(TLanes value, TLanes sum)
        where TLanes : unmanaged, ILanes<TLanes> => TLanes.MultiplyAdd(value, TLanes.Of(0f), sum);

    // Exponent and mantissa at binary32's place, and the sign above copies of it that are cut off; rebiased by a product, which makes
    // subnormals right as well. What is infinite or no number comes out at 2^16 or above, which no finite binary16 reaches.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TLanes Half<TLanes>(ushort* source)
        where TLanes : unmanaged, ILanes<TLanes>
    {
        TLanes shifted = TLanes.ShiftLeft(TLanes.LoadSigned16(source), MantissaDistance);
        return (shifted & Bits<TLanes>(int.MinValue | 0x7FFF << MantissaDistance)) * Bits<TLanes>(RebiasBits);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TLanes Bits<TLanes>(int bits)
        where TLanes : unmanaged, ILanes<TLanes> => TLanes.Of(BitConverter.Int32BitsToSingle(bits));
}
