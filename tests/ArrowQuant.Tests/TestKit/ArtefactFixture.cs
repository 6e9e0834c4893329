using System.Globalization;
using ArrowQuant.TestKit;
using DuckDB.NET.Data;

namespace ArrowQuant.Tests.TestKit;

/// <summary>An artefact folder whose Parquet files DuckDB writes from hand-made rows.</summary>
internal sealed class ArtefactFixture : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly List<string> _shards = [];

    public string Folder => _folder.FullName;

    /// <summary>One row as a SELECT; every default is that of a kept float32 tensor.</summary>
    public static string Row(string name, string shape, string dataHex, string dtype = "float32", string quantType = "none",
        string layout = "none", string scales = "", string zeroPoints = "", string? levels = null,
        int? groupSize = null, int? quantAxis = null, int rowAxis = 0,
        int rowStart = 0, int rowCount = 1, string? spatial = null, string method = "none", string transform = "none") =>
        $"SELECT '{name}' AS layer_name, [{shape}]::UBIGINT[] AS shape, '{dtype}' AS dtype, unhex('{dataHex}') AS data, " +
        $"'{quantType}' AS quant_type, " +
        $"'{layout}' AS layout, [{scales}]::FLOAT[] AS scales, [{zeroPoints}]::FLOAT[] AS zero_points, " +
        $"{(levels is null ? "NULL" : $"[{levels}]")}::FLOAT[] AS levels, {Number(groupSize)}::UBIGINT AS group_size, " +
        $"{Number(quantAxis)}::UBIGINT AS quant_axis, {rowAxis}::UBIGINT AS row_axis, {rowStart}::UBIGINT AS row_start, " +
        $"{rowCount}::UBIGINT AS row_count, {(spatial is null ? "NULL" : $"'{spatial}'")}::VARCHAR AS spatial_quant_json, " +
        $"'{method}' AS method, 'none' AS enhancement, '{transform}' AS transform, 'none' AS correction, 'image' AS modality, " +
        "0.5::DOUBLE AS cosine_similarity, NULL::DOUBLE AS nmse, 7 AS unknown_column";

    /// <summary>Writes one shard and lists it in metadata.json.</summary>
    public ArtefactFixture Add(string path, int complete, params string[] rows)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(_folder.PathOf(path))!);
        using DuckDBConnection connection = new("DataSource=:memory:");
        connection.Open();
        using DuckDBCommand command = connection.CreateCommand();
        command.CommandText = $"COPY ({string.Join(" UNION ALL ", rows)}) TO '{_folder.PathOf(path)}' " +
            $"(FORMAT parquet, KV_METADATA {{'arrowquant.complete': '{complete}'}})";
        command.ExecuteNonQuery();
        _shards.Add($"{{\"path\":\"{path}\",\"bytes\":1}}");
        File.WriteAllText(_folder.PathOf("metadata.json"), $"{{\"shards\":[{string.Join(',', _shards)}]}}");
        return this;
    }

    public void Dispose() => _folder.Dispose();

    private static string Number(int? value) => value?.ToString(CultureInfo.InvariantCulture) ?? "NULL";
}
