using ArrowQuant.Kernels;
using ArrowQuant.Tensors;

namespace ArrowQuant.Methods;

/// <summary>A layer whose every choice is made: blocks can be quantized in any order and on any thread.</summary>
internal sealed record PreparedLayer : IDisposable
{
    /// <summary>What is really used.</summary>
    public required LayerRecipe Recipe { get; init; }

    /// <summary>How the codes are to be read.</summary>
    public required QuantizedFormat Format { get; init; }

    /// <summary>How affine grids are searched.</summary>
    public required AffineSearch Search { get; init; }

    /// <summary>The Hessian that errors are compensated with, or null.</summary>
    public HessianFactor? Hessian { get; init; }

    /// <summary>Importance of columns where nothing is compensated; empty when all count the same.</summary>
    public float[] ColumnWeights { get; init; } = [];

    /// <summary>What the target of compensation differs by from the weights (<see cref="Retargeting"/>), or null.</summary>
    public float[]? Retarget { get; init; }

    /// <summary>What calibration data adds, or null without it.</summary>
    public OutputCorrection? Correction { get; init; }

    /// <summary>time_aware_quant_json, or null.</summary>
    public string? TimeAwareJson { get; init; }

    /// <summary>activation_stats_json, or null.</summary>
    public string? ActivationStatsJson { get; init; }

    /// <summary>The alpha of the equalization scales, or null.</summary>
    public double? Alpha { get; init; }

    /// <summary>Memory that is held until the layer is finished.</summary>
    public IReadOnlyList<IDisposable> Held { get; init; } = [];

    /// <summary>A quantizer for one worker.</summary>
    public RowQuantizer NewQuantizer(KernelSet kernels) => new(kernels, Format, NewCoder(kernels), Correction, Retarget);

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (IDisposable held in Held) held.Dispose();
    }

    /// <summary>A coder that compensates nothing.</summary>
    public static IRowCoder CoderOf(KernelSet kernels, QuantizedFormat format, AffineSearch search, float[] columnWeights) =>
        format.Trellis is { } table
            ? new TrellisCoder(kernels, table, format.Groups)
            : new PlainCoder(kernels, new GridFit(kernels, format, search), columnWeights);

    private IRowCoder NewCoder(KernelSet kernels) => Hessian is null
        ? CoderOf(kernels, Format, Search, ColumnWeights)
        : new CompensatedCoder(kernels, new GridFit(kernels, Format, Search), Hessian);
}
