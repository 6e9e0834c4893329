using Apache.Arrow;
using Apache.Arrow.Ipc;
using Apache.Arrow.Types;
using ArrowQuant.TestKit.Parquet;

namespace ArrowQuant.TestKit;

/// <summary>Writes calibration records in the forms that hold columns.</summary>
public static class CalibrationRecords
{
    /// <summary>A Parquet file with so many records in a row group.</summary>
    public static void WriteParquet(string path, IReadOnlyList<CalibrationRecord> records, int perGroup) => new ParquetTable(records.Count)
        .Text("layer", [.. records.Select(record => record.Layer)], nullable: true)
        .ListOfFloat("data", [.. records.Select(record => record.Data)])
        .LongIntegers("timestep", [.. records.Select(record => (long?)record.Timestep)], nullable: true)
        .Write(path, ParquetSharp.Compression.Zstd, rowsPerGroup: perGroup);

    /// <summary>An Arrow file, or a stream where the path ends with <c>.arrows</c>, with so many records in a batch.</summary>
    public static void WriteArrow(string path, IReadOnlyList<CalibrationRecord> records, int perBatch)
    {
        using FileStream stream = File.Create(path);
        Schema schema = new Schema.Builder()
            .Field(new Field("timestep", Int64Type.Default, true))
            .Field(new Field("layer", StringType.Default, true))
            .Field(new Field("data", new ListType(FloatType.Default), true))
            .Build();
        using ArrowStreamWriter writer = path.EndsWith(".arrows", StringComparison.Ordinal)
            ? new ArrowStreamWriter(stream, schema)
            : new ArrowFileWriter(stream, schema);
        foreach (CalibrationRecord[] chunk in records.Chunk(perBatch))
        {
            using RecordBatch batch = Batch(schema, chunk);
            writer.WriteRecordBatch(batch);
        }

        writer.WriteEnd();
    }

    private static RecordBatch Batch(Schema schema, CalibrationRecord[] records)
    {
        StringArray.Builder layers = new();
        Int64Array.Builder timesteps = new();
        ListArray.Builder lists = new(FloatType.Default);
        FloatArray.Builder values = (FloatArray.Builder)lists.ValueBuilder;
        foreach (CalibrationRecord record in records)
        {
            layers.Append(record.Layer);
            timesteps.Append(record.Timestep);
            lists.Append();
            values.Append(record.Data.AsSpan());
        }

        return new RecordBatch(schema, [timesteps.Build(), layers.Build(), lists.Build()], records.Length);
    }
}
