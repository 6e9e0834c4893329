using System.Text;
using System.Text.Json;
using ArrowQuant.Configuration;
using ArrowQuant.Errors;
using ArrowQuant.Kernels;
using ArrowQuant.Pipeline.Measuring;
using ArrowQuant.Pipeline.Planning;
using ArrowQuant.Quality;
using ArrowQuant.Reporting;
using ArrowQuant.Sources;
using ArrowQuant.Storage;
using ArrowQuant.Tensors;

namespace ArrowQuant.Pipeline.Validation;

/// <summary>
/// Judges an artefact and trusts nothing that it says of itself: decodes the stored bytes, recomputes every figure, checks structure and
/// hashes. Without the original only structure and hashes can be checked.
/// </summary>
public static class ArtefactValidator
{
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
        var measurement = new LayerMeasurement(kernels, reader);
        if (originalPath is null) return WithoutOriginal(reader, measurement, problems, cancellationToken);

        using IModelSource original = ModelSource.Open(originalPath);
        // What a model run gave as inputs is not in any file.
        OutputRecheck? outputs = ReadReport(quantizedPath, [])?.Calibration == QuantizationResult.Sequential
            ? null
            : OutputRecheck.Open(kernels, reader, original, calibrationPath);
        List<MeasuredLayer> layers = MeasureAll(reader, original, measurement, outputs, problems, cancellationToken);
        CompareSidecars(original, quantizedPath, problems);
        return Judge(reader, layers, original.Tensors.Sum(tensor => tensor.ByteLength), minAccuracy, problems);
    }

    /// <summary>Reads the report and compares it and the rows with what was measured on the stored bytes.</summary>
    /// <param name="reader">The artefact.</param>
    /// <param name="measured">Every quantized layer that could be measured.</param>
    /// <param name="sourceBytes">Bytes of all tensors of the original.</param>
    /// <param name="minAccuracy">The threshold for the mean accuracy, or null for those that the run was judged at.</param>
    /// <param name="problems">What is wrong already.</param>
    internal static ValidationReport Judge(
        ArtefactReader reader, IReadOnlyList<MeasuredLayer> measured, long sourceBytes, double? minAccuracy, List<string> problems)
    {
        (QuantizationResult? report, ReportRecheck? recheck) = RecheckReport(reader, problems);
        foreach (MeasuredLayer layer in measured) CompareRow(layer, recheck, problems);
        if (measured.Count == reader.Layers.Count(layer => !layer.IsKept)) recheck?.CompareModel(measured, sourceBytes);
        return Judge(
            reader, report, [.. measured.Select(layer => ValidatedOf(layer, recheck?.Of(layer.Layer)))], minAccuracy, problems);
    }

    private static (QuantizationResult? Report, ReportRecheck? Recheck) RecheckReport(ArtefactReader reader, List<string> problems)
    {
        if (ReadReport(reader.Folder, problems) is not { } report) return (null, null);
        ReportRecheck recheck = new(report, problems);
        Collect(problems, () => recheck.CompareRows(reader));
        return (report, recheck);
    }

    private static ValidationReport WithoutOriginal(
        ArtefactReader reader, LayerMeasurement measurement, List<string> problems, CancellationToken cancellationToken)
    {
        Dictionary<string, double?> squares = new(StringComparer.Ordinal);
        foreach (StoredLayer layer in reader.Layers)
        {
            cancellationToken.ThrowIfCancellationRequested();
            double? sum = measurement.Check(layer, problems);
            if (!layer.IsKept) squares.Add(layer.FullName, sum);
        }

        (_, ReportRecheck? recheck) = RecheckReport(reader, problems);
        recheck?.CompareDecoded(squares);
        StoredLayer[] quantized = [.. reader.Layers.Where(layer => !layer.IsKept)];
        return new ValidationReport
        {
            Passed = problems.Count == 0,
            StructureOk = problems.Count == 0,
            MinAccuracyOrigin = "no original: figures are not recomputed",
            LayersChecked = reader.Layers.Count,
            Problems = problems,
            Layers = [.. quantized.Select(layer =>
                new ValidatedLayer(layer.FullName, layer.BitWidth, null, recheck?.Of(layer)?.CosineSimilarity, null))],
        };
    }

    /// <summary>Measures every quantized layer, and compares every kept tensor, with the original.</summary>
    internal static List<MeasuredLayer> MeasureAll(
        ArtefactReader reader,
        IModelSource original,
        LayerMeasurement measurement,
        OutputRecheck? outputs,
        List<string> problems,
        CancellationToken cancellationToken)
    {
        Dictionary<string, TensorInfo> tensors = original.Tensors.ToDictionary(tensor => tensor.FullName, StringComparer.Ordinal);
        List<MeasuredLayer> layers = [];
        foreach (StoredLayer layer in reader.Layers)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (!tensors.Remove(layer.FullName, out TensorInfo? tensor)) problems.Add($"layer {layer.FullName} is not in the original");
            else if (Mismatch(layer, tensor) is { } mismatch) problems.Add(mismatch);
            else if (layer.IsKept) Collect(problems, () => AddIfAny(problems, measurement.CompareKept(layer, original, tensor)));
            else
            {
                Collect(problems, () => layers.Add(measurement.Measure(layer, original, tensor, problems) with
                {
                    Outputs = outputs?.Measure(layer, tensor, problems),
                }));
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

    private static void CompareRow(MeasuredLayer measured, ReportRecheck? recheck, List<string> problems)
    {
        StoredLayer layer = measured.Layer;
        CheckRow(problems, layer, "cosine_similarity", layer.CosineSimilarity, measured.Figures.Cosine);
        CheckRow(problems, layer, "nmse", layer.Nmse, measured.Figures.Nmse);
        recheck?.CompareFigures(measured);
    }

    private static void CheckRow(List<string> problems, StoredLayer layer, string what, double? stated, double actual)
    {
        if (stated is { } value && !ReportRecheck.AreNear(value, actual))
            problems.Add($"layer {layer.FullName}: {what} of the row is {value}, the stored bytes give {actual}");
    }

    private static ValidatedLayer ValidatedOf(MeasuredLayer measured, LayerReport? reported) => new(
        measured.Layer.FullName, measured.Layer.BitWidth, measured.Figures.Cosine, reported?.CosineSimilarity, measured.Figures.NormRatio,
        measured.Outputs?.Cosine);

    // Files that travel along belong to the original; a file that it does not have is no concern of this check.
    private static void CompareSidecars(IModelSource original, string quantizedPath, List<string> problems)
    {
        foreach (SidecarFile file in original.Description.Sidecars)
        {
            string copy = Path.Combine(quantizedPath, file.RelativePath);
            if (!File.Exists(copy)) problems.Add($"{copy} is missing, the original has it");
            else if (ContentHash.OfFile(copy) != ContentHash.OfFile(file.SourcePath)) problems.Add($"{copy} differs from the original's");
        }
    }

    private static ValidationReport Judge(
        ArtefactReader reader, QuantizationResult? report, List<ValidatedLayer> layers, double? minAccuracy, List<string> problems)
    {
        double mean = layers.Count == 0 ? 0 : layers.Average(layer => layer.CosineSimilarity!.Value);
        bool byOutputs = report?.AccuracyMetric == "output";
        List<string> notes = [.. reader.Layers.Where(layer => layer.Correction == BiasCorrection.Name)
            .Select(layer => $"{layer.FullName} takes up the mean error of its layer (correction bias)")];
        bool recomputed = byOutputs && layers.Count > 0 && layers.All(layer => layer.OutputCosineSimilarity is not null);
        if (byOutputs && !recomputed)
            notes.Add("the run was judged by outputs; without its calibration data the accuracy here is that of weights");
        double accuracy = recomputed ? layers.Average(layer => layer.OutputCosineSimilarity!.Value) : mean;
        bool structureOk = problems.Count == 0;
        double threshold = minAccuracy ?? report?.MinAccuracy ?? 0;
        bool comparable = recomputed || !byOutputs || minAccuracy is not null;
        DiffusionQuantConfig? byLayer = minAccuracy is null && report is not null && comparable ? LayerScopeOf(reader) : null;
        List<string> shortfalls = [.. layers
            .Select(layer => Shortfall(layer, recomputed, byLayer is null ? 0 : ThresholdRules.Of(byLayer, layer.BitWidth)))
            .OfType<string>()];
        if (byLayer is null && comparable && accuracy < threshold) shortfalls.Add($"mean accuracy {accuracy} is below {threshold}");
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
    private static DiffusionQuantConfig? LayerScopeOf(ArtefactReader reader) =>
        OutputRecheck.ConfigurationOf(reader) is { FallbackScope: FallbackScope.Layer, LayerBitWidths.Count: 0 } config ? config : null;

    private static string? Shortfall(ValidatedLayer layer, bool byOutputs, double threshold) => GateRules.DefectOf(
        layer.Name, (byOutputs ? layer.OutputCosineSimilarity : layer.CosineSimilarity)!.Value, layer.NormRatio!.Value, threshold);

    /// <summary>Reads report.json; when that cannot be done, adds why to the problems.</summary>
    internal static QuantizationResult? ReadReport(string folder, List<string> problems)
    {
        string path = Path.Combine(folder, ArtefactLayout.ReportFile);
        if (!File.Exists(path))
        {
            problems.Add($"{path} is missing");
            return null;
        }

        try
        {
            QuantizationResult report = ReportJson.Deserialize(Encoding.UTF8.GetString(BoundedFile.ReadAllBytes(path)));
            if (!report.Layers.Contains(null!) && !report.Kept.Contains(null!)) return report;
            problems.Add($"{path} is not a report: a layer or a kept tensor is null");
            return null;
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
