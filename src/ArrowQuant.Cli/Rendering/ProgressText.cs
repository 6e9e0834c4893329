using System.Globalization;
using ArrowQuant.Reporting;

namespace ArrowQuant.Cli.Rendering;

/// <summary>Where a run stands, in words.</summary>
internal static class ProgressText
{
    private const int BarCells = 24;

    /// <summary>One line with a bar: width, percent, layers, speed, elapsed and remaining time, and the layer at the end.</summary>
    public static string Bar(QuantizationProgress progress, TimeSpan elapsed)
    {
        int filled = (int)(Fraction(progress) * BarCells);
        string bar = new string('━', filled) + new string('╌', BarCells - filled);
        string layer = progress.CurrentLayer is null ? "" : "  " + OneLine.Of(progress.CurrentLayer);
        return $"{Attempt(progress)} {bar} {Percent(progress),4}  {Figures(progress, elapsed)}{layer}";
    }

    /// <summary>One line without cursor control.</summary>
    public static string Milestone(QuantizationProgress progress, TimeSpan elapsed) =>
        $"progress: {Attempt(progress)} {Percent(progress)}  {Figures(progress, elapsed)}";

    private static string Attempt(QuantizationProgress progress) =>
        FigureText.Width(progress.BitWidth) + (progress.Attempt > 1 ? $" (attempt {progress.Attempt})" : "");

    private static double Fraction(QuantizationProgress progress) => progress switch
    {
        { BytesTotal: > 0 } => Math.Clamp((double)progress.BytesDone / progress.BytesTotal, 0, 1),
        { LayersTotal: > 0 } => Math.Clamp((double)progress.LayersDone / progress.LayersTotal, 0, 1),
        _ => 0,
    };

    // Rounded down: 100 % is shown only when all is done.
    private static string Percent(QuantizationProgress progress) =>
        string.Create(CultureInfo.InvariantCulture, $"{(int)(Fraction(progress) * 100)}%");

    private static string Figures(QuantizationProgress progress, TimeSpan elapsed)
    {
        double fraction = Fraction(progress);
        double speed = elapsed > TimeSpan.Zero ? progress.BytesDone / elapsed.TotalSeconds / 1e9 : 0;
        string left = fraction switch
        {
            >= 1 => "done",
            > 0 => $"{FigureText.Clock(Remaining(elapsed, fraction))} left",
            _ => "-:-- left",
        };
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{progress.LayersDone}/{progress.LayersTotal} layers  {speed:0.00} GB/s  {FigureText.Clock(elapsed)} elapsed  {left}");
    }

    private static TimeSpan Remaining(TimeSpan elapsed, double fraction) =>
        TimeSpan.FromSeconds(Math.Min(elapsed.TotalSeconds * (1 - fraction) / fraction, TimeSpan.FromDays(999).TotalSeconds));
}
