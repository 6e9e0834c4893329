using ArrowQuant.Kernels;
using ArrowQuant.Methods;
using ArrowQuant.Tensors;
using ArrowQuant.Tests.Support;

namespace ArrowQuant.Tests.Methods;

public sealed class CompensatedCoderTests
{
    public static TheoryData<int, CodeLayout, int> Grids => new()
    {
        { 2, CodeLayout.Affine, (int)AffineSearch.MinMax },
        { 2, CodeLayout.Affine, (int)AffineSearch.FreeZero },
        { 2, CodeLayout.Lattice2, 0 },
        { 2, CodeLayout.Lattice3, 0 },
        { 4, CodeLayout.Affine, (int)AffineSearch.IntegerZero },
        { 8, CodeLayout.Affine, (int)AffineSearch.MinMax },
    };

    [Theory]
    [MemberData(nameof(Grids))]
    public void Code_IdentityHessian_GivesTheBytesOfTheDataFreeMethod(int bits, CodeLayout layout, int search)
    {
        const int Columns = 300;
        float[] weights = new SeededNumbers(1).Gaussian(70 * Columns, 0.02);
        QuantizedFormat format = CodedRows.Format(bits, layout, Columns, 64);
        CodedRows expected = CodedRows.Plain(weights, format, (AffineSearch)search, []);
        foreach (bool actOrder in (bool[])[false, true])
        {
            HessianFactor hessian = Factor(Inputs.Whitened(Columns, 3), actOrder: actOrder);
            Assert.Empty(hessian.ColumnWeights);
            expected.AssertSame(CodedRows.Compensated(weights, format, (AffineSearch)search, hessian), $"act-order {actOrder}");
        }
    }

    [Theory]
    [InlineData(2, CodeLayout.Affine, (int)AffineSearch.FreeZero, 1)]
    [InlineData(2, CodeLayout.Lattice2, 0, 1)]
    [InlineData(2, CodeLayout.Lattice3, 0, 10)]
    [InlineData(4, CodeLayout.Affine, (int)AffineSearch.IntegerZero, 1)]
    public void Code_AnyGroupSizeOrderAndBlock_IsTheAlgorithmColumnByColumn(
        int bits, CodeLayout layout, int search, int percent)
    {
        int all = 0;
        int different = 0;
        foreach ((int columns, int block) in ((int, int)[])[(384, 384), (330, 330), (600, 256), (40, 40)])
        {
            ActivationSamples samples = Inputs.Pooled(Inputs.Correlated(150, columns, 5, 3), columns);
            foreach (int groupSize in (int[])[32, 64, 128, 256])
            {
                foreach (int rows in (int[])[1, 5, 19])
                {
                    float[] weights = new SeededNumbers((ulong)(columns + rows)).Gaussian(rows * columns, 0.02);
                    QuantizedFormat format = CodedRows.Format(bits, layout, columns, groupSize);
                    foreach (bool actOrder in (bool[])[false, true])
                    {
                        HessianFactor hessian = Factor(samples, block, actOrder);
                        CodedRows expected = new NaiveCompensation(format, (AffineSearch)search, hessian).Run(weights);
                        CodedRows actual = CodedRows.Compensated(weights, format, (AffineSearch)search, hessian);
                        all += rows;
                        different += expected.DifferentRows(actual);
                    }
                }
            }
        }

        // Where a float lies within its rounding of a boundary between codes or stored scales, double precision takes the other side; an
        // offset can be fitted equally well from either of its starts.
        Assert.InRange(different, 0, all * percent / 100);
    }

    [Theory]
    [InlineData(2, CodeLayout.Affine, (int)AffineSearch.FreeZero)]
    [InlineData(2, CodeLayout.Lattice2, 0)]
    [InlineData(4, CodeLayout.Affine, (int)AffineSearch.IntegerZero)]
    public void Code_GroupsInsideABlock_AreFittedOnCompensatedWeights(int bits, CodeLayout layout, int search)
    {
        const int Columns = 256;
        ActivationSamples samples = Inputs.Pooled(Inputs.Correlated(600, Columns, 1, 4), Columns);
        float[] weights = new SeededNumbers(5).Gaussian(8 * Columns, 0.02);
        QuantizedFormat format = CodedRows.Format(bits, layout, Columns, 32);
        HessianFactor hessian = Factor(samples);
        CodedRows actual = CodedRows.Compensated(weights, format, (AffineSearch)search, hessian);
        new NaiveCompensation(format, (AffineSearch)search, hessian).Run(weights).AssertSame(actual, "compensated");

        CodedRows stale = new NaiveCompensation(format, (AffineSearch)search, hessian, isStale: true).Run(weights);
        int different = stale.Codes.Zip(actual.Codes).Count(pair => pair.First != pair.Second);
        Assert.InRange(different, weights.Length / 50, weights.Length);
        Assert.NotEqual(stale.Block.Scales.Concat(stale.Block.Levels), actual.Block.Scales.Concat(actual.Block.Levels));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Code_PermutedRows_GivesPermutedRows(bool actOrder)
    {
        const int Columns = 200;
        const int Rows = 90;
        HessianFactor hessian = Factor(Inputs.Pooled(Inputs.Correlated(100, Columns, 9, 6), Columns), actOrder: actOrder);
        float[] weights = new SeededNumbers(7).Gaussian(Rows * Columns, 0.1);
        QuantizedFormat format = CodedRows.Format(2, CodeLayout.Lattice3, Columns, 64);
        CodedRows straight = CodedRows.Compensated(weights, format, default, hessian);
        int[] order = [.. Enumerable.Range(0, Rows).Select(r => r * 37 % Rows)];
        float[] moved = [.. order.SelectMany(r => weights[(r * Columns)..((r + 1) * Columns)])];
        CodedRows permuted = CodedRows.Compensated(moved, format, default, hessian);
        int levels = straight.Block.Levels.Length / Rows;
        Assert.Equal(order.SelectMany(r => straight.Codes[(r * Columns)..((r + 1) * Columns)]), permuted.Codes);
        Assert.Equal(order.SelectMany(r => straight.Block.Levels[(r * levels)..((r + 1) * levels)]), permuted.Block.Levels);
    }

    [Fact]
    public void Code_PermutedColumnsWithActOrderAndOneGroup_GivesPermutedCodes()
    {
        const int Columns = 190;
        const int Rows = 20;
        const int Samples = 120;
        float[] inputs = Inputs.Correlated(Samples, Columns, 20, 8);
        float[] weights = new SeededNumbers(9).Gaussian(Rows * Columns, 0.1);
        int[] order = [.. Enumerable.Range(0, Columns).Select(c => c * 77 % Columns)];
        QuantizedFormat format = CodedRows.Format(4, CodeLayout.Affine, Columns, 0, perChannel: true);
        CodedRows straight = CodedRows.Compensated(
            weights, format, AffineSearch.MinMax, Factor(Inputs.Pooled(inputs, Columns), actOrder: true));
        CodedRows permuted = CodedRows.Compensated(
            Permuted(weights, order), format, AffineSearch.MinMax, Factor(Inputs.Pooled(Permuted(inputs, order), Columns), actOrder: true));
        Assert.Equal(straight.Block.Scales, permuted.Block.Scales);
        Assert.Equal(straight.Block.ZeroPoints, permuted.Block.ZeroPoints);
        for (int i = 0; i < weights.Length; i++)
            Assert.Equal(straight.Codes[i / Columns * Columns + order[i % Columns]], permuted.Codes[i]);
    }

    [Theory]
    [MemberData(nameof(Grids))]
    public void Code_AnyKernelsAndPieces_GivesTheSameBytes(int bits, CodeLayout layout, int search)
    {
        const int Columns = 333;
        ActivationSamples samples = Inputs.Pooled(Inputs.Correlated(200, Columns, 7, 10), Columns);
        float[] weights = new SeededNumbers(11).Gaussian(131 * Columns, 0.02);
        QuantizedFormat format = CodedRows.Format(bits, layout, Columns, 64);
        foreach (bool actOrder in (bool[])[false, true])
        {
            HessianFactor scalar = Factor(samples, actOrder: actOrder, kernels: "scalar");
            CodedRows expected = CodedRows.Compensated(weights, format, (AffineSearch)search, scalar, "scalar");
            foreach (string kernels in KernelSet.Names)
            {
                HessianFactor hessian = Factor(samples, actOrder: actOrder, kernels: kernels, threads: 2);
                foreach (int[] pieces in (int[][])[[], [1], [7, 64, 3], [65], [100, 1]])
                {
                    CodedRows actual = CodedRows.Compensated(weights, format, (AffineSearch)search, hessian, kernels, pieces);
                    expected.AssertSame(actual, $"{kernels}, pieces {string.Join(',', pieces)}, act-order {actOrder}");
                }
            }
        }
    }

    [Theory]
    [InlineData(2, CodeLayout.Affine, (int)AffineSearch.MinMax)]
    [InlineData(2, CodeLayout.Affine, (int)AffineSearch.FreeZero)]
    [InlineData(2, CodeLayout.Lattice3, 0)]
    [InlineData(4, CodeLayout.Affine, (int)AffineSearch.IntegerZero)]
    public void Code_CorrelatedInputs_LeavesLessOutputErrorThanRoundingOnTheSameInputs(int bits, CodeLayout layout, int search)
    {
        foreach (int columns in (int[])[64, 160])
        {
            foreach (ulong seed in (ulong[])[12, 13, 14])
            {
                ActivationSamples samples = Inputs.Pooled(Inputs.Correlated(3 * columns, columns, 4, seed), columns);
                float[] weights = new SeededNumbers(seed + 100).Gaussian(12 * columns, 0.02);
                QuantizedFormat format = CodedRows.Format(bits, layout, columns, 64);
                foreach (bool actOrder in (bool[])[false, true])
                {
                    HessianFactor hessian = Factor(samples, actOrder: actOrder);
                    double rounded = CodedRows.Plain(weights, format, (AffineSearch)search, hessian.ColumnWeights)
                        .Objective(weights, samples);
                    double compensated = CodedRows.Compensated(weights, format, (AffineSearch)search, hessian).Objective(weights, samples);
                    Assert.True(
                        compensated < 0.9 * rounded, $"{columns} columns, seed {seed}, act-order {actOrder}: {compensated} and {rounded}");
                }
            }
        }
    }

    [Fact]
    public void Code_DeadColumns_AreRoundedAndChangeNothingElse()
    {
        const int Columns = 150;
        int[] dead = [0, 17, 149];
        float[] inputs = Inputs.Correlated(300, Columns, 3, 15);
        for (int i = 0; i < inputs.Length; i++) inputs[i] = dead.Contains(i % Columns) ? 0 : inputs[i];
        float[] weights = new SeededNumbers(16).Gaussian(4 * Columns, 0.02);
        float[] other = [.. weights.Select((w, i) => dead.Contains(i % Columns) ? w * 0.9f : w)];
        QuantizedFormat format = CodedRows.Format(4, CodeLayout.Affine, Columns, 64);
        HessianFactor hessian = Factor(Inputs.Pooled(inputs, Columns));
        CodedRows first = CodedRows.Compensated(weights, format, AffineSearch.MinMax, hessian);
        CodedRows second = CodedRows.Compensated(other, format, AffineSearch.MinMax, hessian);
        float[] decoded = first.Decoded();
        for (int i = 0; i < weights.Length; i++)
        {
            if (dead.Contains(i % Columns))
                Assert.InRange(Math.Abs(decoded[i] - weights[i]), 0, 0.51f * first.Block.Scales[i / Columns * 3 + i % Columns / 64]);
            else
                Assert.Equal(first.Codes[i], second.Codes[i]);
        }
    }

    private static HessianFactor Factor(
        ActivationSamples samples, int? block = null, bool actOrder = false, string? kernels = null, int threads = 1) =>
        HessianFactor.TryCreate(KernelSet.Create(kernels), samples, block ?? samples.Features, actOrder, threads)!;

    private static float[] Permuted(float[] rows, int[] order) =>
        [.. Enumerable.Range(0, rows.Length).Select(i => rows[i / order.Length * order.Length + order[i % order.Length]])];
}
