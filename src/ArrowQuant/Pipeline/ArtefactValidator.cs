using System.Text.Json;
using ArrowQuant.Configuration;
using ArrowQuant.Errors;
using ArrowQuant.Fallback;
using ArrowQuant.Kernels;
using ArrowQuant.Quality;
using ArrowQuant.Reporting;
using ArrowQuant.Sources;
using ArrowQuant.Storage;
using ArrowQuant.Tensors;

namespace ArrowQuant.Pipeline;

/// <summary>
/// Judges an artefact and trusts nothing that it says of itself: decodes the stored bytes, recomputes every figure, checks structure and
/// hashes. Without the original only structure and hashes can be checked.
/// </summary>
public static class ArtefactValidator
{
    // Sums are added in the order of the run, so that equal bytes give equal figures; this leaves room for the last digits only.
    private const double FigureTolerance = 1e-9;

    /// <summary>Checks an artefact.</summary>
    /// <param name="originalPath">The original model, or null to check structure and hashes only.</param>
    /// <param name="quantizedPath">The artefact's folder.</param>
    /// <param name="minAccuracy">The threshold for the mean accuracy, 0..1; null takes those that the run was judged at.</param>
    /// <param name="cancellationToken">Stops the work.</param>
    /// <exception cref="ModelNotFoundException">A path does not exist.</exception>
    /// <exception cref="ModelFormatException">The artefact cannot be opened, or the original cannot be read.</exception>
    public static ValidationReport Validate(
        string? originalPath, string quantizedPath, double? minAccuracy = null, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(quantizedPath);
        if (minAccuracy is not (null or >= 0 and <= 1))
            throw new ConfigurationException([$"--min-accuracy: {minAccuracy} is not a number from 0 to 1"]);
        KernelSet kernels = KernelSet.Create(Environment.GetEnvironmentVariable(KernelSet.EnvironmentVariable));
        using ArtefactReader reader = ArtefactReader.Open(quantizedPath, kernels);
        List<string> problems = [];
        Collect(problems, () => reader.VerifyHashes(cancellationToken));
        QuantizationResult? report = ReadReport(quantizedPath, problems);
        var measurement = new LayerMeasurement(kernels, reader);
        if (originalPath is null) return WithoutOriginal(reader, report, measurement, problems, cancellationToken);

        using IModelSource original = ModelSource.Open(originalPath);
        List<ValidatedLayer> layers = MeasureAll(reader, original, report, measurement, problems, cancellationToken);
        return Judge(reader, report, layers, minAccuracy, problems);
    }

    private static ValidationReport WithoutOriginal(
        ArtefactReader reader, QuantizationResult? report, LayerMeasurement measurement, List<string> problems,
        CancellationToken cancellationToken)
    {
        foreach (StoredLayer layer in reader.Layers)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (measurement.Decode(layer) is { } problem) problems.Add(problem);
        }

        StoredLayer[] quantized = [.. reader.Layers.Where(layer => !layer.IsKept)];
        return new ValidationReport
        {
            Passed = problems.Count == 0,
            StructureOk = problems.Count == 0,
            MinAccuracyOrigin = "no original: figures are not recomputed",
            LayersChecked = reader.Layers.Count,
            Problems = problems,
            Layers = [.. quantized.Select(layer =>
                new ValidatedLayer(layer.FullName, layer.BitWidth, null, Reported(report, layer)?.CosineSimilarity, null))],
        };
    }

    private static List<ValidatedLayer> MeasureAll(
        ArtefactReader reader,
        IModelSource original,
        QuantizationResult? report,
        LayerMeasurement measurement,
        List<string> problems,
        CancellationToken cancellationToken)
    {
        Dictionary<string, TensorInfo> tensors = original.Tensors.ToDictionary(tensor => tensor.FullName, StringComparer.Ordinal);
        List<ValidatedLayer> layers = [];
        foreach (StoredLayer layer in reader.Layers)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (!tensors.Remove(layer.FullName, out TensorInfo? tensor)) problems.Add($"layer {layer.FullName} is not in the original");
            else if (Mismatch(layer, tensor) is { } mismatch) problems.Add(mismatch);
            else if (layer.IsKept) Collect(problems, () => AddIfAny(problems, measurement.CompareKept(layer, original, tensor)));
            else Collect(problems, () =>
                layers.Add(Compare(layer, report, measurement.Measure(layer, original, tensor, problems), problems)));
        }

        problems.AddRange(tensors.Keys.Select(name => $"tensor {name} of the original is missing"));
        return layers;
    }

    private static string? Mismatch(StoredLayer layer, TensorInfo tensor)
    {
        if (layer.Shape != tensor.Shape) return $"layer {layer.FullName} has shape {layer.Shape}, the original {tensor.Shape}";
        return layer.SourceType == tensor.ElementType
            ? null
            : $"layer {layer.FullName} says it was {layer.SourceType.Name()}, the original is {tensor.ElementType.Name()}";
    }

    private static ValidatedLayer Compare(StoredLayer layer, QuantizationResult? report, LayerFigures figures, List<string> problems)
    {
        LayerReport? reported = Reported(report, layer);
        if (report is not null && reported is null) problems.Add($"layer {layer.FullName} is not in report.json");
        Check(problems, layer, "cosine_similarity of the row", layer.CosineSimilarity, figures.Cosine);
        Check(problems, layer, "nmse of the row", layer.Nmse, figures.Nmse);
        Check(problems, layer, "cosine_similarity in report.json", reported?.CosineSimilarity, figures.Cosine);
        Check(problems, layer, "nmse in report.json", reported?.Nmse, figures.Nmse);
        Check(problems, layer, "gain in report.json", reported?.Gain, figures.Gain);
        Check(problems, layer, "norm_ratio in report.json", reported?.NormRatio, figures.NormRatio);
        return new ValidatedLayer(layer.FullName, layer.BitWidth, figures.Cosine, reported?.CosineSimilarity, figures.NormRatio);
    }

    private static void Check(List<string> problems, StoredLayer layer, string what, double? stated, double actual)
    {
        if (stated is { } value && !(Math.Abs(value - actual) <= FigureTolerance * Math.Max(1, Math.Abs(actual))))
            problems.Add($"layer {layer.FullName}: {what} is {value}, the stored bytes give {actual}");
    }

    private static ValidationReport Judge(
        ArtefactReader reader, QuantizationResult? report, List<ValidatedLayer> layers, double? minAccuracy, List<string> problems)
    {
        double mean = layers.Count == 0 ? 0 : layers.Average(layer => layer.CosineSimilarity!.Value);
        if (report is not null && Math.Abs(report.CosineSimilarity - mean) > FigureTolerance)
            problems.Add($"report.json: cosine_similarity is {report.CosineSimilarity}, the stored bytes give {mean}");
        bool structureOk = problems.Count == 0;
        double threshold = minAccuracy ?? report?.MinAccuracy ?? 0;
        string[] shortfalls = minAccuracy is null && report is not null && LayerScopeRules(reader, report) is { } rules
            ? [.. layers.Select(layer => Shortfall(layer, FallbackPolicy.ThresholdAt(rules, layer.BitWidth))).OfType<string>()]
            : [.. layers.Select(layer => Shortfall(layer, 0)).OfType<string>(), .. mean < threshold
                ? [$"mean accuracy {mean} is below {threshold}"]
                : Array.Empty<string>()];
        return new ValidationReport
        {
            Passed = structureOk && shortfalls.Length == 0,
            StructureOk = structureOk,
            QualityOk = shortfalls.Length == 0,
            MinAccuracy = threshold,
            MinAccuracyOrigin = minAccuracy is not null
                ? "--min-accuracy"
                : report is not null ? "report.json" : "default without report.json",
            CosineSimilarity = mean,
            LayersChecked = reader.Layers.Count,
            Problems = [.. problems, .. shortfalls],
            Layers = layers,
        };
    }

    // In layer scope no mean was compared: each layer was judged at the threshold of its own width.
    private static FallbackRules? LayerScopeRules(ArtefactReader reader, QuantizationResult report)
    {
        if (reader.Metadata?.QuantizationConfig?.Deserialize(ConfigurationJsonContext.Default.DiffusionQuantConfig) is not { } config)
            return null;
        return config.FallbackScope == FallbackScope.Layer && config.LayerBitWidths.Count == 0
            ? new FallbackRules(report.RequestedBitWidth, config.MinAccuracy, config.FailFast, config.KeepMinAccuracy)
            : null;
    }

    private static string? Shortfall(ValidatedLayer layer, double threshold) =>
        GateRules.DefectOf(layer.Name, layer.CosineSimilarity!.Value, layer.NormRatio!.Value, threshold);

    private static LayerReport? Reported(QuantizationResult? report, StoredLayer layer) =>
        report?.Layers.FirstOrDefault(candidate => candidate.Name == layer.FullName);

    private static QuantizationResult? ReadReport(string folder, List<string> problems)
    {
        string path = Path.Combine(folder, ArtefactLayout.ReportFile);
        if (!File.Exists(path))
        {
            problems.Add($"{path} is missing");
            return null;
        }

        try
        {
            return ReportJson.Deserialize(File.ReadAllText(path));
        }
        catch (JsonException error)
        {
            problems.Add($"{path} is not a report: {error.Message}");
            return null;
        }
    }

    private static void AddIfAny(List<string> problems, string? problem)
    {
        if (problem is not null) problems.Add(problem);
    }

    // A damaged part is one finding among others; the rest is still judged.
    private static void Collect(List<string> problems, Action check)
    {
        try
        {
            check();
        }
        catch (ModelFormatException error)
        {
            problems.Add(error.Message);
        }
    }
}
