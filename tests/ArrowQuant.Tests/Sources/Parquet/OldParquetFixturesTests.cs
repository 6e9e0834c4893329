using ArrowQuant.TestKit.Parquet;
using DuckDB.NET.Data;

namespace ArrowQuant.Tests.Sources.Parquet;

/// <summary>The fixtures as another Parquet reader sees them, so that a fault of ours cannot hide in writer and reader alike.</summary>
public sealed class OldParquetFixturesTests : IDisposable
{
    private readonly OldModelFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void WriteV2Extended_ThroughDuckDb_HasTheColumnsOfThePage()
    {
        OldRow row = OldRows.RustTimeAware("a.w", [2, 3], [0f, 1f, 2f, 3f, 4f, 5f], 8, 2);
        row = row with { Modality = "image", Data = [0, 1, 2, 3, 254, 255] };
        string file = OldParquetFixtures.WriteV2Extended(_folder.Path, row);

        Assert.Equal(
            "layer_name:VARCHAR, shape:UBIGINT[], dtype:VARCHAR, data:BLOB, num_params:UBIGINT, quant_type:VARCHAR, scales:FLOAT[], "
            + "zero_points:FLOAT[], quant_axis:UBIGINT, group_size:UBIGINT, is_diffusion_model:BOOLEAN, modality:VARCHAR, "
            + "time_aware_quant_json:VARCHAR",
            Query($"SELECT string_agg(column_name || ':' || column_type, ', ') FROM (DESCRIBE SELECT * FROM '{file}')"));
        Assert.Equal(
            "a.w [2, 3] float32 00010203FEFF 6 int8 true image",
            Query($"SELECT concat_ws(' ', layer_name, shape, dtype, hex(data), num_params, quant_type, is_diffusion_model, modality) "
                + $"FROM '{file}'"));
        Assert.Equal("list,item", Query($"SELECT string_agg(name, ',') FROM (SELECT name FROM parquet_schema('{file}') OFFSET 3 LIMIT 2)"));
        Assert.Equal("ZSTD", Query($"SELECT max(compression) FROM parquet_metadata('{file}')"));
        Assert.Equal("0", Query($"SELECT count(stats_max_value) FROM parquet_metadata('{file}')"));
        Assert.Equal("1", Query($"SELECT count(*) FROM parquet_kv_metadata('{file}') WHERE key = 'ARROW:schema'"));
    }

    [Fact]
    public void WriteV2Python_ThroughDuckDb_HasTheColumnsOfThePage()
    {
        string file = _folder.File("model.parquet");
        OldParquetFixtures.WriteV2Python(file, [OldRows.PythonInt2("w", [2, 3], [0f, -1f, 1f, 0.5f, 0f, 0f], 0, 4)]);

        Assert.Equal(
            "layer_name:VARCHAR, shape:INTEGER[], dtype:VARCHAR, data:BLOB, num_params:BIGINT, quant_type:VARCHAR, scales:BLOB, "
            + "zero_points:BLOB, quant_axis:INTEGER, group_size:INTEGER",
            Query($"SELECT string_agg(column_name || ':' || column_type, ', ') FROM (DESCRIBE SELECT * FROM '{file}')"));
        // 0, -1, 1, 0.5 with scale 1: codes 0, -1, 1, 0 stored +2 as 2, 1, 3, 2 from the low bits on: 0b10_11_01_10
        Assert.Equal(
            "w B60A 6 int2 0 4",
            Query($"SELECT concat_ws(' ', layer_name, hex(data), num_params, quant_type, quant_axis, group_size) FROM '{file}'"));
    }

    private static string Query(string sql)
    {
        using DuckDBConnection connection = new("DataSource=:memory:");
        connection.Open();
        using DuckDBCommand command = connection.CreateCommand();
        command.CommandText = sql;
        return command.ExecuteScalar()?.ToString() ?? "";
    }
}
