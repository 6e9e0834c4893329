using System.Data.Common;
using System.Globalization;
using System.Text;
using System.Text.Json;
using DuckDB.NET.Data;

namespace ArrowQuant.TestKit;

/// <summary>Reads the rows of one shard with DuckDB.</summary>
internal static class ArtefactRows
{
    private const string Columns =
        "layer_name, shape, dtype, data, quant_type, layout, scales, zero_points, levels, group_size, quant_axis, row_axis, " +
        "row_start, row_count, spatial_quant_json, method, enhancement, transform, modality, cosine_similarity, nmse, correction";

    /// <summary>All rows of a file, in its order.</summary>
    /// <exception cref="InvalidDataException">
    /// The footer does not say <c>arrowquant.complete</c> with the number of rows that are there.
    /// </exception>
    public static List<ArtefactRow> Read(string path)
    {
        if (!File.Exists(path)) throw new FileNotFoundException($"{path} is missing", path);
        using DuckDBConnection connection = new("DataSource=:memory:");
        connection.Open();
        using DuckDBCommand command = connection.CreateCommand();
        string source = "'" + path.Replace("'", "''", StringComparison.Ordinal) + "'";
        command.CommandText = $"SELECT {Columns} FROM read_parquet({source}, file_row_number = true) ORDER BY file_row_number";
        List<ArtefactRow> rows = [];
        using (DbDataReader reader = command.ExecuteReader())
        {
            while (reader.Read()) rows.Add(ReadRow(reader));
        }

        command.CommandText = $"SELECT decode(value) FROM parquet_kv_metadata({source}) WHERE decode(key) = 'arrowquant.complete'";
        string? complete = command.ExecuteScalar() as string;
        if (complete != rows.Count.ToString(CultureInfo.InvariantCulture))
            throw new InvalidDataException($"{path}: arrowquant.complete is {complete ?? "missing"}, the file has {rows.Count} rows");
        return rows;
    }

    private static ArtefactRow ReadRow(DbDataReader reader) => new()
    {
        LayerName = reader.GetString(0),
        Shape = [.. reader.GetFieldValue<List<ulong>>(1).Select(size => checked((long)size))],
        Dtype = reader.GetString(2),
        Data = Bytes(reader, 3),
        QuantType = reader.GetString(4),
        Layout = reader.GetString(5),
        Scales = [.. reader.GetFieldValue<List<float>>(6)],
        ZeroPoints = [.. reader.GetFieldValue<List<float>>(7)],
        Levels = reader.IsDBNull(8) ? [] : [.. reader.GetFieldValue<List<float>>(8)],
        GroupSize = reader.IsDBNull(9) ? null : Integer(reader, 9),
        QuantAxis = reader.IsDBNull(10) ? null : Integer(reader, 10),
        RowAxis = (int)Integer(reader, 11),
        RowStart = Integer(reader, 12),
        RowCount = Integer(reader, 13),
        EqualizationScales = reader.IsDBNull(14) ? [] : EqualizationScales(reader.GetString(14)),
        Method = reader.GetString(15),
        Enhancement = reader.GetString(16),
        Transform = reader.GetString(17),
        Modality = reader.IsDBNull(18) ? null : reader.GetString(18),
        CosineSimilarity = reader.IsDBNull(19) ? null : reader.GetDouble(19),
        Nmse = reader.IsDBNull(20) ? null : reader.GetDouble(20),
        Correction = reader.GetString(21),
    };

    private static byte[] Bytes(DbDataReader reader, int column)
    {
        using Stream stream = reader.GetStream(column);
        byte[] bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        return bytes;
    }

    private static long Integer(DbDataReader reader, int column) => Convert.ToInt64(reader.GetValue(column), CultureInfo.InvariantCulture);

    private static float[] EqualizationScales(string json)
    {
        using JsonDocument document = JsonDocument.Parse(Encoding.UTF8.GetBytes(json));
        bool isOff = document.RootElement.TryGetProperty("channel_equalization", out JsonElement flag)
            && flag.ValueKind == JsonValueKind.False;
        return !isOff && document.RootElement.TryGetProperty("equalization_scales", out JsonElement scales)
            && scales.ValueKind == JsonValueKind.Array
            ? [.. scales.EnumerateArray().Select(scale => scale.GetSingle())]
            : [];
    }
}
