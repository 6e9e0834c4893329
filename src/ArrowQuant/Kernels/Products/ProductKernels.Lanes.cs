using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using ArrowQuant.Kernels.Lanes;

namespace ArrowQuant.Kernels.Products;

/// <summary>The products over one kind of lanes: a few rows at a time, so that their codes stay near for all activations.</summary>
internal sealed unsafe class ProductKernels<T> : ProductKernels
    where T : unmanaged, ILanes<T>
{
    private const int RowsAtOnce = 32;
    private const int Lanes = 16;

    public override void Multiply(PackedRows matrix, ReadOnlySpan<float> activations, int count, Span<float> products, int stride)
    {
        matrix.Check();
        Check(matrix.Rows, matrix.Columns, activations.Length, count, products.Length, stride);
        fixed (byte* codes = matrix.Codes)
        fixed (float* x = activations, y = products, scales = matrix.Scales, zeros = matrix.ZeroPoints, levels = matrix.Levels)
        {
            Job job = new()
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
                Activations = x,
                Count = count,
                Products = y,
                Stride = stride,
            };
            if (matrix.Bits == 2) Cut<PairTable<T>>(job);
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
            Job job = new()
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
            Run<DecodedWeights<T>, OneGroup>(job);
        }
    }

    private static void Cut<TValues>(in Job job)
        where TValues : struct, IGroupValues<TValues, T>
    {
        if (job.GroupSize >= job.Columns || job.GroupSize % PackedOrder.Stride == 0) Run<TValues, OneGroup>(job);
        else if (job.GroupSize == 64) Run<TValues, TwoGroups>(job);
        else Run<TValues, FourGroups>(job);
    }

    private static void Run<TValues, TCut>(in Job job)
        where TValues : struct, IGroupValues<TValues, T>
        where TCut : struct, IStrideCut
    {
        nint padded = PackedOrder.PaddedLength(job.Columns);
        nint perGroup = job.GroupSize >= job.Columns ? int.MaxValue : Math.Max(1, job.GroupSize / PackedOrder.Stride);
        nint tables = TValues.Bits == 2 ? 4 * (nint)RowsAtOnce * job.Groups : 0;
        float* sums = (float*)NativeMemory.AlignedAlloc((nuint)(RowsAtOnce * Lanes + tables) * sizeof(float), 64);
        try
        {
            Run<TValues, TCut>(job, padded, perGroup, sums, sums + RowsAtOnce * Lanes);
        }
        finally
        {
            NativeMemory.AlignedFree(sums);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Run<TValues, TCut>(in Job job, nint padded, nint perGroup, float* sums, float* values)
        where TValues : struct, IGroupValues<TValues, T>
        where TCut : struct, IStrideCut
    {
        for (int first = 0; first < job.Rows; first += RowsAtOnce)
        {
            int rows = Math.Min(RowsAtOnce, job.Rows - first);
            if (TValues.Bits == 2) FillTables(job, first * (nint)job.Groups, rows * (nint)job.Groups, values);
            for (int a = 0; a < job.Count; a++)
            {
                float* x = job.Activations + a * padded;
                for (int r = 0; r < rows; r++)
                {
                    nint row = first + r;
                    RowGrids grids = TValues.Bits == 2
                        ? new(values + 4 * (nint)r * job.Groups, null)
                        : new(job.Scales + row * job.Groups, job.ZeroPoints + row * job.Groups);
                    RowProduct<T, TValues, TCut>.Multiply(
                        job.Codes + row * job.RowBytes, job.RowBytes, grids, job.Groups, perGroup, x, sums + r * Lanes);
                }

                RowProduct<T, TValues, TCut>.Fold(sums, rows, job.Products + (nint)a * job.Stride + first);
            }
        }
    }

    // The four values of every group of 2 bits, the lattices' as DecodeLattice makes them.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void FillTables(in Job job, nint group, nint count, float* values)
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

    private readonly struct Job
    {
        public required byte* Codes { get; init; }

        public required nint RowBytes { get; init; }

        public required int Rows { get; init; }

        public required int Columns { get; init; }

        public required int GroupSize { get; init; }

        public required int Groups { get; init; }

        public float* Scales { get; init; }

        public float* ZeroPoints { get; init; }

        public float* Levels { get; init; }

        public int LevelsPerGroup { get; init; }

        public required float* Activations { get; init; }

        public required int Count { get; init; }

        public required float* Products { get; init; }

        public required int Stride { get; init; }
    }
}
