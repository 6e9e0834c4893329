using System.Text.Json;
using Apache.Arrow;
using Apache.Arrow.Ipc;
using Apache.Arrow.Types;
using ArrowQuant.Calibration;
using ArrowQuant.Configuration;
using ArrowQuant.TestKit.Parquet;

namespace ArrowQuant.TestKit.Fuzzing;

/// <summary>Readers of calibration data, one for each form of file.</summary>
internal static class CalibrationFuzzTargets
{
    private const int Rows = 24;

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
            WriteParquet(path);
            seeds.Add(FuzzSeed.Parquet(File.ReadAllBytes(path)));
        }
        else
        {
            if (extension == "jsonl") File.WriteAllLines(path, Records().Select(Line));
            else WriteArrow(path, isFile: extension == "arrow");
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

    private static List<(string Layer, int Timestep, float[] Data)> Records() =>
    [
        .. Enumerable.Range(0, Rows).SelectMany(row => Layers.Select(layer =>
            (layer.Layer, 990 - (row * 40), ModelFuzzTargets.Values(layer.Features)))),
    ];

    private static string Line((string Layer, int Timestep, float[] Data) record) =>
        JsonSerializer.Serialize(new { layer = record.Layer, data = record.Data, timestep = record.Timestep, shape = Shape(record.Data) });

    private static int[] Shape(float[] data) => [1, data.Length];

    private static void WriteParquet(string path)
    {
        List<(string Layer, int Timestep, float[] Data)> records = Records();
        new ParquetTable(records.Count)
            .Text("layer", [.. records.Select(record => record.Layer)], nullable: true)
            .ListOfFloat("data", [.. records.Select(record => record.Data)])
            .LongIntegers("timestep", [.. records.Select(record => (long?)record.Timestep)], nullable: true)
            .Write(path, ParquetSharp.Compression.Zstd, rowsPerGroup: 30);
    }

    private static void WriteArrow(string path, bool isFile)
    {
        using FileStream stream = File.Create(path);
        Schema schema = new Schema.Builder()
            .Field(new Field("timestep", Int64Type.Default, true))
            .Field(new Field("layer", StringType.Default, true))
            .Field(new Field("data", new ListType(FloatType.Default), true))
            .Build();
        using ArrowStreamWriter writer = isFile ? new ArrowFileWriter(stream, schema) : new ArrowStreamWriter(stream, schema);
        foreach ((string Layer, int Timestep, float[] Data)[] chunk in Records().Chunk(30))
        {
            StringArray.Builder layers = new();
            Int64Array.Builder timesteps = new();
            ListArray.Builder lists = new(FloatType.Default);
            FloatArray.Builder values = (FloatArray.Builder)lists.ValueBuilder;
            foreach ((string layer, int timestep, float[] data) in chunk)
            {
                layers.Append(layer);
                timesteps.Append(timestep);
                lists.Append();
                values.Append(data.AsSpan());
            }

            using RecordBatch batch = new(schema, [timesteps.Build(), layers.Build(), lists.Build()], chunk.Length);
            writer.WriteRecordBatch(batch);
        }

        writer.WriteEnd();
    }
}
