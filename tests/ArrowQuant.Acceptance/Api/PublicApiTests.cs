using ArrowQuant.Onnx;
using ArrowQuant.Pipeline;
using ArrowQuant.TestKit;

namespace ArrowQuant.Acceptance.Api;

/// <summary>The public surface of the library changes only on purpose: the record changes in the same commit.</summary>
public sealed class PublicApiTests
{
    [Fact]
    public void PublicSurface_OfTheLibrary_IsTheApprovedOne()
    {
        string surface = PublicSurface.Of(typeof(DiffusionQuantizer).Assembly) + PublicSurface.Of(typeof(OnnxCalibration).Assembly);
        string? difference = GoldenText.Difference("tests/ArrowQuant.Acceptance/PublicApi.approved.txt", surface);
        Assert.True(difference is null, difference);
    }
}
