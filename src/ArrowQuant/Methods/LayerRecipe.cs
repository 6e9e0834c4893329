using ArrowQuant.Calibration;

namespace ArrowQuant.Methods;

/// <summary>What is used for one layer, and what was tried before it.</summary>
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

    /// <summary>Whether the layer is fitted to its inputs.</summary>
    public required bool IsCalibrated { get; init; }

    /// <summary>Whether errors are compensated; else inputs weigh the columns, and nothing more.</summary>
    public bool IsCompensated => IsCalibrated && (Method == MethodNames.Gptq || Enhancement == MethodNames.TimeAware);

    /// <summary>Applies the rules for replacing a method or an enhancement to one layer.</summary>
    /// <param name="strategy">What the modality asks for.</param>
    /// <param name="defect">Why calibration data cannot serve the layer, or null when it can.</param>
    public static LayerRecipe Resolve(Strategy strategy, CalibrationDefect? defect) =>
        strategy.Method == MethodNames.R2Q || strategy.Enhancement == MethodNames.TimeAware
            ? ResolveWithoutSpatial(strategy, defect)
            : ResolveGptq(strategy, defect);

    /// <summary>The same recipe after its calibrated method failed on the layer: <c>base</c> takes its place.</summary>
    /// <param name="cause">A short stable word.</param>
    /// <param name="message">The original error.</param>
    public LayerRecipe WithoutCalibration(string cause, string message)
    {
        bool timeAware = Enhancement == MethodNames.TimeAware;
        MethodFailure failure = timeAware
            ? new MethodFailure("enhancement", MethodNames.TimeAware, MethodNames.BaseMethod, cause, message)
            : new MethodFailure("method", Method, MethodNames.BaseMethod, cause, message);
        return this with
        {
            IsCalibrated = false,
            Method = MethodNames.BaseMethod,
            Enhancement = timeAware ? MethodNames.None : Enhancement,
            ChannelEqualization = Enhancement == MethodNames.Spatial ? false : null,
            Failures = [.. Failures, failure],
        };
    }

    private static LayerRecipe ResolveWithoutSpatial(Strategy strategy, CalibrationDefect? defect)
    {
        bool timeAware = strategy.Enhancement == MethodNames.TimeAware;
        var recipe = new LayerRecipe
        {
            IsCalibrated = defect is null,
            Method = strategy.Method,
            Enhancement = strategy.Enhancement,
            Tried = [timeAware ? MethodNames.TimeAware : strategy.Method],
            Failures = [],
        };

        // r2q alone needs no data. Data that is there and wrong fails it all the same, so that nobody takes it for used.
        bool fails = defect is not null && (timeAware || defect.DataIsThere);
        return fails ? recipe.WithoutCalibration(defect!.Cause, defect.Message) : recipe;
    }

    private static LayerRecipe ResolveGptq(Strategy strategy, CalibrationDefect? defect)
    {
        bool spatial = strategy.Enhancement == MethodNames.Spatial;
        var recipe = new LayerRecipe
        {
            IsCalibrated = defect is null,
            Method = MethodNames.Gptq,
            Enhancement = strategy.Enhancement,
            ChannelEqualization = spatial ? false : null,
            Tried = spatial ? [MethodNames.Gptq, MethodNames.Spatial] : [MethodNames.Gptq],
            Failures = [],
        };
        if (defect is null) return recipe;

        // Without data for the layer spatial does not fail, it only has nothing to equalize by. Data that is there and wrong fails it.
        if (!spatial || !defect.DataIsThere) return recipe.WithoutCalibration(defect.Cause, defect.Message);
        return recipe with
        {
            IsCalibrated = false,
            Method = MethodNames.PerChannel,
            Enhancement = MethodNames.None,
            ChannelEqualization = null,
            Failures =
            [
                new MethodFailure("method", MethodNames.Gptq, MethodNames.PerChannel, defect.Cause, defect.Message),
                new MethodFailure("enhancement", MethodNames.Spatial, MethodNames.PerChannel, defect.Cause, defect.Message),
            ],
        };
    }
}
