using System.Text.Json;
using ArrowQuant.Tensors;
using ArrowQuant.TestKit;
using ArrowQuant.Tests.Support;

namespace ArrowQuant.Tests.Calibration;

/// <summary>Made-up activations, written in every format that calibration reads. Rows of layers alternate in files of records.</summary>
internal sealed class CalibrationFixture
{
    public const int Steps = 20;
    public const int RowsPerStep = 3;

    private const int RecordsPerPart = 17;

    public static string[] Formats { get; } = ["safetensors", "parquet", "arrow", "arrows", "jsonl"];

    public Dictionary<string, float[][]> Layers { get; } = [];

    /// <summary>The timestep of every row, falling as samplers fall.</summary>
    public int[] Timesteps { get; init; } = [.. Enumerable.Range(0, Steps * RowsPerStep).Select(i => 50 * (Steps - 1 - (i / RowsPerStep)))];

    public static CalibrationFixture Create(params (string Layer, int Features)[] layers)
    {
        CalibrationFixture fixture = new();
        SeededNumbers numbers = new(7);
        foreach ((string layer, int features) in layers)
            fixture.Layers.Add(layer, [.. fixture.Timesteps.Select(t => numbers.Gaussian(features, 1 + (t / 100.0)))]);
        return fixture;
    }

    public string Write(ModelFiles files, string format)
    {
        string path = files.PathOf("calibration." + format);
        switch (format)
        {
            case "safetensors":
                File.WriteAllBytes(path, SafeTensors());
                break;
            case "jsonl":
                File.WriteAllLines(path, Records().Select(Line));
                break;
            case "parquet":
                CalibrationRecords.WriteParquet(path, Records(), RecordsPerPart);
                break;
            default:
                CalibrationRecords.WriteArrow(path, Records(), RecordsPerPart);
                break;
        }

        return path;
    }

    public byte[] SafeTensors()
    {
        SafeTensorsBuilder builder = new();
        foreach ((string layer, float[][] rows) in Layers)
        {
            builder.Add(layer + ".input", [.. rows.SelectMany(row => row)], rows.Length, rows[0].Length);
            builder.Add(layer + ".timestep", ElementType.I32, [Timesteps.Length], [.. Timesteps.SelectMany(BitConverter.GetBytes)]);
        }

        return builder.Build();
    }

    private List<CalibrationRecord> Records() =>
        [.. Timesteps.SelectMany((t, i) => Layers.Select(layer => new CalibrationRecord(layer.Key, t, layer.Value[i])))];

    private static string Line(CalibrationRecord record) =>
        JsonSerializer.Serialize(new { layer = record.Layer, data = record.Data, timestep = record.Timestep });
}
