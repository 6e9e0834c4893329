using System.Globalization;
using ArrowQuant.Exports;
using ArrowQuant.Reporting;

namespace ArrowQuant.Cli.Rendering;

/// <summary>An export for people.</summary>
internal static class ExportText
{
    /// <summary>Prints what was written and how far it is from the artefact; kept tensors are only counted.</summary>
    public static void Write(ReportWriter report, ExportReport export, string outputPath)
    {
        ExportedTensor[] layers = [.. export.Tensors.Where(tensor => tensor.IsLayer)];
        string kept = FigureText.Tally(export.Tensors.Where(tensor => !tensor.IsLayer).Select(tensor => tensor.StoredAs));
        report.Fields(
            ("exported", outputPath),
            ("format", export.Format),
            ("files", string.Join(", ", export.Files.Select(file => $"{file.Path} ({FigureText.Bytes(file.Bytes)})"))),
            ("layers", FigureText.Tally(layers.Select(layer => layer.StoredAs))),
            ("kept", kept),
            ("size", $"{FigureText.Bytes(export.TensorBytes)}  (in the artefact {FigureText.Bytes(export.ArtefactTensorBytes)})"),
            ("verified", $"{export.ExactTensors} of {export.Tensors.Count} tensors exact; "
                + $"largest relative error {Error(export.LargestRelativeError)}"));
        if (layers.Length == 0) return;
        report.Heading("layers");
        report.Table(
            ["name", "from", "stored as", "bits>", "before>", "relative error>", "note"],
            layers.Select(layer => (IReadOnlyList<string>)
            [
                layer.Name, layer.From, layer.StoredAs, FigureText.Number(layer.BitsPerWeight),
                FigureText.Number(layer.ArtefactBitsPerWeight),
                layer.Exact ? "exact" : Error(layer.RelativeError), layer.Note ?? "",
            ]));
    }

    private static string Error(double value) => value == 0 ? "0" : value.ToString("0.0e-0", CultureInfo.InvariantCulture);
}
