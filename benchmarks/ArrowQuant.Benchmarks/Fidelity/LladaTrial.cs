using ArrowQuant.Calibration;
using ArrowQuant.TestKit;

namespace ArrowQuant.Benchmarks.Fidelity;

/// <summary>llada-kjv: masked positions of held-out text.</summary>
internal sealed class LladaTrial : IModelTrial
{
    private static readonly int[] Ratios = [100, 500, 900];

    private readonly LladaJudge _judge = new();

    public string Model => "llada-kjv";

    public IModelRunner? Runner => null;

    public IReadOnlyList<(string Name, string Format)> Columns =>
    [
        ("NLL at 10 % masked", "0.0000"), ("NLL at 50 %", "0.0000"), ("NLL at 90 %", "0.0000"),
        ("KL at 10 %", "0.0000"), ("KL at 50 %", "0.0000"), ("KL at 90 %", "0.0000"), ("mean KL", "0.0000"),
    ];

    public double[] Judge(IReadOnlyDictionary<string, (long[] Shape, float[] Values)> weights)
    {
        MaskedTextScore[] scores = [.. Ratios.Select(ratio => _judge.Judge(weights, ratio))];
        double[] divergences = [.. scores.Select(score => score.KlDivergence)];
        return [.. scores.Select(score => score.Nll), .. divergences, divergences.Average()];
    }
}
