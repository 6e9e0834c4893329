using ArrowQuant.TestKit;

namespace ArrowQuant.Tests.TestKit;

public sealed class WeightFileTests
{
    [Fact]
    public void ReadRaw_WrittenFile_GivesBackEverything()
    {
        using TempFolder folder = new();
        RawTensor[] tensors =
        [
            RawTensor.FromFloats("b:odd name", "F16", [3], [1f, -2f, 65504f]),
            RawTensor.FromFloats("a", "F32", [1, 2], [0.1f, float.MinValue]),
            new("ids", "I32", [2], [1, 0, 0, 0, 0xFF, 0xFF, 0xFF, 0xFF]),
            RawTensor.FromFloats("scalar", "F32", [], [7f]),
            RawTensor.FromFloats("empty", "BF16", [0, 4], []),
        ];
        WeightFileWriter.Write(folder.PathOf("m.safetensors"), tensors, new Dictionary<string, string> { ["modality"] = "text" });
        (Dictionary<string, string> metadata, List<RawTensor> read) = WeightFile.ReadRaw(folder.PathOf("m.safetensors"));
        Assert.Equal("text", Assert.Single(metadata).Value);
        Assert.Equal(tensors.Select(tensor => tensor.Name), read.Select(tensor => tensor.Name));
        Assert.All(tensors.Zip(read), pair => Assert.Equal(pair.First.Data, pair.Second.Data));
        Assert.Equal([1f, -1f], WeightFile.Read(folder.PathOf("m.safetensors"))["ids"].Values);
    }

    [Fact]
    public void ReadRaw_DataCutOff_IsRefused()
    {
        using TempFolder folder = new();
        string path = folder.PathOf("m.safetensors");
        WeightFileWriter.Write(path, [RawTensor.FromFloats("w", "F32", [4], [1f, 2f, 3f, 4f])]);
        File.WriteAllBytes(path, File.ReadAllBytes(path)[..^1]);
        Assert.Contains("w has 16 bytes at 0", Assert.Throws<InvalidDataException>(() => WeightFile.ReadRaw(path)).Message,
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("F16", 1.00048828125f, 1f)] // half of the last place: ties to even
    [InlineData("F16", 1.00146484375f, 1.001953125f)]
    [InlineData("BF16", 1.00390625f, 1f)]
    [InlineData("BF16", 1.01171875f, 1.015625f)]
    [InlineData("BF16", 1.00390637f, 1.0078125f)] // just above half
    [InlineData("F8_E4M3", 17f, 16f)]
    [InlineData("F8_E4M3", 19f, 20f)]
    [InlineData("F8_E4M3", -1000f, -448f)]
    [InlineData("F8_E4M3", 0.001953125f, 0.001953125f)] // the smallest subnormal
    [InlineData("F8_E5M2", 9f, 8f)]
    [InlineData("F8_E5M2", 11f, 12f)]
    [InlineData("F8_E5M2", 1e9f, 57344f)]
    public void Encode_BetweenTwoValues_RoundsToNearestEven(string type, float value, float expected) =>
        Assert.Equal(expected, ElementCodec.Decode(type, ElementCodec.Encode(type, [value]))[0]);

    [Theory]
    [InlineData("F8_E4M3", 0x7F, float.NaN)]
    [InlineData("F8_E4M3", 0x7E, 448f)]
    [InlineData("F8_E5M2", 0xFC, float.NegativeInfinity)]
    [InlineData("F8_E5M2", 0x7D, float.NaN)]
    [InlineData("F8_E5M2", 0x01, 1.52587890625e-05f)]
    public void Decode_Float8Code_HasTheDefinedValue(string type, byte code, float expected) =>
        Assert.Equal(expected, ElementCodec.Decode(type, [code])[0]);

    [Fact]
    public void Encode_EveryFloat8Code_IsItself()
    {
        foreach (string type in (string[])["F8_E4M3", "F8_E5M2"])
        {
            IEnumerable<byte> all = Enumerable.Range(0, 256).Select(code => (byte)code);
            byte[] codes = [.. all.Where(code => float.IsFinite(ElementCodec.Decode(type, [code])[0]))];
            Assert.Equal(codes, ElementCodec.Encode(type, ElementCodec.Decode(type, codes)));
        }
    }

    [Fact]
    public void Decode_UnknownType_IsNamed() =>
        Assert.Contains("F4", Assert.Throws<NotSupportedException>(() => ElementCodec.Decode("F4", [0])).Message, StringComparison.Ordinal);
}
