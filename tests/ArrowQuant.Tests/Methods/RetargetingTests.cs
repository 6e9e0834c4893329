using ArrowQuant.Kernels;
using ArrowQuant.Methods;

namespace ArrowQuant.Tests.Methods;

public sealed class RetargetingTests
{
    private static readonly KernelSet Kernels = KernelSet.Create(null);

    [Fact]
    public void MatrixOf_InputsThatAreTheSame_IsZero()
    {
        float[] rows = Rows(40, 8, 1);
        float[] matrix = Retargeting.MatrixOf(Kernels, Samples(rows, rows, 8), 1)!;
        Assert.All(matrix, value => Assert.Equal(0f, value));
    }

    [Fact]
    public void MatrixOf_OneChannel_IsTheFormula()
    {
        // X = 2 X_q: (X - X_q) X_q / (X_q^2 + .3 X_q^2) = 1 / 1.3.
        float[] changed = [1, -2, 3, 0.5f];
        float[] matrix = Retargeting.MatrixOf(Kernels, Samples(changed, [.. changed.Select(x => 2 * x)], 1), 1)!;
        Assert.Equal(1 / 1.3, Assert.Single(matrix), 1e-5);
    }

    [Fact]
    public void Apply_AnyInputs_IsTheRidgeRegressionOfTheOriginalOutputs()
    {
        const int Features = 6;
        const int Count = 50;
        float[] original = Rows(Count, Features, 2);
        float[] noise = Rows(Count, Features, 3);
        float[] changed = [.. original.Select((x, i) => x + 0.3f * noise[i])];
        float[] weights = Rows(2, Features, 4);
        float[] target = Retargeting.Apply(
            Kernels, weights, Retargeting.MatrixOf(Kernels, Samples(changed, original, Features), 1)!, Features);

        // The gradient of |W X - V X_q|^2 + lam |V - W|^2 over V vanishes.
        double lam = 0.3 * changed.Sum(x => (double)x * x) / Features;
        for (int r = 0; r < 2; r++)
        {
            for (int c = 0; c < Features; c++)
            {
                double gradient = lam * (target[r * Features + c] - weights[r * Features + c]);
                for (int i = 0; i < Count; i++)
                {
                    double residual = 0;
                    for (int k = 0; k < Features; k++)
                        residual += weights[r * Features + k] * original[i * Features + k]
                            - target[r * Features + k] * changed[i * Features + k];
                    gradient -= residual * changed[i * Features + c];
                }

                Assert.Equal(0, gradient / lam, 1e-4);
            }
        }
    }

    [Fact]
    public void MatrixOf_InputsOfZero_IsNone() =>
        Assert.Null(Retargeting.MatrixOf(Kernels, Samples(new float[16], Rows(4, 4, 5), 4), 1));

    private static ActivationSamples Samples(float[] changed, float[] original, int features) =>
        ActivationSamples.Pooled(changed, features, new int[changed.Length / features], 1, original);

    private static float[] Rows(int count, int features, int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count * features).Select(_ => (float)(random.NextDouble() * 2 - 1))];
    }
}
