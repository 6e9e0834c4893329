using ArrowQuant.Calibration;
using ArrowQuant.Configuration;
using ArrowQuant.Methods;
using ArrowQuant.Sources;
using ArrowQuant.Storage;

namespace ArrowQuant.Pipeline.Planning;

/// <summary>Everything that is decided before weights are read.</summary>
internal sealed record ModelPlan
{
    /// <summary>The opened model; owned by whoever made the plan.</summary>
    public required IModelSource Source { get; init; }

    /// <summary>The configuration, complete and valid.</summary>
    public required DiffusionQuantConfig Config { get; init; }

    /// <summary>What the model makes.</summary>
    public required Modality Modality { get; init; }

    /// <summary>What the modality asks for.</summary>
    public required Strategy Strategy { get; init; }

    /// <summary>The calibration data, or null without any.</summary>
    public required CalibrationData? Calibration { get; init; }

    /// <summary>Runs the model for sequential calibration, or null.</summary>
    public IModelRunner? Runner { get; init; }

    /// <summary>Every tensor in source order.</summary>
    public required IReadOnlyList<PlannedTensor> Tensors { get; init; }

    /// <summary>Which tensors go to which file.</summary>
    public required IReadOnlyList<PlannedShard> Shards { get; init; }

    /// <summary>Predicts sizes.</summary>
    public QuantizedSize Size => new(Config.GroupSize);

    /// <summary>Bytes of all source tensors.</summary>
    public long SourceBytes => Tensors.Sum(t => t.Tensor.ByteLength);

    /// <summary>The width of every tensor in an attempt at <paramref name="bitWidth"/>; null where it is kept.</summary>
    public IReadOnlyList<int?> WidthsAt(int bitWidth) => [.. Tensors.Select(t => t.WidthAt(bitWidth, Size))];

    /// <summary>Whether layers are judged by their outputs; otherwise by their weights.</summary>
    public required bool JudgeByOutputs { get; init; }

    /// <summary>The bias tensor of each layer that has one which can take up a shift, by plan index.</summary>
    public required IReadOnlyDictionary<int, int> BiasOf { get; init; }

    /// <summary>The layer of each such bias.</summary>
    public IReadOnlyDictionary<int, int> LayerOfBias => field ??= BiasOf.ToDictionary(pair => pair.Value, pair => pair.Key);

    private HashSet<string> RunnerLayers => field ??= [.. Runner!.ForwardOrder];

    /// <summary>What is to be used for one layer, the rules for missing calibration data applied.</summary>
    public LayerRecipe RecipeOf(PlannedTensor tensor) => LayerRecipe.Resolve(Strategy, DefectOf(tensor));

    /// <summary>Why calibration data cannot serve a layer, or null when it can.</summary>
    public CalibrationDefect? DefectOf(PlannedTensor tensor)
    {
        string name = tensor.Tensor.FullName;
        if (Runner is not null) return RunnerLayers.Contains(name) ? null : CalibrationDefect.NoLayer(name);
        if (Calibration is null) return CalibrationDefect.NoData;
        CalibrationDefect? defect = Calibration.DefectOf(name, tensor.View.Columns);
        return defect ?? (Strategy.Enhancement == MethodNames.TimeAware ? Calibration.TimeDefectOf(name) : null);
    }
}
