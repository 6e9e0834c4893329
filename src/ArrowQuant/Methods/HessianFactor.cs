using ArrowQuant.Configuration;
using ArrowQuant.Kernels;

namespace ArrowQuant.Methods;

/// <summary>
/// The Hessian H = sum of w x x^T over a layer's inputs, ready for compensation: factors of its damped inverse and the importance of every
/// column. With a block size the Hessian is taken as block-diagonal, which bounds its memory.
/// </summary>
internal sealed class HessianFactor
{
    private const int LargestWhole = 8192;
    private const double LargestDamping = 1;
    private const double SmallestSquare = 1e-12;
    private const double LargestSquare = 1e12;
    private const double SmallestImportance = 1e-4;
    private const double LargestImportance = 1e4;

    // Times columns over rows: few rows tell little of many directions.
    private const double DampingOfWeights = 4;
    private const int BlockOfWeights = 1024;

    // Without inputs nothing tells which rows matter, so small ones are guarded more.
    private const double RelativeShareOfWeights = 1;
    private const double RelativeShareOfInputs = 0.5;

    private HessianFactor(IReadOnlyList<HessianSegment> segments, float[] columnWeights, bool actOrder, double damping)
    {
        Segments = segments;
        ColumnWeights = columnWeights;
        IsActOrder = actOrder;
        Damping = damping;
    }

    /// <summary>The blocks along the diagonal, in column order.</summary>
    public IReadOnlyList<HessianSegment> Segments { get; }

    /// <summary>
    /// Diagonal of the Hessian, clipped to 1e-4..1e4 of its median, mean 1; empty when every column counts the same.
    /// </summary>
    public float[] ColumnWeights { get; }

    /// <summary>Whether columns are coded in the order of falling diagonal.</summary>
    public bool IsActOrder { get; }

    /// <summary>How much errors of a trellis count relative to their row (<see cref="ColumnGrids.SetTrellis"/>).</summary>
    public double RelativeShare { get; private init; }

    /// <summary>Share of the mean diagonal that was added to the diagonal in the end.</summary>
    public double Damping { get; }

    /// <summary>
    /// Columns of a diagonal block: the whole matrix up to 8192 columns, else 4096, or what <c>hessian_block</c> says; whole groups.
    /// </summary>
    public static int BlockColumns(int hessianBlock, int columns, int groupSize)
    {
        int wanted = hessianBlock > 0 ? hessianBlock : columns <= LargestWhole ? columns : LargestWhole / 2;
        return wanted >= columns ? columns : Math.Max(groupSize, wanted / groupSize * groupSize);
    }

    /// <summary>Bytes of all factors and of one block's Hessian.</summary>
    public static long BytesOf(int columns, int blockColumns)
    {
        long blocks = (columns + blockColumns - 1) / blockColumns;
        return (blocks + 1) * blockColumns * blockColumns * sizeof(float);
    }

    /// <summary>
    /// Damping as a share of the mean diagonal: .2 when samples are few for the columns, else .1; in the recipe <c>best</c> half of that.
    /// </summary>
    public static double DampingOf(Recipe recipe, int samples, int columns) =>
        (samples < 2 * columns ? 0.2 : 0.1) / (recipe == Recipe.Best ? 2 : 1);

    /// <summary>Columns of a diagonal block of <see cref="OfWeights"/>: at most 1024, whole groups.</summary>
    public static int BlockColumnsOfWeights(int columns, int groupSize) => BlockColumns(BlockOfWeights, columns, groupSize);

    /// <summary>
    /// The Hessian that weights themselves suggest where inputs are not known: rows of a trained matrix are made of its inputs, so a
    /// direction in which many rows are large is one in which inputs are large. Damped by the mean diagonal at least; null for zeros.
    /// </summary>
    /// <param name="kernels">The kernels.</param>
    /// <param name="rows">Rows of the layer, each with the same weight, rotated if codes are.</param>
    /// <param name="blockColumns">Columns of a diagonal block.</param>
    public static HessianFactor? OfWeights(KernelSet kernels, ActivationSamples rows, int blockColumns) =>
        TryCreate(kernels, rows, blockColumns, actOrder: false, threads: 1,
            Math.Max(1, DampingOfWeights * rows.Features / rows.Count), RelativeShareOfWeights);

    /// <summary>
    /// Computes and factors the Hessian; null when it is not positive definite even with damping of the whole mean diagonal.
    /// </summary>
    /// <param name="kernels">The kernels.</param>
    /// <param name="samples">Inputs of the layer with their weights.</param>
    /// <param name="blockColumns">Columns of a diagonal block.</param>
    /// <param name="actOrder">Whether columns are coded in the order of falling diagonal.</param>
    /// <param name="threads">Threads; no result depends on it.</param>
    /// <param name="recipe">Decides about damping.</param>
    public static HessianFactor? TryCreate(
        KernelSet kernels, ActivationSamples samples, int blockColumns, bool actOrder, int threads, Recipe recipe = Recipe.Strategy) =>
        TryCreate(
            kernels, samples, blockColumns, actOrder, threads, DampingOf(recipe, samples.Count, samples.Features),
            recipe == Recipe.Best ? RelativeShareOfInputs : 0);

    private static HessianFactor? TryCreate(
        KernelSet kernels, ActivationSamples samples, int blockColumns, bool actOrder, int threads, double damping, double relativeShare)
    {
        double[] diagonal = samples.SquareMeans();
        double mean = diagonal.Average();
        if (!(mean > 0)) return null;
        // A power of two brings extreme inputs near 1, so that their squares neither overflow nor vanish.
        float unit = mean is > SmallestSquare and < LargestSquare ? 1f : FloatStorage.NormalizingFactor((float)Math.Sqrt(mean));
        double scale = mean * unit * unit;
        float[] weights = [.. samples.Weights.Select(weight => (float)(weight / scale))];
        List<HessianSegment> segments = [];
        for (int start = 0; start < samples.Features; start += blockColumns)
        {
            int length = Math.Min(blockColumns, samples.Features - start);
            int[] order = [.. Enumerable.Range(start, length)];
            if (actOrder) order = [.. order.OrderByDescending(column => diagonal[column]).ThenBy(column => column)];
            float[] h = new float[(long)length * length];
            kernels.Algebra.Gram(samples.Columns(order, unit), length, weights, h, threads);
            KeepDeadColumnsApart(h, length);
            float[] factor = new float[h.Length];
            while (!kernels.Algebra.TryFactorInverse(h, length, (float)damping, factor, threads))
            {
                damping *= 10;
                if (damping > LargestDamping) return null;
            }

            segments.Add(new HessianSegment(start, length, order, factor));
        }

        return new HessianFactor(segments, Importance(diagonal), actOrder, damping) { RelativeShare = relativeShare };
    }

    /// <summary>Importance of columns from the diagonal of a Hessian; empty when all are equal.</summary>
    public static float[] Importance(double[] diagonal)
    {
        double[] sorted = [.. diagonal.Where(value => value > 0).Order()];
        if (sorted.Length == 0) return [];
        double median = sorted[sorted.Length / 2];
        double[] clipped = [.. diagonal.Select(value => Math.Clamp(value, median * SmallestImportance, median * LargestImportance))];
        double mean = clipped.Average();
        float[] weights = [.. clipped.Select(value => (float)(value / mean))];
        return Array.TrueForAll(weights, weight => weight == weights[0]) ? [] : weights;
    }

    /// <summary>Ties a column whose input was always zero to nothing: it is rounded, and passes nothing on.</summary>
    public static void KeepDeadColumnsApart(float[] h, int length)
    {
        for (int j = 0; j < length; j++)
        {
            if (h[(long)j * length + j] == 0) h[(long)j * length + j] = 1f;
        }
    }
}

/// <summary>One block on the diagonal of a Hessian.</summary>
/// <param name="Start">Its first column.</param>
/// <param name="Length">Its columns.</param>
/// <param name="Order">The columns in the order in which they are coded.</param>
/// <param name="Factor">[length, length] upper factor of the damped inverse, in that order.</param>
internal sealed record HessianSegment(int Start, int Length, int[] Order, float[] Factor);
