namespace ArrowQuant.Quality;

/// <summary>How well a layer's outputs agree, over time groups of equal share.</summary>
internal sealed record OutputFigures
{
    /// <summary>Mean over time groups of the cosine of original and decoded outputs.</summary>
    public required double Cosine { get; init; }

    /// <summary>Mean over time groups of |Y - Y^|^2 / |Y|^2.</summary>
    public required double RelativeError { get; init; }

    /// <summary>The relative error of every time group that has outputs.</summary>
    public required IReadOnlyList<double> GroupErrors { get; init; }

    /// <summary>The relative error of every time group; null for those without held-out outputs.</summary>
    public required IReadOnlyList<double?> ErrorOfGroup { get; init; }

    /// <summary>The relative error of the worst time group.</summary>
    public double WorstError => GroupErrors.Max();

    /// <summary>Computes the figures from sums per time group; groups without any output do not count, null when none has one.</summary>
    public static OutputFigures? From(ReadOnlySpan<OutputSums> groups)
    {
        List<double> cosines = [];
        List<double?> errors = [];
        foreach (ref readonly OutputSums group in groups)
        {
            errors.Add(group.Original > 0 ? group.Error / group.Original : null);
            if (!(group.Original > 0)) continue;
            double norms = Math.Sqrt(group.Original) * Math.Sqrt(group.Decoded);
            cosines.Add(norms > 0 && double.IsFinite(norms) ? Math.Clamp(group.Product / norms, -1, 1) : 0);
        }

        if (cosines.Count == 0) return null;
        double[] known = [.. errors.OfType<double>()];
        return new OutputFigures
        {
            Cosine = cosines.Average(),
            RelativeError = known.Average(),
            GroupErrors = known,
            ErrorOfGroup = errors,
        };
    }
}
