using ArrowQuant.Kernels;
using ArrowQuant.Kernels.Products;
using ArrowQuant.Kernels.Trellis;
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
        yield return MatVec(kernels, data, "matvec INT2 trellis4 g128", Format(2, CodeLayout.Trellis4, 128));
        yield return MatVec(kernels, data, "matvec INT2 trellis6 g128", Format(2, CodeLayout.Trellis6, 128));
        foreach (int count in new[] { 8, 64 })
        {
            yield return MatVec(kernels, data, $"matmul INT4 g128, {count} rows", Format(4, CodeLayout.Affine, 128), count);
            yield return MatVec(kernels, data, $"matmul INT2 trellis6 g128, {count} rows", Format(2, CodeLayout.Trellis6, 128), count);
        }
    }

    private static QuantizedFormat Format(int bits, CodeLayout layout, int groupSize) =>
        new() { BitWidth = bits, Layout = layout, Groups = new GroupLayout(Columns, groupSize) };

    private static KernelCase MatVec(KernelSet kernels, KernelData data, string name, QuantizedFormat format, int count = 1)
    {
        int rowBytes = format.Groups.RowBytes(format.BitWidth);
        int parts = (int)(data.Half.Bytes / (Rows * rowBytes));
        int groups = Rows * format.Groups.GroupsPerRow;
        int floatsPerGroup = format.ScalesPerGroup + format.ZeroPointsPerGroup + format.LevelsPerGroup;
        float[] grids = new float[(long)parts * groups * floatsPerGroup];
        for (int i = 0; i < grids.Length; i++) grids[i] = 0.25f + i % 7;
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
                        Packed(
                            format, data.Half.Slice((long)part * Rows * rowBytes, Rows * rowBytes),
                            grids.AsSpan(part * groups * floatsPerGroup, groups * floatsPerGroup)),
                        activations.All, count, products, Rows);
                });
            },
            Error = () => Error(kernels, format),
        };
    }

    // Scales, zero points and levels one after the other.
    private static PackedRows Packed(QuantizedFormat format, ReadOnlySpan<byte> codes, ReadOnlySpan<float> grids)
    {
        int groups = Rows * format.Groups.GroupsPerRow;
        int scales = groups * format.ScalesPerGroup, zeroPoints = groups * format.ZeroPointsPerGroup;
        return new PackedRows
        {
            Rows = Rows,
            Columns = Columns,
            Bits = format.BitWidth,
            GroupSize = format.Groups.GroupSize,
            LevelsPerGroup = format.LevelsPerGroup,
            Trellis = format.Trellis,
            Codes = codes,
            Scales = grids[..scales],
            ZeroPoints = grids.Slice(scales, zeroPoints),
            Levels = grids[(scales + zeroPoints)..],
        };
    }

    private static OrderedActivations Activations(QuantizedFormat format, int count)
    {
        float[] inputs = SyntheticModels.Values(WeightDistribution.Gaussian, count * Columns, 2);
        OrderedActivations ordered = new(Columns, count);
        int orderBits = format.Trellis is null ? format.BitWidth : TrellisTable.ValueBits;
        for (int a = 0; a < count; a++) PackedOrder.Arrange(inputs.AsSpan(a * Columns, Columns), orderBits, ordered[a]);
        return ordered;
    }

    private static (double Nmse, double Bits) Error(KernelSet kernels, QuantizedFormat format)
    {
        float[] weights = SyntheticModels.Values(WeightDistribution.Gaussian, Rows * Columns, 1);
        QuantizedBlock block = new(format, 0, Rows);
        _ = new RowQuantizer(kernels, format, PreparedLayer.CoderOf(kernels, format, AffineSearch.MinMax, [])).Quantize(weights, block, 0);
        float[] products = new float[Rows];
        PackedRows rows = Packed(format, block.Codes, [.. block.Scales, .. block.ZeroPoints, .. block.Levels]);
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

        double grid = format.ZeroPointsPerGroup > 0 ? 16.0 + format.BitWidth : 16.0 * (format.ScalesPerGroup + format.LevelsPerGroup);
        return (error / norm, format.BitWidth + grid / format.Groups.GroupSize);
    }
}
