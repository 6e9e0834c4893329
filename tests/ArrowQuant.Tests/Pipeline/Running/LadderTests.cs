using ArrowQuant.Configuration;
using ArrowQuant.Fallback;
using ArrowQuant.Pipeline.Running;

namespace ArrowQuant.Tests.Pipeline.Running;

/// <summary>Both ladders with a quantizer that is told which widths fail.</summary>
public sealed class LadderTests
{
    private static double Rising(int layer, int width) => width switch { 2 => 0.8, 4 => 0.84, _ => 0.97 };

    [Fact]
    public void Climb_TwoAndFourFail_EndsAtEightWithEveryAttemptAndEvent()
    {
        var ladder = new LadderFixture(new DiffusionQuantConfig { BitWidth = 2, MinAccuracy = 0.99 }, Rising);
        LadderResult result = ladder.Climb();
        Assert.Equal((8, 0.95), (result.BitWidth, result.Threshold));
        Assert.Equal(
            [(2, 0.99, false), (4, 0.85, false), (8, 0.95, true)],
            result.Attempts.Select(a => (a.BitWidth, a.MinAccuracy, a.Passed)));
        Assert.Equal(result.Attempts.Select(a => a.CosineSimilarity).Order(), result.Attempts.Select(a => a.CosineSimilarity));
        Assert.Equal([("bit_width", "int2", "int4"), ("bit_width", "int4", "int8")],
            ladder.Journal.Fallbacks.Events.Select(e => (e.Kind, e.From, e.To)));
        Assert.Equal(new FallbackRate(1, 1), ladder.Journal.Fallbacks.Rates["int2_to_int4"]);
        Assert.Equal(new FallbackRate(1, 1), ladder.Journal.Fallbacks.Rates["int4_to_int8"]);
        Assert.All(result.Widths, width => Assert.Equal(8, width));
    }

    [Fact]
    public void Climb_EveryWidthFails_ThrowsWithEveryAccuracyAndThreshold()
    {
        var ladder = new LadderFixture(new DiffusionQuantConfig { BitWidth = 2, MinAccuracy = 0.999, KeepMinAccuracy = true }, Rising);
        QuantizationException error = Assert.Throws<QuantizationException>(ladder.Climb);
        Assert.Equal(3, error.Attempts.Count);
        Assert.StartsWith("model: all attempts failed, nothing was published: INT2 accuracy 0.8 (threshold 0.999)", error.Message, StringComparison.Ordinal);
        Assert.Contains("INT8 accuracy 0.97 (threshold 0.999)", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(2)]
    [InlineData(4)]
    public void Climb_FailFast_StopsAfterOneAttempt(int width)
    {
        var ladder = new LadderFixture(new DiffusionQuantConfig { BitWidth = width, MinAccuracy = 0.99, FailFast = true }, Rising);
        QuantizationException error = Assert.Throws<QuantizationException>(ladder.Climb);
        Assert.Single(error.Attempts);
        Assert.Empty(error.Events);
        Assert.Single(ladder.Specs);
        Assert.Contains("fail-fast is on, no fallback was attempted", error.Message, StringComparison.Ordinal);
        Assert.Contains("below the threshold 0.99", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Climb_ThresholdOutOfReach_StopsTheAttemptEarlyAndSaysWhatWasReachable()
    {
        // Four layers at 0.8: after the second the best mean is (1.6 + 2) / 4.
        var ladder = new LadderFixture(new DiffusionQuantConfig { BitWidth = 2, MinAccuracy = 0.91 }, Rising);
        QuantizationAttempt first = ladder.Climb().Attempts[0];
        Assert.Equal((2, 0.9, 0.8), (first.LayersMeasured, Math.Round(first.BestReachable, 12), first.CosineSimilarity));
        Assert.Contains("over the first 2 of 4 layers; at best 0.9 is reachable, below 0.91", first.FailureReason, StringComparison.Ordinal);
    }

    [Fact]
    public void Climb_OneLayerBelowTheFloor_FailsThoughTheMeanPasses()
    {
        var config = new DiffusionQuantConfig { BitWidth = 4, MinAccuracy = 0.9, MinLayerAccuracy = 0.95 };
        var ladder = new LadderFixture(config, (layer, width) => layer == 2 && width == 4 ? 0.94 : 0.99);
        LadderResult result = ladder.Climb();
        Assert.Equal(8, result.BitWidth);
        Assert.Contains("layer layer2.weight has accuracy 0.94, below 0.95", result.Attempts[0].FailureReason, StringComparison.Ordinal);
    }

    [Fact]
    public void Climb_LayerScope_EachLayerGetsTheWidthItNeeds()
    {
        var config = new DiffusionQuantConfig { BitWidth = 2, MinAccuracy = 0.9, FallbackScope = FallbackScope.Layer };
        double[][] accuracy = [[0.91, 0, 0], [0.5, 0.86, 0], [0.5, 0.5, 0.96], [0.95, 0, 0]];
        var ladder = new LadderFixture(config, (layer, width) => accuracy[layer][width / 3]);
        LadderResult result = ladder.Climb();
        Assert.Equal([2, 4, 8, 2], result.Widths.Select(width => width!.Value));
        Assert.Equal(2, result.BitWidth);
        Assert.Equal([4, 2, 1], result.Attempts.Select(a => a.LayersMeasured));
        Assert.Equal(["layer1.weight", "layer2.weight", "layer2.weight"], ladder.Journal.Fallbacks.Events.Select(e => e.Layer!));
        Assert.Equal(new FallbackRate(4, 2), ladder.Journal.Fallbacks.Rates["int2_to_int4"]);
        Assert.Equal("out", ladder.Specs[^1].OutputFolder);
        Assert.All(ladder.Specs.SkipLast(1), spec => Assert.Null(spec.OutputFolder));
    }

    [Fact]
    public void Climb_LayerScopeFailFast_StopsAtTheFirstLayerThatFails()
    {
        var config = new DiffusionQuantConfig { BitWidth = 2, MinAccuracy = 0.9, FallbackScope = FallbackScope.Layer, FailFast = true };
        var ladder = new LadderFixture(config, (layer, _) => layer == 1 ? 0.5 : 0.95);
        QuantizationException error = Assert.Throws<QuantizationException>(ladder.Climb);
        Assert.Equal(2, Assert.Single(error.Attempts).LayersMeasured);
        Assert.Contains("layer layer1.weight has accuracy 0.5, below 0.9", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Climb_PinnedLayer_KeepsItsWidthInEveryAttempt()
    {
        var config = new DiffusionQuantConfig { BitWidth = 2, MinAccuracy = 0.99, LayerBitWidths = [new("layer3.weight", 8)] };
        var ladder = new LadderFixture(config, Rising);
        // Three layers at 0.84 and the pinned one at 0.97: it counts in the mean.
        LadderResult result = ladder.Climb();
        Assert.Equal((4, 0.8725), (result.BitWidth, Math.Round(result.Attempts[^1].CosineSimilarity, 12)));
        Assert.All(ladder.Specs, spec => Assert.Equal(8, spec.Widths[3]));
    }

    [Fact]
    public void Climb_EdgeLayer_HasEightBitsInEveryAttemptAndCountsInTheMean()
    {
        // Two of 194 rows are 1.03 %, so 1 % does not reach them.
        var config = new DiffusionQuantConfig { BitWidth = 2, MinAccuracy = 0.99, EdgeLayers = 0.0104 };
        var ladder = new LadderFixture(config, Rising, lastRows: 2);
        LadderResult result = ladder.Climb();
        Assert.Equal((4, 0.8725), (result.BitWidth, Math.Round(result.Attempts[^1].CosineSimilarity, 12)));
        Assert.All(ladder.Specs, spec => Assert.Equal(8, spec.Widths[3]));
        Assert.Equal([null, null, null, "edge"], ladder.Plan.Tensors.Select(t => t.WidthReason));
        var larger = new LadderFixture(config with { EdgeLayers = 0.01 }, Rising, lastRows: 2);
        larger.Climb();
        Assert.Equal([2, 4, 8], larger.Specs.Select(spec => spec.Widths[3]));
    }

    [Fact]
    public void Climb_EdgeLayerInLayerScope_IsJudgedAtTheThresholdOfEightBits()
    {
        var config = new DiffusionQuantConfig { BitWidth = 2, MinAccuracy = 0.9, FallbackScope = FallbackScope.Layer, EdgeLayers = 0.02 };
        var ladder = new LadderFixture(config, (layer, width) => width == 8 ? 0.96 : layer == 0 ? 0.86 : 0.95, lastRows: 2);
        Assert.Equal([4, 2, 2, 8], ladder.Climb().Widths.Select(width => width!.Value));
        Assert.Equal(new FallbackRate(3, 1), ladder.Journal.Fallbacks.Rates["int2_to_int4"]);

        var failing = new LadderFixture(config, (_, width) => width == 8 ? 0.94 : 0.95, lastRows: 2);
        QuantizationException error = Assert.Throws<QuantizationException>(failing.Climb);
        Assert.Contains("layer layer3.weight has accuracy 0.94, below 0.95", error.Message, StringComparison.Ordinal);
        Assert.Empty(error.Events);
    }

    [Fact]
    public void Climb_PinnedEdgeLayer_KeepsThePinnedWidth()
    {
        var config = new DiffusionQuantConfig
        {
            BitWidth = 2,
            MinAccuracy = 0.5,
            EdgeLayers = 0.02,
            LayerBitWidths = [new("layer3.weight", 4)],
        };
        var ladder = new LadderFixture(config, Rising, lastRows: 2);
        Assert.Equal([2, 2, 2, 4], ladder.Climb().Widths.Select(width => width!.Value));
        Assert.Equal("pinned", ladder.Plan.Tensors[3].WidthReason);
    }

    [Theory]
    [InlineData(Recipe.Strategy, null, 2)]
    [InlineData(Recipe.Strategy, 0.02, 8)]
    [InlineData(Recipe.Best, null, 8)]
    [InlineData(Recipe.Best, 0.0, 2)]
    [InlineData(Recipe.Best, 0.001, 2)]
    public void Plan_RecipeAndEdgeLayers_ASingleChoiceWins(Recipe recipe, double? share, int width)
    {
        var config = new DiffusionQuantConfig { BitWidth = 2, MinAccuracy = 0.5, Recipe = recipe, EdgeLayers = share };
        var ladder = new LadderFixture(config, Rising, layers: 8, lastRows: 3);
        Assert.Equal([2, 2, 2, 2, 2, 2, 2, width], ladder.Climb().Widths.Select(w => w!.Value));
    }
}
