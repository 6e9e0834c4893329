using ArrowQuant.Reporting;

namespace ArrowQuant.Tests.Reporting;

public sealed class FigureTextTests
{
    [Theory]
    [InlineData(0, "0 B")]
    [InlineData(1023, "1023 B")]
    [InlineData(1024, "1.0 KiB")]
    [InlineData(13_002_341, "12.4 MiB")]
    [InlineData(long.MaxValue, "8.0 EiB")]
    public void Bytes_Amount_HasABinaryUnit(long bytes, string expected) => Assert.Equal(expected, FigureText.Bytes(bytes));

    [Theory]
    [InlineData(0.85, "0.85")]
    [InlineData(0.94123, "0.9412")]
    [InlineData(0.99997, "0.99997")]
    [InlineData(0.99999999, "> 0.9999999")]
    [InlineData(1, "1")]
    [InlineData(double.NaN, "NaN")]
    public void Accuracy_Value_IsNeverRoundedUpToOne(double value, string expected) => Assert.Equal(expected, FigureText.Accuracy(value));

    [Theory]
    [InlineData(0, "0:00")]
    [InlineData(59.9, "0:59")]
    [InlineData(750, "12:30")]
    [InlineData(10931, "3:02:11")]
    [InlineData(-1, "0:00")]
    public void Clock_Time_IsShort(double seconds, string expected) =>
        Assert.Equal(expected, FigureText.Clock(TimeSpan.FromSeconds(seconds)));
}
