using ArrowQuant.Storage;
using ArrowQuant.Tensors;

namespace ArrowQuant.Tests.Storage;

/// <summary>
/// Bytes worked out by hand from the rule of the format: little end first, code i of a row at bit (i * b mod 8) of byte i * b / 8, every
/// row starts on a byte. The shard is read by its column alone.
/// </summary>
public sealed class PackingTests
{
    [Theory]
    // 1 | 2<<2 | 3<<4 | 0<<6 = 0x39; 2 | 1<<2 = 0x06. Next row: 3 | 3<<2 | 0 | 1<<6 = 0x4F; 0 | 2<<2 = 0x08.
    [InlineData(2, "1 2 3 0 2 1 / 3 3 0 1 0 2", "39064F08")]
    // 1 | 2<<4 = 0x21; 15 | 0 = 0x0F; 7. Next row: 10 | 11<<4 = 0xBA; 12 | 13<<4 = 0xDC; 14.
    [InlineData(4, "1 2 15 0 7 / 10 11 12 13 14", "210F07BADC0E")]
    [InlineData(8, "0 1 255 / 128 16 2", "0001FF801002")]
    public void Data_HandPackedCodes_AreStoredAsTheyAre(int bits, string codes, string hex)
    {
        using StorageFolder folder = new();
        int[][] rows = [.. codes.Split(" / ").Select(row => row.Split(' ').Select(int.Parse).ToArray())];
        QuantizedFormat format = StorageSamples.Format(bits, CodeLayout.Affine, rows[0].Length, 32);
        QuantizedBlock block = new(format, 0, 2);
        Convert.FromHexString(hex).CopyTo(block.Codes, 0);
        (block.Scales[0], block.Scales[1]) = (0.5f, 2f);
        (block.ZeroPoints[0], block.ZeroPoints[1]) = (1f, 3f);
        LayerHeader header = StorageSamples.Layer("w", [2, rows[0].Length], format);
        StorageSamples.WriteArtefact(folder.Path, writer => writer.WriteBlock(header, block, 0, null, null));

        using ArtefactReader reader = ArtefactReader.Open(folder.Path);

        Assert.Equal(hex, Convert.ToHexString(reader.ReadBlock(reader.Layers[0], 0).Codes));
        float[] expected = [.. rows[0].Select(code => (code - 1f) * 0.5f), .. rows[1].Select(code => (code - 3f) * 2f)];
        Assert.Equal(expected, reader.ReadLayer("w"));
    }

    [Theory]
    [InlineData(CodeLayout.Lattice2, new[] { 3f, 0.5f }, new[] { -3.5f, -2.5f, 2.5f, 3.5f })] // a1, a2: codes ascend with the value
    [InlineData(CodeLayout.Lattice3, new[] { 1f, 3f, 0.5f }, new[] { -2.5f, -1.5f, 3.5f, 4.5f })] // mu, a1, a2
    public void Levels_OfLattices_DecodeInOrderOfTheirCodes(CodeLayout layout, float[] levels, float[] expected)
    {
        using StorageFolder folder = new();
        QuantizedFormat format = StorageSamples.Format(2, layout, 4, 32);
        QuantizedBlock block = new(format, 0, 1);
        block.Codes[0] = 0b11_10_01_00;
        levels.CopyTo(block.Levels, 0);
        LayerHeader header = StorageSamples.Layer("w", [1, 4], format);
        StorageSamples.WriteArtefact(folder.Path, writer => writer.WriteBlock(header, block, 0, null, null));

        using ArtefactReader reader = ArtefactReader.Open(folder.Path);

        Assert.Equal(expected, reader.ReadLayer("w"));
    }
}
