using ArrowQuant.Pipeline.Validation;
using ArrowQuant.Reporting;

namespace ArrowQuant.Cli.Rendering;

/// <summary>A validation for people.</summary>
internal static class ValidationText
{
    // The layers worth a look are the worst; the JSON document has all.
    private const int LayersShown = 10;

    /// <summary>Prints the verdict, the figures behind it, and every problem.</summary>
    public static void Write(ReportWriter report, ValidationReport validation, ValidateRequest check)
    {
        string structure = validation.StructureOk ? "ok" : $"{FigureText.Count(validation.Problems.Count, "problem")}";
        report.Fields(
            ("artefact", check.QuantizedPath),
            ("original", check.OriginalPath ?? "not given: structure and hashes only"),
            ("layers", $"{validation.LayersChecked} checked"),
            ("structure", structure),
            ("accuracy", Accuracy(validation)),
            ("verdict", validation.Passed ? "passed" : "FAILED"));
        if (validation.Problems.Count > 0)
        {
            report.Heading("problems");
            foreach (string problem in validation.Problems) report.Item(problem);
        }

        List<ValidatedLayer> worst = [.. validation.Layers.Where(layer => layer.CosineSimilarity is not null)
            .OrderBy(layer => layer.CosineSimilarity).Take(LayersShown)];
        if (worst.Count == 0) return;
        report.Heading(worst.Count == validation.Layers.Count ? "layers" : $"the {worst.Count} layers with the lowest accuracy");
        report.Table(
            ["name", "width", "accuracy>", "reported>"],
            worst.Select(layer => (IReadOnlyList<string>)
            [
                layer.Name, FigureText.Width(layer.BitWidth), FigureText.Accuracy(layer.CosineSimilarity!.Value),
                layer.ReportedCosineSimilarity is { } reported ? FigureText.Accuracy(reported) : "",
            ]));
    }

    private static string? Accuracy(ValidationReport validation)
    {
        if (validation.CosineSimilarity is not { } accuracy) return null;
        string threshold = validation.MinAccuracy is { } least
            ? $"threshold {FigureText.Accuracy(least)} from {validation.MinAccuracyOrigin}"
            : "no threshold";
        return $"{FigureText.Accuracy(accuracy)}  ({threshold})";
    }
}
