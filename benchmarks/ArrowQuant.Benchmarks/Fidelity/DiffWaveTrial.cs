using ArrowQuant.Calibration;
using ArrowQuant.TestKit;

namespace ArrowQuant.Benchmarks.Fidelity;

/// <summary>diffwave-spoken-digits: samples, and the noise that it predicts.</summary>
internal sealed class DiffWaveTrial(int samples, int batches) : IModelTrial
{
    private readonly DiffWaveJudge _judge = new(samples);
    private readonly NoiseErrors _noise = new("diffwave-spoken-digits");

    public string Model => "diffwave-spoken-digits";

    public IModelRunner? Runner { get; } = NoisePredictorRunner.DiffWave(batches: batches);

    public IReadOnlyList<(string Name, string Format)> Columns =>
    [
        ("class accuracy", "0.000"), ("Frechet distance", "0.00"),
        .. _noise.Timesteps.Select(step => ($"eps error at t = {step}", "0.0e+0")),
    ];

    public double[] Judge(IReadOnlyDictionary<string, (long[] Shape, float[] Values)> weights)
    {
        SampleScore score = _judge.Judge(weights);
        return [score.Accuracy, score.Frechet, .. _noise.Of(new DiffWaveModel(weights))];
    }
}
