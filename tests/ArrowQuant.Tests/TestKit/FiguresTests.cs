using ArrowQuant.TestKit;

namespace ArrowQuant.Tests.TestKit;

public sealed class FiguresTests
{
    private static readonly float[] Original = [3f, 0f, 4f];
    private static readonly float[] Decoded = [3f, 4f, 0f];

    [Fact]
    public void Cosine_KnownVectors_IsTheirAngle() => Assert.Equal(9.0 / 25, Figures.Cosine(Original, Decoded), 12);

    [Fact]
    public void Cosine_ZeroVectors_IsOneOnlyForTwo()
    {
        Assert.Equal(1, Figures.Cosine([0f, 0f], [0f, 0f]));
        Assert.Equal(0, Figures.Cosine([0f, 0f], [0f, 1f]));
    }

    [Fact]
    public void Cosine_TinyAndHugeValues_NeitherVanishesNorOverflows()
    {
        Assert.Equal(1, Figures.Cosine([1e-30f, 2e-30f], [2e-30f, 4e-30f]), 6);
        Assert.Equal(1, Figures.Cosine([1e30f, 2e30f], [2e30f, 4e30f]), 6);
    }

    [Fact]
    public void Nmse_KnownVectors_IsErrorOverEnergy() => Assert.Equal(32.0 / 25, Figures.Nmse(Original, Decoded), 12);

    [Fact]
    public void NormRatioAndGain_HalvedVector_AreHalf()
    {
        Assert.Equal(0.5, Figures.NormRatio(Original, [1.5f, 0f, 2f]), 12);
        Assert.Equal(0.5, Figures.Gain(Original, [1.5f, 0f, 2f]), 12);
        Assert.Equal(9.0 / 25, Figures.Gain(Original, Decoded), 12);
    }

    [Fact]
    public void Psnr_ErrorOfATenthOfThePeak_IsTwentyDecibels() => Assert.Equal(20, Figures.Psnr([0f, 0f], [0.2f, -0.2f], peak: 2), 5);

    [Fact]
    public void MaxAbsoluteError_KnownVectors_IsTheLargest() => Assert.Equal(4, Figures.MaxAbsoluteError(Original, Decoded));

    [Fact]
    public void Cosine_DifferentLengths_IsRefused() =>
        Assert.Equal("b", Assert.Throws<ArgumentOutOfRangeException>(() => Figures.Cosine([1f], [1f, 2f])).ParamName);
}
