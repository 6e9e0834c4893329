using ArrowQuant.Quality;

namespace ArrowQuant.Pipeline.Measuring;

/// <summary>
/// Judges the layers of an attempt one after the other, in plan order, and tells at once when the gate cannot be passed any more. Working
/// on the finished prefix alone keeps the outcome free of thread timing.
/// </summary>
/// <param name="threshold">What the mean must reach.</param>
/// <param name="floor">What every layer must reach; 0 is off.</param>
/// <param name="layers">Layers that the whole attempt has.</param>
internal sealed class GateRules(double threshold, double floor, int layers)
{
    private const double SmallestNormRatio = 0.5;
    private const double LargestNormRatio = 2;

    private double _sum;

    /// <summary>Layers that were judged.</summary>
    public int Measured { get; private set; }

    /// <summary>Mean accuracy of the judged layers; 0 before the first.</summary>
    public double Mean => Measured == 0 ? 0 : _sum / Measured;

    /// <summary>The mean if all remaining layers were perfect.</summary>
    public double BestReachable => layers == 0 ? 0 : (_sum + (layers - Measured)) / layers;

    /// <summary>Why the gate cannot be passed, or null while it can.</summary>
    public string? FailureReason { get; private set; }

    /// <summary>Whether every layer was judged and every condition met.</summary>
    public bool Passed => FailureReason is null && Measured == layers;

    /// <summary>Why a single layer fails whatever the mean says, or null.</summary>
    public static string? DefectOf(string name, LayerFigures figures, double accuracy, double floor) => figures.IsFinite
        ? DefectOf(name, accuracy, figures.NormRatio, floor)
        : $"layer {name} decodes to values that are not finite";

    /// <summary>The same for a layer whose decoded values are finite.</summary>
    public static string? DefectOf(string name, double accuracy, double normRatio, double floor)
    {
        if (!(normRatio is >= SmallestNormRatio and <= LargestNormRatio))
            return $"layer {name} has norm ratio {normRatio:0.####}, outside {SmallestNormRatio}..{LargestNormRatio}";
        return accuracy < floor ? $"layer {name} has accuracy {accuracy:0.######}, below {floor}" : null;
    }

    /// <summary>Judges the next layer; false when the attempt can stop.</summary>
    public bool Observe(string name, LayerFigures figures, double accuracy)
    {
        _sum += accuracy;
        Measured++;
        FailureReason ??= DefectOf(name, figures, accuracy, floor);
        if (FailureReason is null && BestReachable < threshold)
        {
            FailureReason = Measured == layers
                ? $"mean accuracy {Mean:0.######} is below {threshold}"
                : $"mean accuracy {Mean:0.######} over the first {Measured} of {layers} layers; "
                    + $"at best {BestReachable:0.######} is reachable, below {threshold}";
        }

        return FailureReason is null;
    }
}
