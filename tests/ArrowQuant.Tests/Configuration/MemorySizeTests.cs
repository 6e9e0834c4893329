using ArrowQuant.Configuration;

namespace ArrowQuant.Tests.Configuration;

public sealed class MemorySizeTests
{
    [Theory]
    [InlineData("0", 0)]
    [InlineData("512", 512)]
    [InlineData("0GiB", 0)]
    [InlineData("4GiB", 4096)]
    [InlineData("4gib", 4096)]
    [InlineData("4 G", 4096)]
    [InlineData("1.5GiB", 1536)]
    [InlineData("2TiB", 2097152)]
    [InlineData("2048KiB", 2)]
    [InlineData("512M", 512)]
    [InlineData("1GB", 953)]
    [InlineData("1000MB", 953)]
    [InlineData("1TB", 953674)]
    [InlineData("2000KB", 1)]
    public void TryParseMebibytes_Amount_IsRoundedDown(string text, long expected)
    {
        Assert.True(MemorySize.TryParseMebibytes(text, out long mebibytes));
        Assert.Equal(expected, mebibytes);
    }

    [Theory]
    [InlineData("")]
    [InlineData("GiB")]
    [InlineData("4 parsecs")]
    [InlineData("-4GiB")]
    [InlineData("1e3GiB")]
    [InlineData("NaNGiB")]
    [InlineData("1KiB")]
    [InlineData("0.5MiB")]
    [InlineData("99999999999999TiB")]
    [InlineData("0.5")]
    public void TryParseMebibytes_NoAmountOrTooSmallOrTooLarge_IsRefused(string text) =>
        Assert.False(MemorySize.TryParseMebibytes(text, out _));
}
