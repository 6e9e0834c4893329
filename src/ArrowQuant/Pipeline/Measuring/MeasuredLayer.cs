using ArrowQuant.Kernels;
using ArrowQuant.Quality;
using ArrowQuant.Storage;

namespace ArrowQuant.Pipeline.Measuring;

/// <summary>What a stored layer was found to be, measured against its original.</summary>
/// <param name="Layer">The layer.</param>
/// <param name="Sums">Sums over all of its weights.</param>
/// <param name="SourceHash">The hash of the original's bytes.</param>
/// <param name="Outputs">Outputs on held-out rows, or null without them.</param>
internal sealed record MeasuredLayer(StoredLayer Layer, ErrorSums Sums, UInt128 SourceHash, OutputFigures? Outputs = null)
{
    /// <summary>The figures of the sums.</summary>
    public LayerFigures Figures { get; } = LayerFigures.From(Sums);
}
