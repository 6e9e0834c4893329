using ArrowQuant.Calibration;
using ArrowQuant.Configuration;
using ArrowQuant.Tensors;
using ArrowQuant.Tests.Support;
using DuckDB.NET.Data;

namespace ArrowQuant.Tests.Calibration;

public sealed class CalibrationFormatTests : IDisposable
{
    private readonly ModelFiles _files = new();
    private readonly CalibrationFixture _fixture = CalibrationFixture.Create(("a.fc1", 5), ("b", 33));

    public static TheoryData<string> Formats => [.. CalibrationFixture.Formats];

    public void Dispose() => _files.Dispose();

    [Theory]
    [MemberData(nameof(Formats))]
    public void Load_AnyFormat_GivesTheDataThatSafeTensorsGives(string format)
    {
        CalibrationData expected = Open(_fixture.Write(_files, "safetensors"));
        CalibrationData found = Open(_fixture.Write(_files, format));
        foreach ((string layer, int features) in new[] { ("a.fc1.weight", 5), ("b.weight", 33) })
        {
            using LayerCalibration left = expected.Load(layer, features, out _)!;
            using LayerCalibration right = found.Load(layer, features, out CalibrationDefect? defect)!;
            Assert.Null(defect);
            Assert.Equal(left.Fit, right.Fit);
            Assert.Equal(left.FitGroup, right.FitGroup);
            Assert.Equal(left.HeldOut, right.HeldOut);
            Assert.Equal(left.HeldOutGroup, right.HeldOutGroup);
            Assert.Equal(left.Groups, right.Groups);
            Assert.Equal(left.InputHash, right.InputHash);
            Assert.Null(right.TimeDefect);
        }
    }

    [Fact]
    public void Load_AllRowsDrawn_FitAndHeldOutAreTheRowsOfTheFile()
    {
        using LayerCalibration layer = Open(_fixture.Write(_files, "parquet")).Load("a.fc1", 5, out _)!;
        HashSet<string> expected = [.. _fixture.Layers["a.fc1"].Select(row => string.Join(' ', row))];
        string[] found = [.. layer.Fit.Chunk(5).Concat(layer.HeldOut.Chunk(5)).Select(row => string.Join(' ', row))];
        Assert.Equal(60, found.Distinct().Count());
        Assert.All(found, row => Assert.Contains(row, expected));
    }

    [Theory]
    [InlineData(ElementType.F16)]
    [InlineData(ElementType.BF16)]
    public void Load_HalfPrecision_WidensExactly(ElementType type)
    {
        byte[] bytes = new byte[2 * 10 * 3];
        for (int i = 0; i < bytes.Length; i += 2)
        {
            ushort bits = type == ElementType.F16
                ? BitConverter.HalfToUInt16Bits((Half)(i / 8f))
                : (ushort)(BitConverter.SingleToUInt32Bits(i) >> 16);
            BitConverter.TryWriteBytes(bytes.AsSpan(i), bits);
        }

        string file = _files.Write("calibration.safetensors", new SafeTensorsBuilder().Add("a.input", type, [10, 3], bytes).Build());
        using LayerCalibration layer = Open(file).Load("a", 3, out _)!;
        float[] values = [.. layer.Fit.Concat(layer.HeldOut).Order()];
        Assert.Equal(Enumerable.Range(0, 30).Select(i => type == ElementType.F16 ? 2 * i / 8f : 2f * i), values);
    }

    [Fact]
    public void Load_FractionalTimesteps_AreThousandthsWhenAllLieBetween0And1()
    {
        string ratios = string.Join('\n', Enumerable.Range(1, 10).Select(i => $$"""{"layer":"a","data":[{{i}},1],"timestep":{{i}}e-1}"""));
        string steps = string.Join('\n', Enumerable.Range(1, 10).Select(i => $$"""{"layer":"a","data":[{{i}},1],"timestep":{{i}}.4}"""));
        DiffusionQuantConfig two = new() { NumTimeGroups = 2 };
        using LayerCalibration fromRatios = CalibrationData.Open([_files.Write("r.jsonl", ratios)], true, two, null)!.Load("a", 2, out _)!;
        using LayerCalibration fromSteps = CalibrationData.Open([_files.Write("s.jsonl", steps)], true, two, null)!.Load("a", 2, out _)!;
        Assert.Equal([(0, 600), (600, 1001)], fromRatios.Groups.Select(group => (group.Start, group.End)));
        Assert.Equal([(0, 6), (6, 11)], fromSteps.Groups.Select(group => (group.Start, group.End)));
    }

    [Fact]
    public void Load_RecordsWithAShape_AreSeveralRowsEach()
    {
        string lines = string.Join('\n', Enumerable.Range(0, 4)
            .Select(i => """{"layer":"a.weight","shape":[1,2,3],"data":["""
                + $$"""{{6 * i}},{{6 * i + 1}},{{6 * i + 2}},{{6 * i + 3}},{{6 * i + 4}},{{6 * i + 5}}],"timestep":{{i}}}"""));
        using LayerCalibration layer = Open(_files.Write("calibration.jsonl", lines)).Load("a.weight", 3, out _)!;
        Assert.Equal(8, layer.FitCount + layer.HeldOutCount);
        Assert.Equal(Enumerable.Range(0, 24).Select(i => (float)i), layer.Fit.Concat(layer.HeldOut).Order());
        Assert.All(layer.Fit.Chunk(3), row => Assert.Equal(row[0] + 2, row[2]));
    }

    [Fact]
    public void Load_TableOfAnotherWriter_TakesDoublesHalvesAndDictionaries()
    {
        string path = _files.PathOf("calibration.parquet");
        using (DuckDBConnection connection = new("DataSource=:memory:"))
        {
            connection.Open();
            using DuckDBCommand command = connection.CreateCommand();
            command.CommandText =
                "COPY (SELECT 'unet/' || (i % 2)::VARCHAR AS layer, [i / 2.0::DOUBLE, -i::DOUBLE] AS data, "
                + "(i // 4)::DOUBLE AS timestep, 'x' AS other "
                + $"FROM range(64) t(i) ORDER BY i) TO '{path}' (FORMAT parquet)";
            command.ExecuteNonQuery();
        }

        CalibrationData data = Open(path);
        using LayerCalibration layer = data.Load("unet/1.weight", 2, out _)!;
        Assert.Equal(32, layer.FitCount + layer.HeldOutCount);
        Assert.All(layer.Fit.Chunk(2), row => Assert.Equal(row[0] * -2, row[1]));
        Assert.Equal(["unet/0"], data.UnknownLayers(["unet/1.weight"]));
    }

    [Fact]
    public void Load_RowsWithoutALayer_ServeLayersWithoutDataOfTheirOwn()
    {
        string lines = string.Join('\n', Enumerable.Range(0, 16).Select(i => i < 8
            ? $$"""{"data":[{{i}},0],"timestep":{{i}}}""" : $$"""{"layer":"own","data":[{{i}},0],"timestep":{{i}}}"""));
        string file = _files.Write("calibration.jsonl", lines + "\n\n");
        CalibrationData data = Open(file);
        using LayerCalibration other = data.Load("other.weight", 2, out _)!;
        using LayerCalibration own = data.Load("own.weight", 2, out _)!;
        Assert.Equal(8, other.FitCount + other.HeldOutCount);
        Assert.True(other.Fit.Max() < 8);
        Assert.True(own.Fit.Min() >= 0 && own.Fit.Chunk(2).Min(row => row[0]) >= 8);
        Assert.Equal([$"{file}: 8 rows name no layer; they calibrate every layer that has no data of its own"], data.Notes);
        Assert.Empty(data.UnknownLayers(["own.weight"]));
    }

    [Fact]
    public void Load_LayerInTwoFiles_TakesTheFirstAndSaysSo()
    {
        string first = _fixture.Write(_files, "jsonl");
        string second = _files.Write("calibration2.safetensors", CalibrationFixture.Create(("b", 4)).SafeTensors());
        CalibrationData data = CalibrationData.Open([first, second], true, new DiffusionQuantConfig(), null)!;
        Assert.Null(data.DefectOf("b.weight", 33));
        Assert.Equal([$"{second}: 1 layers have calibration data in a file before this one, which is used"], data.Notes);
    }

    [Fact]
    public void Open_Folder_ReadsItsCalibrationFiles()
    {
        _fixture.Write(_files, "arrow");
        _files.WriteWeights("model.safetensors");
        _files.Write("calibration.txt", "not for us");
        Assert.Null(Open(_files.Root).DefectOf("b.weight", 33));
    }

    [Fact]
    public void Open_FilesBesideAModelThatNoReaderTakes_AreLeftAlone()
    {
        string text = _files.Write("calibration.txt", "not for us");
        Assert.Null(CalibrationData.Open([text], false, new DiffusionQuantConfig(), null));
        Assert.Null(CalibrationData.Open([], false, new DiffusionQuantConfig(), null));
    }

    [Fact]
    public void Load_FromManyThreads_GivesTheSameEveryTime()
    {
        CalibrationData data = Open(_fixture.Write(_files, "arrow"));
        UInt128[] hashes = [.. Enumerable.Range(0, 16).AsParallel().WithDegreeOfParallelism(4).Select(i =>
        {
            using LayerCalibration layer = data.Load(i % 2 == 0 ? "b" : "a.fc1", i % 2 == 0 ? 33 : 5, out _)!;
            return layer.InputHash;
        })];
        Assert.Equal(2, hashes.Distinct().Count());
    }

    private static CalibrationData Open(string path) => CalibrationData.Open([path], true, new DiffusionQuantConfig(), null)!;
}
