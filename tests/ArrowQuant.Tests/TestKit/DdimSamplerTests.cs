using ArrowQuant.TestKit;

namespace ArrowQuant.Tests.TestKit;

public sealed class DdimSamplerTests
{
    private static readonly string Dit = RepositoryPaths.Sample("dit-digits");
    private static readonly string DiffWave = RepositoryPaths.Sample("diffwave-spoken-digits");

    [Fact]
    public void AlphasCumulated_MatchesTheStoredSchedule() =>
        Close.Equal(Read(Dit)["schedule.alphas_cumprod"].Values, [.. DdimSampler.AlphasCumulated.Select(value => (float)value)], 1e-6,
            "schedule");

    [Theory]
    [InlineData(20)]
    [InlineData(50)]
    public void Timesteps_MatchTheStoredOnes(int steps) =>
        Assert.Equal(Read(Dit)[$"ddim{steps}.timesteps"].Values, DdimSampler.Timesteps(steps).Select(t => (float)t));

    [Fact]
    public void Sample_FirstDigits_MatchesTheStoredSamples()
    {
        const int Count = 20;
        Dictionary<string, (long[] Shape, float[] Values)> reference = Read(Dit);
        DitModel model = new(WeightFile.Read(Path.Combine(Dit, "model.safetensors")));
        float[] samples = DdimSampler.Sample(model, reference["ddim.noise"].Values.AsMemory(0, Count * 64), Labels(reference, Count));
        Close.Equal(reference["ddim20.samples"].Values[..(Count * 64)], samples, 1e-4, "ddim20.samples");
    }

    [Fact, Trait("Category", "Slow")]
    public void Sample_AllDigits_MatchesTheStoredSamples()
    {
        Dictionary<string, (long[] Shape, float[] Values)> reference = Read(Dit);
        DitModel model = new(WeightFile.Read(Path.Combine(Dit, "model.safetensors")));
        float[] samples = DdimSampler.Sample(model, reference["ddim.noise"].Values, Labels(reference, 500));
        Close.Equal(reference["ddim20.samples"].Values, samples, 1e-4, "ddim20.samples");
    }

    [Fact, Trait("Category", "Slow")]
    public void Sample_SpokenDigits_MatchesTheStoredSamples()
    {
        Dictionary<string, (long[] Shape, float[] Values)> reference = Read(DiffWave);
        DiffWaveModel model = new(WeightFile.Read(Path.Combine(DiffWave, "model.safetensors")));
        float[] samples = DdimSampler.Sample(model, reference["ddim.noise"].Values, Labels(reference, 64));
        Close.Equal(reference["ddim20.samples"].Values, samples, 1e-4, "ddim20.samples");
    }

    private static Dictionary<string, (long[] Shape, float[] Values)> Read(string folder) =>
        WeightFile.Read(Path.Combine(folder, "reference.safetensors"));

    private static int[] Labels(Dictionary<string, (long[] Shape, float[] Values)> reference, int count) =>
        [.. reference["ddim.labels"].Values.Take(count).Select(label => (int)label)];
}
