using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace ArrowQuant.Kernels;

/// <summary>Finds values that are not finite.</summary>
internal static class FiniteCheck
{
    private const int Run = 4;

    /// <summary>The index of the first NaN or infinity, or -1.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static int FirstNonFinite(ReadOnlySpan<float> values)
    {
        int i = 0;
        var magnitude = new Vector<int>(int.MaxValue);
        var infinity = new Vector<int>(BitConverter.SingleToInt32Bits(float.PositiveInfinity));
        ReadOnlySpan<Vector<int>> vectors = MemoryMarshal.Cast<float, Vector<int>>(values);
        for (; i + Run <= vectors.Length; i += Run)
        {
            // Without their signs, infinities and NaN have the largest patterns.
            Vector<int> largest = Vector.Max(
                Vector.Max(vectors[i] & magnitude, vectors[i + 1] & magnitude),
                Vector.Max(vectors[i + 2] & magnitude, vectors[i + 3] & magnitude));
            if (Vector.GreaterThanOrEqualAny(largest, infinity)) break;
        }

        i *= Vector<int>.Count;
        for (; i < values.Length; i++)
        {
            if (!float.IsFinite(values[i])) return i;
        }

        return -1;
    }
}
