using System.Runtime.CompilerServices;
using ArrowQuant.Kernels.Lanes;

namespace ArrowQuant.Kernels;

/// <summary>
/// Bounds for the largest error of every group of an affine row, so that few groups must be decoded to find that of the row.
/// </summary>
/// <param name="largest">The largest |w - b l| of every group, or a bound for it.</param>
/// <param name="bases">The scale b of every group.</param>
/// <param name="scales">The scale that weights are decoded with.</param>
/// <param name="zeroPoints">One per group.</param>
/// <param name="groups">Groups of the row.</param>
/// <param name="last">The largest code.</param>
internal readonly unsafe struct ErrorBounds<T>(float* largest, float* bases, float* scales, float* zeroPoints, int groups, float last)
    where T : unmanaged, ILanes<T>
{
    // Codes times scales are rounded, and so are differences: what that may add to an error, in scales and levels.
    private const float Slack = 1e-6f;

    private readonly float _levels = LargestLevel(zeroPoints, groups, last);

    /// <summary>The largest error of the row, or <paramref name="atLeast"/> if that is more.</summary>
    /// <param name="weights">The row.</param>
    /// <param name="count">Weights in it.</param>
    /// <param name="codes">Its codes.</param>
    /// <param name="groupSize">Weights of a group.</param>
    /// <param name="atLeast">An error that is known.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public float LargestOf(float* weights, int count, byte* codes, int groupSize, float atLeast)
    {
        for (int group = NextAbove(0, atLeast); group < groups; group = NextAbove(group + 1, atLeast))
        {
            nint start = (nint)group * groupSize;
            var row = new AffineRow(codes + start, scales + group, zeroPoints + group);
            atLeast = MathF.Max(atLeast, RowErrors<T>.LargestOf(weights + start, (int)Math.Min(groupSize, count - start), row));
        }

        return atLeast;
    }

    // The first group, from one on, whose errors may exceed a known one; the number of groups when there is none.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private int NextAbove(int group, float known)
    {
        while (group < groups)
        {
            int end = Math.Min(groups, group + T.Count);
            if (end == group + T.Count && T.AllGreaterOrEqual(T.Of(known), Of<T>(group))) group = end;
            for (; group < end; group++)
            {
                if (Lanes1.LargestOf(Of<Lanes1>(group)) > known) return group;
            }
        }

        return groups;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private TLanes Of<TLanes>(int group)
        where TLanes : unmanaged, ILanes<TLanes>
    {
        TLanes scale = TLanes.Load(scales + group);
        TLanes distance = TLanes.MultiplyAdd(scale, TLanes.Of(Slack), TLanes.Abs(TLanes.Load(bases + group) - scale));
        return TLanes.MultiplyAdd(distance, TLanes.Of(_levels), TLanes.Load(largest + group));
    }

    // The largest |code - zero point| that there can be.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static float LargestLevel(float* zeroPoints, int count, float last)
    {
        T most = T.Of(0f);
        float rest = 0;
        int i = 0;
        for (; i + T.Count <= count; i += T.Count)
        {
            T zero = T.Load(zeroPoints + i);
            most = T.Max(most, T.Max(T.Abs(zero), T.Abs(T.Of(last) - zero)));
        }

        for (; i < count; i++) rest = MathF.Max(rest, MathF.Max(MathF.Abs(zeroPoints[i]), MathF.Abs(last - zeroPoints[i])));
        return MathF.Max(rest, T.LargestOf(most));
    }
}
