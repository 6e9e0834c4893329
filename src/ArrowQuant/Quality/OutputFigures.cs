namespace ArrowQuant.Quality;

/// <summary>How well a layer's outputs agree, over time groups of equal share.</summary>
internal sealed record OutputFigures
{
    /// <summary>Mean over time groups of the cosine of original and decoded outputs.</summary>
    public required double Cosine { get; init; }

    /// <summary>
    /// c_H = tr(W H V^T) / sqrt(tr(W H W^T) tr(V H V^T)) of original weights W and decoded ones V, H being the Hessian of inputs balanced
    /// over time groups: one cosine over all outputs, where <see cref="Cosine"/> is the mean of one per group.
    /// </summary>
    public required double HessianCosine { get; init; }

    /// <summary>Mean over time groups of |Y - Y^|^2 / |Y|^2.</summary>
    public required double RelativeError { get; init; }

    /// <summary>The relative error of every time group that has outputs.</summary>
    public required IReadOnlyList<double> GroupErrors { get; init; }

    /// <summary>The relative error of every time group; null for those without held-out outputs.</summary>
    public required IReadOnlyList<double?> ErrorOfGroup { get; init; }

    /// <summary>Noise + 3 bias^2 over all outputs (<see cref="DamageSums"/>).</summary>
    public required double DamageEstimate { get; init; }

    /// <summary>The relative error of the worst time group.</summary>
    public double WorstError => GroupErrors.Max();

    /// <summary>Computes the figures from sums per time group; groups without any output do not count, null when none has one.</summary>
    /// <param name="groups">Sums over outputs, one for each time group.</param>
    /// <param name="damage">Sums over matrix rows.</param>
    public static OutputFigures? From(ReadOnlySpan<OutputSums> groups, in DamageSums damage)
    {
        List<double> cosines = [];
        List<double?> errors = [];
        double product = 0, decoded = 0;
        foreach (ref readonly OutputSums group in groups)
        {
            errors.Add(group.Original > 0 ? group.Error / group.Original : null);
            if (!(group.Original > 0)) continue;
            cosines.Add(CosineOf(group.Product, group.Original, group.Decoded));

            // Every group with energy 1: the weights 1 / E_k of the balanced Hessian.
            product += group.Product / group.Original;
            decoded += group.Decoded / group.Original;
        }

        if (cosines.Count == 0) return null;
        double[] known = [.. errors.OfType<double>()];
        return new OutputFigures
        {
            Cosine = cosines.Average(),
            HessianCosine = CosineOf(product, cosines.Count, decoded),
            RelativeError = known.Average(),
            DamageEstimate = damage.Estimate ?? 0,
            GroupErrors = known,
            ErrorOfGroup = errors,
        };
    }

    private static double CosineOf(double product, double original, double decoded)
    {
        double norms = Math.Sqrt(original) * Math.Sqrt(decoded);
        return norms > 0 && double.IsFinite(norms) ? Math.Clamp(product / norms, -1, 1) : 0;
    }
}
