using ArrowQuant.Kernels;
using ArrowQuant.Methods;
using ArrowQuant.Pipeline.Measuring;
using ArrowQuant.Pipeline.Planning;
using ArrowQuant.Quality;
using ArrowQuant.Tensors;

namespace ArrowQuant.Pipeline.Running;

/// <summary>What an attempt did to one layer, and how well it decodes.</summary>
internal sealed record LayerOutcome
{
    /// <summary>The layer.</summary>
    public required PlannedTensor Layer { get; init; }

    /// <summary>What was really used.</summary>
    public required LayerRecipe Recipe { get; init; }

    /// <summary>How its codes are to be read.</summary>
    public required QuantizedFormat Format { get; init; }

    /// <summary>Sums over all of its weights, added block by block in order.</summary>
    public required ErrorSums Sums { get; init; }

    /// <summary>Outputs on held-out rows, or null without calibration samples.</summary>
    public required OutputFigures? Outputs { get; init; }

    /// <summary>What the layer's bias takes up, one per row; empty where no bias is corrected.</summary>
    public required float[] Shifts { get; init; }

    /// <summary>The figure that the gate compares: of outputs, or of weights.</summary>
    public required double Accuracy { get; init; }

    /// <summary>The figures of these sums.</summary>
    public required LayerFigures Figures { get; init; }

    /// <summary>The estimate of what the layer costs end to end: of held-out outputs, else of weights.</summary>
    public double DamageEstimate => Outputs?.DamageEstimate ?? Figures.DamageEstimate;

    /// <summary>
    /// XXH128 of the layer's source bytes as blocks read them: the hash of a single block, or the hash of the block hashes (big-endian, in
    /// order) when there are several.
    /// </summary>
    public required UInt128 SourceHash { get; init; }
}
