using ArrowQuant.Calibration;
using ArrowQuant.Configuration;
using ArrowQuant.Kernels;
using ArrowQuant.Tensors;

namespace ArrowQuant.Methods;

/// <summary>Takes [rows, columns] weights of a layer's row sample, one piece after another.</summary>
internal delegate void SampleConsumer(ReadOnlySpan<float> weights);

/// <summary>What a layer's choices are made from.</summary>
internal sealed record LayerRequest
{
    /// <summary>The layer's name, for messages.</summary>
    public required string Name { get; init; }

    /// <summary>The kernels.</summary>
    public required KernelSet Kernels { get; init; }

    /// <summary>The configuration.</summary>
    public required DiffusionQuantConfig Config { get; init; }

    /// <summary>Bits per code.</summary>
    public required int BitWidth { get; init; }

    /// <summary>The matrix.</summary>
    public required MatrixView View { get; init; }

    /// <summary>Input channels: columns, or for a convolution columns over taps.</summary>
    public required int Channels { get; init; }

    /// <summary>Whether the layer has a bias tensor that can take up a shift.</summary>
    public required bool HasBias { get; init; }

    /// <summary>
    /// Whether the rows of the layer may stand for its inputs where there are none. Measured to help models of text and images and to harm
    /// those of audio.
    /// </summary>
    public required bool RowsTellInputs { get; init; }

    /// <summary>What is to be used, the rules for missing data already applied.</summary>
    public required LayerRecipe Recipe { get; init; }

    /// <summary>Loads the layer's calibration data; called for calibrated recipes only.</summary>
    public required Func<LayerCalibration> Calibration { get; init; }

    /// <summary>Reads the row sample.</summary>
    public required Action<SampleConsumer> ReadSample { get; init; }

    /// <summary>Hessians of layers with equal inputs.</summary>
    public required HessianCache Hessians { get; init; }

    /// <summary>Charged for Hessians.</summary>
    public required MemoryBudget Budget { get; init; }

    /// <summary>Threads for large Hessians; no result depends on it.</summary>
    public required int Threads { get; init; }

    /// <summary>Columns of the matrix.</summary>
    public int Columns => (int)View.Columns;

    /// <summary>The groups of a row.</summary>
    private GroupLayout Groups => new(Columns, Recipe.Method == MethodNames.PerChannel ? Columns : Config.GroupSize);

    /// <summary>The rotation of grids that are rotated.</summary>
    public HadamardRotation Rotation => field ??= new HadamardRotation((uint)Config.RotationSeed, Groups);

    /// <summary>How the codes are read with a grid.</summary>
    public QuantizedFormat FormatOf(Grid grid, float[]? equalization = null)
    {
        return new QuantizedFormat
        {
            BitWidth = BitWidth,
            Layout = grid.Layout,
            Groups = Groups,
            PerChannel = Recipe.Method == MethodNames.PerChannel,
            Rotation = grid.IsRotated ? Rotation : null,
            EqualizationScales = equalization,
        };
    }
}
