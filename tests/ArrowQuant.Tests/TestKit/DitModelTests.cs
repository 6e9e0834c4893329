using ArrowQuant.TestKit;

namespace ArrowQuant.Tests.TestKit;

public sealed class DitModelTests
{
    private const double Tolerance = 1e-4; // absolute below 1, relative above
    private static readonly Dictionary<string, (long[] Shape, float[] Values)> Weights =
        WeightFile.Read(RepositoryPaths.SampleFile("dit-digits", "model.safetensors"));
    private static readonly Dictionary<string, (long[] Shape, float[] Values)> Reference =
        WeightFile.Read(RepositoryPaths.SampleFile("dit-digits", "reference.safetensors"));

    [Theory]
    [InlineData(0)]
    [InlineData(20)]
    [InlineData(400)]
    [InlineData(999)]
    public void Predict_StoredInputs_MatchesStoredNoise(int timestep)
    {
        int[] labels = [.. Reference["eps.labels"].Values.Select(label => (int)label)];
        float[] noise = new float[labels.Length * 64];
        new DitModel(Weights).Predict(Reference[$"eps.x_t.{timestep}"].Values, timestep, labels, noise);
        Close.Equal(Reference[$"eps.output.{timestep}"].Values, noise, Tolerance, $"eps.output.{timestep}");
    }

    [Fact]
    public void Predict_Observed_MatchesEveryStoredIntermediate()
    {
        Dictionary<string, float[]> seen = [];
        DitModel model = new(Weights) { Observe = seen.Add };
        int[] labels = [.. Reference["eps.labels"].Values.Take(2).Select(label => (int)label)];
        float[] noise = new float[2 * 64];
        model.Predict(Reference["eps.x_t.400"].Values.AsSpan(0, 2 * 64), 400, labels, noise);
        seen.Add("output", noise);
        string[] names = [.. Reference.Keys.Where(name => name.StartsWith("debug.", StringComparison.Ordinal))];
        Assert.Equal(13, names.Length);
        foreach (string name in names)
        {
            float[] expected = Reference[name].Values;
            float[] actual = seen[name["debug.".Length..]];
            if (actual.Length < expected.Length) actual = [.. actual, .. actual]; // one timestep for both samples
            Close.Equal(expected, actual, Tolerance, name);
        }
    }

    [Fact]
    public void Constructor_TensorMissing_NamesIt()
    {
        Dictionary<string, (long[] Shape, float[] Values)> incomplete = new(Weights);
        incomplete.Remove("blocks.2.mlp.fc1.weight");
        KeyNotFoundException error = Assert.Throws<KeyNotFoundException>(() => new DitModel(incomplete));
        Assert.Contains("blocks.2.mlp.fc1.weight", error.Message, StringComparison.Ordinal);
    }
}
