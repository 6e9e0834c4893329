using Apache.Arrow.Ipc;
using Apache.Arrow.Types;
using ArrowQuant.Storage;
using ArrowQuant.Tensors;
using DuckDB.NET.Data;
using ParquetSharp.Arrow;

namespace ArrowQuant.Tests.Storage;

/// <summary>What programs that know nothing of this one see in a shard.</summary>
public sealed class OtherReaderTests
{
    private static readonly (string Name, string DuckDbType, string ArrowType, bool Null)[] Columns =
    [
        ("layer_name", "VARCHAR", "utf8", false),
        ("shape", "UBIGINT[]", "list<uint64>", false),
        ("dtype", "VARCHAR", "utf8", false),
        ("data", "BLOB", "large_binary", false),
        ("num_params", "UBIGINT", "uint64", false),
        ("quant_type", "VARCHAR", "utf8", false),
        ("scales", "FLOAT[]", "list<float>", false),
        ("zero_points", "FLOAT[]", "list<float>", false),
        ("levels", "FLOAT[]", "list<float>", true),
        ("layout", "VARCHAR", "utf8", false),
        ("quant_axis", "UBIGINT", "uint64", true),
        ("group_size", "UBIGINT", "uint64", true),
        ("row_axis", "UBIGINT", "uint64", false),
        ("is_diffusion_model", "BOOLEAN", "bool", false),
        ("modality", "VARCHAR", "utf8", true),
        ("time_aware_quant_json", "VARCHAR", "utf8", true),
        ("spatial_quant_json", "VARCHAR", "utf8", true),
        ("activation_stats_json", "VARCHAR", "utf8", true),
        ("bit_width", "UTINYINT", "uint8", false),
        ("method", "VARCHAR", "utf8", false),
        ("enhancement", "VARCHAR", "utf8", false),
        ("transform", "VARCHAR", "utf8", false),
        ("correction", "VARCHAR", "utf8", false),
        ("row_start", "UBIGINT", "uint64", false),
        ("row_count", "UBIGINT", "uint64", false),
        ("cosine_similarity", "DOUBLE", "double", true),
        ("nmse", "DOUBLE", "double", true),
        ("source_xxh128", "VARCHAR", "utf8", false),
    ];

    [Fact]
    public void DuckDb_DescribesEveryColumn()
    {
        using StorageFolder folder = new();
        string path = WriteSample(folder);

        List<object?[]> described = Query($"DESCRIBE SELECT * FROM '{path}'");

        Assert.Equal(
            Columns.Select(column => (column.Name, column.DuckDbType)),
            described.Select(row => ((string)row[0]!, (string)row[1]!)));
    }

    [Fact]
    public void DuckDb_ReadsEveryValueOfARow()
    {
        using StorageFolder folder = new();
        string path = WriteSample(folder);
        QuantizedBlock block = SampleBlock();

        object?[] row = Query($"SELECT * FROM '{path}' WHERE layer_name = 'w'")[0];

        Assert.Equal("w", row[0]);
        Assert.Equal([4UL, 70UL], Assert.IsType<List<ulong>>(row[1]));
        Assert.Equal("float32", row[2]);
        Assert.Equal(block.Codes, ReadBlob(row[3]));
        Assert.Equal(280UL, row[4]);
        Assert.Equal("int4", row[5]);
        Assert.Equal(block.Scales, Assert.IsType<List<float>>(row[6]));
        Assert.Equal(block.ZeroPoints, Assert.IsType<List<float>>(row[7]));
        Assert.Null(row[8]);
        Assert.Equal("affine", row[9]);
        Assert.Null(row[10]);
        Assert.Equal(32UL, row[11]);
        Assert.Equal(0UL, row[12]);
        Assert.Equal(true, row[13]);
        Assert.Equal("image", row[14]);
        Assert.All(row[15..18], Assert.Null);
        Assert.Equal((byte)4, row[18]);
        Assert.Equal(["base", "none", "none", "none"], row[19..23].Cast<string>());
        Assert.Equal([0UL, 4UL], row[23..25].Cast<ulong>());
        Assert.Equal([0.995, 0.01], row[25..27].Cast<double>());
        Assert.Equal("0000000000000000000000000000002a", row[27]);
    }

    [Fact]
    public void DuckDb_ReadsKeptRowAndLattice()
    {
        using StorageFolder folder = new();
        string path = WriteSample(folder);
        QuantizedBlock lattice = StorageSamples.Block(StorageSamples.Format(2, CodeLayout.Lattice3, 70, 32), 0, 4);

        const string Selected = "data, quant_type, layout, method, scales, levels, bit_width, dtype, group_size";
        object?[] kept = Query($"SELECT {Selected} FROM '{path}' WHERE layer_name = 'b'")[0];
        object?[] levels = Query($"SELECT levels, len(scales) FROM '{path}' WHERE layer_name = 'l'")[0];

        Assert.Equal(StorageSamples.Bytes(8), ReadBlob(kept[0]));
        Assert.Equal(["none", "none", "none"], kept[1..4].Cast<string>());
        Assert.Empty(Assert.IsType<List<float>>(kept[4]));
        Assert.Null(kept[5]);
        Assert.Equal([(byte)16, "bfloat16", null], kept[6..9]);
        Assert.Equal(lattice.Levels, Assert.IsType<List<float>>(levels[0]));
        Assert.Equal(0L, levels[1]);
    }

    // The whole decoding rule in SQL: one row decodes by itself, with nothing of this program.
    [Fact]
    public void DuckDb_DecodesALayerByItself()
    {
        using StorageFolder folder = new();
        string path = WriteSample(folder);

        List<object?[]> rows = Query($"""
            WITH layer AS (SELECT hex(data) AS digits, scales, zero_points, group_size FROM '{path}' WHERE layer_name = 'w'),
            places AS (SELECT r, c FROM range(4) rows(r), range(70) columns(c)),
            codes AS (SELECT r, c,
                -- row r begins at byte r * 35; the even column is the low half of its byte, the second digit
                strpos('0123456789ABCDEF', substr(digits, (r * 70 + c // 2 * 2 + 2 - c % 2)::INT, 1)) - 1 AS q,
                (r * 3 + c // group_size + 1)::INT AS g, scales, zero_points FROM layer, places)
            SELECT ((q - zero_points[g])::FLOAT * scales[g])::FLOAT FROM codes ORDER BY r, c
            """);

        Assert.Equal(StorageSamples.Decode(SampleBlock()), rows.Select(row => (float)row[0]!));
    }

    [Fact]
    public void DuckDb_FooterKeys_AreThere()
    {
        using StorageFolder folder = new();
        string path = WriteSample(folder);

        Dictionary<string, string> keys = Query($"SELECT decode(key), decode(value) FROM parquet_kv_metadata('{path}')")
            .ToDictionary(row => (string)row[0]!, row => (string)row[1]!);

        Assert.Equal("1.0", keys["arrowquant.format"]);
        Assert.Equal("3", keys["arrowquant.complete"]);
        Assert.Equal(ArtefactSchema.ArrowSchemaText(), keys["ARROW:schema"]);
        List<object?[]> codecs = Query($"SELECT DISTINCT path_in_schema, compression, encodings FROM parquet_metadata('{path}')");
        object?[] data = Assert.Single(codecs, row => row[0] is "data");
        Assert.Equal("UNCOMPRESSED", data[1]);
        Assert.DoesNotContain("DICTIONARY", (string)data[2]!, StringComparison.Ordinal);
        Assert.All(codecs.Where(row => row[0] is not "data"), row => Assert.Equal("ZSTD", row[1]));
        string statistics = $"SELECT stats_min_value, stats_max_value FROM parquet_metadata('{path}') WHERE path_in_schema = 'data'";
        Assert.All(Query(statistics), row => Assert.All(row, Assert.Null));
    }

    // Rewritten by another program, with a column that a later version might add: still the same layers.
    [Fact]
    public void Open_RewrittenByDuckDbWithANewColumn_ReadsTheSame()
    {
        using StorageFolder folder = new();
        string path = WriteSample(folder);
        string copy = Path.Combine(Directory.CreateDirectory(folder["copy"]).FullName, ArtefactLayout.ShardName(1, 1));
        Query($$"""
            COPY (SELECT *, 7 AS future FROM '{{path}}') TO '{{copy}}'
            (FORMAT parquet, KV_METADATA {'arrowquant.format': '1.7', 'arrowquant.complete': '3'})
            """);

        using ArtefactReader reader = ArtefactReader.Open(folder["copy"]);

        Assert.Equal(["w", "l", "b"], reader.Layers.Select(layer => layer.Name));
        Assert.Equal(StorageSamples.Decode(SampleBlock()), reader.ReadLayer("w"));
        Assert.Equal(StorageSamples.Bytes(8), reader.ReadKept(reader.Layers[2], 0));
    }

    [Fact]
    public void Arrow_SeesLargeBinaryAndLists()
    {
        using StorageFolder folder = new();
        using FileReader reader = new(WriteSample(folder));

        Apache.Arrow.Schema schema = reader.Schema;

        Assert.Equal(
            Columns.Select(column => (column.Name, column.ArrowType, column.Null)),
            schema.FieldsList.Select(field => (field.Name, ArrowName(field.DataType), field.IsNullable)));
        ListType list = Assert.IsType<ListType>(schema.GetFieldByName("scales").DataType);
        Assert.Equal("element", list.ValueField.Name);
        Assert.False(list.ValueField.IsNullable);
    }

    [Fact]
    public async Task Arrow_ReadsDataAsLargeBinary()
    {
        using StorageFolder folder = new();
        using FileReader reader = new(WriteSample(folder));
        using IArrowArrayStream batches = reader.GetRecordBatchReader();

        using Apache.Arrow.RecordBatch batch = await batches.ReadNextRecordBatchAsync(TestContext.Current.CancellationToken);

        Assert.Equal(3, batch.Length);
        Apache.Arrow.LargeBinaryArray data = Assert.IsType<Apache.Arrow.LargeBinaryArray>(batch.Column("data"));
        Assert.Equal(SampleBlock().Codes, data.GetBytes(0).ToArray());
        Apache.Arrow.ListArray scales = Assert.IsType<Apache.Arrow.ListArray>(batch.Column("scales"));
        Assert.Equal(SampleBlock().Scales, ((Apache.Arrow.FloatArray)scales.GetSlicedValues(0)).Values.ToArray());
    }

    private static QuantizedBlock SampleBlock() => StorageSamples.Block(StorageSamples.Format(4, CodeLayout.Affine, 70, 32), 0, 4);

    private static string WriteSample(StorageFolder folder)
    {
        QuantizedFormat lattice = StorageSamples.Format(2, CodeLayout.Lattice3, 70, 32);
        StorageSamples.WriteArtefact(folder.Path, writer =>
        {
            QuantizedBlock block = SampleBlock();
            writer.WriteBlock(StorageSamples.Layer("w", [4, 70], block.Format), block, 42, 0.995, 0.01);
            writer.WriteBlock(StorageSamples.Layer("l", [4, 70], lattice), StorageSamples.Block(lattice, 0, 4), 43, 0.94, 0.1);
            writer.WriteKept(StorageSamples.Kept("b", [4], ElementType.BF16), 0, 1, StorageSamples.Bytes(8), 44);
        });
        return folder[ArtefactLayout.ShardName(1, 1)];
    }

    private static string ArrowName(IArrowType type) => type is ListType list ? $"list<{list.ValueDataType.Name}>" : type.Name;

    private static List<object?[]> Query(string sql)
    {
        using DuckDBConnection connection = new("DataSource=:memory:");
        connection.Open();
        using DuckDBCommand command = connection.CreateCommand();
        command.CommandText = sql;
        using DuckDBDataReader reader = command.ExecuteReader();
        List<object?[]> rows = [];
        while (reader.Read())
            rows.Add([.. Enumerable.Range(0, reader.FieldCount).Select(i => reader.IsDBNull(i) ? null : Materialize(reader.GetValue(i)))]);
        return rows;
    }

    // Streams die with the reader's row.
    private static object Materialize(object value)
    {
        if (value is not Stream stream) return value;
        using MemoryStream copy = new();
        stream.CopyTo(copy);
        return copy.ToArray();
    }

    private static byte[] ReadBlob(object? value) => Assert.IsType<byte[]>(value);
}
