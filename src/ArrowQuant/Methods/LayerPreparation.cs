using ArrowQuant.Configuration;
using ArrowQuant.Kernels;
using ArrowQuant.Tensors;

namespace ArrowQuant.Methods;

/// <summary>Makes the choices of a layer from its row sample, and from calibration data where the recipe asks for it.</summary>
internal static class LayerPreparation
{
    /// <summary>Prepares a layer.</summary>
    public static PreparedLayer Prepare(LayerRequest request) =>
        request.Recipe.IsCalibrated
            ? new CalibratedPreparation(request).Prepare()
            : PrepareByWeights(request, request.Recipe, null, request.ReadSample);

    /// <summary>Prepares a layer by the error of its weights alone.</summary>
    /// <param name="request">The layer.</param>
    /// <param name="recipe">What is used.</param>
    /// <param name="correction">What calibration data adds all the same, or null.</param>
    /// <param name="readSample">Reads the row sample.</param>
    public static PreparedLayer PrepareByWeights(
        LayerRequest request, LayerRecipe recipe, OutputCorrection? correction, Action<SampleConsumer> readSample)
    {
        IReadOnlyList<Grid> grids = Grid.CandidatesOf(recipe.Method, request.BitWidth, request.Config);
        Grid grid = grids[0];
        if (grids.Count > 1)
        {
            var chooser = new GridChooser(request.Kernels, grids, candidate => request.FormatOf(candidate), request.Config.Recipe);
            readSample(piece => chooser.Add(piece, request.Columns));
            grid = chooser.Choose();
        }

        var prepared = new PreparedLayer
        {
            Recipe = recipe,
            Format = request.FormatOf(grid),
            Search = grid.Search,
            Correction = correction,
        };
        return MayCompensateByWeights(request) && prepared.Format.Trellis is not null
            ? CompensatedByWeights(request, prepared, readSample)
            : prepared;
    }

    /// <summary>Whether errors of the layer may be compensated over its own rows, if it gets a trellis and has no inputs.</summary>
    public static bool MayCompensateByWeights(LayerRequest request) =>
        request.Config.Recipe == Recipe.Best && request.RowsTellInputs && Grid.MayBeTrellis(request.Config, request.BitWidth);

    // Columns of a trellis share what their rows have in common, so its errors add up along that; here later columns take them back.
    private static PreparedLayer CompensatedByWeights(LayerRequest request, PreparedLayer layer, Action<SampleConsumer> readSample)
    {
        int block = HessianFactor.BlockColumnsOfWeights(request.Columns, request.Config.GroupSize);
        IDisposable charged = request.Budget.Charge(
            HessianFactor.BytesOf(request.Columns, block), $"the Gram matrix of {request.Name} in blocks of {block} columns");
        float[] sample = new float[(long)GridChooser.SampleCount(request.View.Rows) * request.Columns];
        int filled = 0;
        readSample(piece =>
        {
            piece.CopyTo(sample.AsSpan(filled));
            filled += piece.Length;
        });
        layer.Format.Rotation?.Rotate(request.Kernels, sample);
        var rows = ActivationSamples.Pooled(sample, request.Columns, new int[sample.Length / request.Columns], 1);
        return layer with { Hessian = HessianFactor.OfWeights(request.Kernels, rows, block), Held = [.. layer.Held, charged] };
    }
}
