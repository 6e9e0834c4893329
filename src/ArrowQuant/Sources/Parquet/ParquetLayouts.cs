using ArrowQuant.Errors;

namespace ArrowQuant.Sources.Parquet;

/// <summary>What the older layouts are called and how the columns of a file tell them apart.</summary>
internal static class ParquetLayouts
{
    private static readonly string[] V1Columns = ["layer_name", "shape", "dtype", "data", "num_params"];
    private static readonly string[] V2Columns = [.. V1Columns, "quant_type", "scales", "zero_points", "quant_axis", "group_size"];

    /// <summary>The name in messages: <c>Parquet V2 (Python)</c>.</summary>
    public static string Title(this ParquetLayout layout) => layout switch
    {
        ParquetLayout.V1 => "Parquet V1",
        ParquetLayout.V2Python => "Parquet V2 (Python)",
        ParquetLayout.V2Rust => "Parquet V2 (Rust)",
        _ => "Parquet V2 Extended (Rust)",
    };

    /// <summary>The name in <see cref="ModelDescription.Format"/>.</summary>
    public static string FormatName(this ParquetLayout layout) => layout switch
    {
        ParquetLayout.V1 => "parquet v1",
        ParquetLayout.V2Extended => "parquet v2 extended",
        _ => "parquet v2",
    };

    /// <summary>True for the layouts that put every tensor into a file of its own.</summary>
    public static bool IsOneTensorPerFile(this ParquetLayout layout) => layout >= ParquetLayout.V2Rust;

    /// <summary>Tells the layout of a file and checks that its columns are all there.</summary>
    /// <exception cref="ModelFormatException">A column is missing, or the file is a table of something else.</exception>
    public static ParquetLayout Detect(ParquetFile file)
    {
        ParquetLayout layout;
        if (file.Has("is_diffusion_model")) layout = ParquetLayout.V2Extended;
        else if (file.Has("scales")) layout = file.IsList("scales") ? ParquetLayout.V2Rust : ParquetLayout.V2Python;
        else if (!file.Has("quant_type")) layout = ParquetLayout.V1;
        else throw file.Error("has the column 'quant_type' but no 'scales'; expected a list or binary column 'scales' beside it");

        string[] expected = layout == ParquetLayout.V1 ? V1Columns : V2Columns;
        string[] missing = [.. expected.Where(column => !file.Has(column))];
        if (missing.Length == 0) return layout;
        throw file.Error(
            $"is not a model of a known layout: as {layout.Title()} it lacks {Quoted(missing)}; it has {Quoted(file.ColumnNames)}");
    }

    private static string Quoted(IEnumerable<string> names)
    {
        string[] all = [.. names];
        string shown = string.Join(", ", all.Take(20).Select(name => $"'{name}'"));
        return all.Length > 20 ? $"{shown} and {all.Length - 20} more" : shown;
    }
}
