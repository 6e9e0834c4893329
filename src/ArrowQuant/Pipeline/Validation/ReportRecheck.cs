using ArrowQuant.Configuration;
using ArrowQuant.Kernels;
using ArrowQuant.Pipeline.Measuring;
using ArrowQuant.Pipeline.Planning;
using ArrowQuant.Quality;
using ArrowQuant.Reporting;
using ArrowQuant.Storage;
using ArrowQuant.Tensors;

namespace ArrowQuant.Pipeline.Validation;

/// <summary>
/// Compares what report.json states with the stored rows and with what was measured on them: every figure that follows from the files, so
/// that an edited one is found even where the hash of the report was made to fit.
/// </summary>
/// <param name="report">The report.</param>
/// <param name="problems">Receives what disagrees, one line each.</param>
internal sealed class ReportRecheck(QuantizationResult report, ICollection<string> problems)
{
    // Sums are added in nearly the order of the run, so that equal bytes give equal figures; this leaves room for the last digits only.
    private const double Tolerance = 1e-11;

    // Goes by a quotient of stated figures; still far below what one code changes.
    private const double DecodedTolerance = 1e-10;

    // What sums of squares may differ by from the sum of squared differences, as a share of the squares.
    private const double SquaresTolerance = 5e-7;

    // Outputs add more products, in pieces of another size.
    private const double OutputTolerance = 1e-9;

    private readonly Dictionary<string, LayerReport> _layers =
        report.Layers.GroupBy(layer => layer.Name, StringComparer.Ordinal).ToDictionary(same => same.Key, same => same.First());

    /// <summary>The report of a layer, or null.</summary>
    public LayerReport? Of(StoredLayer layer) => _layers.GetValueOrDefault(layer.FullName);

    /// <summary>Whether the report tells the layers that are stored, as they are stored. Needs no original.</summary>
    public void CompareRows(ArtefactReader reader)
    {
        StoredLayer[] quantized = [.. reader.Layers.Where(layer => !layer.IsKept)];
        StoredLayer[] kept = [.. reader.Layers.Where(layer => layer.IsKept)];
        CompareNames("layer", report.Layers.Select(layer => layer.Name), quantized);
        CompareNames("kept tensor", report.Kept.Select(tensor => tensor.Name), kept);
        foreach (StoredLayer layer in quantized.Where(layer => Of(layer) is not null)) CompareRow(layer, Of(layer)!);
        foreach ((KeptReport stated, StoredLayer tensor) in report.Kept.Join(kept, t => t.Name, t => t.FullName, (t, layer) => (t, layer)))
        {
            Same(tensor.FullName, "shape", ShapeText(stated.Shape), ShapeText(tensor.Shape.Dimensions));
            Same(tensor.FullName, "dtype", stated.Dtype, tensor.SourceType.Name());
        }

        CompareSizes(reader, kept, quantized);
        CompareSummary();
    }

    /// <summary>Whether a layer's figures are those of its decoded bytes.</summary>
    public void CompareFigures(MeasuredLayer measured)
    {
        if (Of(measured.Layer) is not { } stated) return;
        string name = measured.Layer.FullName;
        LayerFigures figures = measured.Figures;
        Near(name, "cosine_similarity", stated.CosineSimilarity, figures.Cosine);
        Near(name, "nmse", stated.Nmse, figures.Nmse);
        Near(name, "sqnr_db", stated.SqnrDb, figures.SqnrDb);
        Near(name, "gain", stated.Gain, figures.Gain);
        Near(name, "norm_ratio", stated.NormRatio, figures.NormRatio);
        Near(name, "max_abs_error", stated.MaxAbsError, figures.MaxAbsError);
        Same(name, "source_xxh128", stated.SourceXxh128, measured.SourceHash.ToString("x32"));
        if (stated.OutputError is null) NearDamage(name, stated.DamageEstimate, figures.DamageEstimate, Tolerance);
        if (measured.Outputs is not { } outputs || stated.OutputError is null) return;
        NearDamage(name, stated.DamageEstimate, outputs.DamageEstimate, OutputTolerance);
        Near(name, "output_cosine_similarity", stated.OutputCosineSimilarity, outputs.Cosine, OutputTolerance);
        Near(name, "output_hessian_cosine", stated.OutputHessianCosine, outputs.HessianCosine, OutputTolerance);
        Near(name, "output_error", stated.OutputError, outputs.RelativeError, OutputTolerance);
        Same(name, "number of time_group_errors", stated.TimeGroupErrors.Count, outputs.GroupErrors.Count);
        foreach ((double found, double actual) in stated.TimeGroupErrors.Zip(outputs.GroupErrors))
            Near(name, "time_group_errors", found, actual, OutputTolerance);
    }

    /// <summary>Whether the figures of the whole model are those of all measured layers.</summary>
    /// <param name="measured">Every quantized layer.</param>
    /// <param name="sourceBytes">Bytes of all tensors of the original.</param>
    public void CompareModel(IReadOnlyList<MeasuredLayer> measured, long sourceBytes)
    {
        ErrorSums sums = default;
        foreach (MeasuredLayer layer in measured) sums.Add(layer.Sums);
        LayerFigures model = LayerFigures.From(sums);
        Near(null, "nmse", report.Nmse, model.Nmse);
        Near(null, "sqnr_db", report.SqnrDb, model.SqnrDb);
        Near(null, "compression_ratio", report.CompressionRatio, (double)sourceBytes / report.ModelSizeBytes);
    }

    /// <summary>
    /// Whether the stated figures agree with each other and with what the layers decode to. Needs no original: a layer's original squares
    /// follow from its decoded ones and the stated ratio of norms, and the figures of the model from all of these.
    /// </summary>
    /// <param name="squares">For every quantized layer the sum of its decoded squares, or null where it could not be decoded.</param>
    public void CompareDecoded(IReadOnlyDictionary<string, double?> squares)
    {
        foreach (LayerReport layer in _layers.Values) CompareWithin(layer);
        double original = 0;
        double error = 0;
        foreach ((string name, double? decoded) in squares)
        {
            // A layer that decodes to zeros does not tell the size of its original.
            if (decoded is not { } sum || _layers.GetValueOrDefault(name) is not { NormRatio: > 0 and < double.PositiveInfinity } layer)
                return;
            double weights = sum / layer.NormRatio / layer.NormRatio;
            original += weights;
            error += layer.Nmse * weights;
        }

        if (original > 0) Near(null, "nmse", report.Nmse, error / original, DecodedTolerance);
    }

    /// <summary>Whether a stated figure is the measured one, but for the order in which sums were added.</summary>
    public static bool AreNear(double stated, double actual, double tolerance = Tolerance) =>
        stated.Equals(actual) || Math.Abs(stated - actual) <= tolerance * Math.Abs(actual);

    // Of these figures two follow from the others: they are made of three sums.
    private void CompareWithin(LayerReport layer)
    {
        if (layer.NormRatio is not (> 0 and < double.PositiveInfinity)) return;
        double gain = layer.CosineSimilarity * layer.NormRatio;
        Near(layer.Name, "gain", layer.Gain, gain);
        double nmse = 1 - (2 * gain) + (layer.NormRatio * layer.NormRatio);
        // Sums of products are rounded to single precision within 128 weights; that shows in a difference of numbers near one.
        if (Math.Abs(layer.Nmse - nmse) > SquaresTolerance + (1e-5 * Math.Abs(layer.Nmse))) Disagree(layer.Name, "nmse", layer.Nmse, nmse);
        double? decibels = layer.Nmse is > 0 and < double.PositiveInfinity ? -10 * Math.Log10(layer.Nmse) : null;
        Near(layer.Name, "sqnr_db", layer.SqnrDb, decibels);
    }

    private void CompareNames(string what, IEnumerable<string> stated, StoredLayer[] stored)
    {
        HashSet<string> missing = [.. stored.Select(layer => layer.FullName)];
        foreach (string name in stated.Where(name => !missing.Remove(name)))
            problems.Add($"report.json: {what} {name} is not stored, or is named twice");
        foreach (string name in missing) problems.Add($"report.json: {what} {name} of the shards is not in it");
    }

    private void CompareRow(StoredLayer layer, LayerReport stated)
    {
        string name = layer.FullName;
        long bytes = QuantizedSize.Of(layer.View, layer.Header.Format!);
        Same(name, "shape", ShapeText(stated.Shape), ShapeText(layer.Shape.Dimensions));
        Same(name, "source_dtype", stated.SourceDtype, layer.SourceType.Name());
        Same(name, "method", stated.Method, layer.Method);
        Same(name, "enhancement", stated.Enhancement, layer.Enhancement);
        Same(name, "layout", stated.Layout, TextForms.Of(layer.Layout));
        Same(name, "bit_width", stated.BitWidth, layer.BitWidth);
        Same(name, "group_size", stated.GroupSize, layer.GroupSize);
        Same(name, "bytes", stated.Bytes, bytes);
        Same(name, "bpw", stated.Bpw, 8.0 * bytes / layer.Shape.ElementCount);
        Same(name, "cosine_similarity", stated.CosineSimilarity, layer.CosineSimilarity ?? stated.CosineSimilarity);
        Same(name, "nmse", stated.Nmse, layer.Nmse ?? stated.Nmse);
        Same(name, "source_xxh128", stated.SourceXxh128, SourceHash.Of([.. layer.Blocks.Select(b => b.SourceHash)]).ToString("x32"));
    }

    private void CompareSizes(ArtefactReader reader, StoredLayer[] kept, StoredLayer[] quantized)
    {
        if (reader.Metadata is not { } metadata) return;
        long bytes = metadata.Shards.Sum(shard => shard.Bytes);
        long codes = bytes - kept.Sum(tensor => tensor.StoredBytes);
        Same(null, "model_size_bytes", report.ModelSizeBytes, bytes);
        Same(null, "bits_per_weight", report.BitsPerWeight, 8.0 * codes / quantized.Sum(layer => layer.Shape.ElementCount));
        Same(null, "modality", report.Modality, metadata.Modality ?? report.Modality);
        Same(null, "tool_version", report.ToolVersion, metadata.ToolVersion);
        string widths = string.Join(", ", quantized.CountBy(layer => layer.BitWidth).OrderBy(pair => pair.Key)
            .Select(pair => $"{pair.Key}: {pair.Value}"));
        Same(null, "layers_by_bit_width", string.Join(", ", report.LayersByBitWidth.Select(pair => $"{pair.Key}: {pair.Value}")), widths);
        if (OutputRecheck.ConfigurationOf(reader) is not { } config) return;
        Same(null, "requested_bit_width", report.RequestedBitWidth, config.BitWidth);
        Same(null, "min_accuracy", report.MinAccuracy, ThresholdRules.Of(config, report.BitWidth));
        if (config.LayerBitWidths.Count > 0) return;
        HashSet<string> noSmaller =
            [.. report.Kept.Where(tensor => tensor.Reason == KeptReasons.NoSmaller).Select(tensor => tensor.Name)];
        long quantizable = quantized.Sum(layer => layer.Shape.ElementCount)
            + kept.Where(tensor => noSmaller.Contains(tensor.FullName)).Sum(tensor => tensor.Shape.ElementCount);
        foreach (StoredLayer layer in quantized)
        {
            bool isEdge = RecipeRules.IsEdge(config, layer.Shape.ElementCount, quantizable);
            Same(layer.FullName, "width_reason", Of(layer)?.WidthReason, isEdge ? WidthReasons.Edge : null);
            int expected = isEdge ? RecipeRules.EdgeBitWidth : report.BitWidth;
            if (layer.BitWidth != expected && (isEdge || config.FallbackScope == FallbackScope.Model))
                problems.Add($"report.json: bit_width is {expected}, layer {layer.FullName} has {layer.BitWidth}");
        }
    }

    // What the report says of the model follows from what it says of the layers.
    private void CompareSummary()
    {
        if (report.Layers.Count == 0) return;
        bool byOutputs = report.AccuracyMetric == "output";
        double weights = report.Layers.Average(layer => layer.CosineSimilarity);
        double? outputs = report.Layers.Average(layer => layer.OutputCosineSimilarity);
        if (report.Layers.Any(layer => layer.OutputCosineSimilarity is null)) outputs = null;
        Near(null, "weight_cosine_similarity", report.WeightCosineSimilarity, weights);
        Near(null, "output_cosine_similarity", report.OutputCosineSimilarity, outputs);
        Near(null, "cosine_similarity", report.CosineSimilarity, byOutputs ? outputs : weights);
        bool everyOutput = report.Layers.All(layer => layer.OutputError is not null);
        double damage = report.Layers.Sum(layer => everyOutput
            ? layer.DamageEstimate ?? double.PositiveInfinity
            : DamageSums.OfWeights(layer.CosineSimilarity, layer.Gain));
        NearDamage(null, report.DamageEstimate, damage, Tolerance);
        LayerReport worst = report.Layers.MinBy(Judged)!;
        Same(null, "worst_layer", report.WorstLayer, new WorstLayer(worst.Name, Judged(worst)));

        double Judged(LayerReport layer) => (byOutputs ? layer.OutputCosineSimilarity : null) ?? layer.CosineSimilarity;
    }

    // A report without a recipe is of a version that estimated no damage.
    private void NearDamage(string? layer, double? stated, double actual, double tolerance)
    {
        if (report.Recipe is not null)
            Near(layer, "damage_estimate", stated, double.IsFinite(actual) ? actual : null, tolerance);
    }

    private void Same<T>(string? layer, string what, T stated, T actual)
    {
        if (!EqualityComparer<T>.Default.Equals(stated, actual)) Disagree(layer, what, stated, actual);
    }

    private void Near(string? layer, string what, double? stated, double? actual, double tolerance = Tolerance)
    {
        if (stated == actual || (stated is { } found && actual is { } expected && AreNear(found, expected, tolerance))) return;
        Disagree(layer, what, stated, actual);
    }

    private void Disagree<T>(string? layer, string what, T stated, T actual) => problems.Add(
        $"report.json:{(layer is null ? "" : $" layer {layer}:")} {what} is {Text(stated)}, the stored bytes give {Text(actual)}");

    private static string Text<T>(T value) => value is null ? "nothing" : FormattableString.Invariant($"{value}");

    private static string ShapeText(IEnumerable<long> shape) => $"[{string.Join(", ", shape)}]";
}
