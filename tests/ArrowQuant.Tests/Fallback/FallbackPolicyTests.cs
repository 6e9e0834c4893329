using ArrowQuant.Fallback;

namespace ArrowQuant.Tests.Fallback;

/// <summary>The ladder on every sequence of outcomes that can occur.</summary>
public sealed class FallbackPolicyTests
{
    private static FallbackRules Rules(int width, bool failFast = false, bool keep = false) => new(width, 0.9, failFast, keep);

    [Theory]
    [InlineData(2)]
    [InlineData(4)]
    [InlineData(8)]
    public void Decide_NothingTried_AttemptsTheRequestedWidthAtTheCallersThreshold(int width) =>
        Assert.Equal(new FallbackDecision(FallbackAction.Attempt, width, 0.9), FallbackPolicy.Decide(Rules(width), []));

    [Theory]
    [InlineData(2, 1, false, 4, 0.85)]
    [InlineData(2, 2, false, 8, 0.95)]
    [InlineData(4, 1, false, 8, 0.95)]
    [InlineData(2, 1, true, 4, 0.9)]
    [InlineData(2, 2, true, 8, 0.9)]
    [InlineData(4, 1, true, 8, 0.9)]
    public void Decide_Failures_AttemptTheNextWidth(int requested, int failures, bool keep, int width, double threshold) => Assert.Equal(
        new FallbackDecision(FallbackAction.Attempt, width, threshold),
        FallbackPolicy.Decide(Rules(requested, keep: keep), Enumerable.Repeat(false, failures).ToArray()));

    [Theory]
    [InlineData(2, 3)]
    [InlineData(4, 2)]
    [InlineData(8, 1)]
    public void Decide_EveryWidthFailed_IsExhausted(int requested, int failures) => Assert.Equal(
        FallbackAction.Exhausted, FallbackPolicy.Decide(Rules(requested), Enumerable.Repeat(false, failures).ToArray()).Action);

    [Fact]
    public void Decide_EverySequence_EndsAfterItsFirstPassAndNeverRepeatsAWidth()
    {
        foreach (int requested in new[] { 2, 4, 8 })
        {
            foreach (bool failFast in new[] { false, true })
            {
                // Each bit of the pattern is the outcome of one attempt.
                for (int pattern = 0; pattern < 8; pattern++)
                {
                    List<bool> passed = [];
                    List<int> widths = [];
                    FallbackDecision decision = FallbackPolicy.Decide(Rules(requested, failFast), passed);
                    while (decision.Action == FallbackAction.Attempt)
                    {
                        widths.Add(decision.BitWidth);
                        passed.Add((pattern >> passed.Count & 1) != 0);
                        decision = FallbackPolicy.Decide(Rules(requested, failFast), passed);
                    }

                    Assert.Equal(widths.Distinct().Order(), widths);
                    Assert.Equal(requested, widths[0]);
                    Assert.All(passed.SkipLast(1), Assert.False);
                    FallbackAction expected = passed[^1] ? FallbackAction.Accept
                        : failFast ? FallbackAction.StopAtOnce : FallbackAction.Exhausted;
                    Assert.Equal(expected, decision.Action);
                    if (failFast) Assert.Single(widths);
                    if (expected == FallbackAction.Exhausted) Assert.Equal(8, widths[^1]);
                }
            }
        }
    }
}
