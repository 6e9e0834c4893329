using ArrowQuant.TestKit;

namespace ArrowQuant.Tests.TestKit;

public sealed class FrechetDistanceTests
{
    [Fact]
    public void SquareRoot_RandomCovariance_SquaredIsTheMatrix()
    {
        const int Size = 32;
        double[] matrix = RandomCovariance(Size);
        double[] root = SymmetricEigen.SquareRoot(matrix, Size);
        for (int i = 0; i < Size; i++)
        {
            for (int j = 0; j < Size; j++)
            {
                double sum = Enumerable.Range(0, Size).Sum(k => root[(i * Size) + k] * root[(k * Size) + j]);
                Assert.Equal(matrix[(i * Size) + j], sum, 1e-9);
            }
        }
    }

    [Fact]
    public void Decompose_TwoByTwo_GivesTheKnownEigenvalues()
    {
        (double[] values, _) = SymmetricEigen.Decompose([2, 1, 1, 2], 2);
        Assert.Equal([1, 3], values.Order().Select(value => Math.Round(value, 12)));
    }

    [Fact]
    public void Decompose_NotFinite_IsRefused() =>
        Assert.Contains("2 x 2", Assert.Throws<ArithmeticException>(() =>
            SymmetricEigen.Decompose([1, double.NaN, double.NaN, 1], 2)).Message, StringComparison.Ordinal);

    [Fact]
    public void Between_OneDimension_IsTheClosedForm()
    {
        // mean 2, variance 4 against mean 0, variance 1: 2² + (2 - 1)² = 5
        float[] features = [0f, 2f, 4f]; // mean 2, variance 4 with n - 1
        Assert.Equal(5, FrechetDistance.Between(features, [0f], [1f]), 9);
    }

    [Fact]
    public void Between_OwnMoments_IsZero() =>
        Assert.Equal(0, FrechetDistance.Between([0f, 1f, 2f, 0f, 1f, 2f], [1f, 1f], [1f, -0.5f, -0.5f, 1f]), 6);

    [Fact]
    public void Between_OneRow_IsRefused() =>
        Assert.Contains("1 rows", Assert.Throws<ArgumentException>(() =>
            FrechetDistance.Between([1f, 2f], [0f, 0f], [1f, 0f, 0f, 1f])).Message, StringComparison.Ordinal);

    private static double[] RandomCovariance(int size)
    {
        SeededRandom random = new(11);
        double[] factor = [.. Enumerable.Range(0, size * size).Select(_ => random.NextGaussian())];
        double[] matrix = new double[size * size];
        for (int i = 0; i < matrix.Length; i++)
            matrix[i] = Enumerable.Range(0, size).Sum(k => factor[(i / size * size) + k] * factor[(i % size * size) + k]);
        return matrix;
    }
}
