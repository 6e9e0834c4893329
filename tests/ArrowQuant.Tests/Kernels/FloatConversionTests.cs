using System.Buffers.Binary;
using ArrowQuant.Kernels;

namespace ArrowQuant.Tests.Kernels;

public sealed class FloatConversionTests
{
    [Theory]
    [InlineData(nameof(FloatFormat.Half), 5, 10, 15, 2)]
    [InlineData(nameof(FloatFormat.E5M2), 5, 2, 15, 1)]
    public void ToSingle_IeeeCodes_FollowTheFormula(string format, int exponentBits, int mantissaBits, int bias, int size)
    {
        FloatFormat encoding = Enum.Parse<FloatFormat>(format);
        int codes = 1 << 8 * size;
        float[] actual = Convert(encoding, codes, size);
        for (int code = 0; code < codes; code++)
            AssertSame(Formula(code, exponentBits, mantissaBits, bias, hasInfinity: true), actual[code], code);
    }

    [Fact]
    public void ToSingle_E4M3Codes_FollowTheFormula()
    {
        float[] actual = Convert(FloatFormat.E4M3, 256, 1);
        for (int code = 0; code < 256; code++) AssertSame(Formula(code, 4, 3, 7, hasInfinity: false), actual[code], code);
        Assert.Equal(448f, actual[0x7E]);
        Assert.Equal(448f, actual.Where(float.IsFinite).Max());
        Assert.Equal(1f / 512, actual[1]);
        Assert.Equal(2, actual.Count(float.IsNaN));
        Assert.DoesNotContain(actual, float.IsInfinity);
    }

    [Fact]
    public void ToSingle_E5M2SpecialCodes_AreInfinityAndNaN()
    {
        float[] actual = Convert(FloatFormat.E5M2, 256, 1);
        Assert.Equal(float.PositiveInfinity, actual[0x7C]);
        Assert.Equal(float.NegativeInfinity, actual[0xFC]);
        Assert.All(new[] { 0x7D, 0x7E, 0x7F, 0xFD, 0xFE, 0xFF }, code => Assert.True(float.IsNaN(actual[code])));
        Assert.Equal(6, actual.Count(float.IsNaN));
        Assert.Equal(57344f, actual[0x7B]);
    }

    [Fact]
    public void ToSingle_BFloat16Codes_AreTheUpperHalfOfSingle()
    {
        float[] actual = Convert(FloatFormat.BFloat16, 65536, 2);
        for (int code = 0; code < 65536; code++) AssertSame(Formula(code, 8, 7, 127, hasInfinity: true), actual[code], code);
    }

    [Fact]
    public void ToSingle_Doubles_RoundTiesToEven()
    {
        double[] values = [0, -0.0, 1, 1 + Math.Pow(2, -24), 1 + (3 * Math.Pow(2, -24)), 1e300, -1e300, 1e-45, 1e-46, double.NaN, Math.PI];
        byte[] source = new byte[8 * values.Length];
        for (int i = 0; i < values.Length; i++) BinaryPrimitives.WriteDoubleLittleEndian(source.AsSpan(8 * i), values[i]);
        float[] actual = new float[values.Length];
        FloatConversion.ToSingle(FloatFormat.Double, source, actual);
        float[] expected =
        [
            0f, -0f, 1f, 1f, 1.0000002f, float.PositiveInfinity, float.NegativeInfinity, float.Epsilon, 0f, float.NaN, 3.1415927f,
        ];
        Assert.Equal(expected, actual);
        Assert.True(float.IsNegative(actual[1]));
    }

    [Fact]
    public void ToSingle_Singles_AreCopiedBitByBit()
    {
        float[] values = [1.5f, -0f, float.Epsilon, float.NegativeInfinity];
        byte[] source = new byte[16];
        for (int i = 0; i < 4; i++) BinaryPrimitives.WriteSingleLittleEndian(source.AsSpan(4 * i), values[i]);
        float[] actual = new float[4];
        FloatConversion.ToSingle(FloatFormat.Single, source, actual);
        Assert.Equal(values.Select(BitConverter.SingleToInt32Bits), actual.Select(BitConverter.SingleToInt32Bits));
    }

    [Fact]
    public void ToSingle_WrongLength_IsRefused()
    {
        ArgumentException e = Assert.Throws<ArgumentException>(() => FloatConversion.ToSingle(FloatFormat.Half, new byte[5], new float[2]));
        Assert.Contains("2 values of 2 bytes do not fill 5 bytes", e.Message);
    }

    private static float[] Convert(FloatFormat format, int codes, int size)
    {
        byte[] source = new byte[codes * size];
        for (int code = 0; code < codes; code++)
        {
            source[code * size] = (byte)code;
            if (size == 2) source[code * size + 1] = (byte)(code >> 8);
        }

        float[] actual = new float[codes];
        FloatConversion.ToSingle(format, source, actual);
        return actual;
    }

    // Sign, exponent and mantissa as the standards define them, in double precision; exact for every format here.
    private static double Formula(int code, int exponentBits, int mantissaBits, int bias, bool hasInfinity)
    {
        int mantissa = code & ((1 << mantissaBits) - 1);
        int top = (1 << exponentBits) - 1;
        int exponent = code >> mantissaBits & top;
        double sign = code >> (exponentBits + mantissaBits) == 0 ? 1 : -1;
        if (hasInfinity && exponent == top) return mantissa == 0 ? sign * double.PositiveInfinity : double.NaN;
        if (!hasInfinity && exponent == top && mantissa == (1 << mantissaBits) - 1) return double.NaN;
        double fraction = mantissa / (double)(1 << mantissaBits);
        return exponent == 0 ? sign * fraction * Math.Pow(2, 1 - bias) : sign * (1 + fraction) * Math.Pow(2, exponent - bias);
    }

    private static void AssertSame(double expected, float actual, int code)
    {
        bool same = double.IsNaN(expected)
            ? float.IsNaN(actual)
            : expected == actual && double.IsNegative(expected) == float.IsNegative(actual);
        Assert.True(same, $"code 0x{code:x}: expected {expected}, found {actual}");
    }
}
