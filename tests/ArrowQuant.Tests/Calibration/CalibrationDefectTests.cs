using ArrowQuant.Calibration;
using ArrowQuant.Configuration;
using ArrowQuant.Errors;
using ArrowQuant.Tensors;
using ArrowQuant.Tests.Support;

namespace ArrowQuant.Tests.Calibration;

/// <summary>Data that is read and cannot serve a layer: a value with its cause, never an exception.</summary>
public sealed class CalibrationDefectTests : IDisposable
{
    private static readonly byte[] TenTimesteps = [.. Enumerable.Range(0, 10).SelectMany(BitConverter.GetBytes)];

    private readonly ModelFiles _files = new();

    public void Dispose() => _files.Dispose();

    [Fact]
    public void DefectOf_LayerWithoutData_SaysSo() =>
        Check(Rows(10), "b.weight", 3, "layer_not_calibrated", "no calibration data for layer b", isThere: false);

    [Fact]
    public void DefectOf_OtherNumberOfChannels_NamesBoth() =>
        Check(Rows(10), "a.weight", 4, "wrong_channel_count", "calibration input of layer a has 3 channels, expected 4");

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    [InlineData(float.NegativeInfinity)]
    public void DefectOf_ValueThatIsNotFinite_NamesRowAndChannel(float value)
    {
        float[] values = new float[30];
        values[(7 * 3) + 2] = value;
        SafeTensorsBuilder file = new SafeTensorsBuilder()
            .Add("a.input", values, 10, 3).Add("a.timestep", ElementType.I32, [10], TenTimesteps);
        Check(
            file, "a.weight", 3, "non_finite_statistics",
            "calibration input of layer a has a value that is not finite in row 7, channel 2");
    }

    [Fact]
    public void DefectOf_NumberBeyondFloatInJson_IsNotFinite()
    {
        string lines = string.Join('\n', Enumerable.Range(0, 10)
            .Select(i => $$"""{"layer":"a","data":[1,{{(i == 4 ? "-1e99" : "2")}}]}"""));
        CalibrationDefect? defect = Open(_files.Write("c.jsonl", lines)).DefectOf("a", 2);
        Assert.Equal("calibration input of layer a has a value that is not finite in row 4, channel 1", defect!.Message);
    }

    [Fact]
    public void DefectOf_FewerTimestepsThanRows_NamesBothCounts()
    {
        SafeTensorsBuilder file = new SafeTensorsBuilder()
            .Add("a.input", new float[36], 12, 3).Add("a.timestep", ElementType.I32, [10], TenTimesteps);
        Check(file, "a.weight", 3, "timestep_count", "calibration data of layer a has 10 timesteps for 12 rows, expected one for each");
    }

    [Fact]
    public void DefectOf_SevenRows_AreTooFew() =>
        Check(Rows(7), "a.weight", 3, "too_few_rows", "calibration input of layer a has 7 rows that may be used, expected at least 8");

    [Fact]
    public void DefectOf_CapThatLeavesTooFewRows_SaysHowMany()
    {
        string path = _files.Write("c.safetensors", Rows(10).Build());
        DiffusionQuantConfig config = new() { CalibrationSamples = 2, NumTimeGroups = 2 };
        CalibrationDefect? defect = CalibrationData.Open([path], true, config, null)!.DefectOf("a", 3);
        Assert.Equal("calibration input of layer a has 2 rows that may be used, expected at least 8", defect!.Message);
    }

    [Fact]
    public void TimeDefectOf_NoTimesteps_LeavesOneGroupOfEverything()
    {
        CalibrationData data = Open(_files.Write("c.safetensors", Rows(10).Build()));
        Assert.Null(data.DefectOf("a.weight", 3));
        CalibrationDefect expected = new("missing_timesteps", "calibration data of layer a has no timesteps", true);
        Assert.Equal(expected, data.TimeDefectOf("a.weight"));
        using LayerCalibration layer = data.Load("a.weight", 3, out _)!;
        Assert.Equal(expected, layer.TimeDefect);
        TimeGroup group = Assert.Single(layer.Groups);
        Assert.Equal((0, 1, 8L), (group.Start, group.End, group.FitCount));
    }

    [Fact]
    public void TimeDefectOf_OneRowWithoutTimestep_NamesIt()
    {
        string lines = string.Join('\n', Enumerable.Range(0, 10)
            .Select(i => i == 6 ? """{"layer":"a","data":[1]}""" : $$"""{"layer":"a","data":[1],"timestep":{{i}}}"""));
        CalibrationData data = Open(_files.Write("c.jsonl", lines));
        Assert.Null(data.DefectOf("a", 1));
        Assert.Equal("calibration data of layer a has no timestep in row 6, expected one in every row", data.TimeDefectOf("a")!.Message);
    }

    [Theory]
    [InlineData(
        float.NaN, 1f, "non_finite_statistics", "calibration input of layer a has a value that is not finite in bucket 1, channel 0")]
    [InlineData(
        1f, float.PositiveInfinity, "non_finite_statistics",
        "calibration input of layer a has a value that is not finite in bucket 1, channel 0")]
    [InlineData(
        -1f, 1f, "invalid_statistics",
        "calibration statistics of layer a are negative in bucket 1, channel 0, expected means of squares and maxima")]
    [InlineData(0f, 0f, "empty_time_group", "calibration statistics of layer a hold nothing in bucket 1, where other buckets have data")]
    public void DefectOf_MomentsThatCannotBe_NamesTheBucket(float square, float maximum, string cause, string message)
    {
        SafeTensorsBuilder file = new SafeTensorsBuilder()
            .Add("a.channel_sqmean", [1, square], 2, 1).Add("a.channel_absmax", [1, maximum], 2, 1);
        Check(file, "a.weight", 1, cause, message);
    }

    [Fact]
    public void Load_MomentsWithBucketStarts_UsesThem()
    {
        SafeTensorsBuilder file = new SafeTensorsBuilder()
            .Add("a.channel_sqmean", [1, 2, 4, 8, 16, 32], 3, 2).Add("a.channel_absmax", [2, 2, 3, 3, 9, 9], 3, 2)
            .Add("a.bucket_start", [10, 20, 50], 3);
        DiffusionQuantConfig config = new() { NumTimeGroups = 2 };
        string path = _files.Write("c.safetensors", file.Build());
        using LayerCalibration layer = CalibrationData.Open([path], true, config, null)!.Load("a.weight", 2, out _)!;
        Assert.Equal([(0, 20), (20, 80)], layer.Groups.Select(group => (group.Start, group.End)));
        Assert.Equal([1, 2, 10, 20], layer.SquareMeans!);
        Assert.Equal((-9f, 9f, 2L), (layer.Groups[1].Min, layer.Groups[1].Max, layer.Groups[1].FitCount));
    }

    [Fact]
    public void Load_MoreThanTheBudget_IsAResourceFailureThatNamesTheLayer()
    {
        string path = _files.Write("c.safetensors", Rows(100).Build());
        MemoryBudget budget = new(1000);
        CalibrationData data = CalibrationData.Open([path], true, new DiffusionQuantConfig(), budget)!;
        ResourceException error = Assert.Throws<ResourceException>(() => data.Load("a.weight", 3, out _));
        Assert.Contains("calibration rows of a needs 1,600 bytes", error.Message, StringComparison.Ordinal);
        Assert.Equal(0, budget.UsedBytes);
    }

    private static SafeTensorsBuilder Rows(int count) => new SafeTensorsBuilder().Add("a.input", new float[3 * count], count, 3);

    private static CalibrationData Open(string path) => CalibrationData.Open([path], true, new DiffusionQuantConfig(), null)!;

    private void Check(SafeTensorsBuilder file, string layer, long features, string cause, string message, bool isThere = true)
    {
        CalibrationData data = Open(_files.Write("c.safetensors", file.Build()));
        CalibrationDefect expected = new(cause, message, isThere);
        Assert.Equal(expected, data.DefectOf(layer, features));
        Assert.Null(data.Load(layer, features, out CalibrationDefect? defect));
        Assert.Equal(expected, defect);
    }
}
