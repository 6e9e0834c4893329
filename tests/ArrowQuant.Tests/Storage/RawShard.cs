using ArrowQuant.Storage;
using ArrowQuant.Tensors;
using ParquetSharp;
using ParquetSharp.Schema;

namespace ArrowQuant.Tests.Storage;

/// <summary>Shards that the writer would never write: any rows, any footer keys, columns left out.</summary>
internal static class RawShard
{
    /// <summary>The rows of one int4 layer, 4 rows of 64 columns in groups of 32, in blocks of 2.</summary>
    public static List<StoredRow> Rows(string name = "w")
    {
        QuantizedFormat format = StorageSamples.Format(4, CodeLayout.Affine, 64, 32);
        LayerHeader header = StorageSamples.Layer(name, [4, 64], format);
        return [.. new[] { 0, 2 }.Select(start =>
        {
            QuantizedBlock block = StorageSamples.Block(format, start, 2, start);
            StoredRow row = StoredRowCodec.ToRow(header, start, 2, 1);
            row.Data = block.Codes;
            row.Scales = block.Scales;
            row.ZeroPoints = block.ZeroPoints;
            return row;
        })];
    }

    public static Dictionary<string, string> Keys(int rows) => new()
    {
        [ArtefactLayout.FormatKey] = ArtefactLayout.FormatVersion,
        [ArtefactLayout.CompleteKey] = StorageSamples.Text(rows),
    };

    /// <summary>Writes the only shard of an artefact without metadata.json, one row group per row.</summary>
    public static void Write(
        string folder, IReadOnlyList<StoredRow> rows, Dictionary<string, string>? keys = null, string? withoutColumn = null)
    {
        ArtefactColumn[] columns = [.. ArtefactColumns.All.Where(column => column.Name != withoutColumn)];
        using GroupNode schema = new("schema", Repetition.Required, [.. columns.Select(column => column.CreateNode())]);
        using WriterProperties properties = ArtefactSchema.CreateProperties(default);
        string path = Path.Combine(folder, ArtefactLayout.ShardName(1, 1));
        using ParquetFileWriter writer = new(path, schema, properties, keys ?? Keys(rows.Count));
        foreach (StoredRow row in rows)
        {
            using RowGroupWriter group = writer.AppendRowGroup();
            foreach (ArtefactColumn column in columns)
            {
                using ColumnWriter values = group.NextColumn();
                column.Write(values, [row]);
            }
        }

        writer.Close();
    }
}
