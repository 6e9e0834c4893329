using System.IO.Hashing;
using System.Text.Json.Nodes;
using ArrowQuant.TestKit.Parquet;

namespace ArrowQuant.TestKit;

/// <summary>
/// Changes a published artefact: naively, so that its hashes give the change away, or with sizes and hashes made to fit, so that only what
/// is decoded and compared can.
/// </summary>
public static class ArtefactForgery
{
    /// <summary>Changes the rows of every shard and writes them back as well-formed files. Sizes and hashes stay as they were.</summary>
    public static void ChangeRows(string artefact, Action<IList<ParquetRow>> change)
    {
        foreach (string path in Directory.GetFiles(artefact, "*.parquet", SearchOption.AllDirectories))
        {
            ParquetRows rows = ParquetRows.Read(path);
            change(rows.Rows);
            rows.Footer["arrowquant.complete"] = $"{rows.Rows.Count}";
            rows.Replace(path);
        }
    }

    /// <summary>Changes one row: the first of the layer.</summary>
    public static void ChangeRow(string artefact, string layer, Action<ParquetRow> change) =>
        ChangeRows(artefact, rows => change(rows.First(row => row.Text("layer_name") == layer)));

    /// <summary>Changes report.json; its hash stays as it was.</summary>
    public static void ChangeReport(string artefact, Action<JsonObject> change) =>
        ChangeJson(Path.Combine(artefact, "report.json"), change);

    /// <summary>
    /// Makes sizes and hashes in metadata.json, and the sizes that report.json states, those of the files as they are now.
    /// </summary>
    public static void Reseal(string artefact)
    {
        string[] shards = [.. Directory.GetFiles(artefact, "*.parquet", SearchOption.AllDirectories)];
        ChangeReport(artefact, report => StateSize(report, shards.Sum(path => new FileInfo(path).Length)));
        ChangeJson(Path.Combine(artefact, "metadata.json"), metadata =>
        {
            foreach (JsonNode? shard in metadata["shards"]!.AsArray())
            {
                byte[] bytes = File.ReadAllBytes(Path.Combine(artefact, shard!["path"]!.GetValue<string>()));
                shard["bytes"] = bytes.Length;
                shard["xxh128"] = HashOf(bytes);
            }

            metadata["report_xxh128"] = HashOf(File.ReadAllBytes(Path.Combine(artefact, "report.json")));
        });
    }

    /// <summary>XXH128 as the artefact spells it.</summary>
    public static string HashOf(ReadOnlySpan<byte> bytes) => XxHash128.HashToUInt128(bytes).ToString("x32");

    // Source bytes and kept bytes are whole numbers that follow from the ratios with the old size.
    private static void StateSize(JsonObject report, long size)
    {
        long old = report["model_size_bytes"]!.GetValue<long>();
        long weights = report["layers"]!.AsArray().Sum(layer =>
            layer!["shape"]!.AsArray().Aggregate(1L, (product, dimension) => product * dimension!.GetValue<long>()));
        double source = Math.Round(report["compression_ratio"]!.GetValue<double>() * old);
        long kept = old - (long)Math.Round(report["bits_per_weight"]!.GetValue<double>() * weights / 8);
        report["model_size_bytes"] = size;
        report["compression_ratio"] = source / size;
        report["bits_per_weight"] = 8.0 * (size - kept) / weights;
    }

    private static void ChangeJson(string path, Action<JsonObject> change)
    {
        JsonObject document = JsonNode.Parse(File.ReadAllBytes(path))!.AsObject();
        change(document);
        File.WriteAllText(path, document.ToJsonString() + "\n");
    }
}
