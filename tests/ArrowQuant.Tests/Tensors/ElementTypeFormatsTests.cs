using ArrowQuant.Kernels;
using ArrowQuant.Tensors;

namespace ArrowQuant.Tests.Tensors;

public sealed class ElementTypeFormatsTests
{
    [Fact]
    public void FormatOf_EveryWeightType_HasTheSizeOfItsType()
    {
        ElementType[] weights = [.. Enum.GetValues<ElementType>().Where(type => type.IsWeight())];
        Assert.Equal(6, weights.Length);
        Assert.All(weights, type => Assert.Equal(type.BitSize(), 8 * FloatConversion.ByteSize(ElementTypeFormats.FormatOf(type))));
        Assert.Equal(6, weights.Select(ElementTypeFormats.FormatOf).Distinct().Count());
    }

    [Fact]
    public void FormatOf_Integer_IsRefused() =>
        Assert.Throws<ArgumentOutOfRangeException>(() => ElementTypeFormats.FormatOf(ElementType.I8));
}
