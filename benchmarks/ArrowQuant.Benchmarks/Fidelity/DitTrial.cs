using ArrowQuant.Calibration;
using ArrowQuant.TestKit;

namespace ArrowQuant.Benchmarks.Fidelity;

/// <summary>dit-digits: samples, and the noise that it predicts.</summary>
internal sealed class DitTrial(int samples, int batches) : IModelTrial
{
    private readonly DitJudge _judge = new(samples);
    private readonly NoiseErrors _noise = new("dit-digits");

    public string Model => "dit-digits";

    public IModelRunner? Runner { get; } = NoisePredictorRunner.Dit(batches: batches);

    public IReadOnlyList<(string Name, string Format)> Columns =>
    [
        ("class accuracy", "0.000"), ("Frechet distance", "0.000"), ("PSNR dB", "0.0"),
        .. _noise.Timesteps.Select(step => ($"eps error at t = {step}", "0.0e+0")),
    ];

    public double[] Judge(IReadOnlyDictionary<string, (long[] Shape, float[] Values)> weights)
    {
        SampleScore score = _judge.Judge(weights);
        return [score.Accuracy, score.Frechet, score.PsnrDecibels, .. _noise.Of(new DitModel(weights))];
    }
}
