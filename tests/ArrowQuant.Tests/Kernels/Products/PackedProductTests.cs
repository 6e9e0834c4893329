using ArrowQuant.Kernels;
using ArrowQuant.Kernels.Products;
using ArrowQuant.Kernels.Trellis;
using ArrowQuant.Tensors;
using ArrowQuant.Tests.Support;

namespace ArrowQuant.Tests.Kernels.Products;

/// <summary>Products of packed codes: every width gives the bytes of the definition, and that is right.</summary>
public sealed class PackedProductTests
{
    private static readonly int[] GroupSizes = [32, 64, 128, 256, 384, int.MaxValue];

    private static readonly KernelSet Scalar = KernelSet.Create("scalar");

    public static TheoryData<int, CodeLayout> Codings { get; } = new()
    {
        { 2, CodeLayout.Affine }, { 2, CodeLayout.Lattice2 }, { 2, CodeLayout.Lattice3 },
        { 4, CodeLayout.Affine }, { 8, CodeLayout.Affine },
        { 2, CodeLayout.Trellis4 }, { 2, CodeLayout.Trellis6 },
    };

    [Theory]
    [MemberData(nameof(Codings))]
    public void Multiply_EveryLengthAndGroupSize_GivesTheBytesOfTheDefinition(int bits, CodeLayout layout)
    {
        KernelSet[] widths = [.. KernelSet.Names.Where(name => name != "scalar").Select(KernelSet.Create)];
        for (int columns = 1; columns <= 257; columns++)
        {
            foreach (int groupSize in GroupSizes)
            {
                PackedCase rows = new(bits, layout, columns, Math.Min(groupSize, columns + 1), 2, 1);
                float[] expected = rows.Definition();
                Assert.Equal(expected, rows.Multiply(Scalar));
                foreach (KernelSet kernels in widths) Assert.Equal(expected, rows.Multiply(kernels));
            }
        }
    }

    [Theory]
    [MemberData(nameof(Codings))]
    public void Multiply_LongRows_AgreesWithDoublePrecision(int bits, CodeLayout layout)
    {
        foreach (int columns in new[] { 384, 1000, 4096, 16384 })
        {
            foreach (int groupSize in GroupSizes)
            {
                PackedCase rows = new(bits, layout, columns, Math.Min(groupSize, columns), 40, 1);
                float[] products = rows.Multiply(KernelSet.Create(null));
                Assert.InRange(rows.RelativeError(products), 0, 1e-6);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Codings))]
    public void Multiply_SeveralActivations_GivesTheBytesOfEachAlone(int bits, CodeLayout layout)
    {
        // 70 rows are not whole tiles; eight rows of activations take their turn together, and the last may have no other beside it.
        foreach ((int columns, int groupSize, int count) in new[] { (300, 64, 2), (130, 32, 5), (256, 128, 8), (300, 300, 9), (7, 7, 17) })
        {
            PackedCase together = new(bits, layout, columns, groupSize, 70, count);
            float[] expected = together.Definition();
            foreach (string width in KernelSet.Names) Assert.Equal(expected, together.Multiply(KernelSet.Create(width)));
            Assert.InRange(together.RelativeError(expected), 0, 1e-6);
        }
    }

    [Theory]
    [InlineData(CodeLayout.Trellis4)]
    [InlineData(CodeLayout.Trellis6)]
    public void Multiply_RowsOfATrellis_GivesTheBytesOfDecodedRows(CodeLayout layout)
    {
        // Two tiles; products may begin at any row of them.
        PackedCase all = new(2, layout, 150, 64, TrellisTable.TileRows + 9, 1);
        float[] weights = all.Decoded();
        float[] ordered = all.Ordered();
        foreach (KernelSet kernels in KernelSet.Names.Select(KernelSet.Create))
        {
            float[] expected = new float[TrellisTable.TileRows + 9];
            kernels.Products.Multiply(weights, 150, ordered, 1, expected, expected.Length);
            foreach (int first in new[] { 0, 1, 2, 40, 511, 512, 513, 514, 520 })
            {
                float[] products = new float[expected.Length - first];
                kernels.Products.Multiply(all.From(first), ordered, 1, products, products.Length);
                Assert.Equal(expected[first..], products);
            }
        }
    }

    [Theory]
    [InlineData("scalar")]
    [InlineData("v128")]
    [InlineData("v256")]
    [InlineData("v512")]
    public void Multiply_RowsOfFloatsAndSeveralActivations_GivesTheBytesOfEachAlone(string width)
    {
        ProductKernels kernels = KernelSet.Create(width).Products;
        var random = new SeededNumbers(6);
        foreach ((int rows, int columns, int count) in new[] { (1, 1, 2), (5, 127, 3), (17, 300, 9), (33, 1000, 8) })
        {
            int padded = PackedOrder.PaddedLength(columns);
            float[] matrix = random.Gaussian(rows * columns), inputs = random.Gaussian(count * columns);
            float[] ordered = new float[count * padded], expected = new float[count * rows], products = new float[count * (rows + 1)];
            for (int a = 0; a < count; a++)
            {
                PackedOrder.Arrange(inputs.AsSpan(a * columns, columns), 32, ordered.AsSpan(a * padded, padded));
                Scalar.Products.Multiply(matrix, columns, ordered.AsSpan(a * padded, padded), 1, expected.AsSpan(a * rows, rows), rows);
            }

            kernels.Multiply(matrix, columns, ordered, count, products, rows + 1);
            for (int a = 0; a < count; a++)
                Assert.Equal(expected.AsSpan(a * rows, rows), products.AsSpan(a * (rows + 1), rows));
        }
    }

    [Theory]
    [InlineData("scalar")]
    [InlineData("v128")]
    [InlineData("v256")]
    [InlineData("v512")]
    public void Multiply_RowsOfFloats_GivesTheSameBytesAtEveryWidth(string width)
    {
        var random = new SeededNumbers(5);
        foreach (int columns in new[] { 1, 15, 16, 127, 128, 129, 257, 1000 })
        {
            float[] matrix = random.Gaussian(33 * columns);
            float[] inputs = random.Gaussian(columns);
            float[] ordered = new float[PackedOrder.PaddedLength(columns)];
            PackedOrder.Arrange(inputs, 32, ordered);
            float[] expected = new float[33], products = new float[33];
            Scalar.Products.Multiply(matrix, columns, ordered, 1, expected, 33);
            KernelSet.Create(width).Products.Multiply(matrix, columns, ordered, 1, products, 33);
            Assert.Equal(expected, products);
            for (int r = 0; r < 33; r++)
            {
                double exact = 0, size = 0;
                for (int c = 0; c < columns; c++)
                {
                    exact += (double)matrix[r * columns + c] * inputs[c];
                    size += Math.Abs((double)matrix[r * columns + c] * inputs[c]);
                }

                Assert.InRange(Math.Abs(products[r] - exact), 0, 1e-6 * size);
            }
        }
    }

    [Theory]
    [InlineData("scalar")]
    [InlineData("v128")]
    [InlineData("v256")]
    [InlineData("v512")]
    public void Multiply_AtTheEndOfReadableMemory_ReadsNothingBehindIt(string width)
    {
        using GuardedMemory codes = new(), floats = new();
        ProductKernels kernels = KernelSet.Create(width).Products;
        foreach ((int bits, CodeLayout layout) in Codings.Select(row => row.Data))
        {
            for (int columns = 1; columns <= 257; columns++)
            {
                foreach (int groupSize in new[] { 32, 128 })
                {
                    PackedCase source = new(bits, layout, columns, groupSize, 1, 1);
                    PackedRows rows = source.Rows;
                    Span<byte> guardedCodes = codes.LastBytes(rows.Codes.Length);
                    rows.Codes.CopyTo(guardedCodes);
                    float[] ordered = source.Ordered();
                    Span<float> guardedInputs = floats.LastFloats(ordered.Length);
                    ordered.CopyTo(guardedInputs);
                    float[] products = new float[1];
                    kernels.Multiply(Of(rows, guardedCodes, rows.Scales, rows.Levels), guardedInputs, 1, products, 1);
                    Assert.Equal(source.Multiply(Scalar), products);

                    ReadOnlySpan<float> grids = rows.LevelsPerGroup > 0 ? rows.Levels : rows.Scales;
                    Span<float> guardedGrids = floats.LastFloats(grids.Length);
                    grids.CopyTo(guardedGrids);
                    PackedRows again = rows.LevelsPerGroup > 0
                        ? Of(rows, rows.Codes, default, guardedGrids)
                        : Of(rows, rows.Codes, guardedGrids, default);
                    kernels.Multiply(again, ordered, 1, products, 1);
                    Assert.Equal(source.Multiply(Scalar), products);
                }
            }
        }
    }

    [Fact]
    public void Multiply_LengthsThatDoNotFit_AreRefused()
    {
        PackedCase source = new(4, CodeLayout.Affine, 100, 32, 3, 1);
        float[] ordered = source.Ordered();
        float[] products = new float[3];
        ProductKernels kernels = Scalar.Products;
        Assert.Contains("3 rows of 100 weights have 150 bytes, not 149", Refused(() =>
            kernels.Multiply(Of(source.Rows, source.Rows.Codes[1..], source.Rows.Scales, default), ordered, 1, products, 3)));
        Assert.Contains("3 rows of 100 weights have 12 scales, not 11", Refused(() =>
            kernels.Multiply(Of(source.Rows, source.Rows.Codes, source.Rows.Scales[1..], default), ordered, 1, products, 3)));
        Assert.Contains("1 rows of 100 activations in order are not 127 values", Refused(() =>
            kernels.Multiply(source.Rows, ordered.AsSpan(1), 1, products, 3)));
        Assert.Contains("1 rows of 3 products, 2 apart, do not fit into 3 values", Refused(() =>
            kernels.Multiply(source.Rows, ordered, 1, products, 2)));
        Assert.Contains("groups of 48 weights are not multiplied as packed", Refused(() =>
            kernels.Multiply(new PackedCase(4, CodeLayout.Affine, 100, 48, 3, 1).Rows, ordered, 1, products, 3)));
        Assert.Contains("5 weights are not whole rows of 2", Refused(() => kernels.Multiply(new float[5], 2, ordered, 1, products, 3)));
        Assert.Contains("100 activations need 128 values, not 100", Refused(() => PackedOrder.Arrange(new float[100], 4, new float[100])));
    }

    private static string Refused(Action action) => Assert.Throws<ArgumentException>(action).Message;

    private static PackedRows Of(PackedRows rows, ReadOnlySpan<byte> codes, ReadOnlySpan<float> scales, ReadOnlySpan<float> levels) => new()
    {
        Rows = rows.Rows,
        Columns = rows.Columns,
        Bits = rows.Bits,
        GroupSize = rows.GroupSize,
        Codes = codes,
        Scales = scales,
        ZeroPoints = rows.ZeroPoints,
        Levels = levels,
        LevelsPerGroup = rows.LevelsPerGroup,
        Trellis = rows.Trellis,
    };
}
