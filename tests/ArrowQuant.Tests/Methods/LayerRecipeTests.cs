using ArrowQuant.Calibration;
using ArrowQuant.Methods;

namespace ArrowQuant.Tests.Methods;

public sealed class LayerRecipeTests
{
    private static readonly CalibrationDefect Missing = CalibrationDefect.NoLayer("layer");
    private static readonly CalibrationDefect Wrong = CalibrationDefect.WrongChannels("layer", 3, 4);

    /// <summary>Strategy, data (good, missing, wrong), what is used, what was tried and what failed.</summary>
    public static TheoryData<string, string, string, string, string, bool?, string, string> Rules => new()
    {
        { "r2q", "time_aware", "good", "r2q", "time_aware", null, "time_aware", "" },
        { "r2q", "time_aware", "missing", "base", "none", null, "time_aware", "enhancement:time_aware>base" },
        { "r2q", "time_aware", "wrong", "base", "none", null, "time_aware", "enhancement:time_aware>base" },
        { "r2q", "none", "good", "r2q", "none", null, "r2q", "" },
        { "r2q", "none", "missing", "r2q", "none", null, "r2q", "" },
        { "r2q", "none", "wrong", "base", "none", null, "r2q", "method:r2q>base" },
        { "gptq", "time_aware", "good", "gptq", "time_aware", null, "time_aware", "" },
        { "gptq", "time_aware", "missing", "base", "none", null, "time_aware", "enhancement:time_aware>base" },
        { "gptq", "time_aware", "wrong", "base", "none", null, "time_aware", "enhancement:time_aware>base" },
        { "gptq", "spatial", "good", "gptq", "spatial", false, "gptq,spatial", "" },
        { "gptq", "spatial", "missing", "base", "spatial", false, "gptq,spatial", "method:gptq>base" },
        {
            "gptq", "spatial", "wrong", "per_channel", "none", null, "gptq,spatial",
            "method:gptq>per_channel,enhancement:spatial>per_channel"
        },
        { "gptq", "none", "good", "gptq", "none", null, "gptq", "" },
        { "gptq", "none", "missing", "base", "none", null, "gptq", "method:gptq>base" },
        { "gptq", "none", "wrong", "base", "none", null, "gptq", "method:gptq>base" },
    };

    [Theory]
    [MemberData(nameof(Rules))]
    public void Resolve_AnyStrategyAndData_FollowsTheRules(
        string method, string enhancement, string data, string used, string with, bool? equalized, string tried, string failed)
    {
        CalibrationDefect? defect = data switch { "good" => null, "missing" => Missing, _ => Wrong };
        LayerRecipe recipe = LayerRecipe.Resolve(new Strategy(method, enhancement), defect);
        Assert.Equal((used, with, equalized), (recipe.Method, recipe.Enhancement, recipe.ChannelEqualization));
        Assert.Equal(tried, string.Join(',', recipe.Tried));
        Assert.Equal(failed, string.Join(',', recipe.Failures.Select(f => $"{f.Kind}:{f.From}>{f.To}")));
        Assert.All(recipe.Failures, f => Assert.Equal((defect!.Cause, defect.Message), (f.Cause, f.Message)));
        Assert.Equal(data == "good", recipe.IsCalibrated);
        Assert.Equal(data == "good" && (method == "gptq" || enhancement == "time_aware"), recipe.IsCompensated);
    }

    [Theory]
    [InlineData("r2q", "time_aware", "none", null, "enhancement:time_aware>base")]
    [InlineData("gptq", "spatial", "spatial", false, "method:gptq>base")]
    [InlineData("gptq", "none", "none", null, "method:gptq>base")]
    [InlineData("r2q", "none", "none", null, "method:r2q>base")]
    public void WithoutCalibration_FailedFit_GivesWayToBase(string method, string enhancement, string left, bool? equalized, string failed)
    {
        LayerRecipe recipe = LayerRecipe.Resolve(new Strategy(method, enhancement), null).WithoutCalibration("worse_than_base", "why");
        Assert.Equal(("base", left, equalized), (recipe.Method, recipe.Enhancement, recipe.ChannelEqualization));
        MethodFailure failure = Assert.Single(recipe.Failures);
        Assert.Equal((failed, "worse_than_base", "why"), ($"{failure.Kind}:{failure.From}>{failure.To}", failure.Cause, failure.Message));
        Assert.False(recipe.IsCalibrated);
    }
}
