using ArrowQuant.Pipeline.Planning;
using ArrowQuant.Reporting;

namespace ArrowQuant.Cli.Rendering;

/// <summary>A plan for people.</summary>
internal static class PlanText
{
    /// <summary>Prints what a run would do.</summary>
    public static void Write(ReportWriter report, QuantizationPlan plan)
    {
        string ratio = plan.PredictedBytes > 0 ? $", {FigureText.Number((double)plan.SourceBytes / plan.PredictedBytes)} times smaller" : "";
        report.Fields(
            ("model", $"{plan.ModelPath}  ({plan.Format})"),
            ("strategy", $"{plan.Modality}, {QuantizationText.Strategy(plan.Strategy, plan.Recipe)}"),
            ("width", $"{FigureText.Width(plan.BitWidth)} first"),
            ("size", $"{FigureText.Bytes(plan.SourceBytes)} -> about {FigureText.Bytes(plan.PredictedBytes)}{ratio}"),
            ("layers", $"{plan.Layers.Count} to quantize, {plan.Kept.Count} to keep"));
        if (plan.Layers.Count > 0)
        {
            report.Heading("to quantize");
            report.Table(
                ["name", "shape", "type", "width", "method", "enhancement", "bytes>", "predicted>"],
                plan.Layers.Select(layer => (IReadOnlyList<string>)
                [
                    layer.Name, FigureText.Shape(layer.Shape), layer.SourceDtype, Width(layer), layer.Method, layer.Enhancement,
                    FigureText.Bytes(layer.SourceBytes), FigureText.Bytes(layer.PredictedBytes),
                ]));
        }

        if (plan.Kept.Count > 0)
        {
            report.Heading("to keep");
            report.Table(
                ["name", "shape", "type", "reason"],
                plan.Kept.Select(tensor => (IReadOnlyList<string>)
                    [tensor.Name, FigureText.Shape(tensor.Shape), tensor.Dtype, tensor.Reason]));
        }

        if (plan.Notes.Count > 0)
        {
            report.Heading("notes");
            foreach (string note in plan.Notes) report.Item(note);
        }
    }

    private static string Width(PlannedLayer layer) =>
        layer.WidthReason is { } reason ? $"{FigureText.Width(layer.BitWidth)} ({reason})" : FigureText.Width(layer.BitWidth);
}
