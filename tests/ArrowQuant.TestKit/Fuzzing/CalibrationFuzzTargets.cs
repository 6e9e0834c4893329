using System.Text.Json;
using ArrowQuant.Calibration;
using ArrowQuant.Configuration;

namespace ArrowQuant.TestKit.Fuzzing;

/// <summary>Readers of calibration data, one for each form of file.</summary>
internal static class CalibrationFuzzTargets
{
    private const int Rows = 24;
    private const int RecordsPerPart = 30;

    private static readonly (string Layer, int Features)[] Layers = [("a", 3), ("b", 4)];

    /// <summary>The reader of files with this extension.</summary>
    public static FuzzTarget Of(string extension)
    {
        TempFolder folder = new();
        string path = folder.PathOf("calibration." + extension);
        List<FuzzSeed> seeds = [];
        if (extension == "safetensors")
        {
            foreach (bool moments in new[] { false, true })
            {
                WeightFileWriter.Write(path, moments ? Moments() : Inputs());
                seeds.Add(FuzzSeed.SafeTensors(File.ReadAllBytes(path)));
            }
        }
        else if (extension == "parquet")
        {
            CalibrationRecords.WriteParquet(path, Records(), RecordsPerPart);
            seeds.Add(FuzzSeed.Parquet(File.ReadAllBytes(path)));
        }
        else
        {
            if (extension == "jsonl") File.WriteAllLines(path, Records().Select(Line));
            else CalibrationRecords.WriteArrow(path, Records(), RecordsPerPart);
            seeds.Add(FuzzSeed.Whole(File.ReadAllBytes(path)));
        }

        string name = extension == "arrows" ? "stream" : extension;
        return new("calibration-" + name, folder, Path.GetFileName(path), seeds, Read);
    }

    private static void Read(string path)
    {
        CalibrationData? data = CalibrationData.Open([path], named: true, new DiffusionQuantConfig(), null);
        foreach ((string layer, int features) in Layers)
        {
            using LayerCalibration? loaded = data?.Load(layer, features, out _);
            if (loaded is null) continue;
            if (loaded.Fit.AsSpan().ContainsAnyExceptInRange(float.MinValue, float.MaxValue))
                throw new InvalidDataException($"a value of layer {layer} is not finite, and it was loaded");
        }
    }

    private static List<RawTensor> Inputs() =>
    [
        .. Layers.SelectMany(layer => new RawTensor[]
        {
            RawTensor.FromFloats(layer.Layer + ".input", "F32", [Rows, layer.Features], ModelFuzzTargets.Values(Rows * layer.Features)),
            new(layer.Layer + ".timestep", "I32", [Rows], [.. Enumerable.Range(0, Rows).SelectMany(BitConverter.GetBytes)]),
        }),
    ];

    private static List<RawTensor> Moments() =>
    [
        .. Layers.SelectMany(layer => new[] { ".channel_sqmean", ".channel_absmax" }.Select(suffix => RawTensor.FromFloats(
            layer.Layer + suffix, "F32", [6, layer.Features],
            [.. ModelFuzzTargets.Values(6 * layer.Features).Select(Math.Abs)]))),
        new("a.bucket_start", "I64", [6], [.. Enumerable.Range(0, 6).SelectMany(i => BitConverter.GetBytes(i * 100L))]),
    ];

    private static List<CalibrationRecord> Records() =>
    [
        .. Enumerable.Range(0, Rows).SelectMany(row => Layers.Select(layer =>
            new CalibrationRecord(layer.Layer, 990 - (row * 40), ModelFuzzTargets.Values(layer.Features)))),
    ];

    private static string Line(CalibrationRecord record) =>
        JsonSerializer.Serialize(new { layer = record.Layer, data = record.Data, timestep = record.Timestep, shape = Shape(record.Data) });

    private static int[] Shape(float[] data) => [1, data.Length];
}
