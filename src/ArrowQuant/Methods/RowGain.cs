using ArrowQuant.Kernels;
using ArrowQuant.Tensors;

namespace ArrowQuant.Methods;

/// <summary>
/// Takes the systematic shrink out of a quantized row. Least-squares and clipped grids project: &lt;w, w^&gt; / &lt;w, w&gt; is below 1,
/// and that bias adds up through layers and denoising steps. Multiplying the row's scales by &lt;w, w&gt; / &lt;w, w^&gt; removes it; it
/// costs no bits and leaves the cosine similarity as it is.
/// </summary>
internal static class RowGain
{
    private const double Smallest = 0.5;
    private const double Largest = 2;

    /// <summary>The gain of a row from its sums; 1 where the row is zero or the decoded row does not point its way.</summary>
    public static double Of(in ErrorSums sums) =>
        sums.Original > 0 && sums.Product > 0 ? Bounded(sums.Original / sums.Product) : 1;

    /// <summary>A gain within 0.5..2.</summary>
    public static double Bounded(double gain) => Math.Clamp(gain, Smallest, Largest);

    /// <summary>
    /// Multiplies all scales or levels of a row (counted from the block's first) by the gain, at storage precision; false when that leaves
    /// every one of them as it was.
    /// </summary>
    public static bool Apply(KernelSet kernels, QuantizedBlock block, int row, double gain)
    {
        int groups = block.Format.Groups.GroupsPerRow;
        Span<float> scales = block.Format.ScalesPerGroup > 0
            ? block.Scales.AsSpan(row * groups, groups)
            : block.Levels.AsSpan(row * groups * block.Format.LevelsPerGroup, groups * block.Format.LevelsPerGroup);
        return block.Format.Trellis is null ? kernels.ApplyGain(scales, (float)gain) : ApplyToTrellis(scales, (float)gain);
    }

    private static bool ApplyToTrellis(Span<float> gains, float gain)
    {
        bool changed = false;
        foreach (ref float value in gains)
        {
            float scaled = FloatStorage.RoundGain(Math.Clamp(value * gain, float.MinValue, float.MaxValue));
            changed |= scaled != value;
            value = scaled;
        }

        return changed;
    }
}
