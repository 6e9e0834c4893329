using ArrowQuant.Pipeline.Planning;
using ArrowQuant.Reporting;
using ArrowQuant.Tensors;

namespace ArrowQuant.Pipeline;

/// <summary>Tells a plan as a document.</summary>
internal static class PlanDocument
{
    /// <summary>
    /// The document of a plan. Methods are those that would be tried and, where it is known already, what takes their place.
    /// </summary>
    public static QuantizationPlan Of(ModelPlan plan)
    {
        int bits = plan.Config.BitWidth;
        PlannedLayer[] layers = [.. plan.Tensors.Where(t => t.WidthAt(bits, plan.Size) is not null).Select(t => LayerOf(plan, t))];
        PlannedTensor[] kept = [.. plan.Tensors.Where(t => t.WidthAt(bits, plan.Size) is null)];
        return new QuantizationPlan
        {
            ModelPath = plan.Source.Path,
            Format = plan.Source.Description.Format,
            Modality = TextForms.Of(plan.Modality),
            Strategy = ResultBuilder.ReportOf(plan.Strategy),
            Recipe = TextForms.Of(plan.Config.Recipe),
            BitWidth = bits,
            Layers = layers,
            Kept = [.. kept.Select(t => ResultBuilder.KeptOf(plan, t, bits))],
            SourceBytes = plan.SourceBytes,
            PredictedBytes = layers.Sum(layer => layer.PredictedBytes) + kept.Sum(t => t.Tensor.ByteLength),
            Notes = plan.Source.Description.Notes,
        };
    }

    private static PlannedLayer LayerOf(ModelPlan plan, PlannedTensor planned)
    {
        TensorInfo tensor = planned.Tensor;
        int width = planned.WidthAt(plan.Config.BitWidth, plan.Size)!.Value;
        var recipe = plan.RecipeOf(planned);
        return new PlannedLayer(
            tensor.FullName,
            [.. tensor.Shape.Dimensions],
            tensor.ElementType.Name(),
            width,
            recipe.Method,
            recipe.Enhancement,
            tensor.ByteLength,
            plan.Size.Of(planned.View, width),
            planned.WidthReason);
    }
}
