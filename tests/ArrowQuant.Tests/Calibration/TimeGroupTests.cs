using ArrowQuant.Calibration;

namespace ArrowQuant.Tests.Calibration;

public sealed class TimeGroupTests
{
    [Fact]
    public void Of_TwoTimesteps_HasTheRangeScaleZeroPointAndMomentsOfBoth()
    {
        TimeGroup group = GroupOf([-1, 0, 1], [3, 4, 4.1f]);
        Assert.Equal((-1f, 4.1f), (group.Min, group.Max));
        Assert.Equal(5.1f / 255, group.Scale, 1e-7f);
        Assert.Equal(50f, group.ZeroPoint);
        Assert.Equal(11.1 / 6, group.Mean, 1e-6);
        double[] values = [-1, 0, 1, 3, 4, 4.1];
        Assert.Equal(Math.Sqrt(values.Sum(v => Math.Pow(v - values.Average(), 2)) / 6), group.Std, 1e-6);
    }

    [Theory]
    [InlineData(2f, 2f / 255, 0f)]
    [InlineData(-2f, 2f / 255, 255f)]
    [InlineData(0f, 1e-12f / 255, 0f)]
    public void Of_ConstantInput_HasAScaleThatIsNotZero(float value, float scale, float zeroPoint)
    {
        TimeGroup group = GroupOf([value, value]);
        Assert.Equal(scale, group.Scale, scale * 1e-5f);
        Assert.Equal(zeroPoint, group.ZeroPoint);
        Assert.Equal(0, group.Std);
    }

    [Fact]
    public void Of_LargestFloats_StaysFinite()
    {
        TimeGroup group = GroupOf([-float.MaxValue, float.MaxValue]);
        Assert.True(float.IsFinite(group.Scale) && double.IsFinite(group.Std));
        Assert.Equal(128f, group.ZeroPoint);
    }

    [Fact]
    public void Documents_OfGroups_AreSnakeCaseAndReadBack()
    {
        TimeGroup[] groups = [GroupOf([-1, 1]), GroupOf([0, 51]) with { Start = 10, End = 20 }];
        TimeAwareQuant quant = TimeAwareQuant.Of(true, groups, [0.25, 0.75], [0.5, null]);
        string json = quant.ToJson();
        Assert.Equal(
            """{"enabled":true,"num_time_groups":2,"time_group_params":["""
            + """{"time_range":[0,10],"scale":0.007843138,"zero_point":127,"weight":0.25,"output_error":0.5},"""
            + """{"time_range":[10,20],"scale":0.2,"zero_point":0,"weight":0.75,"output_error":null}]}""",
            json);
        Assert.Equal(json, TimeAwareQuant.Parse(json).ToJson());
        string stats = ActivationStats.Of(groups).ToJson();
        Assert.Equal("""{"mean":[0,25.5],"std":[1,25.5],"min":[-1,0],"max":[1,51]}""", stats);
        Assert.Equal(stats, ActivationStats.Parse(stats).ToJson());
    }

    private static TimeGroup GroupOf(params float[][] steps) =>
        TimeGroup.Of(0, 10, 1, [.. steps.Select((values, t) => TimestepStatistics.Nothing(t).With(values))]);
}
