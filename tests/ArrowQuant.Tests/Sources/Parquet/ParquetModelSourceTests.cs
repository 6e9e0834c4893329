using System.Runtime.InteropServices;
using ArrowQuant.Sources;
using ArrowQuant.Tensors;
using ArrowQuant.TestKit.Parquet;
using CsCheck;
using static ArrowQuant.Tests.Sources.Parquet.OldModelFolder;

namespace ArrowQuant.Tests.Sources.Parquet;

public sealed class ParquetModelSourceTests : IDisposable
{
    private readonly OldModelFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("raw")]
    [InlineData("codes")]
    [InlineData("bin")]
    public void Read_AnyPart_EqualsThatPartOfTheWhole(string kind)
    {
        float[] values = Weights(3000);
        if (kind == "bin") V2ExtendedConverter.Convert([("w", [300, 10], values)], _folder.Path, "text");
        else
        {
            OldRow row = kind == "raw"
                ? OldRows.Raw("w", [300, 10], values, quantType: "fp32")
                : OldRows.PythonInt2("w", [300, 10], values, 0, 7);
            OldParquetFixtures.WriteV2Python(_folder.File("model.parquet"), [row]);
        }

        using IModelSource source = _folder.Open();
        TensorInfo tensor = source.Tensors[0];
        byte[] whole = Bytes(source, "w");

        // Also parts that begin or end inside a value.
        Gen.Int[0, whole.Length].Select(Gen.Int[0, whole.Length]).Sample(
            (a, b) =>
            {
                byte[] part = new byte[Math.Abs(b - a)];
                source.Read(tensor, Math.Min(a, b), part);
                return part.AsSpan().SequenceEqual(whole.AsSpan(Math.Min(a, b), part.Length));
            },
            iter: 200);
    }

    [Fact]
    public void Read_OutsideTheTensor_IsArgumentError()
    {
        OldParquetFixtures.WriteV1(_folder.File("weights.parquet"), [OldRows.Raw("w", [2], [1f, 2f])]);
        using IModelSource source = _folder.Open();
        TensorInfo tensor = source.Tensors[0];

        Assert.Throws<ArgumentOutOfRangeException>(() => source.Read(tensor, -1, new byte[1]));
        Assert.Throws<ArgumentOutOfRangeException>(() => source.Read(tensor, 5, new byte[4]));
        Assert.Throws<ArgumentException>(() => source.Read(tensor with { Name = "other" }, 0, new byte[4]));
        source.Read(tensor, 8, []);
    }

    [Fact]
    public void Read_AfterDispose_Throws()
    {
        OldParquetFixtures.WriteV1(_folder.File("weights.parquet"), [OldRows.Raw("w", [1], [1f])]);
        IModelSource source = _folder.Open();
        source.Dispose();

        Assert.Throws<ObjectDisposedException>(() => source.Read(source.Tensors[0], 0, new byte[4]));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(7)]
    public void Read_ManyRowsFromSeveralThreadsInAnyOrder_GivesEachItsOwn(int rowsPerGroup)
    {
        OldRow[] rows = [.. Enumerable.Range(0, 40).Select(i => OldRows.Raw($"t{i}", [100 + i], Weights(100 + i, i)))];
        OldParquetFixtures.WriteV1(_folder.File("weights.parquet"), rows, rowsPerGroup: rowsPerGroup);
        using IModelSource source = _folder.Open();

        Parallel.For(0, 200, new ParallelOptions { MaxDegreeOfParallelism = 4 }, i =>
        {
            int row = i * 17 % 40;
            Assert.Equal(Weights(100 + row, row), Floats(source, $"t{row}"));
        });
        foreach (int row in Enumerable.Range(0, 40).Reverse()) Assert.Equal(Weights(100 + row, row), Floats(source, $"t{row}"));
    }

    [Fact]
    public void Read_EqualValuesInTheDictionary_AndNullData()
    {
        // Equal values share one dictionary entry; a null is no bytes at all.
        OldRow row = OldRows.Raw("a", [3], [1f, 2f, 3f]);
        OldParquetFixtures.WriteV1(
            _folder.File("weights.parquet"),
            [row, row with { Name = "b" }, OldRows.Raw("none", [0], []) with { Data = null! }, row with { Name = "c" }]);
        using IModelSource source = _folder.Open();

        Assert.Equal([1f, 2f, 3f], Floats(source, "c"));
        Assert.Equal([1f, 2f, 3f], Floats(source, "b"));
        Assert.Empty(Floats(source, "none"));
    }

    [Fact]
    public void Convert_FromASourceOfHalves_GivesTheSameModelAsFloats()
    {
        float[] values = [1f, -0.5f, 3f, 0.25f];
        OldParquetFixtures.WriteV1(
            _folder.File("weights.parquet"), [OldRows.RawHalf("x.half", [2, 2], values, "torch.float16"), OldRows.Raw("y", [4], values)]);
        _folder.Write("config.json", """{"modality":"image"}""");
        string target = _folder.File("converted");
        using (IModelSource source = _folder.Open()) V2ExtendedConverter.Convert(source, target);

        using IModelSource converted = _folder.Open("converted");

        Assert.Equal("parquet v2 extended", converted.Description.Format);
        Assert.Equal("modality column", converted.Description.ModalityOrigin);
        Assert.Equal(["config.json"], converted.Description.Sidecars.Select(file => file.RelativePath));
        Assert.All(converted.Tensors, tensor => Assert.Equal(values, Floats(converted, tensor.Name)));
        Assert.Equal(new TensorShape(2, 2), Tensor(converted, "x.half").Shape);
        Assert.Equal(MemoryMarshal.AsBytes<float>(values).ToArray(), File.ReadAllBytes(Path.Combine(target, "x_half.bin")));
    }
}
