using ArrowQuant.Pipeline;
using ArrowQuant.Reporting;

namespace ArrowQuant.Cli.Rendering;

/// <summary>An inspection for people.</summary>
internal static class InspectionText
{
    /// <summary>Prints what a model holds.</summary>
    public static void Write(ReportWriter report, ModelInspection model)
    {
        int quantized = model.Tensors.Count(tensor => tensor.BitWidth is not null);
        string modality = model.Modality ?? "not told by the metadata";
        report.Fields(
            ("model", $"{model.Path}  ({model.Format})"),
            ("type", model.ModelType),
            ("modality", modality),
            ("tensors", quantized == 0 ? $"{model.Tensors.Count}" : $"{model.Tensors.Count}, {quantized} quantized"),
            ("size", FigureText.Bytes(model.TotalBytes)),
            ("bits", model.BitsPerWeight is { } bits ? $"{FigureText.Number(bits)} per quantized weight" : null));
        if (model.Tensors.Count > 0)
        {
            report.Heading("tensors");
            WriteTensors(report, model, quantized > 0, model.Tensors.Any(tensor => tensor.AlreadyQuantized is not null));
        }

        if (model.Notes.Count > 0)
        {
            report.Heading("notes");
            foreach (string note in model.Notes) report.Item(note);
        }
    }

    // Columns that no tensor of the model would fill are left out.
    private static void WriteTensors(ReportWriter report, ModelInspection model, bool isQuantized, bool isForeign)
    {
        List<string> headers = ["name", "shape", "type"];
        if (isQuantized) headers.AddRange(["width", "layout", "method", "accuracy>"]);
        if (isForeign) headers.Add("quantized as");
        headers.Add("bytes>");
        report.Table(headers, model.Tensors.Select(tensor =>
        {
            List<string> row = [tensor.Name, FigureText.Shape(tensor.Shape), tensor.Dtype];
            if (isQuantized)
            {
                row.Add(tensor.BitWidth is { } width ? FigureText.Width(width) : "kept");
                row.Add(tensor.Layout ?? "");
                row.Add(tensor.Method ?? "");
                row.Add(tensor.CosineSimilarity is { } accuracy ? FigureText.Accuracy(accuracy) : "");
            }

            if (isForeign) row.Add(tensor.AlreadyQuantized ?? "");
            row.Add(FigureText.Bytes(tensor.Bytes));
            return (IReadOnlyList<string>)row;
        }));
    }
}
