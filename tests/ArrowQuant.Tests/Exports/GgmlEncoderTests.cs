using ArrowQuant.Exports.Gguf;
using ArrowQuant.Kernels;
using ArrowQuant.Tensors;

namespace ArrowQuant.Tests.Exports;

/// <summary>The encoders on blocks whose best code is known.</summary>
public sealed class GgmlEncoderTests
{
    // Scales with 11 significant bits, as artefacts have them.
    private const float Scale = 1365f / 131072;

    /// <summary>All 16 codes: only a negative d can move m; 15 - zero point is a power of two or the product is short enough.</summary>
    [Theory]
    [InlineData(8)]
    [InlineData(7)]
    [InlineData(0)]
    [InlineData(15)]
    public void Q4_ZeroPointOrItsMirrorFits_IsExact(int zeroPoint)
    {
        byte[] codes = [.. Enumerable.Range(0, 32).Select(i => (byte)(i % 16))];
        Assert.Equal(0, ErrorOf(new Q4Encoder(), Affine(codes, 4, Scale, zeroPoint)));
    }

    /// <summary>
    /// -5 * scale needs 13 bits. With all codes in use it is rounded; with 13 of them they are moved up by 3, and it is exact.
    /// </summary>
    [Fact]
    public void Q4_CodesToSpare_AreMovedUntilTheMinimumFits()
    {
        byte[] all = [.. Enumerable.Range(0, 32).Select(i => (byte)(i % 16))];
        byte[] some = [.. Enumerable.Range(0, 32).Select(i => (byte)(i % 13))];
        Assert.InRange(ErrorOf(new Q4Encoder(), Affine(all, 4, Scale, 5)), 1e-6, 3e-4);
        Assert.Equal(0, ErrorOf(new Q4Encoder(), Affine(some, 4, Scale, 5)));
    }

    /// <summary>Levels whose distances are 1, 2, 1 steps lie on the 16 codes exactly.</summary>
    [Fact]
    public void Q4_LatticeOnTheGrid_IsExact()
    {
        QuantizedFormat format = Format(2, CodeLayout.Lattice2);
        byte[] codes = [.. Enumerable.Range(0, 32).Select(i => (byte)(i % 4))];
        QuantizedBlock block = Block(format, codes);
        (block.Levels[0], block.Levels[1]) = (0.375f, 0.125f);
        Assert.Equal(0, ErrorOf(new Q4Encoder(), block));
    }

    /// <summary>Codes less the zero point from -127 to 127 are Q8_0 itself; one at -128 is not.</summary>
    [Theory]
    [InlineData(1, 0)]
    [InlineData(0, 1e-2)]
    public void Q8_SignedCodesFit_IsExact(byte lowest, double most)
    {
        byte[] codes = [.. Enumerable.Range(0, 32).Select(i => (byte)(i * 8))];
        codes[0] = lowest;
        codes[31] = 255;
        double error = ErrorOf(new Q8Encoder(), Affine(codes, 8, Scale, 128));
        Assert.InRange(error, most == 0 ? 0 : 1e-4, most);
    }

    /// <summary>One affine grid over 256 values is a Q2_K block; the minimum is rounded to float16.</summary>
    [Theory]
    [InlineData(1.5f)]
    [InlineData(2f)]
    [InlineData(-1f)]
    public void Q2_OneGrid_IsExact(float zeroPoint)
    {
        byte[] codes = [.. Enumerable.Range(0, 256).Select(i => (byte)(i * 7 / 3 % 4))];
        Assert.Equal(0, ErrorOf(new Q2Encoder(), Affine(codes, 2, 0.125f, zeroPoint)));
    }

    /// <summary>Groups of 32 whose scales are 15, 14, ... 8 parts of one number share it exactly.</summary>
    [Fact]
    public void Q2_ScalesWithACommonPart_AreExact()
    {
        byte[] codes = [.. Enumerable.Range(0, 256).Select(i => (byte)(i % 4))];
        QuantizedBlock block = Affine(codes, 2, 1, 1, groupSize: 32);
        for (int group = 0; group < 8; group++) block.Scales[group] = (15 - group) / 64f;
        Assert.InRange(ErrorOf(new Q2Encoder(), block), 0, 1e-7);
    }

    private static QuantizedFormat Format(int bits, CodeLayout layout, int columns = 32, int groupSize = 256) =>
        new() { BitWidth = bits, Layout = layout, Groups = new GroupLayout(columns, groupSize) };

    private static QuantizedBlock Block(QuantizedFormat format, byte[] codes)
    {
        QuantizedBlock block = new(format, 0, 1);
        Codes.Pack(codes, format.BitWidth, block.Codes);
        return block;
    }

    private static QuantizedBlock Affine(byte[] codes, int bits, float scale, float zeroPoint, int groupSize = 256)
    {
        QuantizedBlock block = Block(Format(bits, CodeLayout.Affine, codes.Length, groupSize), codes);
        block.Scales.AsSpan().Fill(scale);
        block.ZeroPoints.AsSpan().Fill(zeroPoint);
        return block;
    }

    private static double ErrorOf(IGgmlEncoder encoder, QuantizedBlock block)
    {
        int columns = block.Format.Groups.Columns;
        float[] values = new float[columns];
        BlockDecoder.Decode(KernelSet.Create("scalar"), block, 0, 1, values);
        byte[] codes = new byte[columns];
        Codes.Unpack(block.Codes, block.Format.BitWidth, codes);
        byte[] encoded = new byte[encoder.Type.Bytes(columns)];
        encoder.Encode(new GgmlRow(values, codes, block, 0), encoded);
        float[] decoded = new float[columns];
        GgmlDecoder.Decode(encoder.Type, encoded, decoded);
        double error = values.Zip(decoded).Sum(pair => Math.Pow((double)pair.First - pair.Second, 2));
        return Math.Sqrt(error / values.Sum(value => (double)value * value));
    }
}
