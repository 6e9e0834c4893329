using System.Runtime.InteropServices;
using ParquetSharp;

namespace ArrowQuant.TestKit.Parquet;

/// <summary>Writes models in the older layouts, column by column as the first writers did.</summary>
public static class OldParquetFixtures
{
    private const string ForbiddenInFileNames = "/\\:*?\"<>|.";

    /// <summary>V1: many rows, raw values.</summary>
    public static void WriteV1(string path, IReadOnlyList<OldRow> rows, bool longShapes = false, int rowsPerGroup = 0) =>
        V1Columns(rows, longShapes).Write(path, Compression.Snappy, rowsPerGroup);

    /// <summary>V2 of the Python writer: many rows, scales and zero points as bytes.</summary>
    public static void WriteV2Python(string path, IReadOnlyList<OldRow> rows, int rowsPerGroup = 0) =>
        V1Columns(rows, longShapes: false)
            .Text("quant_type", [.. rows.Select(row => row.QuantType)], nullable: true)
            .Binary("scales", [.. rows.Select(row => LittleEndian(row.Scales))], nullable: true)
            .Binary("zero_points", [.. rows.Select(row => LittleEndian(row.ZeroPoints))], nullable: true)
            .Integers("quant_axis", [.. rows.Select(row => row.QuantAxis ?? -1L)], nullable: true)
            .Integers("group_size", [.. rows.Select(row => row.GroupSize ?? 0L)], nullable: true)
            .Write(path, Compression.Snappy, rowsPerGroup);

    /// <summary>V2 of the Rust writer: one file for this row in the folder. Returns the file.</summary>
    public static string WriteV2Rust(string folder, OldRow row) => WriteRust(folder, [row], extended: false);

    /// <summary>V2 Extended of the Rust writer: one file for this row in the folder. Returns the file.</summary>
    public static string WriteV2Extended(string folder, OldRow row) => WriteRust(folder, [row], extended: true);

    /// <summary>A file of the Rust writer with any number of rows, named after the first; only one row is as the writer made it.</summary>
    public static string WriteRust(string folder, IReadOnlyList<OldRow> rows, bool extended)
    {
        string path = Path.Combine(folder, FileName(rows[0].Name));
        ParquetTable table = new ParquetTable(rows.Count)
            .Text("layer_name", [.. rows.Select(row => row.Name)], nullable: false)
            .ListOfLongIntegers("shape", [.. rows.Select(row => row.Shape.ToArray())], nullable: false, nonNegative: true)
            .Text("dtype", [.. rows.Select(row => row.DType)], nullable: false)
            .Binary("data", [.. rows.Select(row => row.Data)], nullable: false)
            .LongIntegers("num_params", [.. rows.Select(row => (long?)row.Count)], nullable: false, nonNegative: true)
            .Text("quant_type", [.. rows.Select(row => row.QuantType)], nullable: false)
            .ListOfFloat("scales", [.. rows.Select(row => row.Scales)])
            .ListOfFloat("zero_points", [.. rows.Select(row => row.ZeroPoints)])
            .LongIntegers("quant_axis", [.. rows.Select(row => row.QuantAxis)], nullable: true, nonNegative: true)
            .LongIntegers("group_size", [.. rows.Select(row => row.GroupSize)], nullable: true, nonNegative: true);
        List<string> present = [];
        if (extended)
        {
            table.Boolean("is_diffusion_model", [.. rows.Select(row => row.IsDiffusionModel)])
                .Text("modality", [.. rows.Select(row => row.Modality)], nullable: true);
            AddOptional(table, present, "time_aware_quant_json", [.. rows.Select(row => row.TimeAwareJson)]);
            AddOptional(table, present, "spatial_quant_json", [.. rows.Select(row => row.SpatialJson)]);
            AddOptional(table, present, "activation_stats_json", [.. rows.Select(row => row.StatsJson)]);
        }

        string schema = RustArrowSchema.Encode(extended, present);
        table.Write(path, Compression.Zstd, footer: new Dictionary<string, string> { ["ARROW:schema"] = schema });
        return path;
    }

    /// <summary>The Rust writer's file name for a tensor: "a.b" and "a_b" collide.</summary>
    public static string FileName(string tensor) =>
        string.Concat(tensor.Select(c => ForbiddenInFileNames.Contains(c) ? '_' : c)) + ".parquet";

    /// <summary>The five columns that all layouts of the Python writer begin with.</summary>
    public static ParquetTable V1Columns(IReadOnlyList<OldRow> rows, bool longShapes)
    {
        long?[][] shapes = [.. rows.Select(row => row.Shape.ToArray())];
        ParquetTable table = new ParquetTable(rows.Count).Text("layer_name", [.. rows.Select(row => row.Name)], nullable: true);
        table = longShapes
            ? table.ListOfLongIntegers("shape", shapes, nullable: true, nonNegative: false)
            : table.NullableListOfIntegers("shape", shapes);
        return table
            .Text("dtype", [.. rows.Select(row => row.DType)], nullable: true)
            .Binary("data", [.. rows.Select(row => row.Data)], nullable: true)
            .LongIntegers("num_params", [.. rows.Select(row => (long?)row.Count)], nullable: true);
    }

    private static void AddOptional(ParquetTable table, List<string> present, string column, string?[] texts)
    {
        if (Array.TrueForAll(texts, text => text is null)) return;
        table.Text(column, texts, nullable: true);
        present.Add(column);
    }

    private static byte[] LittleEndian(float[] values) => MemoryMarshal.AsBytes<float>(values).ToArray();
}
