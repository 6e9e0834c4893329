using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using ArrowQuant.Kernels.Lanes;
using ArrowQuant.Kernels.LinearAlgebra;
using ArrowQuant.Kernels.Products;

namespace ArrowQuant.Kernels;

/// <summary>
/// The kernels over one kind of lanes: cuts rows into batches of one group per lane, and elementwise passes with scalar tails.
/// </summary>
internal sealed unsafe partial class KernelSet<T>(string name) : KernelSet
    where T : unmanaged, ILanes<T>
{
    public override string Name => name;

    public override MatrixKernels Algebra { get; } = new MatrixKernels<T>();

    public override ProductKernels Products { get; } = new ProductKernels<T>();

    public override bool ToSingle(FloatFormat format, ReadOnlySpan<byte> source, Span<float> destination)
    {
        if (format is not (FloatFormat.Half or FloatFormat.BFloat16) || !BitConverter.IsLittleEndian)
        {
            FloatConversion.ToSingle(format, source, destination);
            return FiniteCheck.FirstNonFinite(destination) < 0;
        }

        FloatConversion.CheckLength(format, source, destination);
        fixed (byte* from = source)
        fixed (float* to = destination)
        {
            return format == FloatFormat.Half
                ? FiniteConversion<T>.FromHalf((ushort*)from, destination.Length, to)
                : FiniteConversion<T>.FromBFloat16((ushort*)from, destination.Length, to);
        }
    }

    public override void FitAffine(GroupRows rows, int bits, AffineSearch search, Span<float> scales, Span<float> zeroPoints)
    {
        if (search == AffineSearch.MinMax) RangeFit<T>.Fit(rows, bits, scales, zeroPoints);
        else if (rows.ColumnWeights.IsEmpty) FitAffine<Unweighted>(rows, bits, search, scales, zeroPoints);
        else FitAffine<Weighted>(rows, bits, search, scales, zeroPoints);
    }

    public override void FitLattice(GroupRows rows, bool withOffset, Span<float> levels)
    {
        if (rows.ColumnWeights.IsEmpty) FitLattice<Unweighted>(rows, withOffset, levels);
        else FitLattice<Weighted>(rows, withOffset, levels);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void EncodeAffine(ReadOnlySpan<float> weights, float scale, float zeroPoint, int bits, Span<byte> codes)
    {
        CheckLengths(weights.Length, codes.Length);
        if (scale == 0)
        {
            codes.Clear();
            return;
        }

        // In units where the scale is near 1 its inverse is a normal number, however small the weights are.
        float factor = FloatStorage.NormalizingFactor(scale);
        float inverse = 1f / (scale * factor);
        fixed (float* source = weights)
        fixed (byte* target = codes)
        {
            int i = 0;
            for (; i + T.Count <= weights.Length; i += T.Count) EncodeAffine<T>(source + i, factor, inverse, zeroPoint, bits, target + i);
            for (; i < weights.Length; i++) EncodeAffine<Lanes1>(source + i, factor, inverse, zeroPoint, bits, target + i);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void EncodeLattice(ReadOnlySpan<float> weights, float mu, float a1, float a2, Span<byte> codes)
    {
        CheckLengths(weights.Length, codes.Length);
        fixed (float* source = weights)
        fixed (byte* target = codes)
        {
            int i = 0;
            for (; i + T.Count <= weights.Length; i += T.Count) EncodeLattice<T>(source + i, mu, a1, target + i);
            for (; i < weights.Length; i++) EncodeLattice<Lanes1>(source + i, mu, a1, target + i);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void DecodeLattice(ReadOnlySpan<byte> codes, float mu, float a1, float a2, Span<float> weights)
    {
        CheckLengths(weights.Length, codes.Length);
        float* table = stackalloc float[4] { mu - a1 - a2, mu - a1 + a2, mu + a1 - a2, mu + a1 + a2 };
        fixed (byte* source = codes)
        fixed (float* target = weights)
        {
            int i = 0;
            for (; i + T.Count <= weights.Length; i += T.Count) T.Store(T.LookUp(source + i, table), target + i);
            for (; i < weights.Length; i++) target[i] = table[source[i]];
        }
    }

    public override void AddErrors(ReadOnlySpan<float> original, ReadOnlySpan<float> decoded, ref ErrorSums sums)
    {
        CheckLengths(original.Length, decoded.Length);
        fixed (float* w = original, v = decoded)
            RowErrors<T>.Add<DecodedRow>(w, original.Length, new DecodedRow(v), Math.Max(1, original.Length), ref sums);
    }

    public override void AddLatticeErrors(
        ReadOnlySpan<float> original, ReadOnlySpan<byte> codes, int groupSize, ReadOnlySpan<float> tables, ref ErrorSums sums)
    {
        CheckRow(original, codes, groupSize, tables.Length / 4);
        fixed (float* w = original, table = tables)
        fixed (byte* code = codes)
            RowErrors<T>.Add<LatticeRow>(w, original.Length, new LatticeRow(code, table), groupSize, ref sums);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void FitAffine<TWeighting>(GroupRows rows, int bits, AffineSearch search, Span<float> scales, Span<float> zeroPoints)
        where TWeighting : struct, IWeighting
    {
        float* fitted = stackalloc float[2 * 16];
        fixed (float* scaleOut = scales, zeroOut = zeroPoints)
        {
            var batch = new GroupBatch<T>(rows);
            float* x = Allocate(2 * (nint)rows.GroupSize * T.Count);
            try
            {
                while (batch.Next(rows, x))
                {
                    AffineFit<T, TWeighting>.Fit(x, batch.Length, bits, search, fitted, fitted + 16);
                    for (int lane = 0; lane < batch.Lanes; lane++)
                    {
                        int group = batch.GroupIndex(lane);
                        scaleOut[group] = FloatStorage.Round(fitted[lane] * batch.Restore(lane));
                        zeroOut[group] = FloatStorage.Round(fitted[16 + lane]);
                    }
                }
            }
            finally
            {
                NativeMemory.AlignedFree(x);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void FitLattice<TWeighting>(GroupRows rows, bool withOffset, Span<float> levels)
        where TWeighting : struct, IWeighting
    {
        float* fitted = stackalloc float[3 * 16];
        int perGroup = withOffset ? 3 : 2;
        fixed (float* levelOut = levels)
        {
            var batch = new GroupBatch<T>(rows);
            nint values = 2 * (nint)rows.GroupSize * T.Count;
            float* x = Allocate(values + LatticeFit<T, TWeighting>.ScratchLength(rows.GroupSize));
            try
            {
                while (batch.Next(rows, x))
                {
                    LatticeFit<T, TWeighting>.Fit(x, batch.Length, withOffset, x + values, fitted);
                    for (int lane = 0; lane < batch.Lanes; lane++)
                    {
                        float* target = levelOut + (nint)batch.GroupIndex(lane) * perGroup;
                        for (int k = 0; k < perGroup; k++)
                            target[k] = FloatStorage.Round(fitted[(k + 3 - perGroup) * T.Count + lane] * batch.Restore(lane));
                    }
                }
            }
            finally
            {
                NativeMemory.AlignedFree(x);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void EncodeAffine<TLanes>(float* source, float factor, float inverse, float zeroPoint, int bits, byte* target)
        where TLanes : unmanaged, ILanes<TLanes>
    {
        TLanes position = TLanes.MultiplyAdd(TLanes.Load(source) * TLanes.Of(factor), TLanes.Of(inverse), TLanes.Of(zeroPoint));
        TLanes code = TLanes.Min(TLanes.Max(TLanes.Round(position), TLanes.Of(0f)), TLanes.Of((1 << bits) - 1));
        TLanes.StoreBytes(code, target);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void EncodeLattice<TLanes>(float* source, float mu, float a1, byte* target)
        where TLanes : unmanaged, ILanes<TLanes>
    {
        TLanes value = TLanes.Load(source);
        TLanes above = TLanes.GreaterOrEqual(value, TLanes.Of(mu));
        TLanes coarse = TLanes.Select(above, TLanes.Of(mu + a1), TLanes.Of(mu - a1));
        TLanes fine = TLanes.Select(TLanes.GreaterOrEqual(value, coarse), TLanes.Of(1f), TLanes.Of(0f));
        TLanes.StoreBytes(TLanes.Select(above, TLanes.Of(2f), TLanes.Of(0f)) + fine, target);
    }

    public override void Compensate(
        ColumnBlock block, int first, int end, int columns, ColumnGrids grids, float[] factor, int stride, int offset)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(columns, Math.Min(ColumnBlock.Columns, stride - offset));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(end, columns);
        ArgumentOutOfRangeException.ThrowIfNotEqual(grids.PaddedRows, block.PaddedRows);
        fixed (float* u = &factor[(nint)offset * stride + offset]) Compensation<T>.Run(block, first, end, columns, grids, u, stride);
    }

    private static float* Allocate(nint floats) => (float*)NativeMemory.AlignedAlloc((nuint)floats * sizeof(float), 64);

    private static void CheckRow(ReadOnlySpan<float> original, ReadOnlySpan<byte> codes, int groupSize, int groups)
    {
        CheckLengths(original.Length, codes.Length);
        if (groupSize < original.Length && groupSize % 16 != 0)
            throw new ArgumentException($"groups of {groupSize} weights inside a row must be multiples of 16", nameof(groupSize));
        if ((original.Length + groupSize - 1L) / groupSize > groups)
            throw new ArgumentException($"{groups} groups of {groupSize} do not hold {original.Length} weights", nameof(groups));
    }

    private static void CheckLengths(int left, int right)
    {
        if (left != right) throw new ArgumentException($"spans of {left} and {right} elements must have equal lengths");
    }
}
