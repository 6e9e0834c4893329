namespace ArrowQuant.Calibration;
#pragma warning disable CA1822
internal sealed class LayerCalibration
{
    public required int Features; public required float[] Fit; public required int[] FitGroup; public required float[] HeldOut; public required int[] HeldOutGroup;
    public required System.Collections.Generic.IReadOnlyList<int> Groups; public bool HasSamples => true;
    public double[] BalancedSquareMeans() => throw new System.InvalidOperationException();
    public string? TimeAwareJson(double[] omega, System.Collections.Generic.IReadOnlyList<double> errors) => null;
    public string? ActivationStatsJson() => null;
}
