using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using ArrowQuant.Kernels.Lanes;
using ArrowQuant.Kernels.Trellis;

namespace ArrowQuant.Kernels.Products;

/// <summary>
/// The products over one kind of lanes. For one row of activations weights never leave registers; for several a few rows are decoded at a
/// time and multiplied with all of them.
/// </summary>
internal sealed unsafe class ProductKernels<T> : ProductKernels
    where T : unmanaged, ILanes<T>
{
    // Whole tiles; with 4096 columns they and eight rows of activations are smaller than a second-level cache.
    private const int RowsAtOnce = 16;
    private const int Lanes = PartialSums.Lanes;

    public override void Multiply(PackedRows matrix, ReadOnlySpan<float> activations, int count, Span<float> products, int stride)
    {
        matrix.Check();
        Check(matrix.Rows, matrix.Columns, activations.Length, count, products.Length, stride);
        fixed (byte* codes = matrix.Codes)
        fixed (float* x = activations, y = products, scales = matrix.Scales, zeros = matrix.ZeroPoints, levels = matrix.Levels)
        {
            ProductJob job = new()
            {
                Codes = codes,
                RowBytes = Kernels.Codes.PackedLength(matrix.Columns, matrix.Bits),
                Rows = matrix.Rows,
                Columns = matrix.Columns,
                GroupSize = matrix.GroupSize,
                Groups = matrix.GroupsPerRow,
                Scales = scales,
                ZeroPoints = zeros,
                Levels = levels,
                LevelsPerGroup = matrix.LevelsPerGroup,
                FirstRow = matrix.FirstRow,
                Activations = x,
                Count = count,
                Products = y,
                Stride = stride,
            };
            if (matrix.Trellis is { } table) Walk(job, table, matrix.RowsAbove);
            else if (matrix.Bits == 2) Cut<PairTable<T>>(job);
            else if (matrix.Bits == 8) Cut<ByteFormula<T>>(job);
            else if (T.Count == Lanes) Cut<NibbleTable<T>>(job);
            else Cut<NibbleFormula<T>>(job);
        }
    }

    public override void Multiply(
        ReadOnlySpan<float> matrix, int columns, ReadOnlySpan<float> activations, int count, Span<float> products, int stride)
    {
        int rows = columns == 0 ? 0 : matrix.Length / columns;
        if (matrix.Length != (long)rows * columns)
            throw new ArgumentException($"{matrix.Length} weights are not whole rows of {columns}", nameof(matrix));
        Check(rows, columns, activations.Length, count, products.Length, stride);
        fixed (float* weights = matrix, x = activations, y = products)
        {
            ProductJob job = new()
            {
                Codes = (byte*)weights,
                RowBytes = (nint)columns * sizeof(float),
                Rows = rows,
                Columns = columns,
                GroupSize = columns,
                Groups = 1,
                Activations = x,
                Count = count,
                Products = y,
                Stride = stride,
            };
            Run<DecodedWeights<T>, OneGroup>(job, null);
        }
    }

    private static void Walk(in ProductJob job, TrellisTable table, int rowsAbove)
    {
        using TrellisRows trellis = new(table, job.Columns, job.Groups, T.Count);
        for (int r = rowsAbove; r > 0; r--) _ = trellis.Next(job.Codes + (rowsAbove - r) * job.RowBytes, job.FirstRow - r);
        ProductJob rows = job with { Codes = job.Codes + rowsAbove * job.RowBytes };
        if (TrellisStates.AreUsed(T.Count)) Cut<TrellisStates<T>>(rows, trellis);
        else Cut<ByteFormula<T>>(rows, trellis);
    }

    private static void Cut<TValues>(in ProductJob job, TrellisRows? trellis = null)
        where TValues : struct, IGroupValues<TValues, T>
    {
        if (job.GroupSize >= job.Columns || job.GroupSize % PackedOrder.Stride == 0) Run<TValues, OneGroup>(job, trellis);
        else if (job.GroupSize == 64) Run<TValues, TwoGroups>(job, trellis);
        else Run<TValues, FourGroups>(job, trellis);
    }

    private static void Run<TValues, TCut>(in ProductJob job, TrellisRows? trellis)
        where TValues : struct, IGroupValues<TValues, T>
        where TCut : struct, IStrideCut
    {
        nint tables = TValues.Bits == 2 ? 4 * (nint)RowsAtOnce * job.Groups : 0;
        nint scratch = job.Count == 1 ? RowsAtOnce * Lanes : TileProduct<T>.ScratchLength;
        nint decoded = job.Count == 1 ? 0 : RowsAtOnce * job.Strides * PackedOrder.Stride;
        float* memory = (float*)NativeMemory.AlignedAlloc((nuint)((scratch + decoded + tables) * sizeof(float)), 64);
        try
        {
            // Rows that the last tile has too many are multiplied as well: what they hold must be numbers.
            if (decoded > 0) NativeMemory.Clear(memory + scratch, (nuint)(decoded * sizeof(float)));
            Run<TValues, TCut>(job, trellis, memory, memory + scratch, memory + scratch + decoded);
        }
        finally
        {
            NativeMemory.AlignedFree(memory);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Run<TValues, TCut>(in ProductJob job, TrellisRows? trellis, float* scratch, float* decoded, float* values)
        where TValues : struct, IGroupValues<TValues, T>
        where TCut : struct, IStrideCut
    {
        nint strides = job.Strides, perGroup = job.StridesPerGroup;
        for (int first = 0; first < job.Rows; first += RowsAtOnce)
        {
            int rows = Math.Min(RowsAtOnce, job.Rows - first);
            if (TValues.Bits == 2) FillTables(job, first * (nint)job.Groups, rows * (nint)job.Groups, values);
            for (int r = 0; r < rows; r++)
            {
                nint row = first + r;
                RowGrids grids = TValues.Bits == 2
                    ? new(values + 4 * (nint)r * job.Groups, null)
                    : new(job.Scales + row * job.Groups, trellis is null ? job.ZeroPoints + row * job.Groups : trellis.Second);
                byte* codes = job.Codes + row * job.RowBytes;
                nint bytes = trellis is null ? job.RowBytes : trellis.RowBytes;
                if (trellis is not null) codes = trellis.Next(codes, job.FirstRow + (int)row);
                if (job.Count == 1)
                {
                    RowProduct<T, TValues, TCut>.Multiply(codes, bytes, grids, job.Groups, perGroup, job.Activations, scratch + r * Lanes);
                }
                else
                {
                    float* tile = decoded + r / TileProduct<T>.Rows * (TileProduct<T>.Rows * PackedOrder.Stride * strides);
                    RowWeights<T, TValues, TCut>.Decode(
                        codes, bytes, grids, job.Groups, perGroup, strides, tile + r % TileProduct<T>.Rows * Lanes);
                }
            }

            if (job.Count == 1) PartialSums.Fold(scratch, rows, job.Products + first);
            else TileProduct<T>.Multiply(decoded, rows, strides, job.Activations, job.Count, scratch, job.Products + first, job.Stride);
        }
    }

    // The four values of every group of 2 bits, the lattices' as DecodeLattice makes them.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void FillTables(in ProductJob job, nint group, nint count, float* values)
    {
        if (job.LevelsPerGroup == 0)
        {
            for (nint g = group; g < group + count; g++, values += 4)
            {
                float zero = job.ZeroPoints[g], scale = job.Scales[g];
                for (int code = 0; code < 4; code++) values[code] = (code - zero) * scale;
            }

            return;
        }

        float* levels = job.Levels + group * job.LevelsPerGroup;
        for (nint g = 0; g < count; g++, values += 4)
        {
            float mu = job.LevelsPerGroup == 3 ? *levels++ : 0f, a1 = *levels++, a2 = *levels++;
            values[0] = mu - a1 - a2;
            values[1] = mu - a1 + a2;
            values[2] = mu + a1 - a2;
            values[3] = mu + a1 + a2;
        }
    }
}
