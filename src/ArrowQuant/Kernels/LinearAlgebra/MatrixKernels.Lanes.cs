using System.Runtime.CompilerServices;
using ArrowQuant.Kernels.Lanes;

namespace ArrowQuant.Kernels.LinearAlgebra;

/// <summary>The linear algebra over one kind of lanes: every kernel cuts its output into tiles.</summary>
internal sealed unsafe class MatrixKernels<T> : MatrixKernels
    where T : unmanaged, ILanes<T>
{
    private const int Edge = TileScratch.Edge;

    public override void Gram(ReadOnlySpan<float> x, int d, ReadOnlySpan<float> rowWeights, float[] h, int threads)
    {
        int n = rowWeights.Length;
        CheckLength(nameof(x), x.Length, (long)n * d);
        CheckLength(nameof(h), h.LongLength, (long)d * d);
        int edges = Tiles(d);
        using TileWorkers workers = new(threads, edges * (edges + 1) / 2);
        fixed (float* samples = x, weights = rowWeights, target = h)
        {
            Operand left = Operand.DownRows(samples, d, weights);
            Operand right = Operand.DownRows(samples, d);
            float* sums = target;
            workers.Run(edges * (edges + 1) / 2, (tile, scratch) =>
            {
                (int row, int column) = UpperTile(tile);
                TileProduct<T>.Sum(left, row * Edge, Extent(d, row), right, column * Edge, Extent(d, column), 0, n, scratch);
                AddMirrored(scratch.Sums, sums, d, row, column);
            });
        }
    }

    public override bool TryFactorInverse(
        float[] h, int d, float damping, float[] u, int threads, CancellationToken cancellationToken = default)
    {
        CheckLength(nameof(h), h.LongLength, (long)d * d);
        CheckLength(nameof(u), u.LongLength, (long)d * d);
        if (ReferenceEquals(h, u) && d > 0) throw new ArgumentException("h and u must be two arrays");
        fixed (float* source = h, target = u)
        {
            using InverseFactor<T> factor = new(target, d, threads);
            return factor.TryRun(source, damping, cancellationToken);
        }
    }

    public override void SubtractProduct(
        Span<float> c, int ldc, ReadOnlySpan<float> a, ReadOnlySpan<float> b, int ldb, int m, int n, int k)
    {
        CheckLength(nameof(a), a.Length, (long)m * k);
        CheckRows(nameof(c), c.Length, m, n, ldc);
        CheckRows(nameof(b), b.Length, k, n, ldb);
        using TileScratch scratch = new();
        fixed (float* target = c, left = a, right = b)
            TileProduct<T>.Subtract(target, ldc, Operand.AlongRows(left, k), m, Operand.DownRows(right, ldb), n, k, scratch);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override double WeightedProduct(ReadOnlySpan<float> left, float[] h, ReadOnlySpan<float> right)
    {
        int d = left.Length;
        CheckLength(nameof(right), right.Length, d);
        CheckLength(nameof(h), h.LongLength, (long)d * d);
        double* partial = stackalloc double[16];
        double total = 0;
        fixed (float* matrix = h, vector = right)
        {
            for (int i = 0; i < d; i++)
            {
                float* row = matrix + (nint)i * d;
                new Span<double>(partial, 16).Clear();
                int j = 0;
                for (; j + 16 <= d; j += 16)
                {
                    for (int lane = 0; lane < 16; lane += T.Count)
                        T.AddProducts(T.Load(row + j + lane), T.Load(vector + j + lane), partial + lane);
                }

                for (; j < d; j++) partial[j % 16] += (double)row[j] * vector[j];
                double sum = 0;
                for (int lane = 0; lane < 16; lane++) sum += partial[lane];
                total += left[i] * sum;
            }
        }

        return total;
    }

    public override void RowProducts(
        ReadOnlySpan<float> a, float[] h, ReadOnlySpan<float> b, int m, int d, Span<double> result, int threads = 1)
    {
        CheckLength(nameof(a), a.Length, (long)m * d);
        CheckLength(nameof(b), b.Length, (long)m * d);
        CheckLength(nameof(h), h.LongLength, (long)d * d);
        CheckLength(nameof(result), result.Length, m);
        result.Clear();
        using TileWorkers workers = new(threads, Tiles(m));
        fixed (float* left = a, matrix = h, right = b)
        fixed (double* target = result)
        {
            Operand rows = Operand.AlongRows(left, d);
            Operand columns = Operand.DownRows(matrix, d);
            float* factors = right;
            double* products = target;
            workers.Run(Tiles(m), (tile, scratch) =>
            {
                for (int column = 0; column < Tiles(d); column++)
                {
                    TileProduct<T>.Sum(rows, tile * Edge, Extent(m, tile), columns, column * Edge, Extent(d, column), 0, d, scratch);
                    for (int i = 0; i < Extent(m, tile); i++)
                    {
                        float* factor = factors + (nint)(tile * Edge + i) * d + column * Edge;
                        double* sums = scratch.Sums + i * Edge;
                        double sum = 0;
                        for (int j = 0; j < Extent(d, column); j++) sum += sums[j] * factor[j];
                        products[tile * Edge + i] += sum;
                    }
                }
            });
        }
    }

    public override void MatMulTransposed(
        ReadOnlySpan<float> x, ReadOnlySpan<float> w, Span<float> y, int n, int d, int m, int threads = 1)
    {
        CheckLength(nameof(x), x.Length, (long)n * d);
        CheckLength(nameof(w), w.Length, (long)m * d);
        CheckLength(nameof(y), y.Length, (long)n * m);
        int across = Tiles(m);
        int tiles = Tiles(n) * across;
        using TileWorkers workers = new(threads, tiles);
        fixed (float* samples = x, weights = w, outputs = y)
        {
            Operand left = Operand.AlongRows(samples, d);
            Operand right = Operand.AlongRows(weights, d);
            float* target = outputs;
            workers.Run(tiles, (tile, scratch) =>
            {
                (int row, int column) = (tile / across, tile % across);
                TileProduct<T>.Sum(left, row * Edge, Extent(n, row), right, column * Edge, Extent(m, column), 0, d, scratch);
                for (int i = 0; i < Extent(n, row); i++)
                {
                    float* to = target + (nint)(row * Edge + i) * m + column * Edge;
                    for (int j = 0; j < Extent(m, column); j++) to[j] = (float)scratch.Sums[i * Edge + j];
                }
            });
        }
    }

    private static int Tiles(int length) => (length + Edge - 1) / Edge;

    private static int Extent(int length, int tile) => Math.Min(Edge, length - tile * Edge);

    // Tiles of the upper triangle column by column: 0,0; 0,1; 1,1; 0,2; ...
    private static (int Row, int Column) UpperTile(int tile)
    {
        int column = 0;
        for (; tile > column; column++) tile -= column + 1;
        return (tile, column);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void AddMirrored(double* sums, float* h, int d, int row, int column)
    {
        // A few columns at a time: the lines of the mirrored rows stay in the first-level cache.
        const int Columns = 16;
        int width = Extent(d, column);
        for (int first = 0; first < width; first += Columns)
        {
            int end = Math.Min(first + Columns, width);
            for (int i = 0; i < Extent(d, row); i++)
            {
                int y = row * Edge + i;
                for (int j = row == column ? Math.Max(first, i) : first; j < end; j++)
                {
                    int x = column * Edge + j;
                    float sum = (float)(h[(nint)y * d + x] + sums[i * Edge + j]);
                    h[(nint)y * d + x] = sum;
                    h[(nint)x * d + y] = sum;
                }
            }
        }
    }

    private static void CheckRows(string name, int length, int rows, int columns, int stride)
    {
        if (stride < columns) throw new ArgumentException($"rows of {name} are {stride} elements apart, expected at least {columns}");
        long least = rows == 0 || columns == 0 ? 0 : (long)(rows - 1) * stride + columns;
        if (length < least) throw new ArgumentException($"{name} has {length} elements, expected at least {least}");
    }
}
