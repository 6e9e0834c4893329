using System.Numerics;
using System.Runtime.CompilerServices;

namespace ArrowQuant.Kernels;

/// <summary>Finds values that are not finite.</summary>
internal static class FiniteCheck
{
    /// <summary>The index of the first NaN or infinity, or -1.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static int FirstNonFinite(ReadOnlySpan<float> values)
    {
        int i = 0;
        var largest = new Vector<float>(float.MaxValue);
        for (; i + Vector<float>.Count <= values.Length; i += Vector<float>.Count)
        {
            // False for NaN as well as for infinities.
            if (!Vector.LessThanOrEqualAll(Vector.Abs(new Vector<float>(values[i..])), largest)) break;
        }

        for (; i < values.Length; i++)
        {
            if (!float.IsFinite(values[i])) return i;
        }

        return -1;
    }
}
