using System.Buffers;
using System.Runtime.CompilerServices;
using ArrowQuant.Kernels.Lanes;

namespace ArrowQuant.Kernels;

/// <summary>Rows that are coded and measured in one pass.</summary>
internal sealed unsafe partial class KernelSet<T>
    where T : unmanaged, ILanes<T>
{
    public override bool EncodeAffineRow(
        ReadOnlySpan<float> weights, int groupSize, ReadOnlySpan<float> scales, ReadOnlySpan<float> zeroPoints, int bits,
        Span<byte> codes, ref ErrorSums sums)
    {
        CheckRow(weights, codes, groupSize, scales.Length);
        CheckLengths(scales.Length, zeroPoints.Length);
        int groups = scales.Length;
        int last = (1 << bits) - 1;
        float[] grids = ArrayPool<float>.Shared.Rent(3 * groups);
        scales.CopyTo(grids);
        zeroPoints.CopyTo(grids.AsSpan(groups));
        bool isUsual = TryInvert(grids.AsSpan(0, 3 * groups), groups, last, out float largest);
        // At 8 bits a gain seldom changes a stored scale, and the first measurement is the last.
        bool all = bits == 8 || !isUsual || !RowErrors<T>.HoldsDecoded(largest, weights.Length);
        if (isUsual)
        {
            fixed (float* w = weights, grid = grids)
            fixed (byte* code = codes)
            {
                var row = new EncodingRow(w, code, grid, groups, last);
                if (all) RowErrors<T>.Add<EncodingRow, AllSums>(w, weights.Length, row, groupSize, ref sums);
                else RowErrors<T>.Add<EncodingRow, GainSums>(w, weights.Length, row, groupSize, ref sums);
            }
        }
        else
        {
            for (int g = 0, start = 0; start < weights.Length; g++, start += groupSize)
            {
                int length = Math.Min(groupSize, weights.Length - start);
                EncodeAffine(weights.Slice(start, length), scales[g], zeroPoints[g], bits, codes.Slice(start, length));
            }

            AddAffineErrors(weights, codes, groupSize, scales, zeroPoints, ref sums);
        }

        ArrayPool<float>.Shared.Return(grids);
        return all;
    }

    public override void DecodeAffine(ReadOnlySpan<byte> codes, float scale, float zeroPoint, Span<float> weights)
    {
        CheckLengths(weights.Length, codes.Length);
        fixed (byte* source = codes)
        fixed (float* target = weights)
            DecodeGroup(source, weights.Length, scale, zeroPoint, target);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void DecodeAffineRow(
        ReadOnlySpan<byte> codes, int groupSize, ReadOnlySpan<float> scales, ReadOnlySpan<float> zeroPoints, Span<float> weights)
    {
        CheckLengths(weights.Length, codes.Length);
        if ((weights.Length + groupSize - 1L) / groupSize > scales.Length)
            throw new ArgumentException($"{scales.Length} groups of {groupSize} do not hold {weights.Length} weights", nameof(scales));
        if (zeroPoints.Length != 1) CheckLengths(scales.Length, zeroPoints.Length);
        fixed (byte* source = codes)
        fixed (float* target = weights)
        {
            for (int g = 0, start = 0; start < weights.Length; g++, start += groupSize)
            {
                int length = Math.Min(groupSize, weights.Length - start);
                DecodeGroup(source + start, length, scales[g], zeroPoints[zeroPoints.Length == 1 ? 0 : g], target + start);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void DecodeGroup(byte* source, int length, float scale, float zeroPoint, float* target)
    {
        T scales = T.Of(scale), zeroPoints = T.Of(zeroPoint);
        int i = 0;
        for (; i + T.Count <= length; i += T.Count) T.Store((T.LoadBytes(source + i) - zeroPoints) * scales, target + i);
        for (; i < length; i++) target[i] = (source[i] - zeroPoint) * scale;
    }

    // False when one scale is 0, or so small or large that its inverse cannot be used as it is; grids are laid out as EncodingRow has them.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static bool TryInvert(Span<float> grids, int groups, int last, out float largest)
    {
        largest = 0;
        for (int i = 0; i < groups; i++)
        {
            float scale = grids[i];
            if (!(scale >= EncodingRow.SmallestScale && scale <= EncodingRow.LargestScale)) return false;
            grids[2 * groups + i] = 1f / scale;
            largest = MathF.Max(largest, scale * (last + MathF.Abs(grids[groups + i])));
        }

        return true;
    }
}
