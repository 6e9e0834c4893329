using System.Globalization;

namespace ArrowQuant.Exports.Html;

/// <summary>
/// Colours of accuracies: of one metric the same step means the same accuracy on every page. The colour never says anything that the
/// number beside it does not.
/// </summary>
internal sealed class HeatScale
{
    // Distances from 1 at which steps begin. Cosines of weights are further from 1 than those of outputs for the same damage; the last step
    // of each is what its metric calls broken.
    private static readonly double[] Outputs = [0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1];
    private static readonly double[] Weights = [0.0001, 0.001, 0.005, 0.02, 0.05, 0.08, 0.15];

    private readonly double[] _distances;

    private HeatScale(double[] distances) => _distances = distances;

    /// <summary>The scale of the metric that a run was judged by.</summary>
    public static HeatScale Of(bool byOutputs) => new(byOutputs ? Outputs : Weights);

    /// <summary>The style class of an accuracy: <c>h0</c> at 1, to <c>h7</c> for what is broken.</summary>
    public string ClassOf(double accuracy) =>
        string.Create(CultureInfo.InvariantCulture, $"h{_distances.Count(distance => 1 - accuracy >= distance)}");

    /// <summary>An accuracy in few digits, cut and not rounded, so that 0.99996 never looks like 1.</summary>
    public static string Short(double accuracy)
    {
        if (accuracy is >= 1 or <= 0) return accuracy.ToString("0.####", CultureInfo.InvariantCulture);
        int digits = Math.Clamp((int)Math.Ceiling(-Math.Log10(1 - accuracy)), 3, 6);
        double unit = Math.Pow(10, digits);
        return (Math.Floor(accuracy * unit) / unit).ToString("F" + digits, CultureInfo.InvariantCulture);
    }

    /// <summary>The steps with the accuracy that each begins at, the worst first.</summary>
    public Markup Legend()
    {
        IEnumerable<Markup> steps = Enumerable.Range(0, _distances.Length).Reverse().Select(Step);
        return $"""<p class="legend by-accuracy" aria-label="Colours">{Worst()}{Markup.Join(steps)}</p>""";
    }

    private Markup Worst() => $"""<span class="h{_distances.Length}">&lt; {1 - _distances[^1]:0.####}</span>""";

    private Markup Step(int step) => $"""<span class="h{step}">&ge; {1 - _distances[step]:0.####}</span>""";
}
