using ArrowQuant.Exports.Html;

namespace ArrowQuant.Tests.Exports.Html;

public sealed class HeatScaleTests
{
    [Theory]
    [InlineData(true, 1, "h0")]
    [InlineData(true, 0.99995, "h0")]
    [InlineData(true, 0.9995, "h2")]
    [InlineData(true, 0.9956, "h4")]
    [InlineData(true, 0.5, "h7")]
    [InlineData(false, 0.9952, "h2")]
    [InlineData(false, 0.942, "h5")]
    [InlineData(false, 0.84, "h7")]
    [InlineData(false, -0.2, "h7")]
    public void ClassOf_Accuracy_IsTheStepOfItsMetric(bool byOutputs, double accuracy, string expected) =>
        Assert.Equal(expected, HeatScale.Of(byOutputs).ClassOf(accuracy));

    [Theory]
    [InlineData(1, "1")]
    [InlineData(0, "0")]
    [InlineData(0.94239, "0.942")]
    [InlineData(0.99959, "0.9995")]
    [InlineData(0.99996, "0.99996")]
    [InlineData(0.99999999, "0.999999")]
    public void Short_Accuracy_IsCutAndNeverOne(double accuracy, string expected) => Assert.Equal(expected, HeatScale.Short(accuracy));
}
