using ArrowQuant.Kernels;

namespace ArrowQuant.Tests.Kernels;

/// <summary>The storage precision of the gains of a trellis.</summary>
public sealed class GainRoundingTests
{
    [Theory]
    [InlineData(0x3dcccccdu, 0x3dcd0000u)]
    [InlineData(0x3f808000u, 0x3f800000u)] // a tie goes to the even neighbour
    [InlineData(0x3f818000u, 0x3f820000u)]
    [InlineData(0x7f7fffffu, 0x7f7f0000u)] // never to infinity
    [InlineData(0x80000000u, 0x00000000u)]
    [InlineData(0x00000001u, 0x00000001u)] // a subnormal number with few bits stays
    public void RoundGain_Bits_KeepsEightOfThem(uint value, uint expected) =>
        Assert.Equal($"{expected:x8}", $"{BitConverter.SingleToUInt32Bits(FloatStorage.RoundGain(BitConverter.UInt32BitsToSingle(value))):x8}");
}
