using ArrowQuant.Configuration;
using ArrowQuant.Sources;
using ArrowQuant.Tensors;

namespace ArrowQuant.Pipeline.Planning;

/// <summary>
/// Decides from names, shapes and types alone which tensors are quantized. The first rule that applies gives the reason: not_float, vector,
/// narrow, not_a_layer, excluded, pinned, sensitive. Whether a layer becomes smaller is a later stage's question (<see cref="KeepIfNoSmaller"/>).
/// </summary>
internal sealed class LayerSelection
{
    /// <summary>Fewer rows are a vector.</summary>
    public const int MinRows = 2;

    /// <summary>Fewer columns are narrow.</summary>
    public const int MinColumns = 32;

    private const int KeepBitWidth = 16;

    private static readonly string[] AutoencoderBeginnings = ["first_stage_model.", "vae."];

    private readonly DiffusionQuantConfig _config;
    private readonly string? _modelType;
    private readonly HashSet<string> _sensitiveNames;
    private readonly NamePatterns _sensitivePatterns;
    private readonly NamePatterns _include;
    private readonly NamePatterns _includeComponents;
    private readonly NamePatterns _exclude;
    private readonly NamePatterns _widthPatterns;

    /// <summary>Prepares the rules of one configuration.</summary>
    /// <param name="config">Names, patterns and widths of layers.</param>
    /// <param name="modelType">The model type that the model states, or null.</param>
    /// <exception cref="Errors.ConfigurationException">A pattern is not a regular expression.</exception>
    public LayerSelection(DiffusionQuantConfig config, string? modelType)
    {
        _config = config;
        _modelType = modelType;
        _sensitiveNames = config.SensitiveLayerNames.ToHashSet(StringComparer.Ordinal);
        _sensitivePatterns = new NamePatterns(config.SensitiveLayerPatterns, "sensitive_layer_patterns", wholeName: false);
        _include = new NamePatterns(config.IncludeLayers, "include", wholeName: false);
        _includeComponents = new NamePatterns(config.IncludeLayers, "include", wholeName: true);
        _exclude = new NamePatterns(config.ExcludeLayers, "exclude", wholeName: false);
        _widthPatterns = new NamePatterns([.. config.LayerBitWidths.Select(pair => pair.Key)], "layer_bit_widths", wholeName: true);
    }

    /// <summary>One decision for each tensor, in the order given.</summary>
    /// <exception cref="Errors.ConfigurationException">A pattern takes too long on a name.</exception>
    public IReadOnlyList<LayerDecision> Decide(IReadOnlyList<TensorInfo> tensors) => [.. tensors.Select(Decide)];

    /// <summary>Keeps the layers whose quantized form is not smaller than they are.</summary>
    /// <param name="decisions">What <see cref="Decide(IReadOnlyList{TensorInfo})"/> gave.</param>
    /// <param name="isSmaller">Whether a layer that is to be quantized becomes smaller.</param>
    public static IReadOnlyList<LayerDecision> KeepIfNoSmaller(
        IReadOnlyList<LayerDecision> decisions, Func<LayerDecision, bool> isSmaller) =>
        [.. decisions.Select(decision => !decision.Quantize || isSmaller(decision)
            ? decision
            : Keep(decision.Tensor, KeptReasons.NoSmaller, decision.RowAxis))];

    private static LayerDecision Keep(TensorInfo tensor, string reason, int rowAxis) => new(tensor, false, reason, rowAxis, null);

    private LayerDecision Decide(TensorInfo tensor)
    {
        int rowAxis = tensor.Role?.RowAxis ?? RowAxes.Of(tensor.Name, tensor.Shape, _modelType);
        MatrixView view = MatrixView.Of(tensor.Shape, rowAxis);
        if (!tensor.ElementType.IsWeight()) return Keep(tensor, KeptReasons.NotFloat, rowAxis);
        if (view.Rows < MinRows) return Keep(tensor, KeptReasons.Vector, rowAxis);
        if (view.Columns < MinColumns) return Keep(tensor, KeptReasons.Narrow, rowAxis);
        if (tensor.Role is { IsLayer: false }) return Keep(tensor, KeptReasons.NotALayer, rowAxis);
        bool isIncluded = IsIncluded(tensor);
        bool isExcluded = _exclude.Matches(tensor.FullName, tensor.Name) || (IsLeftOut(tensor) && !isIncluded);
        if (isExcluded) return Keep(tensor, KeptReasons.Excluded, rowAxis);
        (int? width, bool isExact) = WidthOf(tensor);
        if (width == KeepBitWidth) return Keep(tensor, KeptReasons.Pinned, rowAxis);

        // A width for exactly this layer asks for it as --include does; one by pattern does not reach sensitive layers.
        bool isKept = !isIncluded && !isExact && IsSensitive(tensor);
        return isKept ? Keep(tensor, KeptReasons.Sensitive, rowAxis) : new LayerDecision(tensor, true, null, rowAxis, width);
    }

    private bool IsIncluded(TensorInfo tensor) =>
        _include.Matches(tensor.FullName, tensor.Name) || (tensor.Component is { } component && _includeComponents.Matches(component));

    // Autoencoders decide how good a picture can be at all and are small.
    private static bool IsLeftOut(TensorInfo tensor) => tensor.Component is { } component
        ? !DiffusersIndex.IsQuantizedByDefault(component)
        : AutoencoderBeginnings.Any(beginning => tensor.Name.StartsWith(beginning, StringComparison.Ordinal));

    private bool IsSensitive(TensorInfo tensor) =>
        _sensitiveNames.Contains(tensor.FullName)
        || _sensitiveNames.Contains(tensor.Name)
        || _sensitivePatterns.Matches(tensor.FullName, tensor.Name)
        || (_config.SkipSensitiveLayers && SensitiveNames.IsSensitive(tensor.Name));

    private (int? Width, bool IsExact) WidthOf(TensorInfo tensor)
    {
        foreach ((string name, int width) in _config.LayerBitWidths)
        {
            if (name == tensor.FullName || name == tensor.Name) return (width, true);
        }

        int match = _widthPatterns.FirstMatch(tensor.FullName, tensor.Name);
        return match < 0 ? (null, false) : (_config.LayerBitWidths[match].Value, false);
    }
}
