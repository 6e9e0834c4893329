using System.Buffers.Binary;
using System.Text.Json.Nodes;
using ArrowQuant.TestKit;
using ArrowQuant.TestKit.Parquet;

namespace ArrowQuant.Acceptance.Trust;

/// <summary>The faults that validate must find.</summary>
public static class PlantedFaults
{
    private const string Layer = "blocks.0.attn.qkv.weight";
    private const string Twin = "blocks.1.attn.qkv.weight";
    private const string Wide = "blocks.0.proj.weight";
    private const string Figures = "the stored bytes give";

    /// <summary>Every fault, in the order of the table in docs/reliability.md.</summary>
    /// <param name="siblingShard">A shard of another model with the same names and shapes.</param>
    public static IReadOnlyList<PlantedFault> All(Func<string> siblingShard) =>
    [
        new("one code bit flipped", "int4", Layer, Figures, In(Layer, row => Bytes(row)[1000] ^= 1))
        {
            ContradictsItself = true,
        },
        new("nibbles of a layer swapped", "int4", Layer, Figures, In(Layer, row =>
        {
            byte[] data = Bytes(row);
            for (int i = 0; i < data.Length; i++) data[i] = (byte)(data[i] << 4 | data[i] >> 4);
        }))
        {
            ContradictsItself = true,
        },
        new("one scale doubled", "int4", Layer, Figures, In(Layer, row => Change(row, "scales", 7, value => 2 * value)))
        {
            ContradictsItself = true,
        },
        new("every scale of a layer doubled", "int4", Layer, Figures,
            In(Layer, row => row.SetList("scales", row.List<float>("scales").Select(value => 2 * value))))
        {
            ContradictsItself = true,
        },
        new("one scale NaN", "int4", Layer, "scales[7] is NaN", In(Layer, row => Change(row, "scales", 7, _ => float.NaN)))
        {
            ContradictsItself = true,
        },
        new("one zero point shifted by one", "int4", Layer, Figures, In(Layer, row => Change(row, "zero_points", 7, value => value + 1)))
        {
            ContradictsItself = true,
        },
        new("levels of one group swapped", "int2", Layer, "do not ascend with their codes", In(Layer, row =>
        {
            float[] levels = row.List<float>("levels");
            (levels[1], levels[2]) = (levels[2], levels[1]);
            row.SetList("levels", levels);
        }))
        {
            ContradictsItself = true,
        },
        new("one equalization scale 1 % larger", "int4", Layer, Figures, In(Layer, row =>
        {
            JsonNode spatial = JsonNode.Parse(row.Text("spatial_quant_json")!)!;
            JsonArray scales = spatial["equalization_scales"]!.AsArray();
            scales[5] = scales[5]!.GetValue<float>() * 1.01f;
            row.SetText("spatial_quant_json", spatial.ToJsonString());
        }))
        {
            ContradictsItself = true,
        },
        new("row block missing", "wide", Wide, "begins at row", Rows(rows => rows.RemoveAt(Index(rows, Wide))))
        {
            ContradictsItself = true,
        },
        new("row block duplicated", "wide", Wide, "begins at row", Rows(rows =>
            rows.Insert(Index(rows, Wide), rows[Index(rows, Wide)].Copy())))
        {
            ContradictsItself = true,
        },
        new("row block with the codes of another", "wide", Wide, Figures, Rows(rows =>
        {
            int first = Index(rows, Wide);
            Bytes(rows[first + 1]).AsSpan().CopyTo(Bytes(rows[first]));
        })),
        new("shape changed", "int4", Layer, "has shape", In(Layer, row => row.SetList("shape", [.. row.List<long>("shape"), 1L])))
        {
            ContradictsItself = true,
        },
        new("layer renamed", "int4", Layer, "is not in the original", In(Layer, row => row.SetText("layer_name", Layer + "s")))
        {
            ContradictsItself = true,
        },
        new("names of two layers exchanged", "int4", Layer, "are not those that were quantized", Rows(rows =>
        {
            (ParquetRow one, ParquetRow other) = (rows[Index(rows, Layer)], rows[Index(rows, Twin)]);
            one.SetText("layer_name", Twin);
            other.SetText("layer_name", Layer);
        }))
        {
            ContradictsItself = true,
        },
        new("shard cut short", "int4", Layer, "is not a whole Parquet file", folder =>
        {
            using FileStream shard = File.OpenWrite(ShardOf(folder));
            shard.SetLength(shard.Length / 2);
        })
        {
            ContradictsItself = true,
        },
        new("shard of another model", "int4", Layer, "are not those that were quantized",
            folder => File.Copy(siblingShard(), ShardOf(folder), overwrite: true))
        {
            ContradictsItself = true,
        },
        new("report: accuracy of a layer raised", "int4", Layer, Figures, Report(report =>
            LayerIn(report)["cosine_similarity"] = 0.9999))
        {
            ContradictsItself = true,
        },
        new("report: gain of a layer corrected", "int4", Layer, Figures, Report(report => LayerIn(report)["gain"] = 1.0))
        {
            ContradictsItself = true,
        },
        new("report: threshold lowered", "int4", Layer, "min_accuracy is", Report(report => report["min_accuracy"] = 0.1))
        {
            ContradictsItself = true,
        },
        new("bias that takes up the error moved by 0.01", "int4", "blocks.0.attn.qkv.bias", "plus what its layer lost",
            In("blocks.0.attn.qkv.bias", row =>
            {
                Span<byte> first = Bytes(row);
                BinaryPrimitives.WriteSingleLittleEndian(first, BinaryPrimitives.ReadSingleLittleEndian(first) + 0.01f);
            })),
        new("kept tensor with one bit flipped", "int4", "x_embedder.proj.weight", "differs from the original at byte",
            In("x_embedder.proj.weight", row => Bytes(row)[100] ^= 1))
        {
            ContradictsItself = true,
        },
        new("config.json edited", "int4", Layer, "differs from the original's",
            folder => File.AppendAllText(Path.Combine(folder, "config.json"), " "))
        {
            IsHashed = false,
        },
    ];

    /// <summary>The only shard of an artefact.</summary>
    public static string ShardOf(string artefact) => Path.Combine(artefact, "model-00001-of-00001.parquet");

    private static Action<string> In(string layer, Action<ParquetRow> change) =>
        folder => ArtefactForgery.ChangeRow(folder, layer, change);

    private static Action<string> Rows(Action<IList<ParquetRow>> change) => folder => ArtefactForgery.ChangeRows(folder, change);

    private static Action<string> Report(Action<JsonObject> change) => folder => ArtefactForgery.ChangeReport(folder, change);

    private static JsonNode LayerIn(JsonObject report) =>
        report["layers"]!.AsArray().First(layer => layer!["name"]!.GetValue<string>() == Layer)!;

    private static int Index(IList<ParquetRow> rows, string layer) => rows.ToList().FindIndex(row => row.Text("layer_name") == layer);

    private static byte[] Bytes(ParquetRow row) => row.Value<byte[]>("data");

    private static void Change(ParquetRow row, string column, int index, Func<float, float> change)
    {
        float[] values = row.List<float>(column);
        values[index] = change(values[index]);
        row.SetList(column, values);
    }
}
