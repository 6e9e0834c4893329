using ArrowQuant.Methods;
using ArrowQuant.Pipeline.Planning;
using ArrowQuant.Reporting;
using ArrowQuant.Storage;
using ArrowQuant.Tensors;

namespace ArrowQuant.Pipeline.Running;

/// <summary>What the stored rows of a tensor say of it.</summary>
internal static class StoredHeader
{
    /// <summary>For a quantized layer.</summary>
    public static LayerHeader OfLayer(ModelPlan plan, PlannedTensor layer, PreparedLayer prepared) => Common(plan, layer.Tensor) with
    {
        RowAxis = layer.Decision.RowAxis,
        Format = prepared.Format,
        Method = prepared.Recipe.Method,
        Enhancement = prepared.Recipe.Enhancement,
        TimeAwareJson = prepared.TimeAwareJson,
        ActivationStatsJson = prepared.ActivationStatsJson,
        SpatialJson = prepared.Recipe.ChannelEqualization is { } equalized
            ? new SpatialQuant
            {
                Enabled = true,
                ChannelEqualization = equalized,
                Alpha = prepared.Alpha,
                EqualizationScales = prepared.Format.EqualizationScales ?? [],
            }.ToJson()
            : null,
    };

    /// <summary>For a tensor that is stored as it was, but for a bias that takes up a shift.</summary>
    public static LayerHeader OfKept(ModelPlan plan, TensorInfo tensor, bool isCorrected) =>
        isCorrected ? Common(plan, tensor) with { Correction = BiasCorrection.Name } : Common(plan, tensor);

    private static LayerHeader Common(ModelPlan plan, TensorInfo tensor) => new()
    {
        LayerName = tensor.Name,
        Shape = tensor.Shape,
        SourceType = tensor.ElementType,
        IsDiffusionModel = plan.Source.Description.IsDiffusionModel,
        Modality = TextForms.Of(plan.Modality),
    };
}
