using ArrowQuant.Kernels;
using ArrowQuant.Kernels.Products;
using ArrowQuant.Methods;
using ArrowQuant.Tensors;
using ArrowQuant.TestKit;

namespace ArrowQuant.Benchmarks.Speed;

/// <summary>
/// Products of packed codes with float activations. Codes and grids count as bytes that are read; the error is that of the product, against
/// the weights before they were quantized.
/// </summary>
internal static class ProductCases
{
    private const int Columns = 4096;
    private const int Rows = 64;

    /// <summary>All cases.</summary>
    public static IEnumerable<KernelCase> All(KernelSet kernels, KernelData data)
    {
        foreach (int groupSize in new[] { 128, 64, 32 })
            yield return MatVec(kernels, data, $"matvec INT4 g{groupSize}", Format(4, CodeLayout.Affine, groupSize));
        yield return MatVec(kernels, data, "matvec INT4 per channel", Format(4, CodeLayout.Affine, Columns));
        yield return MatVec(kernels, data, "matvec INT8 g128", Format(8, CodeLayout.Affine, 128));
        yield return MatVec(kernels, data, "matvec INT2 g128", Format(2, CodeLayout.Affine, 128));
        yield return MatVec(kernels, data, "matvec INT2 lattice2 g128", Format(2, CodeLayout.Lattice2, 128));
        yield return MatVec(kernels, data, "matvec INT2 lattice3 g128", Format(2, CodeLayout.Lattice3, 128));
        yield return MatVec(kernels, data, "matmul INT4 g128, 8 rows", Format(4, CodeLayout.Affine, 128), 8);
    }

    private static QuantizedFormat Format(int bits, CodeLayout layout, int groupSize) =>
        new() { BitWidth = bits, Layout = layout, Groups = new GroupLayout(Columns, groupSize) };

    private static KernelCase MatVec(KernelSet kernels, KernelData data, string name, QuantizedFormat format, int count = 1)
    {
        int rowBytes = format.Groups.RowBytes(format.BitWidth);
        int parts = (int)(data.Half.Bytes / (Rows * rowBytes));
        int groups = Rows * format.Groups.GroupsPerRow;
        int floatsPerGroup = Math.Max(2, format.LevelsPerGroup);
        float[] grids = new float[(long)parts * groups * floatsPerGroup];
        for (int i = 0; i < grids.Length; i++) grids[i] = 0.25f + i % 7;
        PackedRows Part(ReadOnlySpan<byte> codes, ReadOnlySpan<float> values) => new()
        {
            Rows = Rows,
            Columns = Columns,
            Bits = format.BitWidth,
            GroupSize = format.Groups.GroupSize,
            LevelsPerGroup = format.LevelsPerGroup,
            Codes = codes,
            Scales = format.LevelsPerGroup > 0 ? [] : values[..groups],
            ZeroPoints = format.LevelsPerGroup > 0 ? [] : values[groups..],
            Levels = format.LevelsPerGroup > 0 ? values : [],
        };
        return new KernelCase
        {
            Name = name,
            Bytes = (long)parts * (Rows * rowBytes + groups * floatsPerGroup * sizeof(float)),
            BytesPerParameter = (rowBytes + format.Groups.GroupsPerRow * floatsPerGroup * sizeof(float)) / (double)Columns,
            Run = threads =>
            {
                using OrderedActivations activations = Activations(format, count);
                return Crew.Run(threads, parts, () =>
                {
                    float[] products = new float[Rows * count];
                    return part => kernels.Products.Multiply(
                        Part(
                            data.Half.Slice((long)part * Rows * rowBytes, Rows * rowBytes),
                            grids.AsSpan(part * groups * floatsPerGroup, groups * floatsPerGroup)),
                        activations.All, count, products, Rows);
                });
            },
            Error = () => Error(kernels, format),
        };
    }

    private static OrderedActivations Activations(QuantizedFormat format, int count)
    {
        float[] inputs = SyntheticModels.Values(WeightDistribution.Gaussian, count * Columns, 2);
        OrderedActivations ordered = new(Columns, count);
        for (int a = 0; a < count; a++) PackedOrder.Arrange(inputs.AsSpan(a * Columns, Columns), format.BitWidth, ordered[a]);
        return ordered;
    }

    private static (double Nmse, double Bits) Error(KernelSet kernels, QuantizedFormat format)
    {
        float[] weights = SyntheticModels.Values(WeightDistribution.Gaussian, Rows * Columns, 1);
        QuantizedBlock block = new(format, 0, Rows);
        GridFit fit = new(kernels, format, AffineSearch.MinMax);
        _ = new RowQuantizer(kernels, format, new PlainCoder(kernels, fit, [])).Quantize(weights, block, 0);
        float[] products = new float[Rows];
        PackedRows rows = new()
        {
            Rows = Rows,
            Columns = Columns,
            Bits = format.BitWidth,
            GroupSize = format.Groups.GroupSize,
            LevelsPerGroup = format.LevelsPerGroup,
            Codes = block.Codes,
            Scales = block.Scales,
            ZeroPoints = block.ZeroPoints,
            Levels = block.Levels,
        };
        float[] inputs = SyntheticModels.Values(WeightDistribution.Gaussian, Columns, 2);
        using OrderedActivations ordered = Activations(format, 1);
        kernels.Products.Multiply(rows, ordered.All, 1, products, Rows);
        double error = 0, norm = 0;
        for (int r = 0; r < Rows; r++)
        {
            double exact = 0;
            for (int c = 0; c < Columns; c++) exact += (double)weights[r * Columns + c] * inputs[c];
            error += (products[r] - exact) * (products[r] - exact);
            norm += exact * exact;
        }

        double grid = format.LevelsPerGroup > 0 ? 16.0 * format.LevelsPerGroup : 16.0 + format.BitWidth;
        return (error / norm, format.BitWidth + grid / format.Groups.GroupSize);
    }
}
