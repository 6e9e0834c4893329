using System.Text.Json;
using Apache.Arrow;
using Apache.Arrow.Ipc;
using Apache.Arrow.Types;
using ArrowQuant.Tensors;
using ArrowQuant.TestKit.Parquet;
using ArrowQuant.Tests.Support;

namespace ArrowQuant.Tests.Calibration;

/// <summary>Made-up activations, written in every format that calibration reads. Rows of layers alternate in files of records.</summary>
internal sealed class CalibrationFixture
{
    public const int Steps = 20;
    public const int RowsPerStep = 3;

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
                File.WriteAllLines(path, Records().Select(record => JsonSerializer.Serialize(record)));
                break;
            case "parquet":
                WriteParquet(path);
                break;
            default:
                WriteArrow(path, format == "arrow");
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

    private sealed record Record(string layer, float[] data, int timestep);

    private List<Record> Records() =>
        [.. Timesteps.SelectMany((t, i) => Layers.Select(layer => new Record(layer.Key, layer.Value[i], t)))];

    private void WriteParquet(string path)
    {
        List<Record> records = Records();
        new ParquetTable(records.Count)
            .Text("layer", [.. records.Select(record => record.layer)], nullable: true)
            .ListOfFloat("data", [.. records.Select(record => record.data)])
            .LongIntegers("timestep", [.. records.Select(record => (long?)record.timestep)], nullable: true)
            .Write(path, ParquetSharp.Compression.Zstd, rowsPerGroup: 17);
    }

    private void WriteArrow(string path, bool isFile)
    {
        using FileStream stream = File.Create(path);
        Schema schema = new Schema.Builder()
            .Field(new Field("timestep", Int64Type.Default, true))
            .Field(new Field("layer", StringType.Default, true))
            .Field(new Field("data", new ListType(FloatType.Default), true))
            .Build();
        using ArrowStreamWriter writer = isFile ? new ArrowFileWriter(stream, schema) : new ArrowStreamWriter(stream, schema);
        foreach (Record[] chunk in Records().Chunk(17)) writer.WriteRecordBatch(Batch(schema, chunk));
        writer.WriteEnd();
    }

    private static RecordBatch Batch(Schema schema, Record[] records)
    {
        StringArray.Builder layers = new();
        Int64Array.Builder timesteps = new();
        ListArray.Builder lists = new(FloatType.Default);
        FloatArray.Builder values = (FloatArray.Builder)lists.ValueBuilder;
        foreach (Record record in records)
        {
            layers.Append(record.layer);
            timesteps.Append(record.timestep);
            lists.Append();
            values.Append(record.data.AsSpan());
        }

        return new RecordBatch(schema, [timesteps.Build(), layers.Build(), lists.Build()], records.Length);
    }
}
