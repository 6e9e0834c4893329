using ArrowQuant.Kernels;

namespace ArrowQuant.Quality;

/// <summary>How well decoded weights agree with the original ones.</summary>
internal sealed record LayerFigures
{
    /// <summary>Cosine similarity, -1..1; 1 for a zero tensor that decodes as zero, 0 when only one of the two is zero.</summary>
    public required double Cosine { get; init; }

    /// <summary>|W - W^|^2 / |W|^2; 0 for an exact zero tensor, infinite for a zero tensor that decodes as something else.</summary>
    public required double Nmse { get; init; }

    /// <summary>-10 log10 of <see cref="Nmse"/>, null where that is not finite.</summary>
    public double? SqnrDb => Nmse is > 0 and < double.PositiveInfinity ? -10 * Math.Log10(Nmse) : null;

    /// <summary>&lt;W, W^&gt; / &lt;W, W&gt;: 1 is unbiased.</summary>
    public required double Gain { get; init; }

    /// <summary>The estimate of damage that weights alone give (<see cref="DamageSums.OfWeights"/>).</summary>
    public double DamageEstimate => DamageSums.OfWeights(Cosine, Gain);

    /// <summary>|W^| / |W|.</summary>
    public required double NormRatio { get; init; }

    /// <summary>Largest absolute difference.</summary>
    public required double MaxAbsError { get; init; }

    /// <summary>False when a decoded value was not finite; then the layer has failed whatever the other figures say.</summary>
    public required bool IsFinite { get; init; }

    /// <summary>Computes the figures from sums over all weights of a layer or a model.</summary>
    public static LayerFigures From(in ErrorSums sums)
    {
        bool finite = double.IsFinite(sums.Product) && double.IsFinite(sums.Decoded) && double.IsFinite(sums.Error);
        if (sums.Original == 0)
        {
            bool exact = sums.Decoded == 0;
            return new LayerFigures
            {
                Cosine = exact ? 1 : 0,
                Nmse = exact ? 0 : double.PositiveInfinity,
                Gain = 1,
                NormRatio = exact ? 1 : double.PositiveInfinity,
                MaxAbsError = sums.LargestError,
                IsFinite = finite,
            };
        }

        double norms = Math.Sqrt(sums.Original) * Math.Sqrt(sums.Decoded);
        return new LayerFigures
        {
            Cosine = finite && norms > 0 ? Math.Clamp(sums.Product / norms, -1, 1) : 0,
            Nmse = sums.Error / sums.Original,
            Gain = sums.Product / sums.Original,
            NormRatio = Math.Sqrt(sums.Decoded / sums.Original),
            MaxAbsError = sums.LargestError,
            IsFinite = finite,
        };
    }
}
