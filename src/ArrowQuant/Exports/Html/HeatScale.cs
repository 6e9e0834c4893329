using System.Globalization;

namespace ArrowQuant.Exports.Html;

/// <summary>
/// Colours of accuracies: the same step means the same accuracy on every page, and steps go up by about a factor of three in the distance
/// from 1. The colour never says anything that the number beside it does not.
/// </summary>
internal static class HeatScale
{
    private static readonly double[] Distances = [0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1];

    /// <summary>The style class of an accuracy: <c>h0</c> within 0.0001 of 1, to <c>h7</c> 0.1 and more away.</summary>
    public static string ClassOf(double accuracy) =>
        string.Create(CultureInfo.InvariantCulture, $"h{Distances.Count(distance => 1 - accuracy >= distance)}");

    /// <summary>An accuracy in few digits, cut and not rounded, so that 0.99996 never looks like 1.</summary>
    public static string Short(double accuracy)
    {
        if (accuracy is >= 1 or <= 0) return accuracy.ToString("0.####", CultureInfo.InvariantCulture);
        int digits = Math.Clamp((int)Math.Ceiling(-Math.Log10(1 - accuracy)), 3, 6);
        double unit = Math.Pow(10, digits);
        return (Math.Floor(accuracy * unit) / unit).ToString("F" + digits, CultureInfo.InvariantCulture);
    }

    /// <summary>The steps with the accuracy that each begins at, the worst first.</summary>
    public static Markup Legend()
    {
        IEnumerable<Markup> steps = Enumerable.Range(0, Distances.Length).Reverse().Select(Step);
        return $"""<p class="legend by-accuracy" aria-label="Colours">{Worst()}{Markup.Join(steps)}</p>""";
    }

    private static Markup Worst() => $"""<span class="h{Distances.Length}">&lt; {1 - Distances[^1]:0.####}</span>""";

    private static Markup Step(int step) => $"""<span class="h{step}">&ge; {1 - Distances[step]:0.####}</span>""";
}
