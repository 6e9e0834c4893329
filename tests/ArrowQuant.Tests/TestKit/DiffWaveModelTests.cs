using ArrowQuant.TestKit;

namespace ArrowQuant.Tests.TestKit;

public sealed class DiffWaveModelTests
{
    private const double Tolerance = 1e-4; // absolute below 1, relative above
    private static readonly Dictionary<string, (long[] Shape, float[] Values)> Weights =
        WeightFile.Read(RepositoryPaths.SampleFile("diffwave-spoken-digits", "model.safetensors"));
    private static readonly Dictionary<string, (long[] Shape, float[] Values)> Reference =
        WeightFile.Read(RepositoryPaths.SampleFile("diffwave-spoken-digits", "reference.safetensors"));

    [Theory]
    [InlineData(0)]
    [InlineData(100)]
    [InlineData(999)]
    public void Predict_StoredInputs_MatchesStoredNoise(int timestep)
    {
        int[] labels = [.. Reference["eps.labels"].Values.Select(label => (int)label)];
        float[] noise = new float[labels.Length * 24 * 32];
        new DiffWaveModel(Weights).Predict(Reference[$"eps.x_t.{timestep}"].Values, timestep, labels, noise);
        Close.Equal(Reference[$"eps.output.{timestep}"].Values, noise, Tolerance, $"eps.output.{timestep}");
    }
}
