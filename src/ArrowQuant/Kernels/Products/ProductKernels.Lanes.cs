using System.Runtime.CompilerServices;
using ArrowQuant.Kernels.Lanes;

namespace ArrowQuant.Kernels.Products;

/// <summary>The products over one kind of lanes: a few rows at a time, so that their codes stay near for all activations.</summary>
internal sealed unsafe class ProductKernels<T> : ProductKernels
    where T : unmanaged, ILanes<T>
{
    private const int RowsAtOnce = 32;

    public override void Multiply(PackedRows matrix, ReadOnlySpan<float> activations, int count, Span<float> products, int stride)
    {
        matrix.Check();
        Check(matrix.Rows, matrix.Columns, activations.Length, count, products.Length, stride);
        nint rowBytes = Codes.PackedLength(matrix.Columns, matrix.Bits);
        fixed (byte* codes = matrix.Codes)
        fixed (float* x = activations, y = products, scales = matrix.Scales, zeros = matrix.ZeroPoints, levels = matrix.Levels)
        {
            Job job = new(codes, rowBytes, matrix.Rows, matrix.Columns, matrix.GroupSize, matrix.GroupsPerRow, x, count, y, stride);
            if (matrix.LevelsPerGroup > 0) Cut(job, new LatticePairs(levels, matrix.LevelsPerGroup));
            else if (matrix.Bits == 2) Cut(job, new AffinePairs(scales, zeros));
            else if (matrix.Bits == 4) Cut(job, new AffineNibbles(scales, zeros));
            else Cut(job, new AffineBytes(scales, zeros));
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
            Job job = new((byte*)weights, (nint)columns * sizeof(float), rows, columns, columns, 1, x, count, y, stride);
            Run<DecodedWeights, OneGroup>(job, default);
        }
    }

    private static void Cut<TGrid>(in Job job, TGrid grid)
        where TGrid : struct, ICodeGrid<TGrid>
    {
        if (job.GroupSize >= job.Columns || job.GroupSize % PackedOrder.Stride == 0) Run<TGrid, OneGroup>(job, grid);
        else if (job.GroupSize == 64) Run<TGrid, TwoGroups>(job, grid);
        else Run<TGrid, FourGroups>(job, grid);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Run<TGrid, TCut>(in Job job, TGrid grid)
        where TGrid : struct, ICodeGrid<TGrid>
        where TCut : struct, IStrideCut
    {
        float* sums = stackalloc float[RowsAtOnce * PackedProduct<T>.Lanes];
        nint padded = PackedOrder.PaddedLength(job.Columns);
        int stridesPerGroup = job.GroupSize >= job.Columns ? int.MaxValue : Math.Max(1, job.GroupSize / PackedOrder.Stride);
        for (int first = 0; first < job.Rows; first += RowsAtOnce)
        {
            int rows = Math.Min(RowsAtOnce, job.Rows - first);
            for (int a = 0; a < job.Count; a++)
            {
                float* x = job.Activations + a * padded;
                for (int r = 0; r < rows; r++)
                {
                    nint row = first + r;
                    PackedProduct<T>.Row<TGrid, TCut>(
                        job.Codes + row * job.RowBytes, job.RowBytes, grid.From(row * job.Groups), job.Groups, stridesPerGroup, x,
                        sums + r * PackedProduct<T>.Lanes);
                }

                PackedProduct<T>.Fold(sums, rows, job.Products + (nint)a * job.Stride + first);
            }
        }
    }

    private readonly record struct Job(
        nint CodesAt, nint RowBytes, int Rows, int Columns, int GroupSize, int Groups, nint ActivationsAt, int Count, nint ProductsAt, int Stride)
    {
        public Job(
            byte* codes, nint rowBytes, int rows, int columns, int groupSize, int groups, float* activations, int count, float* products,
            int stride)
            : this((nint)codes, rowBytes, rows, columns, groupSize, groups, (nint)activations, count, (nint)products, stride)
        {
        }

        public byte* Codes => (byte*)CodesAt;

        public float* Activations => (float*)ActivationsAt;

        public float* Products => (float*)ProductsAt;
    }
}
