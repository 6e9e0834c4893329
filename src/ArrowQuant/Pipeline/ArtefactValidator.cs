using System.Text;
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

    // A stored bias is rounded to its type, so that the shift that is found in it differs in the last digits.
    private const double OutputTolerance = 1e-3;

    /// <summary>Checks an artefact.</summary>
    /// <param name="originalPath">The original model, or null to check structure and hashes only.</param>
    /// <param name="quantizedPath">The artefact's folder.</param>
    /// <param name="minAccuracy">The threshold for the mean accuracy, 0..1; null takes those that the run was judged at.</param>
    /// <param name="calibrationPath">Calibration data to recompute output figures with; null takes what lies beside the original.</param>
    /// <param name="cancellationToken">Stops the work.</param>
    /// <exception cref="ModelNotFoundException">A path does not exist.</exception>
    /// <exception cref="ModelFormatException">The artefact cannot be opened, or the original cannot be read.</exception>
    public static ValidationReport Validate(
        string? originalPath,
        string quantizedPath,
        double? minAccuracy = null,
        string? calibrationPath = null,
        CancellationToken cancellationToken = default)
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
        OutputRecheck? outputs = OutputRecheck.Open(kernels, reader, original, calibrationPath);
        List<ValidatedLayer> layers = MeasureAll(reader, original, report, measurement, outputs, problems, cancellationToken);
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
        OutputRecheck? outputs,
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
            else
            {
                Collect(problems, () => layers.Add(Compare(
                    layer, report, measurement.Measure(layer, original, tensor, problems), outputs?.Measure(layer, tensor), problems)));
            }
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

    private static ValidatedLayer Compare(
        StoredLayer layer, QuantizationResult? report, LayerFigures figures, OutputFigures? outputs, List<string> problems)
    {
        LayerReport? reported = Reported(report, layer);
        if (report is not null && reported is null) problems.Add($"layer {layer.FullName} is not in report.json");
        Check(problems, layer, "cosine_similarity of the row", layer.CosineSimilarity, figures.Cosine);
        Check(problems, layer, "nmse of the row", layer.Nmse, figures.Nmse);
        Check(problems, layer, "cosine_similarity in report.json", reported?.CosineSimilarity, figures.Cosine);
        Check(problems, layer, "nmse in report.json", reported?.Nmse, figures.Nmse);
        Check(problems, layer, "gain in report.json", reported?.Gain, figures.Gain);
        Check(problems, layer, "norm_ratio in report.json", reported?.NormRatio, figures.NormRatio);
        if (outputs is not null)
        {
            Check(problems, layer, "output_cosine_similarity in report.json", reported?.OutputCosineSimilarity, outputs.Cosine, OutputTolerance);
            Check(problems, layer, "output_error in report.json", reported?.OutputError, outputs.RelativeError, OutputTolerance);
        }

        return new ValidatedLayer(
            layer.FullName, layer.BitWidth, figures.Cosine, reported?.CosineSimilarity, figures.NormRatio, outputs?.Cosine);
    }

    private static void Check(
        List<string> problems, StoredLayer layer, string what, double? stated, double actual, double tolerance = FigureTolerance)
    {
        if (stated is { } value && !(Math.Abs(value - actual) <= tolerance * Math.Max(1, Math.Abs(actual))))
            problems.Add($"layer {layer.FullName}: {what} is {value}, the stored bytes give {actual}");
    }

    private static ValidationReport Judge(
        ArtefactReader reader, QuantizationResult? report, List<ValidatedLayer> layers, double? minAccuracy, List<string> problems)
    {
        double mean = layers.Count == 0 ? 0 : layers.Average(layer => layer.CosineSimilarity!.Value);
        if (report is not null && Math.Abs(report.WeightCosineSimilarity - mean) > FigureTolerance)
            problems.Add($"report.json: weight_cosine_similarity is {report.WeightCosineSimilarity}, the stored bytes give {mean}");
        bool byOutputs = report?.AccuracyMetric == "output";
        List<string> notes = [.. reader.Layers.Where(layer => layer.Correction == BiasCorrection.Name)
            .Select(layer => $"{layer.FullName} takes up the mean error of its layer (correction bias)")];
        bool recomputed = byOutputs && layers.Count > 0 && layers.All(layer => layer.OutputCosineSimilarity is not null);
        if (byOutputs && !recomputed)
            notes.Add("the run was judged by outputs; without its calibration data the accuracy here is that of weights");
        double accuracy = recomputed ? layers.Average(layer => layer.OutputCosineSimilarity!.Value) : mean;
        double tolerance = recomputed ? OutputTolerance : FigureTolerance;
        if (report is not null && (recomputed || !byOutputs) && Math.Abs(report.CosineSimilarity - accuracy) > tolerance)
            problems.Add($"report.json: cosine_similarity is {report.CosineSimilarity}, the stored bytes give {accuracy}");
        bool structureOk = problems.Count == 0;
        double threshold = minAccuracy ?? report?.MinAccuracy ?? 0;
        bool comparable = recomputed || !byOutputs || minAccuracy is not null;
        FallbackRules? layerRules = minAccuracy is null && report is not null && comparable ? LayerScopeRules(reader, report) : null;
        List<string> shortfalls = [.. layers
            .Select(layer => Shortfall(layer, recomputed, layerRules is { } rules ? FallbackPolicy.ThresholdAt(rules, layer.BitWidth) : 0))
            .OfType<string>()];
        if (layerRules is null && comparable && accuracy < threshold) shortfalls.Add($"mean accuracy {accuracy} is below {threshold}");
        return new ValidationReport
        {
            Passed = structureOk && shortfalls.Count == 0,
            StructureOk = structureOk,
            QualityOk = shortfalls.Count == 0,
            MinAccuracy = threshold,
            MinAccuracyOrigin = minAccuracy is not null
                ? "--min-accuracy"
                : report is not null ? "report.json" : "default without report.json",
            CosineSimilarity = accuracy,
            LayersChecked = reader.Layers.Count,
            Problems = [.. problems, .. shortfalls],
            Notes = notes,
            Layers = layers,
        };
    }

    // In layer scope no mean was compared: each layer was judged at the threshold of its own width.
    private static FallbackRules? LayerScopeRules(ArtefactReader reader, QuantizationResult report)
    {
        if (OutputRecheck.ConfigurationOf(reader) is not { } config) return null;
        return config.FallbackScope == FallbackScope.Layer && config.LayerBitWidths.Count == 0
            ? new FallbackRules(report.RequestedBitWidth, config.MinAccuracy, config.FailFast, config.KeepMinAccuracy)
            : null;
    }

    private static string? Shortfall(ValidatedLayer layer, bool byOutputs, double threshold) => GateRules.DefectOf(
        layer.Name, (byOutputs ? layer.OutputCosineSimilarity : layer.CosineSimilarity)!.Value, layer.NormRatio!.Value, threshold);

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
            return ReportJson.Deserialize(Encoding.UTF8.GetString(BoundedFile.ReadAllBytes(path)));
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException or IOException)
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
