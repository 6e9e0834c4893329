using System.Globalization;

namespace ArrowQuant.Exports.Html;

/// <summary>Curves of errors over time groups with a logarithmic scale: a band and median of all layers, and single layers.</summary>
/// <param name="Labels">One for each group.</param>
/// <param name="Sorted">The errors of all layers in each group, ascending.</param>
/// <param name="Single">The errors of the layers that are drawn alone.</param>
internal sealed record ErrorCurves(
    IReadOnlyList<string> Labels, IReadOnlyList<double[]> Sorted, IReadOnlyList<IReadOnlyList<double>> Single)
{
    private const double Width = 720;
    private const double Height = 330;
    private const double Left = 84;
    private const double Right = 700;
    private const double Top = 16;
    private const double Bottom = 284;

    // Errors below this are drawn at the bottom: a logarithm needs a floor.
    private const double Least = 1e-8;

    private int LowestDecade => (int)Math.Floor(Math.Log10(Math.Max(Least, Sorted.Min(errors => errors[0]))));

    private int HighestDecade =>
        Math.Max(LowestDecade + 1, (int)Math.Ceiling(Math.Log10(Math.Max(Least, Sorted.Max(errors => errors[^1])))));

    /// <summary>The drawing.</summary>
    public Markup Render() =>
        $"""
        <svg class="chart" viewBox="0 0 {Width:0} {Height:0}"
            role="img" aria-label="Error over time groups; the numbers are in the table below">
        {Markup.Join(Enumerable.Range(LowestDecade, HighestDecade - LowestDecade + 1).Select(Decade))}
        {Markup.Join(Enumerable.Range(0, Labels.Count).Select(GroupLabel))}
        <polygon class="band" points="{Points(0.9)} {Reversed(0.1)}"/>
        <polyline class="median" points="{Points(0.5)}"/>
        {Markup.Join(Single.Select(Curve))}
        <text class="key" x="{Left:0}" y="{Height - 4:0}">
        line: median of all layers; band: from one tenth to nine tenths of them; 1 to {Single.Count}: the worst layers</text>
        </svg>

        """;

    /// <summary>The value below which a share of the sorted values lies, between neighbours in proportion.</summary>
    public static double Quantile(double[] sorted, double share)
    {
        double at = share * (sorted.Length - 1);
        int low = (int)at;
        int high = Math.Min(low + 1, sorted.Length - 1);
        return sorted[low] + ((at - low) * (sorted[high] - sorted[low]));
    }

    private static string Number(double value) => value.ToString("0.#", CultureInfo.InvariantCulture);

    private Markup Decade(int decade)
    {
        string y = Number(Y(Math.Pow(10, decade)));
        string label = decade is >= -4 and <= 3 ? Math.Pow(10, decade).ToString("0.####", CultureInfo.InvariantCulture) : $"1e{decade}";
        return $"""
            <line class="grid" x1="{Left:0}" x2="{Right:0}" y1="{y}" y2="{y}"/>
            <text class="tick" x="{Left - 8:0}" y="{y}" dy="0.35em" text-anchor="end">{label}</text>

            """;
    }

    // Labels that would touch one another are thinned out, more of them on narrow screens.
    private Markup GroupLabel(int group)
    {
        int every = Labels.Max(label => label.Length) * Labels.Count > 64 ? 2 : 1;
        if (Labels.Count > 20) every = Labels.Count / 10;
        if (group % every != 0) return Markup.None;
        string style = group % (2 * every) == 0 ? "tick" : "tick wide-only";
        return $"""<text class="{style}" x="{Number(X(group))}" y="{Bottom + 20:0}" text-anchor="middle">{Labels[group]}</text>""";
    }

    private Markup Curve(IReadOnlyList<double> errors, int index)
    {
        string points = string.Join(' ', errors.Select((error, group) => $"{Number(X(group))},{Number(Y(error))}"));
        int peak = Enumerable.Range(0, errors.Count).MaxBy(group => errors[group]);
        string x = Number(X(peak));
        string y = Number(Y(errors[peak]));
        return $"""
            <polyline class="curve c{index + 1}" points="{points}"/>
            <circle class="mark c{index + 1}" cx="{x}" cy="{y}" r="9"/>
            <text class="mark" x="{x}" y="{y}" dy="0.35em" text-anchor="middle">{index + 1}</text>

            """;
    }

    private string Points(double share) => string.Join(' ', PointsOf(share));

    private string Reversed(double share) => string.Join(' ', PointsOf(share).Reverse());

    private IEnumerable<string> PointsOf(double share) =>
        Sorted.Select((errors, group) => $"{Number(X(group))},{Number(Y(Quantile(errors, share)))}");

    private double X(int group) => Left + 14 + ((Right - Left - 28) * group / Math.Max(1, Labels.Count - 1));

    private double Y(double error)
    {
        double decade = Math.Log10(Math.Max(Least, error));
        double share = (decade - LowestDecade) / (HighestDecade - LowestDecade);
        return Bottom - (Math.Clamp(share, 0, 1) * (Bottom - Top));
    }
}
