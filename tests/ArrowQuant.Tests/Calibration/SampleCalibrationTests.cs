using ArrowQuant.Calibration;
using ArrowQuant.Configuration;
using ArrowQuant.Sources;
using ArrowQuant.Tensors;
using ArrowQuant.TestKit;

namespace ArrowQuant.Tests.Calibration;

public sealed class SampleCalibrationTests
{
    public static TheoryData<string> Samples => [.. RepositoryPaths.SampleNames];

    [Theory]
    [MemberData(nameof(Samples))]
    public void Load_EveryLayerOfASample_GivesRowsInTenGroupsWithAQuarterHeldOut(string sample)
    {
        MemoryBudget budget = new(1L << 30);
        CalibrationData data = Open(RepositoryPaths.SampleFile(sample, "calibration.safetensors"), budget);
        using IModelSource model = ModelSource.Open(RepositoryPaths.Sample(sample));
        int calibrated = 0;
        foreach (TensorInfo tensor in model.Tensors)
        {
            using LayerCalibration? layer = data.Load(tensor.Name, ColumnsOf(tensor), out CalibrationDefect? defect);
            if (layer is null)
            {
                Assert.Equal("layer_not_calibrated", defect!.Cause);
                continue;
            }

            calibrated++;
            int rows = layer.FitCount + layer.HeldOutCount;
            Assert.Equal(10, layer.Groups.Count);
            Assert.Equal(rows / 4, layer.HeldOutCount);
            Assert.InRange(rows, 150, 300);
            Assert.Equal(layer.FitCount * layer.Features, layer.Fit.Length);
            Assert.Equal(Enumerable.Range(0, 10), layer.FitGroup.Distinct());
            Assert.Equal(Enumerable.Range(0, 10), layer.HeldOutGroup.Distinct());
            Assert.True(budget.UsedBytes >= 4L * rows * layer.Features);
        }

        Assert.Equal(sample switch { "dit-digits" => 25, "llada-kjv" => 36, _ => 35 }, calibrated);
        Assert.Equal(0, budget.UsedBytes);
        Assert.Empty(data.UnknownLayers(model.Tensors.Select(tensor => tensor.FullName)));
        Assert.Empty(data.Notes);
    }

    [Fact]
    public void UnknownLayers_DataOfAnotherModel_NamesEveryLayer()
    {
        CalibrationData data = Open(RepositoryPaths.SampleFile("dit-digits", "calibration.safetensors"));
        IReadOnlyList<string> unknown = data.UnknownLayers(["blocks.0.attn.qkv.weight", "other.weight"]);
        Assert.Equal(24, unknown.Count);
        Assert.DoesNotContain("blocks.0.attn.qkv", unknown);
    }

    [Fact]
    public void Load_SampleMoments_GivesSquareMeansOfTenBuckets()
    {
        CalibrationData data = Open(RepositoryPaths.SampleFile("dit-digits", "calibration_channel_stats.safetensors"));
        using LayerCalibration layer = data.Load("blocks.0.attn.qkv.weight", 192, out CalibrationDefect? defect)!;
        Assert.Null(defect);
        Assert.False(layer.HasSamples);
        Assert.Empty(layer.Fit);
        Assert.Equal(1920, layer.SquareMeans!.Length);
        Assert.Equal(Enumerable.Range(0, 10).Select(k => (100 * k, 100 * (k + 1))), layer.Groups.Select(group => (group.Start, group.End)));
        Assert.All(layer.Groups, group => Assert.Equal(group.Max, -group.Min));
        Assert.False(data.HasSamplesFor([("blocks.0.attn.qkv.weight", 192)]));
    }

    [Fact]
    public void Load_SamplesAndMoments_SamplesWin()
    {
        string[] files = [RepositoryPaths.SampleFile("dit-digits", "calibration_channel_stats.safetensors"),
            RepositoryPaths.SampleFile("dit-digits", "calibration.safetensors")];
        CalibrationData data = CalibrationData.Open(files, true, new DiffusionQuantConfig(), null)!;
        using LayerCalibration layer = data.Load("blocks.0.attn.qkv", 192, out _)!;
        Assert.True(layer.HasSamples);
        Assert.True(data.HasSamplesFor([("blocks.0.attn.qkv.weight", 192)]));
        Assert.False(data.HasSamplesFor([("blocks.0.attn.qkv.weight", 192), ("blocks.0.attn.qkv.weight", 191)]));
    }

    [Fact]
    public void Load_MomentsAndRowsOfTheSameInputs_Agree()
    {
        // Three rows at each timestep against the moments of all rows that were seen: alike, not equal.
        CalibrationData rows = Open(RepositoryPaths.SampleFile("dit-digits", "calibration.safetensors"));
        CalibrationData moments = Open(RepositoryPaths.SampleFile("dit-digits", "calibration_channel_stats.safetensors"));
        using LayerCalibration fromRows = rows.Load("blocks.3.mlp.fc1", 192, out _)!;
        using LayerCalibration fromMoments = moments.Load("blocks.3.mlp.fc1", 192, out _)!;
        for (int g = 0; g < 10; g++)
        {
            double energy = (fromRows.Groups[g].Mean * fromRows.Groups[g].Mean) + (fromRows.Groups[g].Std * fromRows.Groups[g].Std);
            double expected = fromMoments.Groups[g].Std * fromMoments.Groups[g].Std;
            Assert.InRange(energy / expected, 0.7, 1.4);
        }
    }

    private static CalibrationData Open(string file, MemoryBudget? budget = null) =>
        CalibrationData.Open([file], true, new DiffusionQuantConfig(), budget)!;

    private static long ColumnsOf(TensorInfo tensor) => tensor.Shape.Rank < 2 ? -1 : tensor.Shape.ElementCount / tensor.Shape.Dimensions[0];
}
