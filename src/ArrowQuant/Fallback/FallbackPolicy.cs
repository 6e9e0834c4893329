namespace ArrowQuant.Fallback;

/// <summary>What happens after the attempts so far.</summary>
internal enum FallbackAction
{
    /// <summary>Try <see cref="FallbackDecision.BitWidth"/> at <see cref="FallbackDecision.Threshold"/>.</summary>
    Attempt,

    /// <summary>The last attempt passed: publish it.</summary>
    Accept,

    /// <summary>The last attempt failed and fail-fast forbids another.</summary>
    StopAtOnce,

    /// <summary>Every width was tried and failed.</summary>
    Exhausted,
}

/// <summary>A decision of the policy; width and threshold are set for <see cref="FallbackAction.Attempt"/> only.</summary>
internal readonly record struct FallbackDecision(FallbackAction Action, int BitWidth = 0, double Threshold = 0);

/// <summary>The part of the configuration that decides about fallback.</summary>
/// <param name="RequestedWidth">2, 4 or 8.</param>
/// <param name="MinAccuracy">The caller's threshold.</param>
/// <param name="FailFast">Whether a failed width ends the run.</param>
/// <param name="KeepMinAccuracy">Whether the caller's threshold holds at every width.</param>
internal readonly record struct FallbackRules(int RequestedWidth, double MinAccuracy, bool FailFast, bool KeepMinAccuracy);

/// <summary>The ladder INT2, INT4, INT8 as a pure function from what happened to what comes next.</summary>
internal static class FallbackPolicy
{
    private const double Int4Threshold = 0.85;
    private const double Int8Threshold = 0.95;

    /// <summary>Decides after a list of attempts, each true when it passed, beginning with the requested width.</summary>
    public static FallbackDecision Decide(in FallbackRules rules, IReadOnlyList<bool> passed)
    {
        if (passed.Count == 0) return new FallbackDecision(FallbackAction.Attempt, rules.RequestedWidth, rules.MinAccuracy);
        if (passed[^1]) return new FallbackDecision(FallbackAction.Accept);
        if (rules.FailFast) return new FallbackDecision(FallbackAction.StopAtOnce);
        int next = rules.RequestedWidth << passed.Count;
        return next > 8 ? new FallbackDecision(FallbackAction.Exhausted)
            : new FallbackDecision(FallbackAction.Attempt, next, ThresholdAt(rules, next));
    }

    /// <summary>The threshold that an attempt at a width is judged at.</summary>
    public static double ThresholdAt(in FallbackRules rules, int bitWidth) =>
        bitWidth == rules.RequestedWidth || rules.KeepMinAccuracy ? rules.MinAccuracy : bitWidth == 4 ? Int4Threshold : Int8Threshold;
}
