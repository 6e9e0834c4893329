using ArrowQuant.Kernels;
using ArrowQuant.Tests.Support;

namespace ArrowQuant.Tests.Kernels;

/// <summary>Fits whose columns count with an importance.</summary>
public sealed class WeightedFitTests
{
    private const int Columns = 300;
    private const int GroupSize = 64;

    [Theory]
    [InlineData(2, (int)AffineSearch.MinMax)]
    [InlineData(2, (int)AffineSearch.IntegerZero)]
    [InlineData(2, (int)AffineSearch.FreeZero)]
    [InlineData(4, (int)AffineSearch.IntegerZero)]
    [InlineData(4, (int)AffineSearch.FreeZero)]
    public void FitAffine_WeightsOfOne_GiveTheBytesOfTheUnweightedFit(int bits, int search)
    {
        float[] values = new SeededNumbers(1).Gaussian(21 * Columns, 0.02);
        Assert.Equal(Affine(values, bits, search, []), Affine(values, bits, search, [.. Enumerable.Repeat(1f, Columns)]));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void FitLattice_WeightsOfOne_GiveTheErrorOfTheUnweightedFit(bool withOffset)
    {
        float[] values = new SeededNumbers(2).Gaussian(21 * Columns, 0.02);
        float[] ones = [.. Enumerable.Repeat(1f, Columns)];
        double plain = LatticeError(values, withOffset, Lattice(values, withOffset, [], "v256"), ones);
        double weighted = LatticeError(values, withOffset, Lattice(values, withOffset, ones, "v256"), ones);

        // The weighted fit divides where the other one multiplies by an inverse; equal splits may change places.
        Assert.Equal(1, weighted / plain, 1e-3);
    }

    [Theory]
    [InlineData(2, (int)AffineSearch.IntegerZero)]
    [InlineData(2, (int)AffineSearch.FreeZero)]
    [InlineData(4, (int)AffineSearch.IntegerZero)]
    public void FitAffine_ImportantColumns_LosesLessWhereItCounts(int bits, int search)
    {
        float[] values = new SeededNumbers(3).Gaussian(21 * Columns, 0.02);
        float[] importance = Importance(4);
        double plain = AffineError(values, bits, Affine(values, bits, search, []), importance);
        double weighted = AffineError(values, bits, Affine(values, bits, search, importance), importance);
        Assert.True(weighted < 0.9 * plain, $"weighted {weighted}, unweighted {plain}");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void FitLattice_ImportantColumns_LosesLessWhereItCounts(bool withOffset)
    {
        float[] values = new SeededNumbers(5).Gaussian(21 * Columns, 0.02);
        float[] importance = Importance(6);
        double plain = LatticeError(values, withOffset, Lattice(values, withOffset, [], "v256"), importance);
        double weighted = LatticeError(values, withOffset, Lattice(values, withOffset, importance, "v256"), importance);
        Assert.True(weighted < 0.9 * plain, $"weighted {weighted}, unweighted {plain}");
    }

    [Fact]
    public void Fit_AnyKernels_GivesTheSameBytes()
    {
        float[] values = new SeededNumbers(7).Gaussian(21 * Columns, 0.02);
        float[] importance = Importance(8);
        foreach (string kernels in KernelSet.Names)
        {
            foreach ((int bits, AffineSearch search) in ((int, AffineSearch)[])[(2, AffineSearch.FreeZero), (4, AffineSearch.IntegerZero)])
            {
                float[] expected = Affine(values, bits, (int)search, importance, "scalar");
                Assert.Equal(expected, Affine(values, bits, (int)search, importance, kernels));
            }

            Assert.Equal(Lattice(values, false, importance, "scalar"), Lattice(values, false, importance, kernels));
            Assert.Equal(Lattice(values, true, importance, "scalar"), Lattice(values, true, importance, kernels));
        }
    }

    [Fact]
    public void FitLattice_SmallGroups_IsTheBestOfAllSplits()
    {
        SeededNumbers numbers = new(9);
        for (int trial = 0; trial < 200; trial++)
        {
            int length = 1 + numbers.Below(9);
            float[] values = numbers.Gaussian(length, 0.3);
            float[] importance = [.. values.Select(_ => (float)Math.Exp(2 * numbers.Gaussian()))];
            float[] levels = new float[2];
            KernelSet.Create(null).FitLattice(new GroupRows(values, length, length, importance), false, levels);
            double found = SplitError(values, importance, levels[0] - levels[1], levels[0] + levels[1]);
            double best = BestSplit(values, importance);
            double energy = values.Zip(importance).Sum(pair => (double)pair.Second * pair.First * pair.First);

            // Both levels are stored with 11 bits; around the optimum the error grows with the square of theirs.
            double rounding = importance.Sum() * Math.Pow((levels[0] + levels[1]) / 4096, 2);
            Assert.InRange(found, best - 1e-6 * energy, best + 1e-6 * energy + rounding);
        }
    }

    private static double BestSplit(float[] values, float[] importance)
    {
        double best = double.PositiveInfinity;
        for (int high = 0; high < 1 << values.Length; high++)
        {
            double[] means = [.. Enumerable.Range(0, 2).Select(side =>
            {
                int[] part = [.. Enumerable.Range(0, values.Length).Where(i => (high >> i & 1) == side)];
                double weight = part.Sum(i => (double)importance[i]);
                return weight > 0 ? part.Sum(i => importance[i] * Math.Abs((double)values[i])) / weight : 0;
            })];
            double error = Enumerable.Range(0, values.Length)
                .Sum(i => Squared(importance[i], Math.Abs((double)values[i]) - means[high >> i & 1]));
            best = Math.Min(best, error);
        }

        return best;
    }

    private static double SplitError(float[] values, float[] importance, double low, double high) => values.Zip(importance)
        .Sum(pair => Math.Min(Squared(pair.Second, Math.Abs(pair.First) - low), Squared(pair.Second, Math.Abs(pair.First) - high)));

    private static double Squared(double weight, double error) => weight * error * error;

    private static float[] Importance(ulong seed)
    {
        SeededNumbers numbers = new(seed);
        return [.. Enumerable.Range(0, Columns).Select(_ => (float)Math.Exp(1.5 * numbers.Gaussian()))];
    }

    private static float[] Affine(float[] values, int bits, int search, float[] importance, string? kernels = null)
    {
        GroupRows rows = new(values, Columns, GroupSize, importance);
        float[] scales = new float[rows.Rows * rows.GroupsPerRow];
        float[] zeros = new float[scales.Length];
        KernelSet.Create(kernels).FitAffine(rows, bits, (AffineSearch)search, scales, zeros);
        return [.. scales, .. zeros];
    }

    private static float[] Lattice(float[] values, bool withOffset, float[] importance, string kernels)
    {
        GroupRows rows = new(values, Columns, GroupSize, importance);
        float[] levels = new float[rows.Rows * rows.GroupsPerRow * (withOffset ? 3 : 2)];
        KernelSet.Create(kernels).FitLattice(rows, withOffset, levels);
        return levels;
    }

    private static double AffineError(float[] values, int bits, float[] grids, float[] importance) => Error(
        values, importance, group => [.. Enumerable.Range(0, 1 << bits).Select(q => (q - grids[grids.Length / 2 + group]) * grids[group])]);

    private static double LatticeError(float[] values, bool withOffset, float[] levels, float[] importance) =>
        Error(values, importance, group =>
        {
            float[] own = withOffset ? levels[(3 * group)..(3 * group + 3)] : [0, .. levels[(2 * group)..(2 * group + 2)]];
            return [own[0] - own[1] - own[2], own[0] - own[1] + own[2], own[0] + own[1] - own[2], own[0] + own[1] + own[2]];
        });

    private static double Error(float[] values, float[] importance, Func<int, float[]> levelsOf)
    {
        int groupsPerRow = (Columns + GroupSize - 1) / GroupSize;
        double sum = 0;
        for (int start = 0; start < values.Length; start += Columns)
        {
            for (int g = 0; g < groupsPerRow; g++)
            {
                float[] levels = levelsOf(start / Columns * groupsPerRow + g);
                for (int c = g * GroupSize; c < Math.Min(Columns, (g + 1) * GroupSize); c++)
                    sum += levels.Min(level => Squared(importance[c], (double)values[start + c] - level));
            }
        }

        return sum;
    }
}
