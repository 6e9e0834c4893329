using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace ArrowQuant.Kernels.Products;

/// <summary>The last steps of <see cref="RowProduct{T, TValues, TCut}"/>.</summary>
internal static unsafe class PartialSums
{
    /// <summary>Sums that a product leaves in memory before they are folded.</summary>
    public const int Lanes = 16;

    /// <summary>Folds the sums of products in halves.</summary>
    /// <param name="sums">[count, <see cref="Lanes"/>].</param>
    /// <param name="count">How many products.</param>
    /// <param name="results">[count].</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Fold(float* sums, int count, float* results)
    {
        for (int r = 0; r < count; r++)
        {
            float* s = sums + r * Lanes;
            Vector128<float> four = (Vector128.Load(s) + Vector128.Load(s + 8)) + (Vector128.Load(s + 4) + Vector128.Load(s + 12));
            Vector128<float> two = four + Vector128.Shuffle(four, Vector128.Create(2, 3, 0, 1));
            results[r] = two[0] + two[1];
        }
    }
}
