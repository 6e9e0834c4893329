namespace ArrowQuant.Tests.TestKit;

/// <summary>
/// Compares float arrays: |a - b| at most tolerance * (1 + |expected|), so absolute for small values and relative for large ones.
/// </summary>
internal static class Close
{
    public static void Equal(float[] expected, ReadOnlySpan<float> actual, double tolerance, string what)
    {
        Assert.True(expected.Length == actual.Length, $"{what}: {actual.Length} values, expected {expected.Length}");
        for (int i = 0; i < expected.Length; i++)
        {
            double difference = Math.Abs((double)expected[i] - actual[i]);
            if (!(difference <= tolerance * (1 + Math.Abs(expected[i]))))
                Assert.Fail($"{what}[{i}] is {actual[i]}, expected {expected[i]} within {tolerance}");
        }
    }
}
