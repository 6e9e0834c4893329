using ArrowQuant.Kernels;
using ArrowQuant.Kernels.Trellis;
using ArrowQuant.Storage;
using ArrowQuant.Tensors;
using ArrowQuant.TestKit;
using ArrowQuant.Tests.Storage;

namespace ArrowQuant.Tests.Docs;

/// <summary>The worked byte examples of docs/format.md are what the kernels pack and decode and what the reader reads.</summary>
public sealed class FormatExamplesTests
{
    private static readonly string[] OfOtherForm = ["kept", "rounding"];

    public static TheoryData<string> Quantized => [.. FormatExample.Names.Except(OfOtherForm)];

    [Fact]
    public void Examples_OfEveryLayout_AreThere()
    {
        string[] expected =
        [
            "row_axis", "affine 2", "affine 4", "affine 8", "lattice2", "lattice3", "trellis4", "hadamard", "per_channel",
            "equalization", "kept", "rounding",
        ];
        Assert.Equal(expected, FormatExample.Names);
    }

    [Theory]
    [MemberData(nameof(Quantized))]
    public void Pack_CodesOfTheExample_GivesItsData(string name)
    {
        FormatExample example = FormatExample.Read(name);
        int bits = int.Parse(example["bit_width"]!);
        byte[] packed = [.. example.Codes.SelectMany(row =>
        {
            byte[] bytes = new byte[Codes.PackedLength(row.Length, bits)];
            Codes.Pack(row, bits, bytes);
            return bytes;
        })];
        Assert.Equal(example.Data, packed);
    }

    [Theory]
    [MemberData(nameof(Quantized))]
    public void ReadLayer_BytesOfTheExample_GivesItsWeights(string name)
    {
        FormatExample example = FormatExample.Read(name);
        (LayerHeader header, QuantizedBlock block) = BlockOf(example);
        using StorageFolder folder = new();
        StorageSamples.WriteArtefact(folder.Path, writer => writer.WriteBlock(header, block, 0, null, null));

        foreach (string kernels in KernelSet.Names)
        {
            using ArtefactReader reader = ArtefactReader.Open(folder.Path, KernelSet.Create(kernels));
            Assert.Equal(example.Floats("weights"), reader.ReadLayer(header.LayerName));
        }
    }

    [Fact]
    public void ReadLayer_KeptExample_GivesItsWeights()
    {
        FormatExample example = FormatExample.Read("kept");
        Assert.True(ElementTypes.TryParse(example["dtype"]!, out ElementType type));
        LayerHeader header = StorageSamples.Kept("kept", example.Shape, type);
        using StorageFolder folder = new();
        StorageSamples.WriteArtefact(folder.Path, writer => writer.WriteKept(header, 0, 1, example.Data, 0));

        using ArtefactReader reader = ArtefactReader.Open(folder.Path);

        Assert.Equal(example.Data, reader.ReadKept(reader.Layers[0], 0));
        Assert.Equal(example.Floats("weights"), reader.ReadLayer("kept"));
    }

    [Fact]
    public void Round_BitsOfTheExample_GiveTheirResult()
    {
        IReadOnlyList<string> lines = FormatExample.LinesOf("rounding");
        Assert.True(lines.Count > 5);
        foreach (string line in lines)
        {
            float[] values = [.. line.Split(" -> ").Select(bits => BitConverter.UInt32BitsToSingle(Convert.ToUInt32(bits, 16)))];
            Assert.Equal(BitConverter.SingleToUInt32Bits(values[1]), BitConverter.SingleToUInt32Bits(FloatStorage.Round(values[0])));
        }
    }

    [Theory]
    [InlineData("trellis4", 4)]
    [InlineData("trellis6", 6)]
    public void TrellisTables_OfTheFormat_AreThoseOfTheKernels(string layout, int stateBits)
    {
        TrellisTable table = stateBits == 4 ? TrellisTable.Four : TrellisTable.Six;
        IEnumerable<string> lines = MarkdownBlock.Of(FormatExample.File).Single(block => block.Mark == $"{layout} table").Lines;
        Assert.Equal(table.Values.ToArray(), lines.SelectMany(line => line.Split(' ')).Select(float.Parse));
    }

    [Fact]
    public void ColumnsTable_OfTheFormat_NamesEveryColumn()
    {
        string[] rows = [.. File.ReadLines(Path.Combine(RepositoryPaths.Root, FormatExample.File))
            .SkipWhile(line => line != "<!-- columns table -->").Skip(3).TakeWhile(line => line.StartsWith('|'))];
        string[][] cells = [.. rows.Select(row => row.Split('|').Select(cell => cell.Trim()).ToArray())];
        Assert.Equal(ArtefactColumns.All.Select(column => $"`{column.Name}`"), cells.Select(row => row[1]));
        Assert.Equal(ArtefactColumns.All.Select(column => column.Optional ? "yes" : "no"), cells.Select(row => row[3]));
    }

    private static (LayerHeader Header, QuantizedBlock Block) BlockOf(FormatExample example)
    {
        bool perChannel = example["quant_axis"] == "0";
        int columns = example.Codes[0].Length;
        CodeLayout layout = Enum.Parse<CodeLayout>(example["layout"]!, ignoreCase: true);
        var groups = new GroupLayout(columns, perChannel ? columns : int.Parse(example["group_size"]!));
        QuantizedFormat format = new()
        {
            BitWidth = int.Parse(example["bit_width"]!),
            Layout = layout,
            Groups = groups,
            Rotation = TransformText.Parse(example["transform"] ?? "none", groups),
            PerChannel = perChannel,
            EqualizationScales = StoredRowCodec.EqualizationScales(example["spatial_quant_json"], columns),
        };
        QuantizedBlock block = new(format, 0, example.Codes.Length);
        Fill(example.Data, block.Codes);
        Fill(example.Floats("scales"), block.Scales);
        Fill(example.Floats("zero_points"), block.ZeroPoints);
        Fill(example.Floats("levels"), block.Levels);
        LayerHeader header = StorageSamples.Layer("example", example.Shape, format, example.RowAxis) with
        {
            SpatialJson = example["spatial_quant_json"],
        };
        return (header, block);
    }

    private static void Fill<T>(T[] values, T[] target)
    {
        Assert.Equal(target.Length, values.Length);
        values.CopyTo(target, 0);
    }
}
