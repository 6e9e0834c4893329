using System.Text.Json;
using ArrowQuant.Calibration;
using ArrowQuant.Errors;
using ArrowQuant.Pipeline.Validation;
using ArrowQuant.Reporting;
using ArrowQuant.Storage;

namespace ArrowQuant.Exports.Html;

/// <summary>Reads what a page is made of, and refuses an artefact whose report does not tell its rows.</summary>
internal static class ReportSource
{
    /// <summary>Opens an artefact. Footers and describing columns are read, no weights.</summary>
    /// <exception cref="ModelNotFoundException">There is no such folder, or a file of it is missing.</exception>
    /// <exception cref="ModelFormatException">It is not a whole artefact, has no report, or its files contradict each other.</exception>
    public static ReportData Read(string folder)
    {
        using ArtefactReader reader = ArtefactReader.Open(folder);
        ArtefactMetadata metadata = reader.Metadata
            ?? throw Failures.Format(folder, null, $"has no {ArtefactLayout.MetadataFile}: give the folder of the whole artefact");
        string path = Path.Combine(folder, ArtefactLayout.ReportFile);
        if (!File.Exists(path)) throw Failures.Missing(path);
        if (metadata.ReportXxh128 is { } hash) ContentHash.Verify(path, hash, null, default);
        List<string> problems = [];
        QuantizationResult result = ArtefactValidator.ReadReport(folder, problems) ?? throw Failures.Format(path, null, problems[0]);
        new ReportRecheck(result, problems).CompareRows(reader);
        if (problems.Count > 0)
        {
            throw Failures.Format(
                path, null, $"does not tell what is stored: {problems[0]}; arrowquant validate lists every problem ({problems.Count})");
        }

        IReadOnlyList<LayerPlace> places = LayerPlace.Of([.. result.Layers.Select(layer => layer.Name)]);
        return new ReportData
        {
            Result = result,
            Metadata = metadata,
            Config = OutputRecheck.ConfigurationOf(reader),
            Layers = [.. result.Layers.Zip(places, (layer, place) => LayerOf(reader, result, layer, place))],
            Kept = [.. result.Kept.Select(tensor => new KeptTensor(tensor, Stored(reader, tensor.Name).StoredBytes))],
        };
    }

    private static StoredLayer Stored(ArtefactReader reader, string name) =>
        reader.TryGetLayer(name, out StoredLayer? layer) ? layer! : throw Failures.Format(reader.Folder, name, "is not stored");

    private static ReportedLayer LayerOf(ArtefactReader reader, QuantizationResult result, LayerReport layer, LayerPlace place)
    {
        StoredLayer stored = Stored(reader, layer.Name);
        double judged = (result.AccuracyMetric == "output" ? layer.OutputCosineSimilarity : null) ?? layer.CosineSimilarity;
        return new(layer, place, judged, stored.StoredBytes, RangesOf(stored, layer.TimeGroupErrors.Count));
    }

    private static (int First, int End)[] RangesOf(StoredLayer stored, int groups)
    {
        if (stored.TimeAwareJson is not { } json || groups == 0) return [];
        try
        {
            TimeGroupParams[] measured = [.. TimeAwareQuant.Parse(json).TimeGroupParams.Where(group => group.OutputError is not null)];
            bool isKnown = measured.Length == groups && measured.All(group => group.TimeRange is [_, _]);
            return isKnown ? [.. measured.Select(group => (group.TimeRange[0], group.TimeRange[1]))] : [];
        }
        catch (JsonException error)
        {
            throw Failures.Format(stored.FilePath, stored.FullName, $"time_aware_quant_json cannot be read: {error.Message}", error);
        }
    }
}
