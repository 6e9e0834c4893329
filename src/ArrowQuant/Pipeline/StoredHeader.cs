using ArrowQuant.Methods;
using ArrowQuant.Reporting;
using ArrowQuant.Storage;
using ArrowQuant.Tensors;

namespace ArrowQuant.Pipeline;

/// <summary>What the stored rows of a tensor say of it.</summary>
internal static class StoredHeader
{
    /// <summary>For a quantized layer.</summary>
    public static LayerHeader OfLayer(ModelPlan plan, PlannedTensor layer, LayerRecipe recipe, QuantizedFormat format) =>
        Common(plan, layer.Tensor) with
        {
            RowAxis = layer.Decision.RowAxis,
            Format = format,
            Method = recipe.Method,
            Enhancement = recipe.Enhancement,
            SpatialJson = recipe.ChannelEqualization is { } equalized
            ? new SpatialQuant
            {
                Enabled = true,
                ChannelEqualization = equalized,
                EqualizationScales = format.EqualizationScales
                ?? []
            }.ToJson()
            : null,
        };

    /// <summary>For a tensor that is stored as it was.</summary>
    public static LayerHeader OfKept(ModelPlan plan, TensorInfo tensor) => Common(plan, tensor);

    private static LayerHeader Common(ModelPlan plan, TensorInfo tensor) => new()
    {
        LayerName = tensor.Name,
        Shape = tensor.Shape,
        SourceType = tensor.ElementType,
        IsDiffusionModel = plan.Source.Description.IsDiffusionModel,
        Modality = TextForms.Of(plan.Modality),
    };
}
