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

        return new PreparedLayer { Recipe = recipe, Format = request.FormatOf(grid), Search = grid.Search, Correction = correction };
    }
}
