using ArrowQuant.Calibration;

namespace ArrowQuant.Methods;

/// <summary>What is really used for one layer, and what was tried before it.</summary>
internal sealed record LayerRecipe
{
    /// <summary>The method that is used.</summary>
    public required string Method { get; init; }

    /// <summary>The enhancement that is used.</summary>
    public required string Enhancement { get; init; }

    /// <summary>Whether input channels are scaled; null where spatial is not used.</summary>
    public bool? ChannelEqualization { get; init; }

    /// <summary>Methods and enhancements that were tried, for the rates.</summary>
    public required IReadOnlyList<string> Tried { get; init; }

    /// <summary>Those of them that failed.</summary>
    public required IReadOnlyList<MethodFailure> Failures { get; init; }

    /// <summary>Applies the rules for replacing a method or an enhancement to one layer.</summary>
    /// <param name="strategy">What the modality asks for.</param>
    /// <param name="calibration">The calibration data of the run, or null without any.</param>
    /// <param name="layer">The layer's name.</param>
    /// <param name="inputFeatures">Columns of the layer's matrix.</param>
    public static LayerRecipe Resolve(Strategy strategy, CalibrationData? calibration, string layer, long inputFeatures)
    {
        CalibrationDefect? defect = calibration is null ? CalibrationDefect.NoData : calibration.DefectOf(layer, inputFeatures);
        return strategy.Method == MethodNames.R2Q ? ResolveR2Q(strategy, defect) : ResolveGptq(strategy, defect);
    }

    private static LayerRecipe ResolveR2Q(Strategy strategy, CalibrationDefect? defect)
    {
        if (strategy.Enhancement == MethodNames.None)
            return new LayerRecipe { Method = MethodNames.R2Q, Enhancement = MethodNames.None, Tried = [MethodNames.R2Q], Failures = [] };
        return new LayerRecipe
        {
            Method = MethodNames.BaseMethod,
            Enhancement = MethodNames.None,
            Tried = [MethodNames.TimeAware],
            Failures = [Failure("enhancement", MethodNames.TimeAware, MethodNames.BaseMethod, defect ?? CalibrationDefect.NotBuilt)],
        };
    }

    private static LayerRecipe ResolveGptq(Strategy strategy, CalibrationDefect? defect)
    {
        MethodFailure gptq = Failure("method", MethodNames.Gptq, MethodNames.BaseMethod, defect ?? CalibrationDefect.NotBuilt);
        if (strategy.Enhancement == MethodNames.None)
        {
            return new LayerRecipe
            {
                Method = MethodNames.BaseMethod,
                Enhancement = MethodNames.None,
                Tried = [MethodNames.Gptq],
                Failures = [gptq],
            };
        }

        // Without data for the layer spatial does not fail, it only has nothing to equalize by. Data that is there and wrong fails it.
        bool spatialFails = defect is { DataIsThere: true };
        string[] tried = [MethodNames.Gptq, MethodNames.Spatial];
        return spatialFails
            ? new LayerRecipe
            {
                Method = MethodNames.PerChannel,
                Enhancement = MethodNames.None,
                Tried = tried,
                Failures = [gptq with { To = MethodNames.PerChannel },
                    Failure("enhancement", MethodNames.Spatial, MethodNames.PerChannel, defect!)],
            }
            : new LayerRecipe
            {
                Method = MethodNames.BaseMethod,
                Enhancement = MethodNames.Spatial,
                ChannelEqualization = false,
                Tried = tried,
                Failures = [gptq],
            };
    }

    private static MethodFailure Failure(string kind, string from, string to, CalibrationDefect defect) =>
        new(kind, from, to, defect.Cause, defect.Message);
}
